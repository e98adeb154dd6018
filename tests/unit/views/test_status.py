"""`<table>_loads` and `billing_status`: which loads count, and the state of every month. DuckDB runs the SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import msgspec
import pytest
import sqlglot
from sqlglot import exp

from billing.columns.field import Field
from billing.formats import FORMATS
from billing.settings import Source
from billing.views.status import billed, statements
from tests.unit.values import aws, azure
from tests.unit.views.bigquery_sql import RESERVED, alias_names, database_with, rows, translated

AWS, AZURE = aws(), azure()
TRACKING = (
    "billing_month VARCHAR, loaded_at TIMESTAMPTZ, status VARCHAR, code VARCHAR, message VARCHAR, job_id VARCHAR,"
    " order_key VARCHAR, _dlt_load_id VARCHAR, row_count BIGINT, cost DECIMAL(38, 9), invoiced BOOLEAN"
)
SUBMITTED = "2025-10-05T09:42:01.2466542Z/run"
AT = datetime(2025, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of both sources, the tracking tables and dlt's table, without rows."""
    with database_with("billing", catalog="example-project") as connection:
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


def create_views(
    database: duckdb.DuckDBPyConnection, sources: Sequence[Source] = (AWS, AZURE), **columns: Sequence[str]
) -> None:
    """Create the views of these sources. `columns` has the columns of a table by source key, if they are known."""
    fields = {key: [Field(name, "STRING") for name in names] for key, names in columns.items()}
    for statement in statements(sources, fields):
        for text in sqlglot.transpile(statement, read="bigquery", write="duckdb"):
            database.execute(text.replace("DECIMAL(38, 5)", "DECIMAL(38, 9)"))  # sqlglot's BIGNUMERIC


