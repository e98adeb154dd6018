"""AWS Data Exports: which objects are ours, and what a manifest becomes, however little it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from billing import manifests
from billing.errors import BillingError
from billing.manifests import Column, DataFile, Export, Manifest
from tests.unit.values import GENERATION, aws, drop, golden, put

CSV = aws(FORMAT="aws_cur_v2_csv", EXPORT_NAME="cur2-demo")
PARQUET = aws(FORMAT="aws_cur_v2_parquet", EXPORT_NAME="cur2-demo")
ROOT = "gcs-transfer/aws_cur/exports/cur2-demo/"
EXECUTION = "20260726T081729Z-11111111-2222-4333-8444-555555555555"
DATA, METADATA = f"{ROOT}data/BILLING_PERIOD=2026-07/", f"{ROOT}metadata/BILLING_PERIOD=2026-07/"
IN_EXECUTION, IN_PERIOD = f"{METADATA}{EXECUTION}/cur2-demo-Manifest.json", f"{METADATA}cur2-demo-Manifest.json"
BEGUN = datetime(2026, 7, 26, 8, 17, 29, tzinfo=UTC)
BEGUN_KEY, GENERATION_KEY = "00001785053849000000", f"{GENERATION:020d}"
CREATE_NEW = Export(
    name="cur2-demo",
    execution=EXECUTION,
    month="2026-07",
    order_key=f"{BEGUN_KEY}/{GENERATION_KEY}",
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
    submitted=BEGUN,
)


def create_new(change: Callable[[Any], object] | None = None, name: str = IN_EXECUTION) -> Manifest:
    return golden("aws_data_export_create_new.json", name, change)


def parsed(manifest: Manifest) -> Export:
    export = manifests.parse(CSV, manifest)
    assert isinstance(export, Export)
    return export


def refusal(manifest: Manifest) -> str:
    with pytest.raises(BillingError) as raised:
        manifests.parse(CSV, manifest)
    return str(raised.value)


def names(*files: str) -> Callable[[Any], None]:
    return put("dataFiles", list(files))


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
def test_an_object_of_the_export_leads_to_the_manifests_that_may_decide(name: str, expected: tuple[str, ...]) -> None:
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
def test_an_object_that_is_none_of_the_export_s_is_ignored(name: str) -> None:
    assert manifests.manifest_names(CSV, name) == ()
    assert not manifests.is_manifest(CSV, name)


def test_a_create_new_manifest_becomes_an_export() -> None:
    assert manifests.parse(CSV, create_new()) == CREATE_NEW


def test_the_manifest_directly_in_the_period_is_the_same_execution() -> None:
    assert manifests.parse(CSV, create_new(name=IN_PERIOD)) == CREATE_NEW


def test_without_an_id_the_execution_is_the_folder_that_the_files_stand_in() -> None:
    assert manifests.parse(CSV, create_new(drop("executionId"), IN_PERIOD)) == CREATE_NEW


def test_the_folder_has_the_time_where_the_id_has_none() -> None:
    assert parsed(create_new(put("executionId", "6ddf17ff"))) == replace(CREATE_NEW, execution="6ddf17ff")


def test_an_overwrite_manifest_repeats_names_and_is_ordered_by_its_generation() -> None:
    name = f"{ROOT}metadata/billing_period=2026-07/cur2-demo-Manifest.json"
    data = f"{ROOT}data/billing_period=2026-07/"
    assert manifests.parse(PARQUET, golden("aws_data_export_overwrite.json", name)) == Export(
        name="cur2-demo",
        execution="6ddf17ff-b767-446c-b1dd-001cbeeefbfa",
        month="2026-07",
        order_key=GENERATION_KEY,
        files=tuple(DataFile(f"{data}cur2-demo-0000{n}.snappy.parquet", None, None) for n in (1, 2)),
        columns=(),
        overwrites=True,
        covers_until=None,
        rows=None,
    )


def test_a_manifest_with_nothing_but_its_files_is_known_by_its_bytes_and_generation() -> None:
    first = golden("aws_data_export_bare.json", IN_PERIOD)
    export = parsed(first)
    assert (export.execution[16:], export.has_execution_id) == (f"-{GENERATION}", False)
    assert (export.columns, export.overwrites, export.order_key) == ((), True, GENERATION_KEY)
    assert [file.name for file in export.files] == [f"{DATA}cur2-demo-00001.csv.gz"]
    others = {
        parsed(other).execution
        for other in (first, replace(first, generation=GENERATION + 1), replace(first, data=first.data + b" "))
    }
    assert len(others) == 3


@pytest.mark.parametrize(
    ("execution", "key"),
    [
        ("20260726T081729Z-1", BEGUN_KEY),
        ("20260726T081729Z", BEGUN_KEY),
        ("20260726T081729.123Z-1", BEGUN_KEY),
        ("run-20260726T081729Z", BEGUN_KEY),
        ("20260732T081729Z-1", None),
        ("20260726-1", None),
        ("6ddf17ff-b767-446c-b1dd-001cbeeefbfa", None),
    ],
)
def test_the_order_is_the_execution_s_time_else_the_manifest_s_generation(execution: str, key: str | None) -> None:
    file = f"cur/exports/cur2-demo/data/BILLING_PERIOD=2026-07/{execution}/cur2-demo-00001.csv.gz"

    def change(tree: Any) -> None:
        tree.update(executionId=execution, dataFiles=[file])

    expected = GENERATION_KEY if key is None else f"{key}/{GENERATION_KEY}"
    assert parsed(create_new(change)).order_key == expected


def test_of_two_executions_in_one_second_the_later_manifest_is_newer() -> None:
    first, second = (parsed(replace(create_new(), generation=generation)).order_key for generation in (9, 10))
    assert first < second


def test_an_export_that_changes_its_delivery_goes_on_in_order() -> None:
    """A generation counts microseconds since 1970 as the execution's time does: they compare."""
    arrived = int(BEGUN.timestamp() * 1e6) + 60_000_000
    overwritten = parsed(replace(golden("aws_data_export_bare.json", IN_PERIOD), generation=arrived)).order_key
    next_day = create_new(names(f"cur/x/data/BILLING_PERIOD=2026-07/{EXECUTION.replace('26T', '27T')}/a.csv.gz"))
    assert CREATE_NEW.order_key < overwritten < parsed(next_day).order_key


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
def test_a_file_is_looked_for_where_the_transfer_puts_it(file: str, landed: str) -> None:
    assert [found.name for found in parsed(create_new(names(file))).files] == [landed]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (drop("dataFiles"), "MANIFEST_INVALID: {}: Object missing required field `dataFiles`."),
        (put("dataFiles", "x"), "MANIFEST_INVALID: {}: Expected `array`, got `str` - at `$.dataFiles`."),
        (put("columns", {}), "MANIFEST_INVALID: {}: Expected `array | null`, got `object` - at `$.columns`."),
        (put("executionId", "a\nb"), "MANIFEST_INVALID: {}: executionId is 'a\\nb', which is no id."),
        (
            names("cur/data/BILLING_PERIOD=2026-07/../a.csv.gz"),
            "PATH_OUTSIDE_PREFIX: {} names a file that no export has: 'cur/data/BILLING_PERIOD=2026-07/../a.csv.gz'.",
        ),
        (
            names("s3://b/other/a.csv.gz"),
            "PATH_OUTSIDE_PREFIX: {} names 'other/a.csv.gz', which is not under SOURCE_PATH 'cur/'.",
        ),
        (
            names("gs://b/cur/data/a.csv.gz"),
            "PATH_OUTSIDE_PREFIX: {} names 'gs://b/cur/data/a.csv.gz', which is not under SOURCE_PATH 'cur/'.",
        ),
        (
            names(
                "s3://one/cur/data/BILLING_PERIOD=2026-07/a.csv.gz", "s3://two/cur/data/BILLING_PERIOD=2026-07/b.csv.gz"
            ),
            "MANIFEST_INVALID: {} names files in 2 buckets.",
        ),
        (
            names("cur/x/data/BILLING_PERIOD=2026-07/1/a.csv.gz", "cur/x/data/BILLING_PERIOD=2026-07/2/a.csv.gz"),
            "MANIFEST_INVALID: {} names files of 2 executions.",
        ),
        (
            names("cur/x/data/BILLING_PERIOD=2026-06/a.csv.gz"),
            (
                "SPANS_MONTHS: {} of 2026-07 names gcs-transfer/aws_cur/x/data/BILLING_PERIOD=2026-06/a.csv.gz,"
                " which is not of that month."
            ),
        ),
        (
            names("cur/x/a.csv.gz"),
            "SPANS_MONTHS: {} of 2026-07 names gcs-transfer/aws_cur/x/a.csv.gz, which is not of that month.",
        ),
        (
            names("cur/data/BILLING_PERIOD=2026-07/a.csv.zip"),
            (
                "COMPRESSION_UNSUPPORTED: {} names 'cur/data/BILLING_PERIOD=2026-07/a.csv.zip', and BigQuery cannot"
                " read ZIP: set the export's compression and file format to text/csv and GZIP."
            ),
        ),
        (
            names("cur/data/BILLING_PERIOD=2026-07/a.snappy.parquet"),
            (
                "FORMAT_UNSUPPORTED: {} names 'cur/data/BILLING_PERIOD=2026-07/a.snappy.parquet'; this source's FORMAT"
                " aws_cur_v2_csv wants .csv.gz: set the export's compression and file format to text/csv and GZIP, or"
                " give the export as it is a source of its own, with the FORMAT that it has."
            ),
        ),
    ],
)
def test_what_is_wrong_is_named(change: Callable[[Any], object], sentence: str) -> None:
    assert refusal(create_new(change)) == sentence.format(IN_EXECUTION)


def test_columns_may_be_bare_names_and_a_list_may_be_missing() -> None:
    assert parsed(create_new(put("columns", ["a", {"name": "b", "type": "DOUBLE"}]))).columns == (
        Column("a", None),
        Column("b", "BIGNUMERIC"),
    )
    assert parsed(create_new(put("columns", None))).columns == ()


def test_a_manifest_without_files_is_an_export_without_files() -> None:
    export = parsed(create_new(names()))
    assert (export.files, export.execution) == ((), EXECUTION)
