"""AWS Data Exports: which objects belong to an export, and what the parser makes of a manifest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from billing import manifests
from billing.manifests import Column, DataFile, Export, Manifest
from tests.unit.values import GENERATION, Change, aws, error_of, export_of, golden_manifest, with_field, without_field

CSV = aws(FORMAT="aws_cur_v2_csv", EXPORT_NAME="cur2-demo")
PARQUET = aws(FORMAT="aws_cur_v2_parquet", EXPORT_NAME="cur2-demo")
ROOT = "gcs-transfer/aws_cur/exports/cur2-demo/"
EXECUTION = "20260726T081729Z-11111111-2222-4333-8444-555555555555"
DATA, METADATA = f"{ROOT}data/BILLING_PERIOD=2026-07/", f"{ROOT}metadata/BILLING_PERIOD=2026-07/"
IN_EXECUTION, IN_PERIOD = f"{METADATA}{EXECUTION}/cur2-demo-Manifest.json", f"{METADATA}cur2-demo-Manifest.json"
STARTED = datetime(2026, 7, 26, 8, 17, 29, tzinfo=UTC)
STARTED_KEY, GENERATION_KEY = "00001785053849000000", f"{GENERATION:020d}"
CREATE_NEW = Export(
    name="cur2-demo",
    execution=EXECUTION,
    month="2026-07",
    order_key=f"{STARTED_KEY}/{GENERATION_KEY}",
    files=tuple(DataFile(f"{DATA}{EXECUTION}/cur2-demo-0000{n}.csv.gz", None, None) for n in (1, 2)),
    columns=(
        Column("bill_billing_period_start_date", "TIMESTAMP"),
        Column("line_item_unblended_cost", "BIGNUMERIC"),
        Column("line_item_product_code", "STRING"),
        Column("resource_tags", "JSON"),
        Column("pricing_something", "BIGNUMERIC"),
        Column("line_item_something", "hyperlog"),
        Column("product", None),
    ),
    overwrites=False,
    covers_until=None,
    rows=None,
    submitted=STARTED,
    scope="account 123456789012",
)


def create_new(*changes: Change, name: str = IN_EXECUTION) -> Manifest:
    """Return the manifest of CREATE_NEW after some changes."""
    return golden_manifest("aws_data_export_create_new.json", name, *changes)


def bare(generation: int = GENERATION) -> Manifest:
    """Return a manifest that has only a list of files."""
    return replace(golden_manifest("aws_data_export_bare.json", IN_PERIOD), generation=generation)


def with_files(*files: str) -> Change:
    return with_field("dataFiles", list(files))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (IN_PERIOD, (IN_PERIOD,)),
        (IN_EXECUTION, (IN_EXECUTION,)),
        (f"{DATA}cur2-demo-00001.csv.gz", (IN_PERIOD,)),
        (f"{DATA}cur2-demo-00012.snappy.parquet", (IN_PERIOD,)),
        (f"{DATA}{EXECUTION}/cur2-demo-00001.csv.gz", (IN_EXECUTION, IN_PERIOD)),
        (
            f"{ROOT}data/billing_period=2026-07/cur2-demo-00001.csv.gz",
            (f"{ROOT}metadata/billing_period=2026-07/cur2-demo-Manifest.json",),
        ),
        (
            "gcs-transfer/aws_cur/data/Billing_Period=2026-07/cur2-demo-00001.csv.gz",
            ("gcs-transfer/aws_cur/metadata/Billing_Period=2026-07/cur2-demo-Manifest.json",),
        ),
        (
            "gcs-transfer/aws_cur//x/data/BILLING_PERIOD=2026-07/cur2-demo-00001.csv.gz",
            ("gcs-transfer/aws_cur//x/metadata/BILLING_PERIOD=2026-07/cur2-demo-Manifest.json",),
        ),
    ],
)
def test_object_leads_to_the_manifests_that_may_decide(name: str, expected: tuple[str, ...]) -> None:
    assert manifests.manifest_names(CSV, name) == expected
    assert manifests.is_manifest(CSV, name) is (name in expected)
    assert {manifests.month_in(manifest) for manifest in expected} == {"2026-07"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        ROOT,
        DATA,
        f"{DATA}{EXECUTION}/",
        f"other/{DATA}cur2-demo-00001.csv.gz",
        f"{METADATA}cur2-demo-Metadata.json",
        f"{METADATA}cur2-demo-RedshiftManifest.json",
        f"{METADATA}cur2-demo-create-table.sql",
        f"{METADATA}cur2-demo-manifest.json",
        f"{METADATA}cur2-demo-Manifest.json.tmp",
        f"{METADATA}other-Manifest.json",
        f"{METADATA}cur2-demo-00001.csv.gz",
        f"{METADATA}a/b/cur2-demo-Manifest.json",
        f"{DATA}cur2-demo-Manifest.json",
        f"{DATA}cur2-demo-2-00001.csv.gz",
        f"{DATA}other-00001.csv.gz",
        f"{DATA}cur2-demo-00001.csv",
        f"{DATA}cur2-demo-00001.csv.gz\n",
        f"{ROOT}metadata/cur2-demo-Manifest.json",
        f"{ROOT}metadata/BILLING_PERIOD=2026-13/cur2-demo-Manifest.json",
        f"{ROOT}metadata/BILLING_PERIOD=2026-7/cur2-demo-Manifest.json",
        f"{ROOT}metadata/PERIOD=2026-07/cur2-demo-Manifest.json",
        f"{ROOT}Data/BILLING_PERIOD=2026-07/cur2-demo-00001.csv.gz",
    ],
)
def test_object_of_no_export_is_ignored(name: str) -> None:
    assert manifests.manifest_names(CSV, name) == ()
    assert not manifests.is_manifest(CSV, name)


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (create_new(), CREATE_NEW),
        (create_new(name=IN_PERIOD), CREATE_NEW),
        (create_new(without_field("executionId"), name=IN_PERIOD), CREATE_NEW),
        (create_new(with_field("executionId", "6ddf17ff")), replace(CREATE_NEW, execution="6ddf17ff")),
    ],
    ids=["in the execution folder", "in the period folder", "id only in the folder", "time only in the folder"],
)
def test_create_new_manifest_becomes_an_export(manifest: Manifest, expected: Export) -> None:
    assert manifests.parse(CSV, manifest) == expected


def test_overwrite_manifest_is_ordered_by_its_generation() -> None:
    name = f"{ROOT}metadata/billing_period=2026-07/cur2-demo-Manifest.json"
    data = f"{ROOT}data/billing_period=2026-07/"

    assert manifests.parse(PARQUET, golden_manifest("aws_data_export_overwrite.json", name)) == Export(
        name="cur2-demo",
        execution="6ddf17ff-b767-446c-b1dd-001cbeeefbfa",
        month="2026-07",
        order_key=GENERATION_KEY,
        files=tuple(DataFile(f"{data}cur2-demo-0000{n}.snappy.parquet", None, None) for n in (1, 2)),
        columns=(),
        overwrites=True,
        covers_until=None,
        rows=None,
        scope="folder exports/cur2-demo/",
    )


def test_manifest_with_only_files_is_an_export() -> None:
    export = export_of(CSV, bare())

    assert (export.execution[16:], export.has_execution_id) == (f"-{GENERATION}", False)
    assert (export.columns, export.overwrites, export.order_key) == ((), True, GENERATION_KEY)
    assert [file.name for file in export.files] == [f"{DATA}cur2-demo-00001.csv.gz"]


def test_execution_without_an_id_differs_by_bytes_and_generation() -> None:
    others = [bare(), bare(GENERATION + 1), replace(bare(), data=bare().data + b" ")]

    assert len({export_of(CSV, other).execution for other in others}) == 3


@pytest.mark.parametrize(
    ("execution", "key"),
    [
        ("20260726T081729Z-1", f"{STARTED_KEY}/{GENERATION_KEY}"),
        ("20260726T081729Z", f"{STARTED_KEY}/{GENERATION_KEY}"),
        ("20260726T081729.123Z-1", f"{STARTED_KEY}/{GENERATION_KEY}"),
        ("run-20260726T081729Z", f"{STARTED_KEY}/{GENERATION_KEY}"),
        ("20260732T081729Z-1", GENERATION_KEY),
        ("20260726-1", GENERATION_KEY),
        ("6ddf17ff-b767-446c-b1dd-001cbeeefbfa", GENERATION_KEY),
    ],
)
def test_order_is_the_time_of_the_execution_or_the_generation(execution: str, key: str) -> None:
    file = f"cur/exports/cur2-demo/data/BILLING_PERIOD=2026-07/{execution}/cur2-demo-00001.csv.gz"
    manifest = create_new(with_field("executionId", execution), with_files(file))

    assert export_of(CSV, manifest).order_key == key


def test_later_manifest_is_newer_within_one_second() -> None:
    first, second = (export_of(CSV, replace(create_new(), generation=generation)).order_key for generation in (9, 10))

    assert first < second


def test_order_continues_when_the_delivery_mode_changes() -> None:
    """A generation and the time of an execution both count microseconds since 1970, so they compare."""
    one_minute_later = int(STARTED.timestamp() * 1e6) + 60_000_000
    next_day = f"cur/x/data/BILLING_PERIOD=2026-07/{EXECUTION.replace('26T', '27T')}/a.csv.gz"

    overwritten = export_of(CSV, bare(one_minute_later)).order_key
    created = export_of(CSV, create_new(with_files(next_day))).order_key

    assert CREATE_NEW.order_key < overwritten < created


@pytest.mark.parametrize(
    ("file", "landed"),
    [
        ("s3://any-bucket/cur/exports/cur2-demo/data/BILLING_PERIOD=2026-07/a.csv.gz", f"{DATA}a.csv.gz"),
        ("cur/exports/cur2-demo/data/BILLING_PERIOD=2026-07/a.csv.gz", f"{DATA}a.csv.gz"),
        ("elsewhere/data/BILLING_PERIOD=2026-07/a.csv.gz", f"{DATA}a.csv.gz"),
        (
            "cur/exports/cur2-demo/data/billing_period=2026-07/a.csv.gz",
            f"{ROOT}data/billing_period=2026-07/a.csv.gz",
        ),
    ],
)
def test_file_is_found_where_the_transfer_puts_it(file: str, landed: str) -> None:
    export = export_of(CSV, create_new(with_files(file)))

    assert [found.name for found in export.files] == [landed]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (without_field("dataFiles"), "MANIFEST_INVALID: {}: Object missing required field `dataFiles`."),
        (with_field("dataFiles", "x"), "MANIFEST_INVALID: {}: Expected `array`, got `str` - at `$.dataFiles`."),
        (with_field("columns", {}), "MANIFEST_INVALID: {}: Expected `array | null`, got `object` - at `$.columns`."),
        (
            with_field("executionId", "a\nb"),
            "MANIFEST_INVALID: {}: executionId is 'a\\nb', not an id of 1 to 200 letters, digits and _.:+-.",
        ),
        (
            with_files("cur/data/BILLING_PERIOD=2026-07/../a.csv.gz"),
            "PATH_OUTSIDE_PREFIX: {} names a file that no export has: 'cur/data/BILLING_PERIOD=2026-07/../a.csv.gz'.",
        ),
        (
            with_files("s3://b/other/a.csv.gz"),
            "PATH_OUTSIDE_PREFIX: {} names 'other/a.csv.gz', which is not under SOURCE_PATH 'cur/'.",
        ),
        (
            with_files("gs://b/cur/data/a.csv.gz"),
            "PATH_OUTSIDE_PREFIX: {} names 'gs://b/cur/data/a.csv.gz', which is not under SOURCE_PATH 'cur/'.",
        ),
        (
            with_files(
                "s3://one/cur/data/BILLING_PERIOD=2026-07/a.csv.gz", "s3://two/cur/data/BILLING_PERIOD=2026-07/b.csv.gz"
            ),
            "MANIFEST_INVALID: {} names files in 2 buckets.",
        ),
        (
            with_files("cur/x/data/BILLING_PERIOD=2026-07/1/a.csv.gz", "cur/x/data/BILLING_PERIOD=2026-07/2/a.csv.gz"),
            "MANIFEST_INVALID: {} names files of 2 executions.",
        ),
        (
            with_files("cur/x/data/BILLING_PERIOD=2026-06/a.csv.gz"),
            (
                "SPANS_MONTHS: {} of 2026-07 names gcs-transfer/aws_cur/x/data/BILLING_PERIOD=2026-06/a.csv.gz,"
                " which is not in that month."
            ),
        ),
        (
            with_files("cur/x/a.csv.gz"),
            "SPANS_MONTHS: {} of 2026-07 names gcs-transfer/aws_cur/x/a.csv.gz, which is not in that month.",
        ),
        (
            with_files("cur/data/BILLING_PERIOD=2026-07/a.csv.zip"),
            (
                "COMPRESSION_UNSUPPORTED: {} names 'cur/data/BILLING_PERIOD=2026-07/a.csv.zip', but BigQuery cannot"
                " read ZIP: set the export's compression and file format to text/csv and GZIP."
            ),
        ),
        (
            with_files("cur/data/BILLING_PERIOD=2026-07/a.snappy.parquet"),
            (
                "FORMAT_UNSUPPORTED: {} names 'cur/data/BILLING_PERIOD=2026-07/a.snappy.parquet'; FORMAT aws_cur_v2_csv"
                " of this source needs .csv.gz: set the export's compression and file format to text/csv and GZIP,"
                " or add a source with another FORMAT for this export."
            ),
        ),
    ],
)
def test_invalid_manifest_is_rejected(change: Change, error: str) -> None:
    assert error_of(manifests.parse, CSV, create_new(change)) == error.format(IN_EXECUTION)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["a", {"name": "b", "type": "DOUBLE"}], (Column("a", None), Column("b", "BIGNUMERIC"))),
        ([{"name": "a", "type": "timestamp_milliseconds"}], (Column("a", "TIMESTAMP"),)),
        ([{"name": "a", "type": "OptionalString"}], (Column("a", "OptionalString"),)),
        (None, ()),
    ],
    ids=["names without types", "FOCUS 1.2", "word of CUR v1", "no list"],
)
def test_list_of_columns_may_be_incomplete(columns: object, expected: tuple[Column, ...]) -> None:
    assert export_of(CSV, create_new(with_field("columns", columns))).columns == expected


def test_manifest_without_files_is_an_export() -> None:
    export = export_of(CSV, create_new(with_files()))

    assert (export.files, export.execution) == ((), EXECUTION)


@pytest.mark.parametrize(
    ("arn", "scope"),
    [
        ("arn:aws:bcm-data-exports:us-east-1:123456789012:export/cur2-demo-9f8e7d6c", "account 123456789012"),
        ("arn:aws-cn:bcm-data-exports:cn-north-1:123456789012:export/cur2-demo", "account 123456789012"),
        ("arn:aws:s3:::acme-billing", f"folder {ROOT.removeprefix(CSV.prefix)}"),
        (7, f"folder {ROOT.removeprefix(CSV.prefix)}"),
        (None, f"folder {ROOT.removeprefix(CSV.prefix)}"),
    ],
)
def test_scope_is_the_account_or_the_folder_of_the_export(arn: object, scope: str) -> None:
    assert export_of(CSV, create_new(with_field("exportArn", arn))).scope == scope