def record(
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
    """Insert a tracking row, and its dlt load if that is complete."""
    row = [month, at.replace(hour=hour), status, code, code and f"{code}.", job, order_key, load]
    database.execute(
        f"INSERT INTO {source.table}_load_tracking VALUES ({', '.join('?' * 12)})",
        [*row, *(billed or (None, None, None)), execution or load],
    )
    if complete:
        database.execute("INSERT INTO _dlt_loads VALUES (?, 0)", [load])


def order_key_of(source: Source, at: datetime) -> str:
    """Return the order key of a delivery that the provider made at this time."""
    if source is AZURE:
        return f"{at:%Y-%m-%dT%H:%M:%S}.2466542Z/run"
    return f"{int(at.timestamp()) * 1_000_000:020d}"


def states_in(database: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    found = rows(database, "SELECT source, month, state, loaded_at, code FROM billing_status ORDER BY source, month")
    return [tuple(row.values()) for row in found]


def test_complete_loads_count_once_per_job(database: duckdb.DuckDBPyConnection) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", job="a", hour=1)
    record(database, AWS, "2", "loaded", job="a", hour=2)
    record(database, AWS, "3", "loaded", job="b", hour=3)
    record(database, AWS, "4", "loaded", job="c", hour=4, complete=False)
    record(database, AWS, "5", "rejected", job=None, hour=5, code="EMPTY_DELIVERY")
    record(database, AWS, "6", "waiting", job=None, hour=6, code="WAITING_FOR_FILES")

    found = rows(database, "SELECT job_id, loaded_at FROM aws_cur_loads ORDER BY job_id")

    assert found == [{"job_id": "a", "loaded_at": AT.replace(hour=2)}, {"job_id": "b", "loaded_at": AT.replace(hour=3)}]
    assert rows(database, "SELECT * FROM azure_focus_loads") == []


NOTHING = {
    "rows_changed": None, "cost_changed": None, "code": None, "message": None, "load_code": None
}  # fmt: skip


def test_loaded_month_shows_what_the_table_has(database: duckdb.DuckDBPyConnection) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", job="a", hour=1, order_key="00001759225321246654")
    record(database, AZURE, "2", "loaded", job="b", hour=2)
    database.execute("INSERT INTO aws_cur VALUES ('2025-09-01', 1.25, 'USD'), ('2025-09-01', 2.5, 'USD')")
    database.execute("INSERT INTO azure_focus VALUES ('2025-09-01', -0.000000001, 'EUR')")

    assert rows(database, "SELECT * FROM billing_status ORDER BY source") == [
        {
            "source": "aws_cur", "provider": "aws", "month": "2025-09", "state": "loaded", "finality": "open",
            "delivered_at": datetime(2025, 9, 30, 9, 42, 1, 246654, tzinfo=UTC), "loaded_at": AT.replace(hour=1),
            "row_count": 2, "cost": Decimal("3.750000000"), "currency": "USD", **NOTHING,
        },
        {
            "source": "azure_billing", "provider": "azure", "month": "2025-09", "state": "loaded", "finality": "closed",
            "delivered_at": datetime(2025, 10, 5, 9, 42, 1, tzinfo=UTC), "loaded_at": AT.replace(hour=2),
            "row_count": 1, "cost": Decimal("-0.000000001"), "currency": "EUR", **NOTHING,
        },
    ]  # fmt: skip


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
def test_state_is_the_newest_load_and_what_came_after_it(
    database: duckdb.DuckDBPyConnection,
    source: Source,
    history: list[tuple[str, str | None]],
    state: tuple[str, int | None, str | None],
) -> None:
    create_views(database)
    for hour, (status, code) in enumerate(history):
        job = f"job-{hour}" if status == "loaded" else None
        record(database, source, f"{hour}", status, hour=hour, code=code, job=job)

    words, hour_loaded, code = state
    loaded_at = None if hour_loaded is None else AT.replace(hour=hour_loaded)
    assert states_in(database) == [(source.key, "2025-09", words, loaded_at, code)]


def test_incomplete_record_changes_no_state(database: duckdb.DuckDBPyConnection) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", job="a", hour=1)
    record(database, AWS, "2", "rejected", hour=2, code="EMPTY_DELIVERY", complete=False)

    assert states_in(database) == [("aws_cur", "2025-09", "loaded", AT.replace(hour=1), None)]


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
        (AWS, [(20, "a", 10, "5", None)], "open", (None, None)),  # recorded without this column
        (AWS, [(-2, "a", 10, "5", True)], "open", (None, None)),  # a purchase, invoiced at once
        (AWS, [(-2, "a", 10, "5", True), (4, "b", 12, "6.5", True)], "closed", (2, "1.5")),
        (AZURE, [(3, "a", 10, "5", False), (9, "b", 12, "6.5", False)], "closed", (2, "1.5")),
        (AZURE, [(3, "a", 10, "5", False), (11, "b", 12, "6.5", False)], "amended", (2, "1.5")),
        (AZURE, [(25, "a", 10, "5", False)], "closed", (None, None)),
        (AZURE, [(-5, "a", 10, "5", False)], "open", (None, None)),  # no delivery after the month
        (AZURE, [(-5, "a", 10, "5", False), (25, "b", 12, "6.5", False)], "closed", (2, "1.5")),
    ],
)
def test_month_is_open_closed_or_amended(
    database: duckdb.DuckDBPyConnection,
    source: Source,
    deliveries: list[tuple[int, str, int, str, bool]],
    finality: str,
    changed: tuple[int | None, str | None],
) -> None:
    """AWS closes a month by its invoices, Azure ten days after its end. Deliveries: day, execution, then `billed`."""
    create_views(database)
    for load, (day, execution, count, cost, invoiced) in enumerate(deliveries):
        at = datetime(2025, 9, 30, tzinfo=UTC) + timedelta(days=day)
        record(
            database, source, f"{load}", "loaded", job=f"job-{load}", at=at, order_key=order_key_of(source, at),
            execution=execution, billed=(count, cost, invoiced),
        )  # fmt: skip

    cost_changed = None if changed[1] is None else Decimal(changed[1])
    assert rows(database, "SELECT finality, rows_changed, cost_changed FROM billing_status") == [
        {"finality": finality, "rows_changed": changed[0], "cost_changed": cost_changed}
    ]


@pytest.mark.parametrize("loads", [["a", "b"], ["a", "b", "b"], ["b", "a", "b"]])
def test_history_loaded_later_or_again_amends_no_month(
    database: duckdb.DuckDBPyConnection, loads: Sequence[str]
) -> None:
    """The first transfer or a replay loads it long after the close. The time when Azure made the delivery counts."""
    create_views(database)
    costs, days = {"a": "5", "b": "6.5"}, {"a": 3, "b": 5}
    for number, execution in enumerate(loads):
        submitted = datetime(2025, 10, days[execution], tzinfo=UTC)
        record(
            database, AZURE, f"{number}", "loaded", job=f"job-{number}", at=datetime(2025, 11, 20, tzinfo=UTC),
            hour=number, order_key=order_key_of(AZURE, submitted), execution=execution,
            billed=(10, costs[execution], False),
        )  # fmt: skip

    assert rows(database, "SELECT finality, cost_changed FROM billing_status") == [
        {"finality": "closed", "cost_changed": Decimal("1.5")}
    ]


