"""Statements and views."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError, NotFound
from google.cloud import bigquery

from tests.contract.emulator_dataset import EmulatorDataset
from tests.emulator import Emulator

NOVEMBER_CSV = "month,item,cost\n2023-11-01T00:00:00Z,a,0.1\n2023-11-01T00:00:00Z,b,0.2\n"


def load_november(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    dataset.load_csv(NOVEMBER_CSV, "t$202311")


# jobs.query answers 4xx for a failed statement; jobs.insert makes a job that failed
@pytest.mark.parametrize(
    ("statement", "error"),
    [("SELEC 1", BadRequest), ("SELECT nope FROM $.t", BadRequest), ("SELECT * FROM $.gone", NotFound)],
)
def test_failed_statement_raises_with_and_without_a_job(
    dataset: EmulatorDataset, statement: str, error: type[GoogleAPICallError]
) -> None:
    dataset.create_table()

    with pytest.raises(error):
        dataset.client.query_and_wait(dataset.sql(statement))
    with pytest.raises(error):
        dataset.client.query(dataset.sql(statement)).result()


def test_missing_dataset_is_not_found(dataset: EmulatorDataset) -> None:
    with pytest.raises(
        NotFound,
        match=f"Not found: Dataset {dataset.cloud.project}:{dataset.name}_gone was not found in location"
        f" {dataset.cloud.location}",
    ):
        dataset.client.query_and_wait(f"SELECT * FROM {dataset.name}_gone.t")


def test_sums_of_bignumeric_in_a_view_are_exact(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    dataset.rows("CREATE OR REPLACE VIEW $.v AS SELECT sum(cost) AS total FROM $.t")
    assert dataset.rows("SELECT total FROM $.v") == [(Decimal("0.3"),)]

    dataset.load_csv(NOVEMBER_CSV + "2023-11-01,c,1E-18\n", "t$202311")

    assert dataset.rows("SELECT total FROM $.v") == [(Decimal("0.300000000000000001"),)]


# tables.insert and tables.update with a view definition
def test_view_is_created_changed_and_deleted_by_the_api(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    view = bigquery.Table(dataset.table_id("v"))
    view.view_query = dataset.sql("SELECT item FROM $.t")
    view = dataset.client.create_table(view)
    assert (view.table_type, [field.name for field in view.schema]) == ("VIEW", ["item"])
    view.view_query = dataset.sql("SELECT month, cost FROM $.t")
    dataset.client.update_table(view, ["view_query"])
    read = dataset.table("v")
    assert [(field.name, field.field_type) for field in read.schema] == [
        ("month", "TIMESTAMP"),
        ("cost", "BIGNUMERIC"),
    ]

    dataset.client.delete_table(dataset.table_id("v"))

    with pytest.raises(NotFound):
        dataset.rows("SELECT * FROM $.v")


# multi-statement queries; CREATE VIEW with a column list and descriptions
def test_one_script_creates_several_views(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    dataset.rows(
        "CREATE OR REPLACE VIEW $.a AS SELECT item, cost FROM $.t;\n"
        "CREATE OR REPLACE VIEW $.b (thing OPTIONS(description='what it is'), price) OPTIONS(description='prices')"
        " AS SELECT item, max(cost) FROM $.a GROUP BY item;"
    )
    assert dataset.rows("SELECT thing, price FROM $.b ORDER BY 1") == [
        ("a", Decimal("0.1")),
        ("b", Decimal("0.2")),
    ]

    view = dataset.table("b")

    assert (view.description, view.schema[0].description) == ("prices", "what it is")


def test_view_survives_new_columns_and_loads_of_its_table(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    dataset.rows("CREATE VIEW $.v AS SELECT item FROM $.t")
    dataset.rows("ALTER TABLE $.t ADD COLUMN later STRING")

    dataset.load_csv(NOVEMBER_CSV, "t$202311")

    assert dataset.rows("SELECT count(*) FROM $.v") == [(2,)]


@pytest.mark.only_local("the names are those of the emulator's project, which its SQL once confused")
def test_dataset_may_have_the_name_of_a_part_of_its_project(emulator: Emulator) -> None:
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
def test_view_of_a_view_reads_the_current_rows(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    dataset.rows("CREATE VIEW $.low AS SELECT item, 1 AS size FROM $.t")
    dataset.rows("CREATE VIEW $.high AS SELECT * FROM $.low")
    dataset.rows("CREATE OR REPLACE VIEW $.low AS SELECT 'large' AS size, item FROM $.t")
    assert dataset.rows("SELECT DISTINCT size FROM $.high") == [("large",)]
    dataset.rows("CREATE OR REPLACE VIEW $.low AS SELECT 2.5 AS size, item FROM $.t")

    dataset.rows("CREATE OR REPLACE VIEW $.top AS SELECT size FROM $.high")

    assert dataset.rows("SELECT DISTINCT size FROM $.top") == [(2.5,)]


@pytest.mark.only_local("Google has row access policies, and the emulator refuses them")
def test_row_access_policies_are_rejected(dataset: EmulatorDataset) -> None:
    load_november(dataset)

    with pytest.raises(GoogleAPICallError, match="no row access policies"):
        dataset.rows("CREATE ROW ACCESS POLICY mine ON $.t GRANT TO ('user:a@b.c') FILTER USING (TRUE)")


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
        ("TO_JSON_STRING(JSON_OBJECT('b', BIGNUMERIC '0.5', 'a', [1]))", '{"a":[1],"b":0.5}'),
        ("TO_JSON_STRING([BIGNUMERIC '1.5', NULL])", '["1.5",null]'),
        ("CAST('nan' AS FLOAT64) > 1.0", False),
        ("1.0 < CAST('nan' AS FLOAT64)", False),
        ("CAST('nan' AS FLOAT64) >= CAST(NULL AS FLOAT64)", None),
        ("SAFE.TIMESTAMP_MICROS(SAFE_CAST('x' AS INT64))", None),
        ("CAST(NULL AS FLOAT64) / 0", None),
        ("DATE_DIFF(DATE '2023-12-01', DATE '2023-11-01', DAY)", 30),
        ("SAFE_CAST(CAST('nan' AS FLOAT64) AS BIGNUMERIC)", None),
        ("SAFE_CAST(CAST('-inf' AS FLOAT64) AS BIGNUMERIC)", None),
        ("SAFE_CAST(1e39 AS BIGNUMERIC)", None),
        ("SAFE_CAST(1e300 AS BIGNUMERIC)", None),
        ("SAFE_CAST(CAST(0.4021308468 AS STRING) AS BIGNUMERIC)", Decimal("0.4021308468")),
        ("ABS(CAST('nan' AS FLOAT64)) < 1e28", False),
        ("SAFE.PARSE_DATE('%Y-%m', '2023-11')", date(2023, 11, 1)),
        ("SAFE.PARSE_DATE('%Y-%m', '2023-13')", None),
        ("SAFE.PARSE_DATE('%Y-%m', '0000-05')", None),
        ("SAFE.TIMESTAMP_MICROS(9000000000000000000)", None),
        ("SAFE.PARSE_JSON('{')", None),
        ("TO_JSON_STRING(SAFE.PARSE_JSON((SELECT '{\"a\":1}')))", '{"a":1}'),
        ("SAFE.PARSE_JSON((SELECT CONCAT('{', x) FROM UNNEST(['a']) AS x))", None),
        ("SAFE_DIVIDE(BIGNUMERIC '1', BIGNUMERIC '0')", None),
        ("SAFE_MULTIPLY(BIGNUMERIC '1e20', BIGNUMERIC '1e20')", None),
        ("SAFE_MULTIPLY(BIGNUMERIC '1234567.000000000000000001', 1000)", Decimal("1234567000.000000000000001")),
        ("TIMESTAMP_DIFF(TIMESTAMP '9999-12-31', TIMESTAMP '0001-01-01', MICROSECOND)", 315_537_811_200_000_000),
        ("IF(TRUE, 0, DATE_DIFF(DATE_ADD(DATE '9999-12-31', INTERVAL 1 DAY), DATE '2023-11-01', DAY))", 0),
        ("(SELECT STRING_AGG(JSON_VALUE(x, '$.a')) FROM UNNEST(JSON_QUERY_ARRAY('[{\"a\":1},{\"b\":2}]')) AS x)", "1"),
    ],
)
def test_functions_of_the_views(dataset: EmulatorDataset, expression: str, value: object) -> None:
    assert dataset.rows(f"SELECT {expression}") == [(value,)]


# https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast_bignumeric
# https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#date_type: years 1 to 9999
@pytest.mark.parametrize(
    "expression",
    [
        "CAST(CAST('nan' AS FLOAT64) AS BIGNUMERIC)",
        "CAST(CAST('inf' AS FLOAT64) AS BIGNUMERIC)",
        "CAST(1e39 AS BIGNUMERIC)",
        "PARSE_DATE('%Y-%m', '0000-05')",
        "DATE_ADD(DATE '9999-12-01', INTERVAL 1 MONTH)",
        "TIMESTAMP_ADD(TIMESTAMP '9999-12-31', INTERVAL 1 DAY)",
        "TIMESTAMP_SUB(TIMESTAMP '0001-01-01', INTERVAL 1 DAY)",
        "TIMESTAMP_MICROS(9000000000000000000)",
        "PARSE_JSON('{')",
    ],
)
def test_value_that_does_not_fit_ends_the_query(dataset: EmulatorDataset, expression: str) -> None:
    with pytest.raises(BadRequest):
        dataset.rows(f"SELECT {expression}")


@pytest.mark.only_local("Google can do it, and the emulator refuses it")
@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("PARSE_JSON(REPEAT('[', 300) || REPEAT(']', 300))", "does not read JSON of more than 200 levels"),
        ("SAFE.PARSE_JSON(REPEAT('[', 300) || REPEAT(']', 300))", "does not read JSON of more than 200 levels"),
        ("JSON_VALUE('{}', '$.a[*]')", "does not read the JSON path"),
        ("SAFE.PARSE_DATE('%B %Y', 'May 2023')", "parses dates with %Y, %m and %d only"),
        ("TIMESTAMP_DIFF(TIMESTAMP '2023-11-01', TIMESTAMP '2023-12-01', WEEK)", "does not know the unit WEEK"),
    ],
)
def test_what_the_emulator_cannot_do_is_refused(dataset: EmulatorDataset, expression: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=f"The emulator {reason}"):
        dataset.rows(f"SELECT {expression}")


@pytest.mark.parametrize("expression", ["'a''b'", r"'\q'", "SAFE.TIMESTAMP_MICROS(CAST('x' AS INT64))"])
def test_expression_that_google_does_not_take_is_refused(dataset: EmulatorDataset, expression: str) -> None:
    with pytest.raises(BadRequest):
        dataset.rows(f"SELECT {expression}")


# the schema of a view is that of its query
def test_columns_of_a_view_have_the_types_of_its_query(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    values = "PARSE_JSON('1') AS a, SUM(1) AS b, SUM(cost) AS c, 1.5 AS d, [1] AS e"

    dataset.rows(f"CREATE VIEW $.v AS SELECT {values} FROM $.t")

    assert [(one.name, one.field_type, one.mode) for one in dataset.table("v").schema] == [
        ("a", "JSON", "NULLABLE"),
        ("b", "INTEGER", "NULLABLE"),
        ("c", "BIGNUMERIC", "NULLABLE"),
        ("d", "FLOAT", "NULLABLE"),
        ("e", "INTEGER", "REPEATED"),
    ]


# "BYTES must be base64-encoded", and JSON is kept as BigQuery writes it
def test_json_lines_bring_bytes_and_json(dataset: EmulatorDataset) -> None:
    schema = {"a": "BYTES", "b": "JSON"}
    dataset.create_table(schema=schema, partition=None)
    uri = dataset.upload('{"a": "/w==", "b": {"d": 1e2, "c": 1}}\n')

    dataset.load(uri, schema=schema, source_format="NEWLINE_DELIMITED_JSON").result(timeout=60)

    assert dataset.rows("SELECT a, TO_JSON_STRING(b) FROM $.t") == [(b"\xff", '{"c":1,"d":100.0}')]


# a dry run checks a statement, and costs nothing
@pytest.mark.parametrize(
    ("statement", "error"), [("SELECT nope FROM $.t", BadRequest), ("SELECT * FROM $.gone", NotFound)]
)
def test_dry_run_of_a_broken_query_fails(
    dataset: EmulatorDataset, statement: str, error: type[GoogleAPICallError]
) -> None:
    dataset.create_table()
    dry = bigquery.QueryJobConfig(dry_run=True)

    assert dataset.client.query(dataset.sql("SELECT * FROM $.t"), job_config=dry).dry_run
    assert dataset.client.query("SELECT CAST(x AS INT64) FROM UNNEST(['a']) AS x", job_config=dry).dry_run
    with pytest.raises(error):
        dataset.client.query(dataset.sql(statement), job_config=dry)


# a view is checked with the tables that it reads
def test_dry_run_of_a_view_without_its_table_fails(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    dataset.rows("CREATE VIEW $.v AS SELECT item FROM $.t")
    dry = bigquery.QueryJobConfig(dry_run=True)
    assert dataset.client.query(dataset.sql("SELECT * FROM $.v"), job_config=dry).dry_run

    dataset.client.delete_table(dataset.table_id())

    with pytest.raises(NotFound):
        dataset.client.query(dataset.sql("SELECT * FROM $.v"), job_config=dry)


def test_qualify_keeps_the_newest_row(dataset: EmulatorDataset) -> None:
    load_november(dataset)
    newest = "SELECT item FROM $.t QUALIFY ROW_NUMBER() OVER (PARTITION BY month ORDER BY cost DESC) = 1"

    assert dataset.rows(newest) == [("b",)]


def test_results_of_many_pages_arrive_whole(dataset: EmulatorDataset) -> None:
    rows = dataset.client.query_and_wait("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 25000)) AS x", page_size=10_000)

    assert sum(1 for _ in rows) == 25_000
