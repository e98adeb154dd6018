"""What a run costs is counted from its requests, and stays under 1 USD."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import requests

from tests.conform.cost import FULL_RUN, MOST_DOLLARS, Usage, counted

STORAGE, BIGQUERY = "https://storage.googleapis.com", "https://bigquery.googleapis.com/bigquery/v2/projects/p"


@pytest.mark.parametrize(
    ("method", "url", "body", "usage"),
    [
        ("POST", f"{STORAGE}/upload/storage/v1/b/x/o?uploadType=multipart", b"12345", Usage(0, 1, 0, 5, 7)),
        ("GET", f"{STORAGE}/storage/v1/b/x/o?prefix=", b"", Usage(writes=1, downloaded=7)),
        ("GET", f"{STORAGE}/storage/v1/b/x/o/a%2Fb", b"", Usage(reads=1, downloaded=7)),
        ("GET", f"{STORAGE}/download/storage/v1/b/x/o/a?alt=media", b"", Usage(reads=1, downloaded=7)),
        ("DELETE", f"{STORAGE}/storage/v1/b/x/o/a", b"", Usage(downloaded=7)),
        ("POST", f"{BIGQUERY}/queries", b'{"query": "SELECT 1"}', Usage(queries=1)),
        ("POST", f"{BIGQUERY}/jobs", b'{"configuration": {"query": {"query": "SELECT 1"}}}', Usage(queries=1)),
        ("POST", f"{BIGQUERY}/jobs", b'{"configuration": {"dryRun": true, "query": {"query": "SELECT 1"}}}', Usage()),
        ("POST", f"{BIGQUERY}/jobs", b'{"configuration": {"load": {"sourceUris": ["gs://a/b"]}}}', Usage()),
        ("GET", f"{BIGQUERY}/datasets/d/tables/t", b"", Usage()),
    ],
)
def test_request_is_counted_by_its_price(method: str, url: str, body: bytes, usage: Usage) -> None:
    found = Usage()

    found.count(method, url, body, 7)

    assert found == usage


def test_full_run_costs_less_than_a_dollar_and_says_so() -> None:
    assert FULL_RUN.dollars < MOST_DOLLARS / 1.5
    assert str(FULL_RUN).startswith(f"{FULL_RUN.dollars:.2f} USD ({FULL_RUN.queries} queries of 40 MiB")


def test_run_stops_once_at_the_limit() -> None:
    usage, stops = Usage(queries=round(FULL_RUN.queries * MOST_DOLLARS / FULL_RUN.dollars) * 2), []
    request: Any = SimpleNamespace(method="GET", url=f"{BIGQUERY}/jobs/a", body=None)
    answer = requests.Response()

    with patch.object(requests.Session, "send", lambda *_, **__: answer), counted(usage, lambda: stops.append("stop")):
        for _ in range(3):
            requests.Session().send(request)

    assert stops == ["stop"]
