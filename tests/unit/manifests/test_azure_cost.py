"""Azure Cost Management exports: which objects belong to an export, and what the parser makes of a manifest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from billing import manifests
from billing.formats import FORMATS
from billing.manifests import DataFile, Export, Manifest, OtherExport
from tests.unit.values import Change, azure, error_of, export_of, golden_manifest, with_field, without_field

AZURE = azure()
ROOT = "azure/1.2/focus-cost/"
JULY_RUN = "cc47e41e-a6ab-462e-9b26-fe7237024648"
JULY_FOLDER = f"{ROOT}20250701-20250731/202507161527/{JULY_RUN}/"
JULY = f"{JULY_FOLDER}manifest.json"


def focus_export(folder: str, run: str, month: str, submitted: str, until: str, *parts: tuple[int, int]) -> Export:
    """Return the export of a golden manifest. `parts` has the bytes and rows of each file."""
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
        scope="scope /subscriptions/00000000-0000-0000-0000-000000000000",
    )


GOLDEN = {
    "azure_zulu_dates.json": focus_export(
        "20250701-20250731/202507161527",
        JULY_RUN,
        "2025-07",
        "2025-07-16T15:15:23.1734946Z",
        "2025-07-16",
        (145208, 1136),
    ),
    "azure_bare_dates.json": focus_export(
        "20250701-20250731/202508010945",
        "3e3a0db7-4a48-402c-bd1d-ac07e0e339cf",
        "2025-07",
        "2025-08-01T09:42:01.2466542Z",
        "2025-07-31",
        (281121, 2525),
    ),
    "azure_offset_dates.json": focus_export(
        "20250801-20250831/202508010945",
        "670b9580-e454-409a-bb77-f59424ab664e",
        "2025-08",
        "2025-08-01T09:42:00.3187133Z",
        "2025-08-01",
        (53746, 80),
    ),
    "azure_two_parts.json": focus_export(
        "20250701-20250731",
        "11111111-2222-4333-8444-555555555555",
        "2025-07",
        "2025-08-05T09:42:01.2837989Z",
        "2025-07-31",
        (1000, 15),
        (2000, 25),
    ),
    "azure_empty.json": focus_export(
        "20250801-20250831/202508010945",
        "670b9580-e454-409a-bb77-f59424ab664e",
        "2025-08",
        "2025-08-01T09:42:00.3187133Z",
        "2025-08-01",
    ),
}


JULY_EXPORT = GOLDEN["azure_zulu_dates.json"]


def july(*changes: Change) -> Manifest:
    """Return the manifest of JULY_EXPORT after some changes."""
    return golden_manifest("azure_zulu_dates.json", JULY, *changes)


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
def test_object_leads_to_the_manifest_in_its_folder(name: str) -> None:
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
def test_path_of_the_folder_is_not_parsed(folder: str) -> None:
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
def test_object_of_no_export_is_ignored(name: str) -> None:
    assert manifests.manifest_names(AZURE, name) == ()
    assert not manifests.is_manifest(AZURE, name)


@pytest.mark.parametrize(("file", "export"), GOLDEN.items(), ids=list(GOLDEN))
def test_manifest_becomes_an_export(file: str, export: Export) -> None:
    assert manifests.parse(AZURE, golden_manifest(file, JULY)) == export


@pytest.mark.parametrize("name", ["FOCUS-COST", "Focus-Cost"])
def test_name_of_the_export_ignores_case(name: str) -> None:
    assert manifests.parse(azure(EXPORT_NAME=name), july()) == JULY_EXPORT


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        (
            [with_field("exportConfig", {"exportName": "actual", "type": "ActualCost"}), with_field("runInfo", None)],
            "actual",
        ),
        ([with_field("exportConfig.exportName", "x" * 999)], "x" * 200),
    ],
    ids=["invalid otherwise", "long name"],
)
def test_manifest_of_another_export_is_recognised_by_its_name(changes: list[Change], shown: str) -> None:
    assert manifests.parse(AZURE, july(*changes)) == OtherExport(shown)


def test_manifest_of_2021_is_rejected_with_what_to_do() -> None:
    name = "azure/cost/partitioned/20230101-20230131/202301041442/73746dc5/manifest.json"

    assert error_of(manifests.parse, AZURE, golden_manifest("azure_legacy_2021.json", name)) == (
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
def test_submitted_time_becomes_text_that_sorts_by_time(submitted: str, order: str) -> None:
    manifest = july(with_field("runInfo.submittedTime", submitted))

    assert manifests.parse(AZURE, manifest) == replace(JULY_EXPORT, order_key=f"{order}/{JULY_RUN}")


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
def test_submitted_time_that_would_sort_wrongly_is_rejected(text: str) -> None:
    manifest = july(with_field("runInfo.submittedTime", text))

    assert error_of(manifests.parse, AZURE, manifest) == (
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
def test_run_covers_days_up_to_its_end_or_its_submission(start: str, end: str, until: str) -> None:
    manifest = july(with_field("runInfo.startDate", start), with_field("runInfo.endDate", end))

    assert manifests.parse(AZURE, manifest) == replace(JULY_EXPORT, covers_until=until)


@pytest.mark.parametrize(
    ("start", "end", "error"),
    [
        ("2025-07-01", "2025-08-01", "SPANS_MONTHS: {} covers 2025-07-01 to 2025-08-01, which is not one month."),
        ("2024-07-01", "2025-07-31", "SPANS_MONTHS: {} covers 2024-07-01 to 2025-07-31, which is not one month."),
        ("2025-07-31", "2025-06-30", "SPANS_MONTHS: {} covers 2025-07-31 to 2025-06-30, which is not one month."),
        ("2025-07-02", "2025-07-31", "STARTS_INSIDE_MONTH: {} covers only 2025-07-02 to 2025-07-31."),
    ],
)
def test_period_other_than_month_to_date_is_rejected(start: str, end: str, error: str) -> None:
    manifest = july(with_field("runInfo.startDate", start), with_field("runInfo.endDate", end))

    assert error_of(manifests.parse, AZURE, manifest) == error.format(JULY)


@pytest.mark.parametrize("field", ["startDate", "endDate"])
@pytest.mark.parametrize("text", ["", "07/01/2025", "2025-02-30", "0001-01-01", "9999-12-31"])
def test_impossible_date_is_rejected_with_its_field(field: str, text: str) -> None:
    manifest = july(with_field(f"runInfo.{field}", text))

    assert error_of(manifests.parse, AZURE, manifest) == (
        f"MANIFEST_INVALID: {JULY}: runInfo.{field} is '{text}', not a date."
    )


CREATE_ANOTHER = "create an export of cost and usage details (FOCUS, actual or amortized) as CSV or Parquet."
NOT_SUPPORTED = f"this type or file format is not supported. In Cost Management, {CREATE_ANOTHER}"
USE_CSV = "set FORMAT azure_focus_csv and another table, or create an export of that type in Cost Management."


@pytest.mark.parametrize(
    ("kind", "file_format", "fix"),
    [
        ("FocusCost", "Csv", USE_CSV),
        ("focuscost", "CSV", USE_CSV),
        ("PriceSheet", "Csv", NOT_SUPPORTED),
        ("ReservationDetails", "Parquet", NOT_SUPPORTED),
        ("Usage", "Csv", NOT_SUPPORTED),
        ("FocusCost", "Json", NOT_SUPPORTED),
    ],
)
def test_other_type_of_export_is_rejected_with_what_to_do(kind: str, file_format: str, fix: str) -> None:
    manifest = july(with_field("exportConfig.type", kind), with_field("deliveryConfig.fileFormat", file_format))

    assert error_of(manifests.parse, AZURE, manifest) == (
        f"FORMAT_UNSUPPORTED: {JULY} is a {kind} export as {file_format};"
        f" FORMAT azure_focus_parquet of this source needs FocusCost as Parquet: {fix}"
    )


def test_zip_is_rejected_with_what_to_set() -> None:
    assert error_of(manifests.parse, AZURE, july(with_field("deliveryConfig.compressionMode", "Zip"))) == (
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
def test_file_of_a_classic_export_is_recognised_by_its_name(name: str, classic: bool) -> None:
    reason = manifests.never_loaded(AZURE, name)

    assert (reason is not None) is classic
    assert reason is None or "create an export with file partitioning on" in reason


NOT_AN_ID = "not an id of 1 to 200 letters, digits and _.:+-"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_field("runInfo"), "Object missing required field `runInfo`"),
        (without_field("runInfo.runId"), "Object missing required field `runId` - at `$.runInfo`"),
        (without_field("runInfo.startDate"), "Object missing required field `startDate` - at `$.runInfo`"),
        (without_field("runInfo.submittedTime"), "Object missing required field `submittedTime` - at `$.runInfo`"),
        (without_field("exportConfig.exportName"), "Object missing required field `exportName` - at `$.exportConfig`"),
        (without_field("deliveryConfig"), "Object missing required field `deliveryConfig`"),
        (without_field("blobs"), "Object missing required field `blobs`"),
        (with_field("blobs", None), "Expected `array`, got `null` - at `$.blobs`"),
        (with_field("blobs.0", {}), "Object missing required field `blobName` - at `$.blobs[0]`"),
        (with_field("blobs.0.byteCount", "7"), "Expected `int | null`, got `str` - at `$.blobs[0].byteCount`"),
        (with_field("blobs.0.byteCount", -1), "Expected `int` >= 0 - at `$.blobs[0].byteCount`"),
        (with_field("blobs.0.dataRowCount", 1.5), "Expected `int | null`, got `float` - at `$.blobs[0].dataRowCount`"),
        (with_field("blobs.0.dataRowCount", -5), "Expected `int` >= 0 - at `$.blobs[0].dataRowCount`"),
        (with_field("dataRowCount", -1), "Expected `int` >= 0 - at `$.dataRowCount`"),
        (with_field("runInfo.runId", ""), f"runInfo.runId is '', {NOT_AN_ID}"),
        (with_field("runInfo.runId", "a\x00"), f"runInfo.runId is 'a\\x00', {NOT_AN_ID}"),
    ],
)
def test_invalid_field_is_named(change: Change, message: str) -> None:
    assert error_of(manifests.parse, AZURE, july(change)) == f"MANIFEST_INVALID: {JULY}: {message}."


def test_nan_is_not_json() -> None:
    data = july().data.replace(b"145208", b"NaN")

    assert error_of(manifests.parse, AZURE, Manifest(JULY, 1, data)).startswith(
        f"MANIFEST_NOT_JSON: {JULY} is not complete JSON: "
    )


@pytest.mark.parametrize(
    ("blob_rows", "total", "rows"),
    [([15, 25], 99, 40), ([15, None], 99, 99), ([None, None], None, None), ([0, 0], 99, 0), ([], 0, 0)],
)
def test_rows_are_the_sum_of_the_files_or_the_total(
    blob_rows: list[int | None], total: int | None, rows: int | None
) -> None:
    def with_blobs(tree: Any) -> None:
        blob = tree["blobs"][0]
        tree["blobs"] = [
            {**blob, "blobName": blob["blobName"].replace("part_0", f"part_{n}"), "dataRowCount": count}
            for n, count in enumerate(blob_rows)
        ]

    assert export_of(AZURE, july(with_blobs, with_field("dataRowCount", total))).rows == rows


def test_counts_may_be_missing() -> None:
    manifest = july(
        without_field("blobs.0.byteCount"), without_field("blobs.0.dataRowCount"), without_field("dataRowCount")
    )

    files = (DataFile(JULY_EXPORT.files[0].name, None, None),)
    assert manifests.parse(AZURE, manifest) == replace(JULY_EXPORT, files=files, rows=None)


def test_blob_outside_the_prefix_is_rejected() -> None:
    name = "1.2/../secret/part_0_0001.snappy.parquet"

    assert error_of(manifests.parse, AZURE, july(with_field("blobs.0.blobName", name))) == (
        f"PATH_OUTSIDE_PREFIX: {JULY} names a file that no export has: '{name}'."
    )


def test_two_blobs_of_one_object_are_rejected() -> None:
    def with_copy(tree: Any) -> None:
        tree["blobs"].append(dict(tree["blobs"][0], blobName=f"else/{JULY_RUN}/part_0_0001.snappy.parquet"))

    assert error_of(manifests.parse, AZURE, july(with_copy)) == f"MANIFEST_INVALID: {JULY} names a file twice."


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (b'"runId"', b'"runId": "other", "runId"', "runId"),
        (b'"blobName"', b'"blobName": "elsewhere.parquet", "blobName"', "blobName"),
        (b"{", b'{"unknown": [{"a": 1, "a": 1}],', "a"),
    ],
)
def test_repeated_key_is_rejected(old: bytes, new: bytes, key: str) -> None:
    data = july().data.replace(old, new, 1)

    assert error_of(manifests.parse, AZURE, Manifest(JULY, 1, data)) == (
        f"MANIFEST_INVALID: {JULY} has the key {key!r} twice in one object."
    )


FORMAT_OF = {
    "azure_two_parts.json": "azure_focus_parquet",
    "azure_focus_csv.json": "azure_focus_csv",
    "azure_focus_csv_gzip.json": "azure_focus_csv",
    "azure_actual_csv.json": "azure_actual_csv",
    "azure_actual_parquet.json": "azure_actual_parquet",
    "azure_amortized_csv.json": "azure_amortized_csv",
    "azure_amortized_parquet.json": "azure_amortized_parquet",
}
AZURE_FORMATS = [name for name, one in FORMATS.items() if one.provider == "azure"]


def manifest_next_to_its_blobs(file: str) -> tuple[Manifest, list[str]]:
    """Return a golden manifest in the folder of its data files, and the objects of these files."""
    blobs = [f"azure/{blob['blobName']}" for blob in json.loads(golden_manifest(file, JULY).data)["blobs"]]
    return golden_manifest(file, f"{blobs[0].rpartition('/')[0]}/manifest.json"), blobs


@pytest.mark.parametrize(("file", "format_name"), FORMAT_OF.items())
def test_manifest_of_each_type_is_an_export_of_its_format(file: str, format_name: str) -> None:
    manifest, blobs = manifest_next_to_its_blobs(file)
    source = azure(FORMAT=format_name)

    assert export_of(source, manifest).files == (DataFile(blobs[0], 1000, 15), DataFile(blobs[1], 2000, 25))
    assert manifests.manifest_names(source, blobs[0]) == (manifest.name,)


@pytest.mark.parametrize(
    ("file", "other"),
    [(file, other) for file, format_name in FORMAT_OF.items() for other in AZURE_FORMATS if other != format_name],
)
def test_manifest_of_another_type_names_the_format_to_set(file: str, other: str) -> None:
    manifest, _ = manifest_next_to_its_blobs(file)

    assert f"set FORMAT {FORMAT_OF[file]} and another table" in error_of(manifests.parse, azure(FORMAT=other), manifest)


@pytest.mark.parametrize(
    ("resource_id", "scope"),
    [
        ("/Subscriptions/A/providers/Microsoft.CostManagement/exports/focus-cost", "scope /subscriptions/a"),
        (
            "/providers/Microsoft.Billing/billingAccounts/B:C_2019-05-31/providers/Microsoft.CostManagement/exports/x",
            "scope /providers/microsoft.billing/billingaccounts/b:c_2019-05-31",
        ),
        ("/subscriptions/a\n", ""),
        ("x" * 501, ""),
        (None, ""),
    ],
)
def test_scope_is_the_part_of_the_id_before_the_export(resource_id: str | None, scope: str) -> None:
    manifest = july(with_field("exportConfig.resourceId", resource_id))

    assert export_of(AZURE, manifest).scope == scope
