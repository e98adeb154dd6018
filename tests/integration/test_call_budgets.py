"""Requests to Google's APIs are counted on the real clients: they cost money and time on every event."""

from collections.abc import Callable
from math import ceil
from pathlib import Path

import pytest

from tests.harness import Harness
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.stack import AWS, AZURE, SourceSpec

MONTH = "2025-09"


GENERATE: dict[SourceSpec, Callable[..., Delivery]] = {AWS: aws_cur_delivery, AZURE: azure_focus_delivery}


@pytest.mark.parametrize("spec", [AWS, AZURE], ids=["aws", "azure"])
def test_a_new_month_costs_at_most_14_requests_beside_headers_and_polling(
    harness: Harness, tmp_path: Path, spec: SourceSpec
) -> None:
    """Whatever number of months is in the bucket already; 1 more per 1,000 files."""
    for month in ("2025-05", "2025-06", "2025-07", "2025-08"):
        harness.load(spec, GENERATE[spec](tmp_path, month, rows=20))
    delivery = GENERATE[spec](tmp_path, MONTH, rows=20, files=4)
    harness.stack.deliver(spec, delivery)

    with harness.counting() as requests:
        assert harness.process(spec, delivery).action == "loaded"

    polling = len(requests.matching("GET", "/jobs/"))
    headers = sum("alt=media" in url and "anifest" not in url for _, url in requests.made)
    assert headers == 4
    budget = 14 + ceil(len(delivery.data) / 1000)
    assert len(requests.made) - polling - headers <= budget, "\n".join(map(str, requests.made))
    assert len(requests.matching("POST", "/jobs")) == 1


@pytest.mark.parametrize("spec", [AWS, AZURE], ids=["aws", "azure"])
def test_a_duplicate_costs_at_most_6_requests(harness: Harness, tmp_path: Path, spec: SourceSpec) -> None:
    delivery = GENERATE[spec](tmp_path, MONTH, rows=20)
    harness.load(spec, delivery)

    with harness.counting() as requests:
        assert harness.process(spec, delivery).code == "DUPLICATE"

    assert len(requests.made) <= 6
    assert requests.by_ledger == 0


def test_a_superseded_run_costs_at_most_6_requests(harness: Harness, tmp_path: Path) -> None:
    older = azure_focus_delivery(tmp_path, MONTH, rows=20)
    harness.load(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=20, revision=2))
    harness.stack.deliver(AZURE, older)

    with harness.counting() as requests:
        assert harness.process(AZURE, older).code == "SUPERSEDED"

    assert len(requests.made) <= 6
    assert requests.by_ledger == 0


@pytest.mark.parametrize("spec", [AWS, AZURE], ids=["aws", "azure"])
def test_waiting_for_files_costs_at_most_4_requests(harness: Harness, tmp_path: Path, spec: SourceSpec) -> None:
    delivery = GENERATE[spec](tmp_path, MONTH, rows=20)
    harness.stack.deliver(spec, delivery, "manifest")

    with harness.counting() as requests:
        assert harness.process(spec, delivery).code == "WAITING_FOR_FILES"

    assert len(requests.made) <= 4


def test_only_headers_of_billing_data_are_read(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20_000, files=1)
    harness.stack.deliver(AWS, delivery)
    size = delivery.data[0].path.stat().st_size
    read: list[int] = []
    client = harness.stack.cloud.storage
    request = client._http.request

    def counted(*arguments: object, **more: object) -> object:
        response = request(*arguments, **more)
        if ".csv.gz" in str(more.get("url", arguments)) and "alt=media" in str(more.get("url", arguments)):
            read.append(int(response.headers["Content-Length"]))
        return response

    client._http.request = counted
    try:
        assert harness.process(AWS, delivery).action == "loaded"
    finally:
        del client._http.request

    assert size > 1_000_000
    assert read == [32 * 1024]