@pytest.mark.parametrize(("status", "code"), [("waiting", "WAITING_FOR_FILES"), ("rejected", "EMPTY_DELIVERY")])
def test_code_of_the_load_stays_next_to_a_newer_delivery(
    database: duckdb.DuckDBPyConnection, status: str, code: str
) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", job="a", hour=1, code="ROW_COUNT_MISMATCH")
    record(database, AWS, "2", status, hour=2, code=code)

    assert rows(database, "SELECT code, load_code FROM billing_status") == [
        {"code": code, "load_code": "ROW_COUNT_MISMATCH"}
    ]


def test_month_that_never_loaded_has_no_finality(database: duckdb.DuckDBPyConnection) -> None:
    create_views(database)
    record(database, AZURE, "1", "rejected", code="EMPTY_DELIVERY")

    assert rows(database, "SELECT finality FROM billing_status") == [{"finality": None}]


def test_delivery_time_is_the_time_of_the_execution(database: duckdb.DuckDBPyConnection) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", job="a", order_key="00001785053849000000/00001785060000000001")

    assert rows(database, "SELECT delivered_at FROM billing_status") == [
        {"delivered_at": datetime(2026, 7, 26, 8, 17, 29, tzinfo=UTC)}
    ]


@pytest.mark.parametrize(
    ("month", "cost", "invoiced"), [("2025-11", 8, False), ("2025-12", 3, True), ("2026-01", 4, False)]
)
def test_cost_and_invoices_are_those_of_one_month(
    database: duckdb.DuckDBPyConnection, month: str, cost: int, invoiced: bool
) -> None:
    database.execute("ALTER TABLE azure_focus ADD COLUMN InvoiceId VARCHAR")
    database.execute(
        "INSERT INTO azure_focus VALUES ('2025-12-01', 1, 'EUR', 'i'), ('2025-12-31', 2, 'EUR', 'i'),"
        " ('2025-12-02', 0, 'EUR', ''),"  # a row without a cost needs no invoice
        " ('2026-01-01', 4, 'EUR', ''), ('2025-11-30', 8, 'EUR', NULL)"
    )

    assert rows(database, translated(billed(AZURE, month))) == [{"cost": Decimal(cost), "invoiced": invoiced}]


def test_format_without_an_invoice_column_is_never_invoiced(
    database: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = msgspec.structs.replace(AZURE.format, invoice=None)
    monkeypatch.setitem(FORMATS, AZURE.format_name, without)
    database.execute("INSERT INTO azure_focus VALUES ('2025-12-01', 1, 'EUR')")

    assert rows(database, translated(billed(AZURE, "2025-12"))) == [{"cost": Decimal(1), "invoiced": False}]


def test_every_month_of_every_source_has_one_row(database: duckdb.DuckDBPyConnection) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", month="2025-08", job="a")
    record(database, AWS, "2", "rejected", month="2025-09", code="EMPTY_DELIVERY")
    record(database, AZURE, "3", "waiting", month="2025-08", code="X")

    assert [row[:3] for row in states_in(database)] == [
        ("aws_cur", "2025-08", "loaded"),
        ("aws_cur", "2025-09", "rejected"),
        ("azure_billing", "2025-08", "waiting"),
    ]


def test_table_without_a_cost_column_has_a_status(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("CREATE OR REPLACE TABLE aws_cur (bill_billing_period_start_date TIMESTAMP)")
    create_views(database, [AWS], aws_cur=["bill_billing_period_start_date"])
    record(database, AWS, "1", "loaded", job="a")
    database.execute("INSERT INTO aws_cur VALUES ('2025-09-01')")

    assert rows(database, "SELECT row_count, cost, currency FROM billing_status") == [
        {"row_count": 1, "cost": None, "currency": None}
    ]


def test_each_source_has_its_loads_and_the_dataset_one_status() -> None:
    other = replace(AWS, key="acme", table="acme_cur")

    created = [sqlglot.parse_one(text, read="bigquery") for text in statements([AWS, other, AZURE], {})]

    assert [statement.find(exp.Table).sql("bigquery").replace("`", "") for statement in created] == [
        "example-project.billing.aws_cur_loads",
        "example-project.billing.acme_cur_loads",
        "example-project.billing.azure_focus_loads",
        "example-project.billing.billing_status",
    ]


def test_names_are_not_reserved_by_bigquery() -> None:
    names = alias_names(*statements([AWS, AZURE], {}))

    assert {"source", "latest", "state"} <= names
    assert names & RESERVED == set()
