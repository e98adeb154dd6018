"""Azure Cost Management exports: which objects are ours, and what a manifest becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from billing import manifests
from billing.errors import BillingError
from billing.formats import FORMATS
from billing.manifests import DataFile, Export, Manifest, OtherExport
from tests.unit.values import azure, drop, golden, put

AZURE = azure()
ROOT = "azure/1.2/focus-cost/"
JULY_RUN = "cc47e41e-a6ab-462e-9b26-fe7237024648"
JULY_FOLDER = f"{ROOT}20250701-20250731/202507161527/{JULY_RUN}/"
JULY = f"{JULY_FOLDER}manifest.json"


def expected(folder: str, run: str, month: str, submitted: str, until: str, *parts: tuple[int, int]) -> Export:
    return Export(
        name="focus-cost",
        execution=run,
        month=month,
        order_key=f"{submitted}/{run}",
        files=tuple(
            DataFile(f"{ROOT}{folder}/{run}/part_{n}_0001.snappy.parquet", size, rows)
            for n, (size, rows) in enumerate(parts)
        ),
        columns=(),
        overwrites=False,
        covers_until=until,
        rows=sum(rows for _, rows in parts) if parts else None,
        submitted=datetime.fromisoformat(f"{submitted[:19]}+00:00"),
        scope="/subscriptions/00000000-0000-0000-0000-000000000000",
    )


GOLDEN = {
    "azure_zulu_dates.json": expected(
        "20250701-20250731/202507161527",
        JULY_RUN,
        "2025-07",
        "2025-07-16T15:15:23.1734946Z",
        "2025-07-16",
        (145208, 1136),
    ),
    "azure_bare_dates.json": expected(
        "20250701-20250731/202508010945",
        "3e3a0db7-4a48-402c-bd1d-ac07e0e339cf",
        "2025-07",
        "2025-08-01T09:42:01.2466542Z",
        "2025-07-31",
        (281121, 2525),
    ),
    "azure_offset_dates.json": expected(
        "20250801-20250831/202508010945",
        "670b9580-e454-409a-bb77-f59424ab664e",
        "2025-08",
        "2025-08-01T09:42:00.3187133Z",
        "2025-08-01",
        (53746, 80),
    ),
    "azure_two_parts.json": expected(
        "20250701-20250731",
        "11111111-2222-4333-8444-555555555555",
        "2025-07",
        "2025-08-05T09:42:01.2837989Z",
        "2025-07-31",
        (1000, 15),
        (2000, 25),
    ),
    "azure_empty.json": expected(
        "20250801-20250831/202508010945",
        "670b9580-e454-409a-bb77-f59424ab664e",
        "2025-08",
        "2025-08-01T09:42:00.3187133Z",
        "2025-08-01",
    ),
}


def refusal(manifest: Manifest) -> str:
    with pytest.raises(BillingError) as raised:
        manifests.parse(AZURE, manifest)
    return str(raised.value)


def changed(change: Callable[[Any], object]) -> Manifest:
    return golden("azure_zulu_dates.json", JULY, change)


def parsed(change: Callable[[Any], object]) -> Export:
    export = manifests.parse(AZURE, changed(change))
    assert isinstance(export, Export)
    return export


@pytest.mark.parametrize(
    "name",
    [
        f"{JULY_FOLDER}manifest.json",
        f"{JULY_FOLDER}part_0_0001.snappy.parquet",
        f"{JULY_FOLDER}part_12_0034.parquet",
        f"{JULY_FOLDER}part_0_0001.csv",
        f"{JULY_FOLDER}part_0_0001.csv.gz",
    ],
)
def test_an_object_of_a_run_leads_to_the_manifest_beside_it(name: str) -> None:
    assert manifests.manifest_names(AZURE, name) == (JULY,)
    assert manifests.is_manifest(AZURE, name) is (name == JULY)


@pytest.mark.parametrize(
    "folder",
    [
        "azure/1.2/focus-cost/20250701-20250731/11111111-2222-4333-8444-555555555555/",
        "azure/1.2/20250701-20250731/focus-cost/",
        "azure//x/",
    ],
)
def test_a_run_s_folder_is_not_parsed(folder: str) -> None:
    assert manifests.manifest_names(AZURE, f"{folder}part_0_0001.snappy.parquet") == (f"{folder}manifest.json",)
    assert manifests.is_manifest(AZURE, f"{folder}manifest.json")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "azure/",
        "azure/manifest.json",
        "other/1.2/manifest.json",
        JULY_FOLDER,
        f"{JULY_FOLDER}_manifest.json",
        f"{JULY_FOLDER}manifest.json.tmp",
        f"{JULY_FOLDER}Manifest.json",
        f"{JULY_FOLDER}part_0_0001.snappy.parquet.crc",
        f"{JULY_FOLDER}part_0.snappy.parquet",
        f"{JULY_FOLDER}000001.csv",
        f"{JULY_FOLDER}focus-cost_73746dc5-5dcc-4b83-b340-bb1bd2b1ca30.csv",
        "azure/part_0_0001.snappy.parquet",
    ],
)
def test_an_object_that_is_none_of_an_export_s_is_ignored(name: str) -> None:
    assert manifests.manifest_names(AZURE, name) == ()
    assert not manifests.is_manifest(AZURE, name)


@pytest.mark.parametrize(("file", "export"), GOLDEN.items(), ids=list(GOLDEN))
def test_a_manifest_becomes_an_export(file: str, export: Export) -> None:
    assert manifests.parse(AZURE, golden(file, JULY)) == export


@pytest.mark.parametrize("name", ["FOCUS-COST", "Focus-Cost"])
def test_the_export_s_name_is_compared_as_azure_does_without_case(name: str) -> None:
    assert (
        manifests.parse(azure(EXPORT_NAME=name), golden("azure_zulu_dates.json", JULY))
        == (GOLDEN["azure_zulu_dates.json"])
    )


def test_a_manifest_of_another_export_is_told_apart_even_when_the_rest_is_odd() -> None:
    def change(tree: Any) -> None:
        tree.update(exportConfig={"exportName": "actual", "type": "ActualCost"}, runInfo=None)

    assert manifests.parse(AZURE, changed(change)) == OtherExport("actual")
    assert manifests.parse(AZURE, changed(put("exportConfig.exportName", "x" * 999))) == OtherExport("x" * 200)


def test_a_manifest_of_2021_is_rejected_with_the_way_out() -> None:
    name = "azure/cost/partitioned/20230101-20230131/202301041442/73746dc5/manifest.json"
    assert refusal(golden("azure_legacy_2021.json", name)) == (
        f"LEGACY_MANIFEST: {name} (version 2021-01-01) has no exportConfig: recreate the export in Cost Management"
        " so that it writes manifests of version 2024-04-01."
    )


@pytest.mark.parametrize(
    ("submitted", "order"),
    [
        ("2025-07-16T15:15:23.1734946Z", "2025-07-16T15:15:23.1734946Z"),
        ("2025-07-16T15:15:23.17349Z", "2025-07-16T15:15:23.1734900Z"),
        ("2025-07-16T15:15:23.1", "2025-07-16T15:15:23.1000000Z"),
        ("2025-07-16T15:15:23Z", "2025-07-16T15:15:23.0000000Z"),
        ("2025-07-16T15:15:23", "2025-07-16T15:15:23.0000000Z"),
        ("2025-07-16T15:15:23.5+00:00", "2025-07-16T15:15:23.5000000Z"),
    ],
)
def test_submitted_times_of_any_precision_compare_as_text(submitted: str, order: str) -> None:
    assert parsed(put("runInfo.submittedTime", submitted)) == replace(
        GOLDEN["azure_zulu_dates.json"], order_key=f"{order}/{JULY_RUN}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2025-07-16",
        "2025-07-16 15:15:23Z",
        "2025-07-16T15:15:23+02:00",
        "2025-07-16T15:15:23.17349461Z",
        "2025-99-16T15:15:23Z",
        "2025-07-16T25:15:23Z",
        "9999-07-16T15:15:23Z",
        "\uff12025-07-16T15:15:23Z",
    ],
)
def test_a_submitted_time_that_would_order_wrongly_is_rejected(text: str) -> None:
    assert refusal(changed(put("runInfo.submittedTime", text))) == (
        f"MANIFEST_INVALID: {JULY}: runInfo.submittedTime is '{text}', not a UTC time."
    )


@pytest.mark.parametrize(
    ("start", "end", "until"),
    [
        ("2025-07-01T00:00:00Z", "2025-07-16T00:00:00Z", "2025-07-16"),
        ("2025-07-01T00:00:00", "2025-07-16T00:00:00", "2025-07-16"),
        ("2025-07-01T00:00:00+00:00", "2025-07-16T00:00:00+00:00", "2025-07-16"),
        ("2025-07-01T00:00:00.0000000Z", "2025-07-05T23:59:59.9999999Z", "2025-07-05"),
        ("2025-07-01", "2025-07-01", "2025-07-01"),
        ("2025-07-01T00:00:00Z", "2025-07-31T00:00:00Z", "2025-07-16"),
    ],
)
def test_a_run_covers_up_to_its_end_but_never_beyond_its_submission(start: str, end: str, until: str) -> None:
    def change(tree: Any) -> None:
        tree["runInfo"].update(startDate=start, endDate=end)

    assert parsed(change) == replace(GOLDEN["azure_zulu_dates.json"], covers_until=until)


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("2025-07-01", "2025-08-01", "SPANS_MONTHS: {} covers 2025-07-01 to 2025-08-01, which is not one month."),
        ("2024-07-01", "2025-07-31", "SPANS_MONTHS: {} covers 2024-07-01 to 2025-07-31, which is not one month."),
        ("2025-07-31", "2025-06-30", "SPANS_MONTHS: {} covers 2025-07-31 to 2025-06-30, which is not one month."),
        ("2025-07-02", "2025-07-31", "STARTS_INSIDE_MONTH: {} covers 2025-07-02 to 2025-07-31 only."),
    ],
)
def test_a_range_that_is_not_month_to_date_is_rejected(start: str, end: str, sentence: str) -> None:
    def change(tree: Any) -> None:
        tree["runInfo"].update(startDate=start, endDate=end)

    assert refusal(changed(change)) == sentence.format(JULY)


@pytest.mark.parametrize("field", ["startDate", "endDate"])
@pytest.mark.parametrize("text", ["", "07/01/2025", "2025-02-30", "0001-01-01", "9999-12-31"])
def test_a_date_that_no_bill_has_is_rejected_by_its_field(field: str, text: str) -> None:
    assert refusal(changed(put(f"runInfo.{field}", text))) == (
        f"MANIFEST_INVALID: {JULY}: runInfo.{field} is '{text}', not a date."
    )


@pytest.mark.parametrize(
    ("kind", "file_format", "way_out"),
    [
        ("FocusCost", "Csv", "set FORMAT azure_focus_csv, with a table of its own"),
        ("focuscost", "CSV", "set FORMAT azure_focus_csv, with a table of its own"),
        ("PriceSheet", "Csv", "its rows are no charges"),
        ("ReservationDetails", "Parquet", "its rows are no charges"),
        ("Usage", "Csv", "create an export of cost and usage details (FOCUS, actual or amortized) as CSV or Parquet."),
        ("FocusCost", "Json", "create an export of cost and usage details (FOCUS, actual or amortized)"),
    ],
)
def test_another_kind_of_export_is_rejected_with_both_words_and_what_to_change(
    kind: str, file_format: str, way_out: str
) -> None:
    def change(tree: Any) -> None:
        tree["exportConfig"]["type"] = kind
        tree["deliveryConfig"]["fileFormat"] = file_format

    found = refusal(changed(change))
    assert found.startswith(
        f"FORMAT_UNSUPPORTED: {JULY} is a {kind} export as {file_format};"
        " this source's FORMAT azure_focus_parquet wants FocusCost as Parquet: "
    )
    assert way_out in found


def test_zip_compression_is_rejected_with_the_setting_to_change() -> None:
    assert refusal(changed(put("deliveryConfig.compressionMode", "Zip"))) == (
        f"COMPRESSION_UNSUPPORTED: {JULY} has compression ZIP, which BigQuery cannot read:"
        " in Cost Management, set the export's compression to Gzip."
    )


@pytest.mark.parametrize(
    ("name", "classic"),
    [
        ("azure/daily/20250901-20250930/daily_73746dc5-5dcc-4b83-b340-bb1bd2b1ca30.csv", True),
        ("azure/x/daily/20250901-20250930/202509160400/daily_73746dc5-5dcc-4b83-b340-bb1bd2b1ca30.csv", True),
        ("azure/daily/20250901-20250930/daily_notes.csv", False),
        ("other/daily/20250901-20250930/daily_73746dc5-5dcc-4b83-b340-bb1bd2b1ca30.csv", False),
        (f"{JULY_FOLDER}part_0_0001.csv", False),
    ],
)
def test_a_classic_export_s_file_is_told_by_its_name(name: str, classic: bool) -> None:
    reason = manifests.never_loaded(AZURE, name)
    assert (reason is not None) is classic
    assert reason is None or "create an export with file partitioning on" in reason


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (drop("runInfo"), "Object missing required field `runInfo`"),
        (drop("runInfo.runId"), "Object missing required field `runId` - at `$.runInfo`"),
        (drop("runInfo.startDate"), "Object missing required field `startDate` - at `$.runInfo`"),
        (drop("runInfo.submittedTime"), "Object missing required field `submittedTime` - at `$.runInfo`"),
        (drop("exportConfig.exportName"), "Object missing required field `exportName` - at `$.exportConfig`"),
        (drop("deliveryConfig"), "Object missing required field `deliveryConfig`"),
        (drop("blobs"), "Object missing required field `blobs`"),
        (put("blobs", None), "Expected `array`, got `null` - at `$.blobs`"),
        (put("blobs.0", {}), "Object missing required field `blobName` - at `$.blobs[0]`"),
        (put("blobs.0.byteCount", "7"), "Expected `int | null`, got `str` - at `$.blobs[0].byteCount`"),
        (put("blobs.0.byteCount", -1), "Expected `int` >= 0 - at `$.blobs[0].byteCount`"),
        (put("blobs.0.dataRowCount", 1.5), "Expected `int | null`, got `float` - at `$.blobs[0].dataRowCount`"),
        (put("blobs.0.dataRowCount", -5), "Expected `int` >= 0 - at `$.blobs[0].dataRowCount`"),
        (put("dataRowCount", -1), "Expected `int` >= 0 - at `$.dataRowCount`"),
        (put("runInfo.runId", ""), "runInfo.runId is '', which is no id"),
        (put("runInfo.runId", "a\x00"), "runInfo.runId is 'a\\x00', which is no id"),
    ],
)
def test_a_field_at_fault_is_named(change: Callable[[Any], object], sentence: str) -> None:
    assert refusal(changed(change)) == f"MANIFEST_INVALID: {JULY}: {sentence}."


def test_a_count_that_is_no_number_is_no_json() -> None:
    data = golden("azure_zulu_dates.json", JULY).data.replace(b"145208", b"NaN")
    assert refusal(Manifest(JULY, 1, data)).startswith(f"MANIFEST_NOT_JSON: {JULY} is not complete JSON: ")


@pytest.mark.parametrize(
    ("blob_rows", "total", "rows"),
    [([15, 25], 99, 40), ([15, None], 99, 99), ([None, None], None, None), ([0, 0], 99, 0), ([], 0, 0)],
)
def test_rows_are_the_files_sum_or_the_manifest_s_total(
    blob_rows: list[int | None], total: int | None, rows: int | None
) -> None:
    def change(tree: Any) -> None:
        blob = tree["blobs"][0]
        tree["blobs"] = [
            {**blob, "blobName": blob["blobName"].replace("part_0", f"part_{n}"), "dataRowCount": count}
            for n, count in enumerate(blob_rows)
        ]
        tree["dataRowCount"] = total

    assert parsed(change).rows == rows


def test_counts_may_be_absent() -> None:
    def change(tree: Any) -> None:
        tree["blobs"] = [{"blobName": tree["blobs"][0]["blobName"]}]
        del tree["dataRowCount"]

    full = GOLDEN["azure_zulu_dates.json"]
    assert parsed(change) == replace(full, files=(DataFile(full.files[0].name, None, None),), rows=None)


def test_a_blob_that_leaves_the_prefix_is_rejected() -> None:
    assert refusal(changed(put("blobs.0.blobName", "1.2/../secret/part_0_0001.snappy.parquet"))) == (
        f"PATH_OUTSIDE_PREFIX: {JULY} names a file that no export has: '1.2/../secret/part_0_0001.snappy.parquet'."
    )


def test_two_blobs_that_are_one_object_are_rejected() -> None:
    def change(tree: Any) -> None:
        tree["blobs"].append(dict(tree["blobs"][0], blobName=f"else/{JULY_RUN}/part_0_0001.snappy.parquet"))

    assert refusal(changed(change)) == f"MANIFEST_INVALID: {JULY} names a file twice."


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (b'"runId"', b'"runId": "other", "runId"', "runId"),
        (b'"blobName"', b'"blobName": "elsewhere.parquet", "blobName"', "blobName"),
        (b"{", b'{"unknown": [{"a": 1, "a": 1}],', "a"),
    ],
)
def test_a_key_that_stands_twice_in_one_object_is_rejected(old: bytes, new: bytes, key: str) -> None:
    data = golden("azure_zulu_dates.json", JULY).data.replace(old, new, 1)
    assert refusal(Manifest(JULY, 1, data)) == f"MANIFEST_INVALID: {JULY} has the key {key!r} twice in one object."


@pytest.mark.parametrize(
    ("file", "format_name"),
    [
        ("azure_two_parts.json", "azure_focus_parquet"),
        ("azure_focus_csv.json", "azure_focus_csv"),
        ("azure_focus_csv_gzip.json", "azure_focus_csv"),
        ("azure_actual_csv.json", "azure_actual_csv"),
        ("azure_actual_parquet.json", "azure_actual_parquet"),
        ("azure_amortized_csv.json", "azure_amortized_csv"),
        ("azure_amortized_parquet.json", "azure_amortized_parquet"),
    ],
)
def test_a_manifest_of_each_kind_is_an_export_of_its_format_and_of_no_other(file: str, format_name: str) -> None:
    blobs = [blob["blobName"] for blob in json.loads(golden(file, JULY).data)["blobs"]]
    name = f"azure/{blobs[0].rpartition('/')[0]}/manifest.json"
    for other in (name for name, one in FORMATS.items() if one.provider == "azure"):
        source, manifest = azure(FORMAT=other), golden(file, name)
        if other == format_name:
            export = manifests.parse(source, manifest)
            assert isinstance(export, Export)
            assert export.files == tuple(
                DataFile(f"azure/{blob}", size, rows)
                for blob, size, rows in zip(blobs, (1000, 2000), (15, 25), strict=True)
            )
            assert manifests.manifest_names(source, f"azure/{blobs[0]}") == (name,)
        else:
            with pytest.raises(BillingError, match=rf"set FORMAT {format_name}, with a table of its own"):
                manifests.parse(source, manifest)


@pytest.mark.parametrize(
    ("resource_id", "scope"),
    [
        ("/Subscriptions/A/providers/Microsoft.CostManagement/exports/focus-cost", "/subscriptions/a"),
        (
            "/providers/Microsoft.Billing/billingAccounts/B:C_2019-05-31/providers/Microsoft.CostManagement/exports/x",
            "/providers/microsoft.billing/billingaccounts/b:c_2019-05-31",
        ),
        ("/subscriptions/a\n", ""),
        ("x" * 501, ""),
        (None, ""),
    ],
)
def test_a_run_s_scope_is_what_stands_before_the_export_in_its_id(resource_id: str | None, scope: str) -> None:
    manifest = golden("azure_zulu_dates.json", JULY, put("exportConfig.resourceId", resource_id))
    export = manifests.parse(AZURE, manifest)
    assert isinstance(export, Export)
    assert export.scope == scope
