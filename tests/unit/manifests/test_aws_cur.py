"""AWS Cost and Usage Reports: which objects belong to a report, and what the parser makes of a manifest."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from billing import manifests
from billing.manifests import MAX_MANIFEST, Column, DataFile, Export, Manifest, OtherExport
from tests.unit.values import (
    GENERATION,
    Change,
    aws,
    error_of,
    export_of,
    golden_manifest,
    with_field,
    without_field,
)

AWS = aws()
PARQUET = aws(FORMAT="aws_cur_v1_parquet")
ROOT = "gcs-transfer/aws_cur/prefix/cur-demo/"
PERIOD = f"{ROOT}20251001-20251101/"
ASSEMBLY = "2c8b6f30-1111-4222-8333-444444444444"
MANIFEST = f"{PERIOD}cur-demo-Manifest.json"
COLUMNS = (
    Column("identity/LineItemId", "STRING"),
    Column("identity/TimeInterval", "STRING"),
    Column("bill/BillingPeriodStartDate", "TIMESTAMP"),
    Column("lineItem/UsageAmount", "BIGNUMERIC"),
    Column("product/maxIopsvolume", "STRING"),
    Column("reservation/StartTime", "STRING"),
    Column("savingsPlan/SavingsPlanARN", "STRING"),
    Column("resourceTags/user:Cost Center", "STRING"),
)
CREATE_NEW = Export(
    name="cur-demo",
    execution=ASSEMBLY,
    month="2025-10",
    order_key="00001758000000000001",
    files=tuple(DataFile(f"{PERIOD}{ASSEMBLY}/cur-demo-{n}.csv.gz", None, None) for n in (1, 2)),
    columns=COLUMNS,
    overwrites=False,
    covers_until=None,
    rows=None,
    scope="account 123456789012",
)
OVERWRITE = replace(
    CREATE_NEW,
    files=tuple(DataFile(f"{PERIOD}cur-demo-{n}.csv.gz", None, None) for n in (1, 2)),
    overwrites=True,
)


def create_new(*changes: Change, name: str = MANIFEST) -> Manifest:
    """Return the manifest of CREATE_NEW after some changes."""
    return golden_manifest("aws_create_new.json", name, *changes)


def overwrite(generation: int) -> Manifest:
    return replace(golden_manifest("aws_overwrite.json", MANIFEST), generation=generation)


def file_names(export: Export) -> list[str]:
    return [file.name for file in export.files]


@pytest.mark.parametrize(
    ("name", "manifest"),
    [
        (f"{PERIOD}cur-demo-Manifest.json", MANIFEST),
        (f"{PERIOD}{ASSEMBLY}/cur-demo-Manifest.json", MANIFEST),
        (f"{PERIOD}{ASSEMBLY}/cur-demo-1.csv.gz", MANIFEST),
        (f"{PERIOD}{ASSEMBLY}/cur-demo-00012.csv.zip", MANIFEST),
        (f"{PERIOD}cur-demo-1.csv.gz", MANIFEST),
        (
            "gcs-transfer/aws_cur/20251001-20251101/cur-demo-1.csv.gz",
            "gcs-transfer/aws_cur/20251001-20251101/cur-demo-Manifest.json",
        ),
        (
            "gcs-transfer/aws_cur//cur-demo/20251001-20251101/cur-demo-1.csv.gz",
            "gcs-transfer/aws_cur//cur-demo/20251001-20251101/cur-demo-Manifest.json",
        ),
    ],
)
def test_object_leads_to_the_manifest_in_the_period_folder(name: str, manifest: str) -> None:
    assert manifests.manifest_names(AWS, name) == (manifest,)
    assert manifests.is_manifest(AWS, name) is (name == manifest)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gcs-transfer/aws_cur/",
        PERIOD,
        f"{PERIOD}{ASSEMBLY}/",
        f"other/cur-demo/20251001-20251101/{ASSEMBLY}/cur-demo-Manifest.json",
        f"{PERIOD}cur-demo-RedshiftManifest.json",
        f"{PERIOD}cur-demo-RedshiftCommands.sql",
        f"{PERIOD}{ASSEMBLY}/cur-demo-RedshiftManifest.json",
        f"{PERIOD}cur-demo-Metadata.json",
        f"{PERIOD}cur-demo-create-table.sql",
        f"{PERIOD}crawler-cfn.yml",
        f"{PERIOD}cur-demo-Manifest.json.tmp",
        f"{PERIOD}cur-demo-manifest.json",
        f"{PERIOD}other-Manifest.json",
        f"{PERIOD}cur-demo-2-Manifest.json",
        f"{PERIOD}cur-demo-2-1.csv.gz",
        f"{PERIOD}cur-demo-1.csv",
        f"{PERIOD}cur-demo-1.csv.gz.part",
        f"{PERIOD}a/b/cur-demo-1.csv.gz",
        f"{PERIOD}cur-demo-1.csv.gz\n",
        f"{ROOT}cur-demo-Manifest.json",
        f"{ROOT}cur-demo/year=2025/month=13/cur-demo-00001.snappy.parquet",
        f"{ROOT}cur-demo/year=2025/month=0/cur-demo-Manifest.json",
        f"{ROOT}cur-demo/year=2025/month=10/other-00001.snappy.parquet",
        f"{ROOT}cur-demo/year=2025/month=10/cur-demo-RedshiftManifest.json",
        f"{ROOT}other/year=2025/month=10/cur-demo-00001.snappy.parquet",
        f"{ROOT}cur-demo-create-table.sql",
        f"{ROOT}crawler-cfn.yml",
        f"{ROOT}cur-demo/cost_and_usage_data_status/cost_and_usage_data_status.parquet",
        "gcs-transfer/aws_cur/aws-programmatic-access-test-object",
    ],
)
def test_object_of_no_report_is_ignored(name: str) -> None:
    assert manifests.manifest_names(AWS, name) == ()
    assert not manifests.is_manifest(AWS, name)


@pytest.mark.parametrize(
    ("folder", "period", "month"),
    [
        ("month=10", "20251001-20251101", "2025-10"),
        ("month=9", "20250901-20251001", "2025-09"),
        ("month=12", "20251201-20260101", "2025-12"),
    ],
)
def test_athena_layout_has_two_places_for_the_manifest(folder: str, period: str, month: str) -> None:
    data = f"{ROOT}cur-demo/year=2025/{folder}/"
    places = (f"{ROOT}{period}/cur-demo-Manifest.json", f"{data}cur-demo-Manifest.json")

    assert manifests.manifest_names(PARQUET, f"{data}cur-demo-00001.snappy.parquet") == places
    assert all(manifests.is_manifest(PARQUET, place) for place in places)
    assert [manifests.month_in(place) for place in places] == [month, month]


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (create_new(), CREATE_NEW),
        (create_new(name=f"{PERIOD}{ASSEMBLY}/cur-demo-Manifest.json"), CREATE_NEW),
        (create_new(with_field("futureField", {"a": [1]})), CREATE_NEW),
        (create_new(with_field("reportKeys", [])), replace(CREATE_NEW, files=())),
        (overwrite(GENERATION), OVERWRITE),
    ],
    ids=["create new", "in the assembly folder", "unknown field", "no files", "overwrite"],
)
def test_manifest_becomes_an_export(manifest: Manifest, expected: Export) -> None:
    assert manifests.parse(AWS, manifest) == expected


def test_old_manifest_has_no_types_and_ends_on_the_last_day() -> None:
    period = f"{ROOT}20180801-20180831/"

    assert manifests.parse(
        AWS, golden_manifest("aws_untyped_columns.json", f"{period}cur-demo-Manifest.json")
    ) == Export(
        name="cur-demo",
        execution="20180801T120125Z",
        month="2018-08",
        order_key="00001758000000000001",
        files=(DataFile(f"{period}20180801T120125Z/cur-demo-1.csv.gz", None, None),),
        columns=tuple(Column(column.name, None) for column in COLUMNS),
        overwrites=False,
        covers_until=None,
        rows=None,
        scope="account 123456789012",
    )


@pytest.mark.parametrize(("word", "kind"), [("OptionalDateTime", "TIMESTAMP"), ("Duration", "Duration"), (None, None)])
def test_type_that_the_parser_does_not_know_keeps_its_word(word: str | None, kind: str | None) -> None:
    export = export_of(AWS, create_new(with_field("columns", [{"category": "a", "name": "b", "type": word}])))

    assert export.columns == (Column("a/b", kind),)


@pytest.mark.parametrize("folder", ["20220401-20220501/", "cur-demo/year=2022/month=4/"])
def test_parquet_manifest_is_parsed_in_both_places(folder: str) -> None:
    manifest = golden_manifest("aws_parquet.json", f"{ROOT}{folder}cur-demo-Manifest.json")

    assert manifests.parse(PARQUET, manifest) == Export(
        name="cur-demo",
        execution="20220503T120125Z",
        month="2022-04",
        order_key="00001758000000000001",
        files=(DataFile(f"{ROOT}cur-demo/year=2022/month=4/cur-demo-00001.snappy.parquet", None, None),),
        columns=(
            Column("identity_line_item_id", "STRING"),
            Column("bill_billing_period_start_date", "TIMESTAMP"),
            Column("line_item_unblended_cost", "FLOAT"),
            Column("line_item_something_new", "ARRAY"),
        ),
        overwrites=True,
        covers_until=None,
        rows=None,
        scope="account 123456789012",
    )


def test_parquet_report_with_assembly_folders_does_not_overwrite() -> None:
    key = "cur/prefix/cur-demo/20220401-20220501/20220503T120125Z/cur-demo-00001.snappy.parquet"
    name = f"{ROOT}20220401-20220501/cur-demo-Manifest.json"

    export = export_of(PARQUET, golden_manifest("aws_parquet.json", name, with_field("reportKeys", [key])))

    assert file_names(export) == [f"{ROOT}20220401-20220501/20220503T120125Z/cur-demo-00001.snappy.parquet"]
    assert export.overwrites is False


def test_order_follows_the_generation_of_the_manifest() -> None:
    generations = (9, 10, 1758000000000001, 20000000000000000)

    keys = [export_of(AWS, overwrite(generation)).order_key for generation in generations]

    assert keys == sorted(set(keys))


@pytest.mark.parametrize(("name", "shown"), [("other", "other"), ("x" * 999, "x" * 200)])
def test_manifest_of_another_report_is_recognised_by_its_name(name: str, shown: str) -> None:
    data = json.dumps({"reportName": name}).encode()

    assert manifests.parse(AWS, Manifest(MANIFEST, 1, data)) == OtherExport(shown)


@pytest.mark.parametrize(
    ("start", "end", "month"),
    [
        ("20251001T000000.000Z", "20251101T000000.000Z", "2025-10"),
        ("20251001T000000.000Z", "20251031T000000.000Z", "2025-10"),
        ("20251001T000000.000Z", "20251031T235959.999Z", "2025-10"),
        ("20251201T000000.000Z", "20260101T000000.000Z", "2025-12"),
        ("20240201T000000.000Z", "20240229T000000.000Z", "2024-02"),
        ("20240201T000000.000Z", "20240301T000000.000Z", "2024-02"),
    ],
)
def test_end_may_be_the_last_day_or_the_day_after(start: str, end: str, month: str) -> None:
    manifest = create_new(with_field("billingPeriod", {"start": start, "end": end}))

    assert manifests.parse(AWS, manifest) == replace(CREATE_NEW, month=month)


@pytest.mark.parametrize(
    ("start", "end", "error"),
    [
        ("20251001", "20251201", "SPANS_MONTHS: {} covers 2025-10-01 to 2025-11-30, which is not one month."),
        ("20251001", "20251001", "SPANS_MONTHS: {} covers 2025-10-01 to 2025-09-30, which is not one month."),
        ("20251001", "20250901", "SPANS_MONTHS: {} covers 2025-10-01 to 2025-08-31, which is not one month."),
        ("20251001", "20251015", "SPANS_MONTHS: {} covers 2025-10-01 to 2025-10-15, which is not one month."),
        ("20240201", "20240228", "SPANS_MONTHS: {} covers 2024-02-01 to 2024-02-28, which is not one month."),
        ("20251015", "20251101", "STARTS_INSIDE_MONTH: {} covers only 2025-10-15 to 2025-10-31."),
    ],
)
def test_period_other_than_one_month_is_rejected(start: str, end: str, error: str) -> None:
    period = {"start": f"{start}T000000.000Z", "end": f"{end}T000000.000Z"}

    assert error_of(manifests.parse, AWS, create_new(with_field("billingPeriod", period))) == error.format(MANIFEST)


@pytest.mark.parametrize("field", ["start", "end"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-10-01T00:00:00Z",
        "20251301T000000.000Z",
        "20251001T000000.000",
        "00010101T000000.000Z",
        "19991201T000000.000Z",
        "99991201T000000.000Z",
    ],
)
def test_impossible_date_is_rejected_with_its_field(field: str, text: str) -> None:
    manifest = create_new(with_field(f"billingPeriod.{field}", text))

    assert error_of(manifests.parse, AWS, manifest) == (
        f"MANIFEST_INVALID: {MANIFEST}: billingPeriod.{field} is '{text}', not like 20250901T000000.000Z."
    )


NOT_AN_ID = "not an id of 1 to 200 letters, digits and _.:+-"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_field("assemblyId"), ": Object missing required field `assemblyId`"),
        (without_field("billingPeriod"), ": Object missing required field `billingPeriod`"),
        (without_field("billingPeriod.end"), ": Object missing required field `end` - at `$.billingPeriod`"),
        (without_field("columns"), ": Object missing required field `columns`"),
        (without_field("compression"), ": Object missing required field `compression`"),
        (without_field("contentType"), ": Object missing required field `contentType`"),
        (without_field("reportKeys"), ": Object missing required field `reportKeys`"),
        (without_field("reportName"), ": Object missing required field `reportName`"),
        (with_field("assemblyId", 7), ": Expected `str`, got `int` - at `$.assemblyId`"),
        (with_field("reportName", None), ": Expected `str`, got `null` - at `$.reportName`"),
        (with_field("billingPeriod", "x"), ": Expected `object`, got `str` - at `$.billingPeriod`"),
        (with_field("billingPeriod.start", 20251001), ": Expected `str`, got `int` - at `$.billingPeriod.start`"),
        (with_field("reportKeys", {}), ": Expected `array`, got `object` - at `$.reportKeys`"),
        (with_field("reportKeys.1", None), ": Expected `str`, got `null` - at `$.reportKeys[1]`"),
        (with_field("columns.2.name", ["x"]), ": Expected `str`, got `array` - at `$.columns[2].name`"),
        (with_field("columns.2.type", 1.5), ": Expected `str | null`, got `float` - at `$.columns[2].type`"),
        (with_field("columns.0", "x"), ": Expected `object`, got `str` - at `$.columns[0]`"),
        (with_field("assemblyId", ""), f": assemblyId is '', {NOT_AN_ID}"),
        (with_field("assemblyId", "a\nb"), f": assemblyId is 'a\\nb', {NOT_AN_ID}"),
        (with_field("assemblyId", "x" * 201), f": assemblyId is '{'x' * 40}', {NOT_AN_ID}"),
        (with_field("reportKeys", ["cur/a-1.csv.gz"] * 2), " names a file twice"),
        (
            with_field("reportKeys", [f"cur/{folder}/20251001-20251101/cur-demo-1.csv.gz" for folder in "ab"]),
            " names a file twice",
        ),
        (
            with_field("reportKeys", [f"cur/{number}/cur-demo-1.csv.gz" for number in range(11)]),
            " names files in 11 folders; a delivery has at most 10",
        ),
    ],
)
def test_invalid_field_is_named(change: Change, message: str) -> None:
    assert error_of(manifests.parse, AWS, create_new(change)) == f"MANIFEST_INVALID: {MANIFEST}{message}."


def test_zip_is_rejected_with_what_to_set() -> None:
    assert error_of(manifests.parse, AWS, create_new(with_field("compression", "ZIP"))) == (
        f"COMPRESSION_UNSUPPORTED: {MANIFEST} has compression ZIP, which BigQuery cannot read:"
        " set the report's compression to GZIP."
    )


@pytest.mark.parametrize(
    ("format_name", "compression", "content_type", "needs", "setting"),
    [
        ("aws_cur_v1_csv", "Parquet", "Parquet", "text/csv and GZIP", "GZIP"),
        ("aws_cur_v1_csv", "GZIP", "Parquet", "text/csv and GZIP", "GZIP"),
        ("aws_cur_v1_csv", "BZIP2", "text/csv", "text/csv and GZIP", "GZIP"),
        ("aws_cur_v1_parquet", "GZIP", "text/csv", "Parquet and Parquet", "Parquet"),
    ],
)
def test_other_file_format_is_rejected_with_what_to_set(
    format_name: str, compression: str, content_type: str, needs: str, setting: str
) -> None:
    manifest = create_new(with_field("compression", compression), with_field("contentType", content_type))

    assert error_of(manifests.parse, aws(FORMAT=format_name), manifest) == (
        f"FORMAT_UNSUPPORTED: {MANIFEST} has contentType {content_type} and compression {compression};"
        f" FORMAT {format_name} of this source needs {needs}: set the report's compression to {setting},"
        " or add a source with another FORMAT for this report."
    )


def test_real_parquet_manifest_is_rejected_by_a_csv_source() -> None:
    manifest = golden_manifest("aws_parquet.json", f"{ROOT}20220401-20220501/cur-demo-Manifest.json")

    assert error_of(manifests.parse, AWS, manifest).startswith("FORMAT_UNSUPPORTED: ")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "MANIFEST_NOT_JSON: {} is not complete JSON: Input data was truncated."),
        (b"{}", "MANIFEST_INVALID: {}: Object missing required field `reportName`."),
        (b"null", "MANIFEST_INVALID: {}: Expected `object`, got `null`."),
        (b"[" * 200_000, "MANIFEST_INVALID: {}: Expected `object`, got `array`."),
        (b'{"a": ' + b"[" * 200_000, "MANIFEST_NOT_JSON: {} is not complete JSON: maximum recursion depth exceeded"),
        (b'{"reportName": NaN}', "MANIFEST_NOT_JSON: {} is not complete JSON: JSON is malformed: invalid character"),
        (b'{"reportName": "\xff"}', "MANIFEST_NOT_JSON: {} is not complete JSON: Invalid UTF-8 encoded string"),
        (b'{"reportName": "\\ud800"}', "MANIFEST_NOT_JSON: {} is not complete JSON: Input data was truncated."),
        (b'{"reportName": "other"}}', "MANIFEST_NOT_JSON: {} is not complete JSON: JSON is malformed: trailing"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_data_other_than_a_json_object_is_rejected(data: bytes, error: str) -> None:
    assert error_of(manifests.parse, AWS, Manifest(MANIFEST, 1, data)).startswith(error.format(MANIFEST))


def test_truncated_manifest_is_rejected_at_every_length() -> None:
    data = create_new().data

    errors = {error_of(manifests.parse, AWS, Manifest(MANIFEST, 1, data[:size])) for size in range(len(data))}

    assert {error.split(":")[0] for error in errors} == {"MANIFEST_NOT_JSON"}


def test_manifest_over_8_mib_is_rejected() -> None:
    data = create_new().data.ljust(MAX_MANIFEST)

    assert manifests.parse(AWS, Manifest(MANIFEST, GENERATION, data)) == CREATE_NEW
    assert error_of(manifests.parse, AWS, Manifest(MANIFEST, GENERATION, data + b" ")) == (
        f"MANIFEST_TOO_LARGE: {MANIFEST} has more than 8388608 bytes."
    )


def test_repeated_key_is_rejected() -> None:
    once = create_new().data
    twice = once.replace(b'{"assemblyId"', b'{"assemblyId": "old", "assemblyId"', 1)

    assert error_of(manifests.parse, AWS, Manifest(MANIFEST, GENERATION, twice)) == (
        f"MANIFEST_INVALID: {MANIFEST} has the key 'assemblyId' twice in one object."
    )


@pytest.mark.fault("F14")
def test_ten_thousand_files_are_accepted_and_a_hundred_thousand_rejected() -> None:
    keys = [f"cur/prefix/cur-demo/20251001-20251101/cur-demo-{n}.csv.gz" for n in range(10_000)]
    too_many = ["a"] * 100_000

    assert len(export_of(AWS, create_new(with_field("reportKeys", keys))).files) == 10_000
    assert error_of(manifests.parse, AWS, create_new(with_field("reportKeys", too_many))) == (
        f"TOO_MANY_FILES: {MANIFEST} names 100000 files; one load takes 10000."
    )


@pytest.mark.parametrize(
    "key",
    [
        "../cur-demo-1.csv.gz",
        "cur/../../other/cur-demo-1.csv.gz",
        "cur/20251001-20251101/../cur-demo-1.csv.gz",
        "cur/./cur-demo-1.csv.gz",
        "cur/..",
        "cur/.",
        "cur/%2e%2e/cur-demo-1.csv.gz",
        "cur/%2E%2e/cur-demo-1.csv.gz",
        "cur/..%2fcur-demo-1.csv.gz",
        "cur/*",
        "cur/20251001-20251101/cur-demo-*.csv.gz",
        "cur/20251001-20251101/a\nb.csv.gz",
        "cur/20251001-20251101/a\rb.csv.gz",
        "cur/20251001-20251101/a\x00.csv.gz",
        "cur/20251001-20251101/a\x7f.csv.gz",
        "cur/20251001-20251101/a\x85.csv.gz",
        "cur/",
        "cur/20251001-20251101/",
        "",
        f"cur/{'x' * 1021}",
        f"cur/{'ü' * 511}",
    ],
)
def test_hostile_key_is_rejected(key: str) -> None:
    assert error_of(manifests.parse, AWS, create_new(with_field("reportKeys.1", key))) == (
        f"PATH_OUTSIDE_PREFIX: {MANIFEST} names a file that no export has: {key[:200]!r}."
    )


@pytest.mark.parametrize(
    "key",
    [
        "else/where/cur-demo-1.csv.gz",
        "gs://other-bucket/20251001-20251101/cur-demo-1.csv.gz",
        "s3://example-cur-bucket/cur/20251001-20251101/cur-demo-1.csv.gz",
        "cur/s3://20251001-20251101/cur-demo-1.csv.gz",
    ],
)
def test_key_outside_the_source_path_is_rejected(key: str) -> None:
    assert error_of(manifests.parse, AWS, create_new(with_field("reportKeys.1", key))) == (
        f"PATH_OUTSIDE_PREFIX: {MANIFEST} names '{key}', which is not under SOURCE_PATH 'cur/'."
    )


def test_message_about_a_long_key_stays_short() -> None:
    assert len(error_of(manifests.parse, AWS, create_new(with_field("reportKeys.0", "x" * 1_000_000)))) < 500


@pytest.mark.parametrize(
    ("key", "landed"),
    [
        (f"cur/prefix/cur-demo/20251001-20251101/{ASSEMBLY}/a.csv.gz", f"{PERIOD}{ASSEMBLY}/a.csv.gz"),
        ("else/cur-demo/20251001-20251101/a.csv.gz", f"{PERIOD}a.csv.gz"),
        ("20251001-20251101/a.csv.gz", f"{PERIOD}a.csv.gz"),
        ("cur/other/20251001-20251101/a.csv.gz", f"{PERIOD}a.csv.gz"),
        ("cur/20251001-20251101/20251001-20251101/a.csv.gz", f"{PERIOD}a.csv.gz"),
        ("cur/athena/year=2025/a.csv.gz", "gcs-transfer/aws_cur/athena/year=2025/a.csv.gz"),
        ("cur/prefix/ü.csv.gz", "gcs-transfer/aws_cur/prefix/ü.csv.gz"),
        ("cur/prefix/a..b.csv.gz", "gcs-transfer/aws_cur/prefix/a..b.csv.gz"),
    ],
)
def test_key_is_found_under_the_prefix_or_next_to_the_manifest(key: str, landed: str) -> None:
    assert file_names(export_of(AWS, create_new(with_field("reportKeys", [key])))) == [landed]


def test_without_a_source_path_the_key_stays_whole() -> None:
    folder = "cur/prefix/cur-demo/20251001-20251101/"
    manifest = golden_manifest("aws_overwrite.json", f"{folder}cur-demo-Manifest.json")

    export = export_of(aws(SOURCE_PATH="", PREFIX=""), manifest)

    assert file_names(export) == [f"{folder}cur-demo-1.csv.gz", f"{folder}cur-demo-2.csv.gz"]


DOUBLE_SLASH = with_field("reportKeys", [f"cur//cur-demo/20251001-20251101/{ASSEMBLY}/cur-demo-1.csv.gz"])


def test_two_slashes_in_a_row_are_rejected() -> None:
    folder = "gcs-transfer/aws_cur//cur-demo/20251001-20251101/"
    name = f"{folder}cur-demo-Manifest.json"

    assert error_of(manifests.parse, AWS, create_new(DOUBLE_SLASH, name=name)) == (
        f"DOUBLE_SLASH: {name} names '{folder}{ASSEMBLY}/cur-demo-1.csv.gz':"
        " BigQuery takes two slashes as one and reads another object."
    )


def test_source_path_with_two_slashes_removes_both() -> None:
    folder = "gcs-transfer/aws_cur/cur-demo/20251001-20251101/"

    export = export_of(aws(SOURCE_PATH="cur//"), create_new(DOUBLE_SLASH, name=f"{folder}cur-demo-Manifest.json"))

    assert file_names(export) == [f"{folder}{ASSEMBLY}/cur-demo-1.csv.gz"]


@pytest.mark.parametrize(
    ("name", "month"),
    [
        (MANIFEST, "2025-10"),
        (f"20240101-20240201/{MANIFEST}", "2025-10"),
        ("20251301-20251401/cur-demo-Manifest.json", None),
        ("cur-demo-Manifest.json", None),
    ],
)
def test_month_is_found_in_the_path_of_a_manifest(name: str, month: str | None) -> None:
    assert manifests.month_in(name) == month


def test_golden_manifest_has_all_fields_that_aws_writes() -> None:
    assert set(json.loads(create_new().data)) == {
        *("account", "additionalArtifactKeys", "assemblyId", "billingPeriod", "bucket", "charset", "columns"),
        *("compression", "contentType", "reportId", "reportKeys", "reportName"),
    }


@pytest.mark.parametrize(
    ("account", "scope"),
    [
        ("123456789012", "account 123456789012"),
        ("12345", "folder prefix/cur-demo/"),
        (None, "folder prefix/cur-demo/"),
        ({"id": "123456789012"}, "folder prefix/cur-demo/"),
    ],
)
def test_scope_is_the_account_or_the_folder_of_the_report(account: object, scope: str) -> None:
    assert export_of(AWS, create_new(with_field("account", account))).scope == scope


def test_both_places_of_an_athena_manifest_have_one_scope() -> None:
    names = [
        f"{ROOT}{folder}cur-demo-Manifest.json" for folder in ("20220401-20220501/", "cur-demo/year=2022/month=4/")
    ]

    scopes = {
        export_of(PARQUET, golden_manifest("aws_parquet.json", name, without_field("account"))).scope for name in names
    }

    assert scopes == {"folder prefix/cur-demo/"}
