"""AWS Cost and Usage Reports: which objects are ours, and what a manifest becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from billing import manifests
from billing.errors import BillingError
from billing.manifests import MAX_MANIFEST, Column, DataFile, Export, Manifest, OtherExport
from tests.unit.values import GENERATION, aws, drop, golden, put

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
)
OVERWRITE = replace(
    CREATE_NEW,
    files=tuple(DataFile(f"{PERIOD}cur-demo-{n}.csv.gz", None, None) for n in (1, 2)),
    overwrites=True,
)


def refusal(manifest: Manifest) -> str:
    with pytest.raises(BillingError) as raised:
        manifests.parse(AWS, manifest)
    return str(raised.value)


def changed(change: Callable[[Any], object]) -> Manifest:
    return golden("aws_create_new.json", MANIFEST, change)


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
def test_an_object_of_the_report_leads_to_the_period_folder_s_manifest(name: str, manifest: str) -> None:
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
def test_an_object_that_is_none_of_the_report_s_is_ignored(name: str) -> None:
    assert manifests.manifest_names(AWS, name) == ()
    assert not manifests.is_manifest(AWS, name)


@pytest.mark.parametrize(
    ("month", "days"),
    [("month=10", "20251001-20251101"), ("month=9", "20250901-20251001"), ("month=12", "20251201-20260101")],
)
def test_with_athena_s_layout_the_manifest_may_be_in_the_period_s_folder_or_beside_the_data(
    month: str, days: str
) -> None:
    folder = f"{ROOT}cur-demo/year=2025/{month}/"
    names = (f"{ROOT}{days}/cur-demo-Manifest.json", f"{folder}cur-demo-Manifest.json")
    assert manifests.manifest_names(PARQUET, f"{folder}cur-demo-00001.snappy.parquet") == names
    assert all(manifests.is_manifest(PARQUET, name) for name in names)
    assert [manifests.month_in(name) for name in names] == [f"2025-{int(month[6:]):02d}"] * 2


@pytest.mark.parametrize(("file", "expected"), [("aws_create_new.json", CREATE_NEW), ("aws_overwrite.json", OVERWRITE)])
def test_a_manifest_becomes_an_export(file: str, expected: Export) -> None:
    assert manifests.parse(AWS, golden(file, MANIFEST)) == expected


def test_the_twin_manifests_of_one_assembly_differ_in_nothing_but_their_place() -> None:
    twin = golden("aws_create_new.json", f"{PERIOD}{ASSEMBLY}/cur-demo-Manifest.json")
    assert manifests.parse(AWS, twin) == CREATE_NEW


def test_an_old_manifest_has_columns_without_types_and_ends_on_the_last_day() -> None:
    period = f"{ROOT}20180801-20180831/"
    assert manifests.parse(AWS, golden("aws_untyped_columns.json", f"{period}cur-demo-Manifest.json")) == Export(
        name="cur-demo",
        execution="20180801T120125Z",
        month="2018-08",
        order_key="00001758000000000001",
        files=(DataFile(f"{period}20180801T120125Z/cur-demo-1.csv.gz", None, None),),
        columns=tuple(Column(column.name, None) for column in COLUMNS),
        overwrites=False,
        covers_until=None,
        rows=None,
    )


def test_a_later_manifest_of_the_same_name_is_newer() -> None:
    keys = []
    for generation in (9, 10, 1758000000000001, 20000000000000000):
        export = manifests.parse(AWS, replace(golden("aws_overwrite.json", MANIFEST), generation=generation))
        assert isinstance(export, Export)
        keys.append(export.order_key)
    assert keys == sorted(keys)
    assert len(set(keys)) == 4


def test_a_manifest_of_another_report_is_told_apart_even_when_the_rest_is_odd() -> None:
    assert manifests.parse(AWS, Manifest(MANIFEST, 1, b'{"reportName": "other"}')) == OtherExport("other")
    assert manifests.parse(AWS, Manifest(MANIFEST, 1, b'{"reportName": "%s"}' % (b"x" * 999))) == OtherExport("x" * 200)


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
def test_the_month_is_the_manifest_s_whatever_the_end_s_spelling(start: str, end: str, month: str) -> None:
    export = manifests.parse(AWS, changed(put("billingPeriod", {"start": start, "end": end})))
    assert export == replace(CREATE_NEW, month=month)


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("20251001", "20251201", "SPANS_MONTHS: {} covers 2025-10-01 to 2025-11-30, which is not one month."),
        ("20251001", "20251001", "SPANS_MONTHS: {} covers 2025-10-01 to 2025-09-30, which is not one month."),
        ("20251001", "20250901", "SPANS_MONTHS: {} covers 2025-10-01 to 2025-08-31, which is not one month."),
        ("20251001", "20251015", "SPANS_MONTHS: {} covers 2025-10-01 to 2025-10-15: not one month."),
        ("20240201", "20240228", "SPANS_MONTHS: {} covers 2024-02-01 to 2024-02-28: not one month."),
        ("20251015", "20251101", "STARTS_INSIDE_MONTH: {} covers 2025-10-15 to 2025-10-31 only."),
    ],
)
def test_a_period_that_is_not_one_whole_month_is_rejected(start: str, end: str, sentence: str) -> None:
    period = {"start": f"{start}T000000.000Z", "end": f"{end}T000000.000Z"}
    assert refusal(changed(put("billingPeriod", period))) == sentence.format(MANIFEST)


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
def test_a_period_that_no_bill_has_is_rejected_by_its_field(field: str, text: str) -> None:
    assert refusal(changed(put(f"billingPeriod.{field}", text))) == (
        f"MANIFEST_INVALID: {MANIFEST}: billingPeriod.{field} is '{text}', not like 20250901T000000.000Z."
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (drop("assemblyId"), "Object missing required field `assemblyId`"),
        (drop("billingPeriod"), "Object missing required field `billingPeriod`"),
        (drop("billingPeriod.end"), "Object missing required field `end` - at `$.billingPeriod`"),
        (drop("columns"), "Object missing required field `columns`"),
        (drop("compression"), "Object missing required field `compression`"),
        (drop("contentType"), "Object missing required field `contentType`"),
        (drop("reportKeys"), "Object missing required field `reportKeys`"),
        (drop("reportName"), "Object missing required field `reportName`"),
        (put("assemblyId", 7), "Expected `str`, got `int` - at `$.assemblyId`"),
        (put("reportName", None), "Expected `str`, got `null` - at `$.reportName`"),
        (put("billingPeriod", "x"), "Expected `object`, got `str` - at `$.billingPeriod`"),
        (put("billingPeriod.start", 20251001), "Expected `str`, got `int` - at `$.billingPeriod.start`"),
        (put("reportKeys", {}), "Expected `array`, got `object` - at `$.reportKeys`"),
        (put("reportKeys.1", None), "Expected `str`, got `null` - at `$.reportKeys[1]`"),
        (put("columns.2.name", ["x"]), "Expected `str`, got `array` - at `$.columns[2].name`"),
        (put("columns.2.type", 1.5), "Expected `str | null`, got `float` - at `$.columns[2].type`"),
        (put("columns.0", "x"), "Expected `object`, got `str` - at `$.columns[0]`"),
        (put("assemblyId", ""), "assemblyId is '', which is no id"),
        (put("assemblyId", "a\nb"), "assemblyId is 'a\\nb', which is no id"),
        (put("assemblyId", "x" * 201), f"assemblyId is '{'x' * 40}', which is no id"),
        (put("reportKeys", ["cur/a-1.csv.gz"] * 2), "names a file twice"),
    ],
)
def test_a_field_at_fault_is_named(change: Callable[[Any], object], sentence: str) -> None:
    assert refusal(changed(change)) in (
        f"MANIFEST_INVALID: {MANIFEST}: {sentence}.",
        f"MANIFEST_INVALID: {MANIFEST} {sentence}.",
    )


def test_zip_is_rejected_with_the_way_out() -> None:
    assert refusal(changed(put("compression", "ZIP"))) == (
        f"COMPRESSION_UNSUPPORTED: {MANIFEST} has compression ZIP, which BigQuery cannot read:"
        " set the report's compression to GZIP."
    )


@pytest.mark.parametrize(
    ("compression", "content_type"), [("Parquet", "Parquet"), ("GZIP", "Parquet"), ("BZIP2", "text/csv")]
)
def test_another_format_is_rejected_with_both_words(compression: str, content_type: str) -> None:
    def change(tree: Any) -> None:
        tree.update(compression=compression, contentType=content_type)

    assert refusal(changed(change)) == (
        f"FORMAT_UNSUPPORTED: {MANIFEST} has contentType {content_type} and compression {compression};"
        " this source's FORMAT aws_cur_v1_csv wants text/csv and GZIP: set the report's compression to GZIP,"
        " or give the report as it is a source of its own, with the FORMAT that it has."
    )


def test_an_athena_report_s_manifest_is_rejected_for_its_format() -> None:
    manifest = golden("aws_parquet.json", f"{ROOT}20220401-20220501/cur-demo-Manifest.json")
    assert refusal(manifest).startswith("FORMAT_UNSUPPORTED: ")


@pytest.mark.parametrize("folder", ["20220401-20220501/", "cur-demo/year=2022/month=4/"])
def test_a_parquet_manifest_becomes_an_export_wherever_it_stands(folder: str) -> None:
    assert manifests.parse(PARQUET, golden("aws_parquet.json", f"{ROOT}{folder}cur-demo-Manifest.json")) == Export(
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
    )


def test_a_parquet_report_in_a_folder_of_its_own_has_names_of_its_own() -> None:
    key = "cur/prefix/cur-demo/20220401-20220501/20220503T120125Z/cur-demo-00001.snappy.parquet"
    manifest = golden("aws_parquet.json", f"{ROOT}20220401-20220501/cur-demo-Manifest.json", put("reportKeys", [key]))
    export = manifests.parse(PARQUET, manifest)
    assert isinstance(export, Export)
    assert ([file.name for file in export.files], export.overwrites) == (
        [f"{ROOT}20220401-20220501/20220503T120125Z/cur-demo-00001.snappy.parquet"],
        False,
    )


def test_a_csv_report_is_rejected_by_a_parquet_source_with_what_to_set() -> None:
    with pytest.raises(BillingError) as raised:
        manifests.parse(PARQUET, golden("aws_create_new.json", MANIFEST))
    assert str(raised.value) == (
        f"FORMAT_UNSUPPORTED: {MANIFEST} has contentType text/csv and compression GZIP; this source's FORMAT"
        " aws_cur_v1_parquet wants Parquet and Parquet: set the report's compression to Parquet, or give the report as"
        " it is a source of its own, with the FORMAT that it has."
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "MANIFEST_NOT_JSON: {} is not complete JSON: Input data was truncated."),
        (b"{}", "MANIFEST_INVALID: {}: Object missing required field `reportName`."),
        (b"null", "MANIFEST_INVALID: {}: Expected `object`, got `null`."),
        (b"[" * 1_000_000, "MANIFEST_INVALID: {}: Expected `object`, got `array`."),
        (b'{"a": ' + b"[" * 1_000_000, "MANIFEST_NOT_JSON: {} is not complete JSON: maximum recursion depth exceeded"),
        (b'{"reportName": NaN}', "MANIFEST_NOT_JSON: {} is not complete JSON: JSON is malformed: invalid character"),
        (b'{"reportName": "\xff"}', "MANIFEST_NOT_JSON: {} is not complete JSON: Invalid UTF-8 encoded string"),
        (b'{"reportName": "\\ud800"}', "MANIFEST_NOT_JSON: {} is not complete JSON: Input data was truncated."),
        (b'{"reportName": "other"}}', "MANIFEST_NOT_JSON: {} is not complete JSON: JSON is malformed: trailing"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_json_object_is_rejected(data: bytes, sentence: str) -> None:
    assert refusal(Manifest(MANIFEST, 1, data)).startswith(sentence.format(MANIFEST))


def test_a_manifest_cut_anywhere_is_rejected() -> None:
    data = golden("aws_create_new.json", MANIFEST).data
    codes = {refusal(Manifest(MANIFEST, 1, data[:size])).split(":")[0] for size in range(len(data))}
    assert codes == {"MANIFEST_NOT_JSON"}


def test_a_manifest_larger_than_any_real_one_is_rejected_unread() -> None:
    data = golden("aws_create_new.json", MANIFEST).data.ljust(MAX_MANIFEST)
    assert manifests.parse(AWS, Manifest(MANIFEST, GENERATION, data)) == CREATE_NEW
    assert refusal(Manifest(MANIFEST, GENERATION, data + b" ")) == (
        f"MANIFEST_TOO_LARGE: {MANIFEST} has more than 8388608 bytes."
    )


def test_unknown_fields_change_nothing_else() -> None:
    more = golden("aws_create_new.json", MANIFEST, put("futureField", {"a": [1]}))
    assert manifests.parse(AWS, more) == CREATE_NEW


def test_a_field_that_stands_twice_is_rejected() -> None:
    text = golden("aws_create_new.json", MANIFEST).data.decode()
    twice = text.replace('{"assemblyId"', '{"assemblyId": "old", "assemblyId"', 1)
    with pytest.raises(BillingError, match="has the key 'assemblyId' twice in one object"):
        manifests.parse(AWS, Manifest(MANIFEST, GENERATION, twice.encode()))


@pytest.mark.fault("F14")
def test_a_million_keys_are_rejected_and_ten_thousand_are_not() -> None:
    keys = [f"cur/prefix/cur-demo/20251001-20251101/cur-demo-{n}.csv.gz" for n in range(10_000)]
    export = manifests.parse(AWS, changed(put("reportKeys", keys)))
    assert isinstance(export, Export)
    assert len(export.files) == 10_000
    assert refusal(changed(put("reportKeys", ["a"] * 1_000_000))) == (
        f"TOO_MANY_FILES: {MANIFEST} names 1000000 files; one load takes 10000."
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
def test_a_key_that_could_leave_the_prefix_is_rejected(key: str) -> None:
    assert refusal(changed(put("reportKeys.1", key))) == (
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
def test_a_key_outside_the_source_path_is_rejected_with_the_setting(key: str) -> None:
    assert refusal(changed(put("reportKeys.1", key))) == (
        f"PATH_OUTSIDE_PREFIX: {MANIFEST} names '{key}', which is not under SOURCE_PATH 'cur/'."
    )


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
def test_a_key_is_looked_for_where_the_transfer_puts_it_or_beside_the_manifest(key: str, landed: str) -> None:
    export = manifests.parse(AWS, changed(put("reportKeys", [key])))
    assert isinstance(export, Export)
    assert [file.name for file in export.files] == [landed]


def test_two_slashes_in_a_row_are_rejected_unless_the_transfer_strips_both() -> None:
    """Of a report whose prefix at AWS is `cur/`."""
    keys = put("reportKeys", [f"cur//cur-demo/20251001-20251101/{ASSEMBLY}/cur-demo-1.csv.gz"])
    place = "cur-demo/20251001-20251101/"
    name = f"gcs-transfer/aws_cur//{place}cur-demo-Manifest.json"
    landed = f"gcs-transfer/aws_cur//{place}{ASSEMBLY}/cur-demo-1.csv.gz"
    assert refusal(golden("aws_create_new.json", name, keys)) == (
        f"DOUBLE_SLASH: {name} names {landed!r}: of two slashes BigQuery makes one, and reads another object."
    )

    source, name = aws(SOURCE_PATH="cur//"), name.replace("//", "/")
    export = manifests.parse(source, golden("aws_create_new.json", name, keys))
    assert isinstance(export, Export)
    assert [file.name for file in export.files] == [landed.replace("//", "/")]


def test_without_a_source_path_a_key_stays_whole_below_the_prefix() -> None:
    source = aws(SOURCE_PATH="", PREFIX="")
    name = "cur/prefix/cur-demo/20251001-20251101/cur-demo-Manifest.json"
    export = manifests.parse(source, golden("aws_overwrite.json", name))
    assert isinstance(export, Export)
    assert [file.name for file in export.files] == [
        f"cur/prefix/cur-demo/20251001-20251101/cur-demo-{n}.csv.gz" for n in (1, 2)
    ]


def test_two_keys_that_are_one_object_are_rejected() -> None:
    keys = ["cur/a/20251001-20251101/cur-demo-1.csv.gz", "cur/b/20251001-20251101/cur-demo-1.csv.gz"]
    assert refusal(changed(put("reportKeys", keys))) == f"MANIFEST_INVALID: {MANIFEST} names a file twice."


def test_files_in_many_folders_are_rejected_before_they_are_listed() -> None:
    keys = [f"cur/{n}/cur-demo-1.csv.gz" for n in range(11)]
    assert refusal(changed(put("reportKeys", keys))) == f"MANIFEST_INVALID: {MANIFEST} names files in 11 folders."


def test_a_manifest_that_names_no_file_is_an_export_without_files() -> None:
    assert manifests.parse(AWS, changed(put("reportKeys", []))) == replace(CREATE_NEW, files=())


def test_a_message_stays_short_whatever_the_manifest_holds() -> None:
    assert len(refusal(changed(put("reportKeys.0", "x" * 1_000_000)))) < 500


@pytest.mark.parametrize(
    ("name", "month"),
    [
        (MANIFEST, "2025-10"),
        (f"20240101-20240201/{MANIFEST}", "2025-10"),
        ("20251301-20251401/cur-demo-Manifest.json", None),
        ("cur-demo-Manifest.json", None),
    ],
)
def test_a_manifest_s_path_claims_a_month(name: str, month: str | None) -> None:
    assert manifests.month_in(name) == month


def test_the_golden_manifests_are_real_shaped() -> None:
    """The fields of a manifest as AWS writes it: more than the loader reads."""
    assert set(json.loads(golden("aws_create_new.json", MANIFEST).data)) == {
        *("account", "additionalArtifactKeys", "assemblyId", "billingPeriod", "bucket", "charset", "columns"),
        *("compression", "contentType", "reportId", "reportKeys", "reportName"),
    }
