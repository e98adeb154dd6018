"""Tables: columns, etags, times and partitions."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest, NotFound, PreconditionFailed
from google.cloud import bigquery

from tests.contract.emulator_dataset import MONTHLY, EmulatorDataset, fields
from tests.contract.month_table import OCTOBER, SEPTEMBER, MonthTable
from tests.emulator import Emulator
from tests.support.deployment import Deployment

NOVEMBER_CSV = "month,item,cost\n2023-11-01T00:00:00Z,a,0.1\n2023-11-01T00:00:00Z,b,0.2\n"


def load_november(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    dataset.load_csv(NOVEMBER_CSV, "t$202311")


def test_missing_table_is_not_found(deployment: Deployment) -> None:
    with pytest.raises(NotFound):
        deployment.bigquery.get_table(f"{deployment.source('aws_cur').destination}_missing")


# REST: "If-Match" with an etag that is not current answers 412
def test_patch_needs_the_current_etag_and_a_load_changes_it(table: MonthTable) -> None:
    first, second = table.handle(), table.handle()
    table.add_column("x_one", first)

    with pytest.raises(PreconditionFailed):
        table.add_column("x_two", second)
    fresh = table.handle()
    assert (fresh.schema[-1].name, fresh.schema[-1].description) == ("x_one", "source: x_one")
    assert fresh.created == first.created
    table.load(SEPTEMBER, "a")
    with pytest.raises(PreconditionFailed):
        table.add_column("x_three", fresh)


# Table.creationTime: "The time when this table was created"
def test_recreated_table_is_empty_and_has_a_new_creation_time(table: MonthTable) -> None:
    created = table.handle().created
    table.load(SEPTEMBER, "a")
    after_the_load = table.handle().created

    table.deployment.recreate_table(table.source.key)

    assert after_the_load == created
    assert table.handle().created > created
    assert table.items() == {}


def test_rows_of_every_month_are_counted(table: MonthTable) -> None:
    table.load(SEPTEMBER, "a", "b")
    table.load(OCTOBER, "o")

    assert {month: held.rows for month, held in table.partitions().items()} == {SEPTEMBER: 2, OCTOBER: 1}


def test_month_has_the_time_of_its_last_write(table: MonthTable) -> None:
    """No job ends before the write."""
    first, other, second = (table.load(month, "a") for month in (SEPTEMBER, OCTOBER, SEPTEMBER))

    partitions = table.partitions()

    assert first.ended < partitions[SEPTEMBER].modified <= second.ended
    assert first.ended < partitions[OCTOBER].modified <= other.ended


# tables.patch replaces the schema: new nullable columns are added, in the table itself
def test_patched_columns_exist_for_queries_and_loads(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    table = dataset.table()
    added = bigquery.SchemaField("extra", "BIGNUMERIC", description="source: product/extra")
    table.schema = [*table.schema, added]
    patched = dataset.client.update_table(table, ["schema"])
    assert (patched.schema[-1].description, patched.num_rows) == ("source: product/extra", 2)
    dataset.load_csv(
        "m,x,c\n2023-12-01,1.5,1\n",
        "t$202312",
        schema={"month": "TIMESTAMP", "extra": "BIGNUMERIC", "cost": "BIGNUMERIC"},
    )
    assert dataset.rows("SELECT extra FROM $.t ORDER BY extra") == [(None,), (None,), (Decimal("1.5"),)]

    after = dataset.table()

    assert after.schema[-1].description == "source: product/extra"


# BigQuery takes schema changes while loads run
def test_patch_and_load_at_once_both_succeed(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    job = dataset.load(dataset.upload("m,i,c\n" + "2023-11-01,a,1\n" * 300_000), "t$202311")
    table = dataset.table()
    table.schema = [*table.schema, bigquery.SchemaField("added", "STRING")]

    dataset.client.update_table(table, ["schema"])

    assert job.result().output_rows == 300_000
    assert dataset.rows("SELECT count(*), count(added) FROM $.t") == [(300_000, 0)]


# managing-table-schemas: columns cannot be dropped, retyped or added as REQUIRED by a patch
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"month": "TIMESTAMP", "item": "STRING"}, "Field cost is missing in new schema"),
        ({**MONTHLY, "cost": "STRING"}, "Field cost has changed type from BIGNUMERIC to STRING"),
    ],
)
def test_patch_never_drops_or_retypes_a_column(dataset: EmulatorDataset, change: dict[str, str], sentence: str) -> None:
    load_november(dataset)
    table = dataset.table()

    table.schema = fields(change)

    with pytest.raises(BadRequest, match=sentence):
        dataset.client.update_table(table, ["schema"])
    assert len(dataset.table().schema) == 3


def test_deleted_table_is_not_found(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    dataset.client.delete_table(dataset.table_id())
    for act in (dataset.client.get_table, dataset.client.delete_table):
        with pytest.raises(NotFound, match="Not found: Table"):
            act(dataset.table_id())


# data-definition-language: ALTER TABLE … ADD COLUMN, ADD COLUMN
def test_one_statement_adds_several_columns(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    dataset.rows("ALTER TABLE $.t ADD COLUMN a INT64, ADD COLUMN IF NOT EXISTS item STRING, ADD COLUMN b BIGNUMERIC")

    schema = {field.name: field.field_type for field in dataset.table().schema}

    assert schema == {**MONTHLY, "a": "INTEGER", "b": "BIGNUMERIC"}
    assert dataset.rows("SELECT a, b FROM $.t") == []


# Dataset.location: "the default is US"
@pytest.mark.parametrize("location", [None, "US"])
def test_dataset_is_created_only_in_the_emulators_location(emulator: Emulator, location: str | None) -> None:
    reference = {"projectId": emulator.project, "datasetId": "elsewhere"}
    data = {"datasetReference": reference} | ({"location": location} if location else {})

    with pytest.raises(BadRequest, match="has one location, europe-west1"):
        emulator.bigquery._connection.api_request(
            method="POST", path=f"/projects/{emulator.project}/datasets", data=data
        )


# REST: an access entry may authorize the views of another dataset
def test_dataset_keeps_the_datasets_that_it_authorizes(dataset: EmulatorDataset, emulator: Emulator) -> None:
    found = emulator.bigquery.get_dataset(dataset.name)
    reference = {"projectId": emulator.project, "datasetId": "focus"}
    found.access_entries = [
        bigquery.AccessEntry("OWNER", "specialGroup", "projectOwners"),
        bigquery.AccessEntry(None, "dataset", {"dataset": reference, "targetTypes": ["VIEWS"]}),
    ]

    emulator.bigquery.update_dataset(found, ["access_entries"])

    kept = emulator.bigquery.get_dataset(dataset.name).access_entries
    assert [entry.to_api_repr() for entry in kept] == [
        {"role": "OWNER", "specialGroup": "projectOwners"},
        {"dataset": {"dataset": reference, "targetTypes": ["VIEWS"]}},
    ]


# information-schema-partitions: one row per partition, with its rows and the time it was last written to
def test_partitions_have_rows_and_time_of_the_last_write(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    dataset.load_csv("m,i,c\n2023-10-01,o,1\n", "t$202310")
    query = (
        "SELECT partition_id, total_rows, last_modified_time, total_logical_bytes > 0 "
        "FROM $.INFORMATION_SCHEMA.PARTITIONS WHERE table_name = 't' ORDER BY 1"
    )
    (october, october_rows, october_time, sized), (november, november_rows, november_time, _) = dataset.rows(query)
    assert (october, october_rows, november, november_rows, sized) == ("202310", 1, "202311", 2, True)
    time.sleep(0.01)
    dataset.load_csv(NOVEMBER_CSV + "2023-11-01,c,1\n", "t$202311")

    again = {row[0]: row[1:3] for row in dataset.rows(query)}

    assert again["202310"] == (1, october_time)
    assert again["202311"][0] == 3
    assert again["202311"][1] > november_time


def test_row_changed_by_sql_updates_the_time_of_its_partition(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    query = "SELECT total_rows, last_modified_time FROM $.INFORMATION_SCHEMA.PARTITIONS"
    ((_, before),) = dataset.rows(query)
    time.sleep(0.01)
    dataset.rows("UPDATE $.t SET item = 'x' WHERE item = 'a'")
    ((rows, after),) = dataset.rows(query)
    assert rows == 2
    assert after > before

    dataset.rows("DELETE FROM $.t WHERE item = 'x'")

    assert dataset.table().num_rows == 1


def test_information_schema_lists_tables_and_columns(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    columns = "SELECT column_name, data_type FROM $.INFORMATION_SCHEMA.COLUMNS ORDER BY ordinal_position"

    assert dataset.rows(columns) == list(MONTHLY.items())
    assert dataset.rows("SELECT table_name, table_type FROM $.INFORMATION_SCHEMA.TABLES") == [("t", "BASE TABLE")]
