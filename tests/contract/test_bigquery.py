"""What BigQuery promises about jobs, tables, views and SQL, kept by the laptop's."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError, NotFound, PreconditionFailed
from google.cloud import bigquery

from tests.contract.warehouse import MONTHLY, Warehouse, fields
from tests.emulator import Emulator

NOVEMBER = "month,item,cost\n2023-11-01T00:00:00Z,a,0.1\n2023-11-01T00:00:00Z,b,0.2\n"


def load_november(warehouse: Warehouse) -> None:
    warehouse.create_table()
    warehouse.load_csv(NOVEMBER, "t$202311")


class TestJobs:
    # jobs.insert "starts a new asynchronous job": it answers before the job is done
    def test_a_load_goes_on_after_its_insert_was_answered(self, warehouse: Warehouse) -> None:
        warehouse.create_table()
        job = warehouse.load(warehouse.upload(NOVEMBER), "t$202311")
        assert job.state in ("PENDING", "RUNNING")
        job.result()
        assert job.state == "DONE"

    # jobs.get: "You must specify the location to run the job … if the location is not US or EU"
    @pytest.mark.parametrize("location", [None, "US", "EU"])
    def test_a_job_is_found_in_its_own_location_only(self, warehouse: Warehouse, location: str | None) -> None:
        warehouse.create_table()
        job = warehouse.load(warehouse.upload(NOVEMBER))
        assert job.location == "europe-west1"
        assert warehouse.client.get_job(job.job_id, location="europe-west1").job_id == job.job_id
        path = f"/projects/{warehouse.emulator.project}/jobs/{job.job_id}"
        with pytest.raises(NotFound, match="Not found: Job"):
            warehouse.client._connection.api_request(
                method="GET", path=path, query_params={"location": location} if location else {}
            )

    # jobs run where their datasets are: "Not found: Dataset p:d was not found in location US"
    def test_a_job_sent_to_another_location_does_not_find_the_dataset(self, warehouse: Warehouse) -> None:
        warehouse.create_table()
        config = bigquery.LoadJobConfig(schema=fields(MONTHLY))
        with pytest.raises(NotFound, match=f"Dataset local-project:{warehouse.dataset} was not found in location US"):
            warehouse.client.load_table_from_uri("gs://b/o", warehouse.name("t"), location="US", job_config=config)
        with pytest.raises(NotFound, match="was not found in location US"):
            warehouse.client.query_and_wait(warehouse.sql("SELECT * FROM $.t"), location="US")

    # jobs.query answers 4xx for a failed statement; jobs.insert makes a job that failed
    @pytest.mark.parametrize(
        ("statement", "error"),
        [("SELEC 1", BadRequest), ("SELECT nope FROM $.t", BadRequest), ("SELECT * FROM $.gone", NotFound)],
    )
    def test_failed_statements_raise_either_way(
        self, warehouse: Warehouse, statement: str, error: type[GoogleAPICallError]
    ) -> None:
        warehouse.create_table()
        with pytest.raises(error):
            warehouse.client.query_and_wait(warehouse.sql(statement))
        with pytest.raises(error):
            warehouse.client.query(warehouse.sql(statement)).result()

    # Dataset.location: "the default is US"
    @pytest.mark.parametrize("location", [None, "US"])
    def test_a_dataset_is_made_in_the_clouds_location_only(self, emulator: Emulator, location: str | None) -> None:
        reference = {"projectId": emulator.project, "datasetId": "elsewhere"}
        data = {"datasetReference": reference} | ({"location": location} if location else {})
        with pytest.raises(BadRequest, match="The local cloud has one location, europe-west1"):
            emulator.bigquery._connection.api_request(
                method="POST", path=f"/projects/{emulator.project}/datasets", data=data
            )

    def test_a_dataset_that_is_not_there_is_not_found(self, warehouse: Warehouse) -> None:
        with pytest.raises(
            NotFound, match="Not found: Dataset local-project:nowhere was not found in location europe-west1"
        ):
            warehouse.client.query_and_wait("SELECT * FROM nowhere.t")

    def test_a_job_that_nobody_made_is_not_found(self, warehouse: Warehouse) -> None:
        with pytest.raises(NotFound):
            warehouse.client.get_job("never", location="europe-west1")

    # "Job ids are unique per project and location": of several inserts at once, one makes the job
    def test_of_inserts_with_one_id_at_the_same_time_one_wins(self, warehouse: Warehouse) -> None:
        warehouse.create_table()
        uri, job_id, outcomes = warehouse.upload(NOVEMBER), f"{warehouse.dataset}_race", []

        def insert() -> None:
            try:
                warehouse.load(uri, "t$202311", job_id=job_id, write_disposition="WRITE_APPEND").result()
                outcomes.append("loaded")
            except Conflict:
                outcomes.append("conflict")

        threads = [threading.Thread(target=insert) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["conflict", "conflict", "conflict", "loaded"]
        assert warehouse.rows("SELECT count(*) FROM $.t") == [(2,)]

    def test_loads_of_several_months_of_one_table_at_once_all_arrive(self, warehouse: Warehouse) -> None:
        warehouse.create_table()
        jobs = []
        for month in ("2023-09", "2023-10", "2023-11"):
            schema = {**MONTHLY, f"only_{month[-2:]}": "STRING"}
            uri = warehouse.upload(f"m,i,c,x\n{month}-01,a,1,y\n")
            target, options = f"t${month.replace('-', '')}", ["ALLOW_FIELD_ADDITION"]
            jobs.append(warehouse.load(uri, target, schema=schema, schema_update_options=options))
        assert [job.result().output_rows for job in jobs] == [1, 1, 1]
        assert warehouse.rows("SELECT count(*), count(only_09), count(only_11) FROM $.t") == [(3, 1, 1)]


class TestTables:
    # tables.patch replaces the schema: new nullable columns are added, in the table itself
    def test_patched_columns_exist_for_queries_and_loads(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        table = warehouse.client.get_table(warehouse.name("t"))
        added = bigquery.SchemaField("extra", "BIGNUMERIC", description="source: product/extra")
        table.schema = [*table.schema, added]
        patched = warehouse.client.update_table(table, ["schema"])
        assert (patched.schema[-1].description, patched.num_rows) == ("source: product/extra", 2)
        warehouse.load_csv(
            "m,x,c\n2023-12-01,1.5,1\n",
            "t$202312",
            schema={"month": "TIMESTAMP", "extra": "BIGNUMERIC", "cost": "BIGNUMERIC"},
        )
        assert warehouse.rows("SELECT extra FROM $.t ORDER BY extra") == [(None,), (None,), (Decimal("1.5"),)]
        after = warehouse.client.get_table(warehouse.name("t"))
        assert after.schema[-1].description == "source: product/extra"

    # REST: "If-Match" with an etag that is not current answers 412
    def test_a_stale_etag_is_refused(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        mine, theirs = (warehouse.client.get_table(warehouse.name("t")) for _ in range(2))
        theirs.schema = [*theirs.schema, bigquery.SchemaField("theirs", "STRING")]
        warehouse.client.update_table(theirs, ["schema"])
        mine.schema = [*mine.schema, bigquery.SchemaField("mine", "STRING")]
        with pytest.raises(PreconditionFailed):
            warehouse.client.update_table(mine, ["schema"])

    def test_a_load_changes_the_etag(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        before = warehouse.client.get_table(warehouse.name("t")).etag
        warehouse.load_csv(NOVEMBER, "t$202311")
        assert warehouse.client.get_table(warehouse.name("t")).etag != before

    # BigQuery takes schema changes while loads run
    def test_a_patch_during_a_load_spoils_neither(self, warehouse: Warehouse) -> None:
        warehouse.create_table()
        job = warehouse.load(warehouse.upload("m,i,c\n" + "2023-11-01,a,1\n" * 300_000), "t$202311")
        table = warehouse.client.get_table(warehouse.name("t"))
        table.schema = [*table.schema, bigquery.SchemaField("added", "STRING")]
        warehouse.client.update_table(table, ["schema"])
        assert job.result().output_rows == 300_000
        assert warehouse.rows("SELECT count(*), count(added) FROM $.t") == [(300_000, 0)]

    # managing-table-schemas: columns cannot be dropped, retyped or added as REQUIRED by a patch
    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"month": "TIMESTAMP", "item": "STRING"}, "Field cost is missing in new schema"),
            ({**MONTHLY, "cost": "STRING"}, "Field cost has changed type from BIGNUMERIC to STRING"),
        ],
    )
    def test_a_patch_never_loses_or_retypes_a_column(
        self, warehouse: Warehouse, change: dict[str, str], sentence: str
    ) -> None:
        load_november(warehouse)
        table = warehouse.client.get_table(warehouse.name("t"))
        table.schema = fields(change)
        with pytest.raises(BadRequest, match=sentence):
            warehouse.client.update_table(table, ["schema"])
        assert len(warehouse.client.get_table(warehouse.name("t")).schema) == 3

    # Table.creationTime: "The time when this table was created"
    def test_creation_time_stays_until_the_table_is_made_again(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        first = warehouse.client.get_table(warehouse.name("t")).created
        warehouse.load_csv(NOVEMBER, "t$202311")
        assert warehouse.client.get_table(warehouse.name("t")).created == first
        warehouse.client.delete_table(warehouse.name("t"))
        time.sleep(0.01)
        assert warehouse.create_table().created > first

    def test_a_deleted_table_is_not_found(self, warehouse: Warehouse) -> None:
        warehouse.create_table()
        warehouse.client.delete_table(warehouse.name("t"))
        for act in (warehouse.client.get_table, warehouse.client.delete_table):
            with pytest.raises(NotFound, match="Not found: Table"):
                act(warehouse.name("t"))

    # data-definition-language: ALTER TABLE … ADD COLUMN, ADD COLUMN
    def test_several_columns_are_added_by_one_statement(self, warehouse: Warehouse) -> None:
        warehouse.create_table()
        warehouse.rows(
            "ALTER TABLE $.t ADD COLUMN a INT64, ADD COLUMN IF NOT EXISTS item STRING, ADD COLUMN b BIGNUMERIC"
        )
        schema = {field.name: field.field_type for field in warehouse.client.get_table(warehouse.name("t")).schema}
        assert schema == {**MONTHLY, "a": "INTEGER", "b": "BIGNUMERIC"}
        assert warehouse.rows("SELECT a, b FROM $.t") == []


class TestInformationSchema:
    # information-schema-partitions: one row per partition, with its rows and the time it was last written to
    def test_partitions_tell_which_month_was_written_when(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        warehouse.load_csv("m,i,c\n2023-10-01,o,1\n", "t$202310")
        query = (
            "SELECT partition_id, total_rows, last_modified_time, total_logical_bytes > 0 "
            "FROM $.INFORMATION_SCHEMA.PARTITIONS WHERE table_name = 't' ORDER BY 1"
        )
        (october, october_rows, october_time, sized), (november, november_rows, november_time, _) = warehouse.rows(
            query
        )
        assert (october, october_rows, november, november_rows, sized) == ("202310", 1, "202311", 2, True)
        time.sleep(0.01)
        warehouse.load_csv(NOVEMBER + "2023-11-01,c,1\n", "t$202311")
        again = {row[0]: row[1:3] for row in warehouse.rows(query)}
        assert again["202310"] == (1, october_time)
        assert again["202311"][0] == 3
        assert again["202311"][1] > november_time

    def test_a_row_changed_by_sql_dates_its_partition(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        query = "SELECT total_rows, last_modified_time FROM $.INFORMATION_SCHEMA.PARTITIONS"
        ((_, before),) = warehouse.rows(query)
        time.sleep(0.01)
        warehouse.rows("UPDATE $.t SET item = 'x' WHERE item = 'a'")
        ((rows, after),) = warehouse.rows(query)
        assert rows == 2
        assert after > before
        warehouse.rows("DELETE FROM $.t WHERE item = 'x'")
        assert warehouse.client.get_table(warehouse.name("t")).num_rows == 1

    def test_tables_and_columns_are_listed(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        columns = "SELECT column_name, data_type FROM $.INFORMATION_SCHEMA.COLUMNS ORDER BY ordinal_position"
        assert warehouse.rows(columns) == list(MONTHLY.items())
        assert warehouse.rows("SELECT table_name, table_type FROM $.INFORMATION_SCHEMA.TABLES") == [("t", "BASE TABLE")]


class TestViews:
    def test_sums_of_bignumeric_in_a_view_are_exact(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        warehouse.rows("CREATE OR REPLACE VIEW $.v AS SELECT sum(cost) AS total FROM $.t")
        assert warehouse.rows("SELECT total FROM $.v") == [(Decimal("0.3"),)]
        warehouse.load_csv(NOVEMBER + "2023-11-01,c,1E-18\n", "t$202311")
        assert warehouse.rows("SELECT total FROM $.v") == [(Decimal("0.300000000000000001"),)]

    # tables.insert and tables.update with a view definition
    def test_a_view_is_made_and_changed_and_deleted_through_the_api(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        view = bigquery.Table(warehouse.name("v"))
        view.view_query = warehouse.sql("SELECT item FROM $.t")
        view = warehouse.client.create_table(view)
        assert (view.table_type, [field.name for field in view.schema]) == ("VIEW", ["item"])
        view.view_query = warehouse.sql("SELECT month, cost FROM $.t")
        warehouse.client.update_table(view, ["view_query"])
        read = warehouse.client.get_table(warehouse.name("v"))
        assert [(field.name, field.field_type) for field in read.schema] == [
            ("month", "TIMESTAMP"),
            ("cost", "BIGNUMERIC"),
        ]
        warehouse.client.delete_table(warehouse.name("v"))
        with pytest.raises(NotFound):
            warehouse.rows("SELECT * FROM $.v")

    # multi-statement queries; CREATE VIEW with a column list and descriptions
    def test_one_script_makes_several_views(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        warehouse.rows(
            "CREATE OR REPLACE VIEW $.a AS SELECT item, cost FROM $.t;\n"
            "CREATE OR REPLACE VIEW $.b (thing OPTIONS(description='what it is'), price) OPTIONS(description='prices')"
            " AS SELECT item, max(cost) FROM $.a GROUP BY item;"
        )
        assert warehouse.rows("SELECT thing, price FROM $.b ORDER BY 1") == [
            ("a", Decimal("0.1")),
            ("b", Decimal("0.2")),
        ]
        view = warehouse.client.get_table(warehouse.name("b"))
        assert (view.description, view.schema[0].description) == ("prices", "what it is")

    def test_a_view_survives_new_columns_and_reloads_of_its_table(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        warehouse.rows("CREATE VIEW $.v AS SELECT item FROM $.t")
        warehouse.rows("ALTER TABLE $.t ADD COLUMN later STRING")
        warehouse.load_csv(NOVEMBER, "t$202311")
        assert warehouse.rows("SELECT count(*) FROM $.v") == [(2,)]

    def test_a_dataset_may_be_called_like_a_part_of_its_project(self, emulator: Emulator) -> None:
        dataset = bigquery.Dataset(f"{emulator.project}.project")
        dataset.location = emulator.location
        emulator.bigquery.create_dataset(dataset)
        try:
            for quoted in (f"`{emulator.project}.project.v`", f"`{emulator.project}`.`project`.`v`"):
                emulator.bigquery.query_and_wait(f"CREATE OR REPLACE VIEW {quoted} AS SELECT 'project' AS name")
                assert [row["name"] for row in emulator.bigquery.query_and_wait(f"SELECT name FROM {quoted}")] == [
                    "project"
                ]
        finally:
            emulator.bigquery.delete_dataset(dataset, delete_contents=True)

    # "a view's query is run each time that the view is queried"
    def test_a_view_of_a_view_reads_what_is_there_now(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        warehouse.rows("CREATE VIEW $.low AS SELECT item, 1 AS size FROM $.t")
        warehouse.rows("CREATE VIEW $.high AS SELECT * FROM $.low")
        warehouse.rows("CREATE OR REPLACE VIEW $.low AS SELECT 'large' AS size, item FROM $.t")
        assert warehouse.rows("SELECT DISTINCT size FROM $.high") == [("large",)]
        warehouse.rows("CREATE OR REPLACE VIEW $.low AS SELECT 2.5 AS size, item FROM $.t")
        warehouse.rows("CREATE OR REPLACE VIEW $.top AS SELECT size FROM $.high")
        assert warehouse.rows("SELECT DISTINCT size FROM $.top") == [(2.5,)]

    def test_row_access_policies_are_refused(self, warehouse: Warehouse) -> None:
        load_november(warehouse)
        with pytest.raises(GoogleAPICallError, match="no row access policies"):
            warehouse.rows("CREATE ROW ACCESS POLICY mine ON $.t GRANT TO ('user:a@b.c') FILTER USING (TRUE)")


# GoogleSQL functions that the product's views use
@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("FORMAT_TIMESTAMP('%Y-%m', TIMESTAMP_MICROS(1700000000000000))", "2023-11"),
        ("SAFE_CAST('x' AS INT64)", None),
        ("SAFE_CAST('1.81E-8' AS BIGNUMERIC)", Decimal("1.81E-8")),
        ("CAST('1.123456789' AS NUMERIC)", Decimal("1.123456789")),
        ("REGEXP_EXTRACT('a=1;b=2', r'b=(\\d)')", "2"),
        ('JSON_VALUE(\'{"a": {"b": "c"}}\', \'$.a.b\')', "c"),
        ("CAST(TIMESTAMP_TRUNC(TIMESTAMP '2023-11-17 10:00:00+00', MONTH) AS DATE)", date(2023, 11, 1)),
        ("DATE_TRUNC(DATE '2023-11-17', MONTH)", date(2023, 11, 1)),
        ("(SELECT STRING_AGG(DISTINCT x, ',' ORDER BY x) FROM UNNEST(['b', 'a', 'b']) AS x)", "a,b"),
        ("ARRAY_TO_STRING((SELECT ARRAY_AGG(x ORDER BY x DESC LIMIT 2) FROM UNNEST([1, 2, 3]) AS x), '-')", "3-2"),
        ("COALESCE(NULL, BIGNUMERIC '1.5') * 2", Decimal(3)),
        ("BIGNUMERIC '1234567.000000000000000001' * BIGNUMERIC '1000'", Decimal("1234567000.000000000000001")),
        ("BIGNUMERIC '1.000000000000000004' * BIGNUMERIC '-0.5'", Decimal("-0.500000000000000002")),
        ("2 * 3 * 7", 42),
        ("1.5e0 * 2", 3.0),
        ("TO_JSON_STRING(JSON_OBJECT(ARRAY['a', 'b'], ARRAY[1.5, NULL]))", '{"a":1.5,"b":null}'),
        ("TO_JSON_STRING(COALESCE(CAST(NULL AS JSON), JSON '{}'))", "{}"),
        ("DATE_DIFF(DATE '2023-12-01', DATE '2023-11-01', DAY)", 30),
    ],
)
def test_functions_of_the_views_work(warehouse: Warehouse, expression: str, value: object) -> None:
    assert warehouse.rows(f"SELECT {expression}") == [(value,)]


def test_qualify_keeps_the_newest_row(warehouse: Warehouse) -> None:
    load_november(warehouse)
    newest = "SELECT item FROM $.t QUALIFY ROW_NUMBER() OVER (PARTITION BY month ORDER BY cost DESC) = 1"
    assert warehouse.rows(newest) == [("b",)]


def test_results_of_many_pages_arrive_whole(warehouse: Warehouse) -> None:
    rows = warehouse.client.query_and_wait("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 25000)) AS x", page_size=10_000)
    assert sum(1 for _ in rows) == 25_000


def test_other_requests_are_answered_during_a_load(warehouse: Warehouse, emulator: Emulator) -> None:
    schema = {"month": "TIMESTAMP", **{f"c{n}": "BIGNUMERIC" for n in range(40)}}
    warehouse.create_table(schema=schema)
    row = "2023-11-01," + ",".join(f"{n}.25" for n in range(40)) + "\n"
    job = warehouse.load(warehouse.upload("header\n" + row * 80_000), schema=schema)
    assert [tuple(row) for row in emulator.bigquery.query_and_wait("SELECT 1")] == [(1,)]
    answered = datetime.now(UTC)
    assert job.result().output_rows == 80_000
    assert answered < job.ended
