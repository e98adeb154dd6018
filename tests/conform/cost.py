"""What a run costs: counted requests and bytes, at the highest price that Google lists for any location."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests

MOST_DOLLARS = 1.0  # a run stops there

# https://cloud.google.com/bigquery/pricing: on demand, per TiB; at least 10 MB for each table that a query reads
_DOLLARS_PER_TIB = 12.0
_MIB_PER_QUERY = 4 * 10
# https://cloud.google.com/storage/pricing: operations of classes A and B, data sent to the internet, data at rest
_DOLLARS_PER_WRITE = 0.01 / 1000
_DOLLARS_PER_READ = 0.0004 / 1000
_DOLLARS_PER_SENT_GIB = 0.25
_DOLLARS_PER_STORED_GIB = 0.05  # for a month, although a run lasts less than an hour

_QUERY = re.compile(rb'"query"\s*:')
_DRY = re.compile(rb'"dryRun"\s*:\s*true')
_OBJECT = re.compile(r"/b/[^/]+(/o/.+)?$")


@dataclass
class Usage:
    queries: int = 0
    writes: int = 0  # class A: uploads, listings, new buckets
    reads: int = 0  # class B: downloads and metadata
    uploaded: int = 0  # bytes
    downloaded: int = 0  # bytes

    @property
    def dollars(self) -> float:
        return (
            self.queries * _MIB_PER_QUERY / 1024**2 * _DOLLARS_PER_TIB
            + self.writes * _DOLLARS_PER_WRITE
            + self.reads * _DOLLARS_PER_READ
            + self.downloaded / 1024**3 * _DOLLARS_PER_SENT_GIB
            + self.uploaded / 1024**3 * _DOLLARS_PER_STORED_GIB
        )

    def __str__(self) -> str:
        mib = (self.uploaded / 1024**2, self.downloaded / 1024**2)
        return (
            f"{self.dollars:.2f} USD ({self.queries} queries of {_MIB_PER_QUERY} MiB, {self.writes} writes and"
            f" {self.reads} reads of Cloud Storage, {mib[0]:.0f} MiB up, {mib[1]:.0f} MiB down; load jobs are free)"
        )

    def count(self, method: str, url: str, body: bytes, answered: int) -> None:
        """Count one request. Deletions and requests about tables and jobs are free."""
        path = urlsplit(url).path
        if "/storage/v1/" not in path:
            if method == "POST" and path.endswith(("/queries", "/jobs")) and _QUERY.search(body):
                self.queries += not _DRY.search(body)
            return
        self.downloaded += answered
        if method == "GET" and _OBJECT.search(path):
            self.reads += 1
        elif method != "DELETE":
            self.writes += 1
            self.uploaded += len(body)


# counted in a full run on the emulator, and rounded up: `test_full_run_agrees` compares them
FULL_RUN = Usage(queries=800, writes=3000, reads=200, uploaded=40 * 1024**2, downloaded=10 * 1024**2)


@contextmanager
def counted(usage: Usage, too_much: Callable[[], object]) -> Iterator[None]:
    """Count the requests of all clients in this process. Call `too_much` once, at the limit."""
    stopped = False
    send = requests.Session.send

    def counting_send(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        nonlocal stopped
        response = send(session, request, **more)
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        length = response.headers.get("Content-Length", "0")
        usage.count(str(request.method), str(request.url), body, int(length) if length.isdigit() else 0)
        if usage.dollars > MOST_DOLLARS and not stopped:
            stopped = True
            too_much()
        return response

    with patch.object(requests.Session, "send", counting_send):
        yield
