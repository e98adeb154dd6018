"""The views, asked on a small database: what counts as loaded, and how every month stands.

Their BigQuery SQL is translated and run by DuckDB; that BigQuery takes it is for the parser's part here,
and for a real project to show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from billing.columns.field import Field, map_of
from billing.settings import Source
from billing.views.status import billed, statements
from tests.unit.values import aws, azure
from tests.unit.views.bigquery_sql import translated

AWS, AZURE = aws(), azure()
TRACKING = (
    "billing_month VARCHAR, loaded_at TIMESTAMPTZ, status VARCHAR, code VARCHAR, message VARCHAR, job_id VARCHAR,"
    " order_key VARCHAR, _dlt_load_id VARCHAR, row_count BIGINT, cost DECIMAL(38, 9), invoiced BOOLEAN"
)
SUBMITTED = "2025-10-05T09:42:01.2466542Z/run"
AT = datetime(2025, 10, 1, 12, tzinfo=UTC)
# docs.cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords, those that tempt as a name
RESERVED = """
    all and any array as asc at between by case cast collate contains create cross cube current default define desc
    distinct else end enum escape except exclude exists extract false fetch following for from full group grouping
    groups hash having if ignore in inner intersect interval into is join lateral left like limit lookup merge natural
    new no not null nulls of on or order outer over partition preceding proto qualify range recursive respect right
    rollup rows select set some struct tablesample then to treat true unbounded union unnest using when where window
    with within
