"""A bad delivery is recorded with a code and a sentence, and the month stays as it was."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.invariants import check_invariants
from tests.samples import Delivery, SampleObject, aws_cur_delivery, azure_focus_delivery, with_manifest
from tests.support.harness import Harness, manifest_name
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
Change = Callable[[dict[str, Any]], None]


def _set(path: str, value: object) -> Change:
    def change(manifest: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            manifest = manifest[parent]
        manifest[last] = value

    return change


def _drop(name: str) -> Change:
    return lambda manifest: manifest.pop(name)


def _first_key(change: Callable[[str], str]) -> Change:
    return lambda manifest: manifest["reportKeys"].__setitem__(0, change(manifest["reportKeys"][0]))


def _extra_column(manifest: dict[str, Any]) -> None:
    manifest["columns"].append({"category": "lineItem", "name": "NotInTheFiles", "type": "String"})


AWS_CASES: dict[str, tuple[Change, str, str]] = {
    "zip": (_set("compression", "ZIP"), "COMPRESSION_UNSUPPORTED", "GZIP"),
    "parquet": (_set("contentType", "Parquet"), "FORMAT_UNSUPPORTED", "aws_cur_v1_csv"),
    "missing header column": (_extra_column, "MISSING_COLUMN", "lineItem/NotInTheFiles"),
    "path with dots": (_first_key(lambda key: f"{key}/../../x.csv.gz"), "PATH_OUTSIDE_PREFIX", ".."),
    "foreign path": (_first_key(lambda _: "s3://other/x-1.csv.gz"), "PATH_OUTSIDE_PREFIX", "SOURCE_PATH"),
    "wildcard": (_first_key(lambda key: key.replace("-1.csv", "-*.csv")), "PATH_OUTSIDE_PREFIX", "*"),
    "no keys": (_set("reportKeys", []), "EMPTY_DELIVERY", "no data"),
    "missing field": (_drop("billingPeriod"), "MANIFEST_INVALID", "billingPeriod"),
    "two months": (_set("billingPeriod.end", "20251101T000000.000Z"), "SPANS_MONTHS", "2025-10-31"),
    "wrong date": (_set("billingPeriod.start", "2025-09-01"), "MANIFEST_INVALID", "billingPeriod.start"),
}
AZURE_CASES: dict[str, tuple[Change, str, str]] = {
    "csv": (_set("deliveryConfig.fileFormat", "Csv"), "FORMAT_UNSUPPORTED", "Parquet"),
    "actual cost": (_set("exportConfig.type", "ActualCost"), "FORMAT_UNSUPPORTED", "FocusCost"),
    "starts inside": (_set("runInfo.startDate", "2025-09-05T00:00:00Z"), "STARTS_INSIDE_MONTH", "2025-09-05"),
    "spans": (_set("runInfo.endDate", "2025-10-02T00:00:00Z"), "SPANS_MONTHS", "2025-10-02"),
    "empty": (_set("blobs", []), "EMPTY_DELIVERY", "no data"),
    "wrong type": (_set("blobs", [{"blobName": 7}]), "MANIFEST_INVALID", "$.blobs[0].blobName"),
    "legacy": (_drop("exportConfig"), "LEGACY_MANIFEST", "2024-04-01"),
}
GENERATE: dict[SourceSpec, Callable[..., Delivery]] = {AWS: aws_cur_delivery, AZURE: azure_focus_delivery}
CASES = [
    *(pytest.param(AWS, *case, id=f"aws-{name}") for name, case in AWS_CASES.items()),
    *(pytest.param(AZURE, *case, id=f"azure-{name}") for name, case in AZURE_CASES.items()),
]


@pytest.mark.fault("F7")
@pytest.mark.parametrize(("spec", "change", "code", "named"), CASES)
def test_bad_manifest_is_rejected_with_its_code_before_any_load(
    harness: Harness, tmp_path: Path, spec: SourceSpec, change: Change, code: str, named: str
) -> None:
    bad = with_manifest(GENERATE[spec](tmp_path, MONTH, rows=30), change)

    with harness.counting() as requests:
        outcome = harness.load(spec, bad)
    again = harness.handle_manifest(spec, bad)

    assert (outcome.action, outcome.code, outcome.error) == ("rejected", code, True)
    assert named in outcome.message
    assert (again.action, again.code) == ("skipped", "ALREADY_REJECTED")
    assert requests.matching("POST", "/jobs") == []
    rows = [(row["status"], row["billing_month"], row["code"], row["message"]) for row in harness.tracking(spec)]
    assert rows == [("rejected", MONTH, code, outcome.message)]


@pytest.mark.parametrize(
    ("spec", "change", "code"),
    [(AWS, *AWS_CASES["missing header column"][:2]), (AZURE, *AZURE_CASES["starts inside"][:2])],
    ids=["aws", "azure"],
)
def test_rejection_keeps_the_month_and_shows_in_the_status(
    harness: Harness, tmp_path: Path, spec: SourceSpec, change: Change, code: str
) -> None:
    good = GENERATE[spec](tmp_path, MONTH, rows=30)
    harness.load(spec, good)

    harness.load(spec, with_manifest(GENERATE[spec](tmp_path, MONTH, rows=30, revision=2), change))

    check_invariants(harness, {(spec, MONTH): good})
    [status] = harness.rows("SELECT * FROM `{dataset}.billing_status`")
    assert (status["state"], status["code"], status["row_count"]) == ("loaded, newer rejected", code, 30)


@pytest.mark.fault("F7")
def test_cut_manifest_is_rejected_under_the_month_of_its_path(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=30)
    harness.deployment.deliver(AWS, delivery, "data")
    name = manifest_name(AWS, delivery)
    harness.emulator.upload(harness.source(AWS).bucket, name, delivery.manifests[-1].path.read_bytes()[:500])

    outcome = harness.handle_manifest(AWS, delivery)

    assert (outcome.action, outcome.code, outcome.month) == ("rejected", "MANIFEST_NOT_JSON", MONTH)
    assert name in outcome.message
    [row] = harness.tracking(AWS)
    assert (row["status"], row["code"], row["billing_month"]) == ("rejected", "MANIFEST_NOT_JSON", MONTH)
    harness.deployment.deliver(AWS, delivery, "manifest")
    assert harness.handle_manifest(AWS, delivery).action == "loaded"


def _replaced(delivery: Delivery, index: int, content: bytes) -> Delivery:
    path = delivery.data[index].path.with_name(f"bad-{delivery.data[index].path.name}")
    path.write_bytes(content)
    bad = SampleObject(delivery.data[index].name, path, "data")
    objects = tuple(bad if item is delivery.data[index] else item for item in delivery.objects)
    return replace(delivery, objects=objects)


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.fault("F6")
def test_good_files_clear_a_rejection(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=40, files=2)
    assert harness.load(AWS, _replaced(delivery, 1, _cut(delivery.data[1].path.read_bytes()))).action == "rejected"

    assert harness.load(AWS, delivery).action == "loaded"
    check_invariants(harness, {(AWS, MONTH): delivery})


@pytest.mark.fault("F11")
def test_narrower_run_never_replaces_a_wider_one(harness: Harness, tmp_path: Path) -> None:
    wide = azure_focus_delivery(tmp_path, MONTH, rows=30, submitted=datetime(2025, 10, 2, tzinfo=UTC))
    narrow = azure_focus_delivery(tmp_path, MONTH, rows=10, through_day=5, submitted=datetime(2025, 10, 3, tzinfo=UTC))
    harness.load(AZURE, wide)

    outcome = harness.load(AZURE, narrow)

    assert (outcome.action, outcome.code) == ("rejected", "COVERS_FEWER_DAYS")
    check_invariants(harness, {(AZURE, MONTH): wide})


def test_row_count_mismatch_is_recorded_with_both_numbers(harness: Harness, tmp_path: Path) -> None:
    def miscount(manifest: dict[str, Any]) -> None:
        manifest["blobs"][0]["dataRowCount"] += 1

    outcome = harness.load(AZURE, with_manifest(azure_focus_delivery(tmp_path, MONTH, rows=30), miscount))

    assert (outcome.action, outcome.code, outcome.error) == ("loaded", "ROW_COUNT_MISMATCH", True)
    assert "30" in outcome.message
    assert "31" in outcome.message
    assert [row["code"] for row in harness.tracking(AZURE)] == ["ROW_COUNT_MISMATCH"]


def test_manifest_of_another_export_is_skipped(harness: Harness, tmp_path: Path) -> None:
    other = azure_focus_delivery(tmp_path, MONTH, rows=10, export_name="amortized")

    outcome = harness.load(AZURE, other)

    assert (outcome.action, outcome.code) == ("skipped", "OTHER_EXPORT")
    assert harness.tracking(AZURE) == []
