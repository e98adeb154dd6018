"""Requests of the real clients are counted. Each costs time and money at every event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from billing.workflows.events import handle_event
from tests.samples import (
    Column,
    Delivery,
    aws_columns,
    aws_cur_delivery,
    azure_columns,
    azure_focus_delivery,
    many_files,
)
from tests.support.harness import Harness, Requests
from tests.support.sources import AWS, AZURE, SourceSpec

pytestmark = pytest.mark.focus_views
MONTH = "2025-09"


GENERATE: dict[SourceSpec, Callable[..., Delivery]] = {AWS: aws_cur_delivery, AZURE: azure_focus_delivery}
FEW = ("bill/BillingPeriodStartDate", "lineItem/UsageStartDate", "lineItem/UnblendedCost", "lineItem/ProductCode")
FEW_COLUMNS = tuple(column for column in aws_columns(MONTH) if column.name in FEW)
# the same in every month: other columns would cost a patch and new views
COLUMNS: Mapping[SourceSpec, Sequence[Column]] = {AWS: aws_columns(MONTH), AZURE: azure_columns(AZURE.version)}


def test_unrelated_object_costs_no_request(harness: Harness) -> None:
    bucket = harness.source(AWS).bucket
    with harness.counting() as requests:
        handle_event(harness.settings, "aws", {"bucket": bucket, "name": "aws/cur/acme-cur/crawler-cfn.yml"})

    assert requests.made == []


@pytest.mark.parametrize("spec", [AWS, AZURE], ids=["aws", "azure"])
def test_new_month_costs_18_requests_beside_headers_and_polling(
    harness: Harness, tmp_path: Path, spec: SourceSpec
) -> None:
    """The number does not depend on the months in the bucket."""
    counts, jobs = [], []
    for month in ("2025-05", "2025-06", "2025-07", "2025-08", MONTH):
        delivery = GENERATE[spec](tmp_path, month, rows=20, files=4, columns=COLUMNS[spec])
        harness.deployment.deliver(spec, delivery)
        with harness.counting() as requests:
            assert harness.handle_manifest(spec, delivery).action == "loaded"
        assert len(headers_of(requests)) == 4
        jobs.append(len(requests.matching("POST", "/jobs")))
        counts.append(beside_headers_and_polling(requests))

    assert jobs == [3, 1, 1, 1, 1]  # the first load also checks two views, by dry runs
    assert counts[1:] == [18, 18, 18, 18]
    assert counts[0] <= 35  # the first load finds no tables of dlt, adds columns and creates the views


def test_new_columns_cost_a_patch_and_the_view_of_the_source(harness: Harness, tmp_path: Path) -> None:
    harness.load(AWS, aws_cur_delivery(tmp_path, "2025-08", rows=20, columns=FEW_COLUMNS))
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)

    with harness.counting() as requests:
        assert harness.handle_manifest(AWS, delivery).action == "loaded"

    view = 3  # its etag, the table's columns, and its replacement
    assert beside_headers_and_polling(requests) == 18 + 1 + view


def test_each_page_of_files_costs_one_more_request_per_listing(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page has 1,000 objects, here 10. A load lists before the lease, under it, and after the job."""
    monkeypatch.setattr("tests.emulator.storage_server._PAGE_LIMIT", 10)
    harness.load(AWS, aws_cur_delivery(tmp_path, "2025-08", rows=1, columns=FEW_COLUMNS))
    few, many = (
        _life(harness, many_files(aws_cur_delivery(tmp_path, month, rows=1, files=1, columns=FEW_COLUMNS), files))
        for month, files in ((MONTH, 1), ("2025-10", 11))
    )

    assert {what: many[what] - few[what] for what in few} == {"waiting": 1, "loaded": 3, "duplicate": 1}
    assert few["loaded"] == 18


def _life(harness: Harness, delivery: Delivery) -> dict[str, int]:
    """Return the requests of a delivery that waits for a file, is loaded, and is handled again."""
    counts = {}
    *most, last = delivery.data
    for wanted, objects in (("waiting", (*most, *delivery.manifests)), ("loaded", (last,)), ("duplicate", ())):
        harness.deployment.deliver(AWS, replace(delivery, objects=objects))
        with harness.counting() as requests:
            outcome = harness.handle_manifest(AWS, delivery)
        assert wanted in (outcome.action, str(outcome.code).lower())
        counts[wanted] = beside_headers_and_polling(requests)
    return counts


def beside_headers_and_polling(requests: Requests) -> int:
    return len(requests.made) - len(headers_of(requests)) - len(requests.matching("GET", "/jobs/"))


def headers_of(requests: Requests) -> list[str]:
    return [url for url in requests.matching("GET", "alt=media") if "anifest" not in url and "owners" not in url]


@pytest.mark.parametrize("spec", [AWS, AZURE], ids=["aws", "azure"])
def test_duplicate_costs_at_most_6_requests(harness: Harness, tmp_path: Path, spec: SourceSpec) -> None:
    delivery = GENERATE[spec](tmp_path, MONTH, rows=20)
    harness.load(spec, delivery)

    with harness.counting() as requests:
        assert harness.handle_manifest(spec, delivery).code == "DUPLICATE"

    assert len(requests.made) <= 6
    assert requests.by_commit == 0


def test_superseded_run_costs_at_most_6_requests(harness: Harness, tmp_path: Path) -> None:
    older = azure_focus_delivery(tmp_path, MONTH, rows=20)
    harness.load(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=20, revision=2))
    harness.deployment.deliver(AZURE, older)

    with harness.counting() as requests:
        assert harness.handle_manifest(AZURE, older).code == "SUPERSEDED"

    assert len(requests.made) <= 6
    assert requests.by_commit == 0


@pytest.mark.parametrize("spec", [AWS, AZURE], ids=["aws", "azure"])
def test_waiting_for_files_costs_at_most_4_requests(harness: Harness, tmp_path: Path, spec: SourceSpec) -> None:
    delivery = GENERATE[spec](tmp_path, MONTH, rows=20)
    harness.deployment.deliver(spec, delivery, "manifest")

    with harness.counting() as requests:
        assert harness.handle_manifest(spec, delivery).code == "WAITING_FOR_FILES"

    assert len(requests.made) <= 4


def test_only_headers_of_billing_data_are_read(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20_000, files=1)
    harness.deployment.deliver(AWS, delivery)
    size = delivery.data[0].path.stat().st_size
    read: list[int] = []
    client = harness.emulator.storage
    request = client._http.request

    def counted(*arguments: object, **more: object) -> object:
        response = request(*arguments, **more)
        if ".csv.gz" in str(more.get("url", arguments)) and "alt=media" in str(more.get("url", arguments)):
            read.append(int(response.headers["Content-Length"]))
        return response

    client._http.request = counted
    try:
        assert harness.handle_manifest(AWS, delivery).action == "loaded"
    finally:
        del client._http.request

    assert size > 1_000_000
    assert read == [32 * 1024]
