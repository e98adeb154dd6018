"""How load jobs read Parquet files."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from tests.contract.emulator_dataset import EmulatorDataset, failure

NOVEMBER = "month,item,cost\n2023-11-01T00:00:00Z,a,1.5\n2023-11-01T00:00:00.000Z,b,2.5\n"
OCTOBER_CSV = "month,item,cost\n2023-10-01T00:00:00Z,o,9\n"
ADD = ["ALLOW_FIELD_ADDITION"]


def map_field(name: str, value: str) -> bigquery.SchemaField:
    parts = [bigquery.SchemaField("key", "STRING"), bigquery.SchemaField("value", value)]
    return bigquery.SchemaField(name, "RECORD", mode="REPEATED", fields=parts)


def upload(dataset: EmulatorDataset, select: str, folder: Any) -> str:
    path = folder / f"{abs(hash(select))}.parquet"
    duckdb.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return dataset.upload(path.read_bytes(), path.name)


# parquetOptions: an unknown one is rejected, like any other option
@pytest.mark.only_local("the emulator refuses options that Google knows")
def test_unknown_parquet_option_is_rejected(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    options = bigquery.ParquetOptions.from_api_repr({"enableListInference": True})

    with pytest.raises(BadRequest, match=r"does not know: parquetOptions\.enableListInference"):
        dataset.load(dataset.upload(NOVEMBER), source_format="PARQUET", parquet_options=options)


# loading-data-cloud-storage-parquet: columns go by name; decimalTargetTypes: the first type in the list that fits
def test_columns_are_read_by_name_and_decimals_by_target_type(dataset: EmulatorDataset, tmp_path: Any) -> None:
    dataset.create_table(schema={"month": "TIMESTAMP", "cost": "BIGNUMERIC", "price": "NUMERIC"})
    month = "TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month"
    uris = [
        upload(dataset, f"SELECT 1.5::DECIMAL(9, 2) AS price, 0.1::DECIMAL(38, 18) AS Cost, {month}", tmp_path),
        upload(dataset, f"SELECT {month}, 0.2::DECIMAL(38, 18) AS cost, 'x' AS added", tmp_path),
    ]
    options: dict[str, Any] = {
        "source_format": "PARQUET",
        "decimal_target_types": ["NUMERIC", "BIGNUMERIC"],
        "schema": None,
    }
    failure(dataset.load(uris, "t$202311", **options))
    dataset.load(uris, "t$202311", schema_update_options=ADD, **options).result()

    rows = dataset.rows("SELECT cost, price, added FROM $.t ORDER BY cost")

    assert rows == [(Decimal("0.1"), Decimal("1.5"), None), (Decimal("0.2"), None, "x")]


# ignoreUnknownValues: "Fields in the file schema that don't exist in the table schema"
@pytest.mark.parametrize("value", ["NULL", "'x'", "[1]"])
def test_column_outside_the_schema_ends_the_job_or_is_ignored(
    dataset: EmulatorDataset, tmp_path: Any, value: str
) -> None:
    dataset.create_table(schema={"month": "TIMESTAMP", "cost": "BIGNUMERIC", "known": "STRING"})
    select = f"SELECT TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month, 0.1::DECIMAL(38, 18) AS cost, {value} AS"
    options: dict[str, Any] = {
        "source_format": "PARQUET",
        "schema": {"month": "TIMESTAMP", "cost": "BIGNUMERIC"},
        "decimal_target_types": ["BIGNUMERIC"],
        "schema_update_options": ADD,
    }

    for name in ("known", "other"):
        uri = upload(dataset, f"{select} {name}", tmp_path)
        error, _ = failure(dataset.load(uri, "t$202311", **options))
        dataset.load(uri, "t$202311", ignore_unknown_values=True, **options).result()

        assert name in error
        assert dataset.rows("SELECT cost, known FROM $.t") == [(Decimal("0.1"), None)]
        assert dataset.column_names() == ["month", "cost", "known"]


# loading-data-cloud-storage-parquet, type conversions: a timestamp without a time zone is read as if in UTC
@pytest.mark.parametrize(
    ("files", "kind", "values"),
    [
        (["0.1::DECIMAL(38, 18)"], "BIGNUMERIC", [Decimal("0.1")]),
        (["TIMESTAMP '2023-11-05 06:07:08'"], "TIMESTAMP", [datetime(2023, 11, 5, 6, 7, 8, tzinfo=UTC)]),
        (["NULL::INT32", "'text'"], "STRING", [None, "text"]),
    ],
    ids=["decimal", "timestamp without a time zone", "column of nulls beside text"],
)
def test_parquet_column_has_the_type_of_the_jobs_schema(
    dataset: EmulatorDataset, tmp_path: Any, files: list[str], kind: str, values: list[object]
) -> None:
    schema = {"month": "TIMESTAMP", "x": kind}
    dataset.create_table(schema=schema)
    month = "TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month"
    uris = [upload(dataset, f"SELECT {month}, {value} AS x", tmp_path) for value in files]

    dataset.load(uris, "t$202311", source_format="PARQUET", schema=schema).result()

    assert dataset.rows("SELECT x FROM $.t ORDER BY x") == [(value,) for value in values]


# parquetOptions.mapTargetType ARRAY_OF_STRUCT: "REPEATED RECORD <map> { key, value }"; a null array is an empty one
@pytest.mark.parametrize("named", [True, False], ids=["with a schema", "without a schema"])
def test_map_becomes_a_repeated_record_of_key_and_value(dataset: EmulatorDataset, tmp_path: Any, named: bool) -> None:
    select = (
        "SELECT TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month, MAP {'a': 'x', 'b': NULL} AS tags,"
        " MAP {'d': 0.5::DOUBLE} AS discounts UNION ALL SELECT month, MAP {}, NULL FROM"
        " (SELECT TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month)"
    )
    uri = upload(dataset, select, tmp_path)
    options: dict[str, Any] = {"source_format": "PARQUET", "schema_update_options": ADD}
    dataset.create_table(schema={"month": "TIMESTAMP"})
    options["parquet_options"] = bigquery.ParquetOptions.from_api_repr({"mapTargetType": "ARRAY_OF_STRUCT"})
    given = [bigquery.SchemaField("month", "TIMESTAMP"), map_field("tags", "STRING"), map_field("discounts", "FLOAT64")]
    dataset.load(uri, "t$202311", schema=given if named else None, **options).result()

    fields = {field.name: field for field in dataset.table().schema}

    assert [
        (fields[name].field_type, fields[name].mode, [(part.name, part.field_type) for part in fields[name].fields])
        for name in ("tags", "discounts")
    ] == [
        ("RECORD", "REPEATED", [("key", "STRING"), ("value", "STRING")]),
        ("RECORD", "REPEATED", [("key", "STRING"), ("value", "FLOAT")]),
    ]
    assert dataset.rows("SELECT tags, discounts FROM $.t ORDER BY ARRAY_LENGTH(tags)") == [
        ([], []),
        ([{"key": "a", "value": "x"}, {"key": "b", "value": None}], [{"key": "d", "value": 0.5}]),
    ]


@pytest.mark.only_local("Google makes a record `key_value` of such a map, and the emulator refuses it")
def test_map_without_its_target_type_is_rejected(dataset: EmulatorDataset, tmp_path: Any) -> None:
    uri = upload(dataset, "SELECT TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month, MAP {'a': 'x'} AS tags", tmp_path)
    dataset.create_table(schema={"month": "TIMESTAMP"})

    error, _ = failure(dataset.load(uri, "t$202311", source_format="PARQUET", schema=None, schema_update_options=ADD))

    assert "mapTargetType ARRAY_OF_STRUCT only" in error


# a map's key and value keep their types like any other field
def test_map_value_never_changes_its_type(dataset: EmulatorDataset, tmp_path: Any) -> None:
    maps = bigquery.ParquetOptions.from_api_repr({"mapTargetType": "ARRAY_OF_STRUCT"})
    options: dict[str, Any] = {"source_format": "PARQUET", "schema": None, "schema_update_options": ADD}
    dataset.create_table(schema={"month": "TIMESTAMP"})
    month = "TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month"
    text, number = (
        upload(dataset, f"SELECT {month}, MAP {{'a': {value}}} AS tags", tmp_path) for value in ("'x'", "1.5::DOUBLE")
    )
    dataset.load(text, "t$202311", parquet_options=maps, **options).result()

    error, _ = failure(dataset.load(number, "t$202311", parquet_options=maps, **options))

    assert "Field value has changed type from STRING to FLOAT" in error


# hivePartitioningOptions: only when it is set are folders like year=2023 columns
def test_folders_are_not_columns(dataset: EmulatorDataset, tmp_path: Any) -> None:
    dataset.create_table(schema={"month": "TIMESTAMP"})
    path = tmp_path / "x.parquet"
    duckdb.execute(f"COPY (SELECT TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month) TO '{path}' (FORMAT parquet)")
    uri = dataset.upload(path.read_bytes(), "data/year=2023/BILLING_PERIOD=2023-11/x.parquet")

    dataset.load(uri, "t$202311", source_format="PARQUET", schema=None).result()

    assert dataset.column_names() == ["month"]