"""


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("ATTACH ':memory:' AS \"example-project\"")
        connection.execute('CREATE SCHEMA "example-project".billing')
        connection.execute('USE "example-project".billing')
        connection.execute("CREATE TABLE _dlt_loads (load_id VARCHAR, status BIGINT)")
        for source in (AWS, AZURE):
            connection.execute(
                f"CREATE TABLE {source.table}_load_tracking ({TRACKING}, {source.format.execution_column} VARCHAR)"
            )
        connection.execute(
            "CREATE TABLE aws_cur (bill_billing_period_start_date TIMESTAMP,"
            " line_item_unblended_cost DECIMAL(38, 9), line_item_currency_code VARCHAR)"
        )
        connection.execute(
            "CREATE TABLE azure_focus"
            " (BillingPeriodStart TIMESTAMP, BilledCost DECIMAL(38, 9), BillingCurrency VARCHAR)"
        )
        yield connection


def create(
    database: duckdb.DuckDBPyConnection, sources: Sequence[Source] = (AWS, AZURE), **columns: Sequence[str]
) -> None:
    fields = {key: [Field(name, "STRING") for name in names] for key, names in columns.items()}
    for statement in statements(sources, fields):
        for text in sqlglot.transpile(statement, read="bigquery", write="duckdb"):
            database.execute(text.replace("DECIMAL(38, 5)", "DECIMAL(38, 9)"))  # sqlglot's BIGNUMERIC


def book(
    database: duckdb.DuckDBPyConnection,
    source: Source,
    load: str,
    status: str,
    *,
    month: str = "2025-09",
    hour: int = 0,
    job: str | None = None,
    code: str | None = None,
    complete: bool = True,
    order_key: str = SUBMITTED,
    at: datetime = AT,
    execution: str | None = None,
    billed: tuple[int, str, bool] | None = None,  # rows, cost, whether invoiced
) -> None:
    row = [month, at.replace(hour=hour), status, code, code and f"{code}.", job, order_key, load]
    database.execute(
        f"INSERT INTO {source.table}_load_tracking VALUES ({', '.join('?' * 12)})",
        [*row, *(billed or (None, None, None)), execution or load],
    )
    if complete:
        database.execute("INSERT INTO _dlt_loads VALUES (?, 0)", [load])


def rows(database: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = database.execute(query)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def states(database: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    found = rows(database, "SELECT source, month, state, loaded_at, code FROM billing_status ORDER BY source, month")
    return [tuple(row.values()) for row in found]


def test_only_complete_loads_count_once_per_job(database: duckdb.DuckDBPyConnection) -> None:
    create(database)
    book(database, AWS, "1", "loaded", job="a", hour=1)
    book(database, AWS, "2", "loaded", job="a", hour=2)
    book(database, AWS, "3", "loaded", job="b", hour=3)
    book(database, AWS, "4", "loaded", job="c", hour=4, complete=False)
    book(database, AWS, "5", "rejected", job=None, hour=5, code="EMPTY_DELIVERY")
    book(database, AWS, "6", "waiting", job=None, hour=6, code="WAITING_FOR_FILES")
    found = rows(database, "SELECT job_id, loaded_at FROM aws_cur_loads ORDER BY job_id")
    assert found == [{"job_id": "a", "loaded_at": AT.replace(hour=2)}, {"job_id": "b", "loaded_at": AT.replace(hour=3)}]
    assert rows(database, "SELECT * FROM azure_focus_loads") == []


def test_a_loaded_month_shows_what_the_table_holds(database: duckdb.DuckDBPyConnection) -> None:
    create(database)
    book(database, AWS, "1", "loaded", job="a", hour=1, order_key="00001759225321246654")
    book(database, AZURE, "2", "loaded", job="b", hour=2)
    database.execute("INSERT INTO aws_cur VALUES ('2025-09-01', 1.25, 'USD'), ('2025-09-01', 2.5, 'USD')")
    database.execute("INSERT INTO azure_focus VALUES ('2025-09-01', -0.000000001, 'EUR')")
    assert rows(database, "SELECT * FROM billing_status ORDER BY source") == [
        {
            "source": "aws_cur",
            "provider": "aws",
            "month": "2025-09",
            "state": "loaded",
            "finality": "open",
            "delivered_at": datetime(2025, 9, 30, 9, 42, 1, 246654, tzinfo=UTC),
            "loaded_at": AT.replace(hour=1),
            "row_count": 2,
            "cost": Decimal("3.750000000"),
            "currency": "USD",
            "rows_changed": None,
            "cost_changed": None,
            "code": None,
            "message": None,
            "load_code": None,
        },
        {
            "source": "azure_billing",
            "provider": "azure",
            "month": "2025-09",
            "state": "loaded",
            "finality": "closed",
            "delivered_at": datetime(2025, 10, 5, 9, 42, 1, tzinfo=UTC),
            "loaded_at": AT.replace(hour=2),
            "row_count": 1,
            "cost": Decimal("-0.000000001"),
            "currency": "EUR",
            "rows_changed": None,
            "cost_changed": None,
            "code": None,
            "message": None,
            "load_code": None,
        },
    ]


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([("loaded", None)], ("loaded", 0, None)),
        ([("loaded", "FILES_CHANGED_DURING_LOAD")], ("loaded", 0, "FILES_CHANGED_DURING_LOAD")),
        ([("loaded", None), ("loaded", "ROW_COUNT_MISMATCH")], ("loaded", 1, "ROW_COUNT_MISMATCH")),
        ([("rejected", "EMPTY_DELIVERY")], ("rejected", None, "EMPTY_DELIVERY")),
        ([("waiting", "WAITING_FOR_FILES")], ("waiting", None, "WAITING_FOR_FILES")),
        ([("loaded", None), ("rejected", "EMPTY_DELIVERY")], ("loaded, newer rejected", 0, "EMPTY_DELIVERY")),
        ([("loaded", None), ("waiting", "WAITING_TO_SETTLE")], ("loaded, newer waiting", 0, "WAITING_TO_SETTLE")),
        ([("rejected", "EMPTY_DELIVERY"), ("loaded", None)], ("loaded", 1, None)),
        ([("waiting", "X"), ("rejected", "EMPTY_DELIVERY")], ("rejected", None, "EMPTY_DELIVERY")),
    ],
)
@pytest.mark.parametrize("source", [AWS, AZURE], ids=lambda source: source.key)
def test_a_month_s_state_is_its_newest_load_and_what_came_after(
    database: duckdb.DuckDBPyConnection,
    source: Source,
    history: list[tuple[str, str | None]],
    state: tuple[str, int | None, str | None],
) -> None:
    create(database)
    for hour, (status, code) in enumerate(history):
        job = f"job-{hour}" if status == "loaded" else None
        book(database, source, f"{hour}", status, hour=hour, code=code, job=job)
    words, hour_loaded, code = state
    loaded_at = None if hour_loaded is None else AT.replace(hour=hour_loaded)
    assert states(database) == [(source.key, "2025-09", words, loaded_at, code)]


def test_a_booking_that_is_not_complete_changes_no_state(database: duckdb.DuckDBPyConnection) -> None:
    create(database)
    book(database, AWS, "1", "loaded", job="a", hour=1)
    book(database, AWS, "2", "rejected", hour=2, code="EMPTY_DELIVERY", complete=False)
    assert states(database) == [("aws_cur", "2025-09", "loaded", AT.replace(hour=1), None)]


@pytest.mark.parametrize(
    ("source", "deliveries", "finality", "changed"),
    [
        (AWS, [(3, "a", 10, "5", False)], "open", (None, None)),
        (AWS, [(3, "a", 10, "5", False), (4, "b", 12, "6.5", False)], "open", (2, "1.5")),
        (AWS, [(3, "a", 10, "5", False), (4, "b", 12, "6.5", True)], "closed", (2, "1.5")),
        (AWS, [(4, "b", 12, "6.5", True), (20, "c", 12, "6.5", True)], "closed", (0, "0")),
        (AWS, [(4, "b", 12, "6.5", True), (20, "c", 12, "6.25", True)], "amended", (0, "-0.25")),
        (AWS, [(4, "b", 12, "6.5", True), (20, "c", 9, "6", True), (21, "d", 9, "6", True)], "amended", (0, "0")),
        (AWS, [(4, "b", 12, "6.5", True), (20, "b", 12, "6.5", True)], "closed", (None, None)),  # loaded again
        (AWS, [(20, "a", 10, "5", None)], "open", (None, None)),  # loaded by a version that did not ask
        (AWS, [(-2, "a", 10, "5", True)], "open", (None, None)),  # a purchase, invoiced at once
        (AWS, [(-2, "a", 10, "5", True), (4, "b", 12, "6.5", True)], "closed", (2, "1.5")),
        (AZURE, [(3, "a", 10, "5", False), (9, "b", 12, "6.5", False)], "closed", (2, "1.5")),
        (AZURE, [(3, "a", 10, "5", False), (11, "b", 12, "6.5", False)], "amended", (2, "1.5")),
        (AZURE, [(25, "a", 10, "5", False)], "closed", (None, None)),
        (AZURE, [(-5, "a", 10, "5", False)], "open", (None, None)),  # never delivered again after its month
        (AZURE, [(-5, "a", 10, "5", False), (25, "b", 12, "6.5", False)], "closed", (2, "1.5")),
    ],
)
def test_a_month_is_open_closed_or_amended_and_by_how_much(
    database: duckdb.DuckDBPyConnection,
    source: Source,
    deliveries: list[tuple[int, str, int, str, bool]],
    finality: str,
    changed: tuple[int | None, str | None],
) -> None:
    """AWS closes by its invoices, Azure ten days after the month; both by a delivery from after its end."""
    create(database)
    for load, (day, execution, count, cost, invoiced) in enumerate(deliveries):
        at = datetime(2025, 9, 30, tzinfo=UTC) + timedelta(days=day)
        book(
            database, source, f"{load}", "loaded", job=f"job-{load}", at=at, order_key=ordered(source, at),
            execution=execution, billed=(count, cost, invoiced),
        )  # fmt: skip
    assert rows(database, "SELECT finality, rows_changed, cost_changed FROM billing_status") == [
        {
            "finality": finality,
            "rows_changed": changed[0],
            "cost_changed": None if changed[1] is None else Decimal(changed[1]),
        }
    ]


@pytest.mark.parametrize("loads", [["a", "b"], ["a", "b", "b"], ["b", "a", "b"]])
def test_history_that_is_loaded_at_once_or_again_amends_no_month(
    database: duckdb.DuckDBPyConnection, loads: Sequence[str]
) -> None:
    """Long after the close, as a first transfer brings it or a replay does: what counts is when Azure delivered."""
    create(database)
    costs, days = {"a": "5", "b": "6.5"}, {"a": 3, "b": 5}
    for number, execution in enumerate(loads):
        submitted = datetime(2025, 10, days[execution], tzinfo=UTC)
        book(
            database, AZURE, f"{number}", "loaded", job=f"job-{number}", at=datetime(2025, 11, 20, tzinfo=UTC),
            hour=number, order_key=ordered(AZURE, submitted), execution=execution,
            billed=(10, costs[execution], False),
        )  # fmt: skip
    assert rows(database, "SELECT finality, cost_changed FROM billing_status") == [
        {"finality": "closed", "cost_changed": Decimal("1.5")}
    ]


@pytest.mark.parametrize(("status", "code"), [("waiting", "WAITING_FOR_FILES"), ("rejected", "EMPTY_DELIVERY")])
def test_what_is_wrong_with_what_is_loaded_stays_said_while_a_newer_delivery_waits_or_is_rejected(
    database: duckdb.DuckDBPyConnection, status: str, code: str
) -> None:
    create(database)
    book(database, AWS, "1", "loaded", job="a", hour=1, code="ROW_COUNT_MISMATCH")
    book(database, AWS, "2", status, hour=2, code=code)
    assert rows(database, "SELECT code, load_code FROM billing_status") == [
        {"code": code, "load_code": "ROW_COUNT_MISMATCH"}
    ]


def ordered(source: Source, at: datetime) -> str:
    if source is AZURE:
        return f"{at:%Y-%m-%dT%H:%M:%S}.2466542Z/run"
    return f"{int(at.timestamp()) * 1_000_000:020d}"


def test_a_month_that_never_loaded_has_no_finality(database: duckdb.DuckDBPyConnection) -> None:
    create(database)
    book(database, AZURE, "1", "rejected", code="EMPTY_DELIVERY")
    assert rows(database, "SELECT finality FROM billing_status") == [{"finality": None}]


def test_a_booking_asks_for_its_own_month_alone(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("ALTER TABLE azure_focus ADD COLUMN InvoiceId VARCHAR")
    database.execute(
        "INSERT INTO azure_focus VALUES ('2025-12-01', 1, 'EUR', 'i'), ('2025-12-31', 2, 'EUR', 'i'),"
        " ('2025-12-02', 0, 'EUR', ''),"  # no invoice has what is free
        " ('2026-01-01', 4, 'EUR', ''), ('2025-11-30', 8, 'EUR', NULL)"
    )
    found = [rows(database, translated(billed(AZURE, month))) for month in ("2025-12", "2025-11", "2026-01")]
    assert found == [
        [{"cost": Decimal(3), "invoiced": True}],
        [{"cost": Decimal(8), "invoiced": False}],
        [{"cost": Decimal(4), "invoiced": False}],
    ]


def test_every_month_of_every_source_has_one_line(database: duckdb.DuckDBPyConnection) -> None:
    create(database)
    book(database, AWS, "1", "loaded", month="2025-08", job="a")
    book(database, AWS, "2", "rejected", month="2025-09", code="EMPTY_DELIVERY")
    book(database, AZURE, "3", "waiting", month="2025-08", code="X")
    assert [row[:3] for row in states(database)] == [
        ("aws_cur", "2025-08", "loaded"),
        ("aws_cur", "2025-09", "rejected"),
        ("azure_billing", "2025-08", "waiting"),
    ]


def test_a_table_without_a_cost_column_still_has_a_status(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("CREATE OR REPLACE TABLE aws_cur (bill_billing_period_start_date TIMESTAMP)")
    create(database, [AWS], aws_cur=["bill_billing_period_start_date"])
    book(database, AWS, "1", "loaded", job="a")
    database.execute("INSERT INTO aws_cur VALUES ('2025-09-01')")
    assert rows(database, "SELECT row_count, cost, currency FROM billing_status") == [
        {"row_count": 1, "cost": None, "currency": None}
    ]


def test_each_source_has_its_view_and_the_dataset_has_one_status() -> None:
    other = replace(AWS, key="acme", table="acme_cur")
    created = [sqlglot.parse_one(text, read="bigquery") for text in statements([AWS, other, AZURE], {})]
    assert [statement.find(exp.Table).sql("bigquery").replace("`", "") for statement in created] == [
        "example-project.billing.aws_cur_loads",
        "example-project.billing.acme_cur_loads",
        "example-project.billing.azure_focus_loads",
        "example-project.billing.billing_status",
    ]


def test_no_column_is_called_by_a_word_that_bigquery_reserves() -> None:
    """`AS rows` is a syntax error on BigQuery, whatever other parsers think of it."""
    found = [
        name.this
        for text in statements([AWS, AZURE], {})
        for alias in sqlglot.parse_one(text, read="bigquery").find_all(exp.Alias, exp.TableAlias)
        for name in [alias.this if isinstance(alias, exp.TableAlias) else alias.args["alias"]]
        if isinstance(name, exp.Identifier) and not name.args.get("quoted")
    ]
    assert {"source", "latest", "state"} <= set(found)
    assert set(found) & set(RESERVED.split()) == set()


def test_charges_show_every_map_as_json_and_an_empty_one_where_there_is_none() -> None:
    source = aws(FORMAT="aws_focus_csv")
    fields = [Field("BilledCost", "FLOAT"), Field("Tags", "JSON"), Field("x_Discounts", map_of("STRING", "FLOAT"))]
    keys, values = (
        f"ARRAY(SELECT entry.{part} FROM UNNEST(`x_Discounts`) AS entry WITH OFFSET AS place ORDER BY place)"
        for part in ("key", "value")
    )
    assert statements([source], {source.key: fields})[1] == (
        "CREATE OR REPLACE VIEW `example-project.billing.aws_cur_charges` AS\n"
        "SELECT * REPLACE (\n"
        "  COALESCE(`Tags`, JSON '{}') AS `Tags`,\n"
        f"  JSON_OBJECT({keys}, {values}) AS `x_Discounts`\n"
        ") FROM `example-project.billing.aws_cur`"
    )
    assert statements([source], {source.key: fields[:1]})[1].endswith(
        "AS\nSELECT * FROM `example-project.billing.aws_cur`"
    )
    assert len(statements([source], {})) == len(statements([AWS], {AWS.key: fields})) == 2


def test_the_time_of_an_execution_is_when_it_was_delivered(database: duckdb.DuckDBPyConnection) -> None:
    create(database)
    book(database, AWS, "1", "loaded", job="a", order_key="00001785053849000000/00001785060000000001")
    [row] = rows(database, "SELECT delivered_at FROM billing_status")
    assert row["delivered_at"] == datetime(2026, 7, 26, 8, 17, 29, tzinfo=UTC)
