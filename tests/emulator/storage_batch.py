"""Run a batch of Cloud Storage: each request in it as if it had come alone.

https://docs.cloud.google.com/storage/docs/batch
"""

from __future__ import annotations

from collections.abc import Sequence
from http.client import HTTPConnection
from urllib.parse import urlsplit, urlunsplit

from tests.emulator.discovery.batches import BatchReply, BatchRequest, written

BATCH_PATH = "/batch/storage/v1"
_MAX_REQUESTS = 100
_TIMEOUT_SECONDS = 60
_OF_THE_CONNECTION = ("host", "content-length", "connection", "transfer-encoding")


def refused(requests: Sequence[BatchRequest]) -> str:
    """Return why Google refuses the batch, or nothing."""
    if not 1 <= len(requests) <= _MAX_REQUESTS:
        return f"A batch has 1 to {_MAX_REQUESTS} requests, and this one has {len(requests)}: send it in parts."
    for request in requests:
        address = urlsplit(request.target)
        if address.path.startswith(("/upload/", "/download/", "/batch/")) or "alt=media" in address.query.split("&"):
            return f"A batch has no uploads, no downloads and no batches: send {request.target} by itself."
    return ""


def run(requests: Sequence[BatchRequest], port: int, authorization: str | None) -> bytes:
    """Send the requests to a storage server in their order, and return the body of the batch's answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    try:
        return written(requests, [_sent(connection, request, authorization) for request in requests])
    finally:
        connection.close()


def _sent(connection: HTTPConnection, request: BatchRequest, authorization: str | None) -> BatchReply:
    """Send a request. Credentials of the batch are those of each request that has none of its own."""
    outer = {"authorization": authorization} if authorization else {}
    own = {name: value for name, value in request.headers.items() if name not in _OF_THE_CONNECTION}
    target = urlunsplit(("", "", *urlsplit(request.target)[2:]))
    connection.request(request.method, target, body=request.body or None, headers={**outer, **own})
    answer = connection.getresponse()
    return BatchReply(answer.status, answer.getheader("Content-Type", ""), answer.read())
