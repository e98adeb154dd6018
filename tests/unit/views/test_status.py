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
from billing.decisions.billed import CurrencyCost, costs_as_text
from billing.formats import FORMATS
from billing.settings import Source
from billing.views.billed import bad_columns_query, billed_query
from billing.views.status import statements, status_statement
from tests.unit.values import aws, azure
from tests.unit.views.bigquery_sql import RESERVED, alias_names, database_with, insert, rows, translated

AWS, AZURE = aws(), azure()
TRACKING = (
    "billing_month VARCHAR, loaded_at TIMESTAMPTZ, status VARCHAR, code VARCHAR, message VARCHAR, job_id VARCHAR,"
    " order_key VARCHAR, _dlt_load_id VARCHAR, row_count BIGINT, costs VARCHAR, invoiced BOOLEAN, content VARCHAR"
)
SUBMITTED = "2025-10-05T09:42:01.2466542Z/run"
AT = datetime(2025, 10, 1, 12, tzinfo=UTC)
Several = Sequence[tuple[str | None, int, str | None]]  # currency, rows, cost
Costs = str | Several


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
        database.execute(translated(statement))


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
    billed: tuple[int, Costs, bool | None] | None = None,  # rows, cost (in one or several currencies), invoiced
    content: str | None = None,
) -> None:
    """Insert a tracking row, and its dlt load if that is complete."""
    row = [month, at.replace(hour=hour), status, code, code and f"{code}.", job, order_key, load]
    count, costs, invoiced = billed or (None, None, None)
    database.execute(
        f"INSERT INTO {source.table}_load_tracking VALUES ({', '.join('?' * 13)})",
        [*row, count, costs and as_json(costs, count or 0), invoiced, content, execution or load],
    )
    if complete:
        database.execute("INSERT INTO _dlt_loads VALUES (?, 0)", [load])


def as_json(costs: Costs, count: int) -> str:
    """Return what is recorded of a cost: of one in USD for all rows, or of several, each with its rows."""
    if isinstance(costs, str):
        return costs_as_text([CurrencyCost("USD", count, Decimal(costs))])
    return costs_as_text([CurrencyCost(name, rows, Decimal(cost) if cost else None) for name, rows, cost in costs])


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
    "is_recorded": None, "rows_changed": None, "cost_changed": None, "code": None, "message": None, "load_code": None
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


INVOICED = [
    Field("bill_billing_period_start_date", "TIMESTAMP"), Field("line_item_unblended_cost", "NUMERIC"),
    Field("line_item_currency_code", "STRING"), Field("bill_invoice_id", "STRING"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("invoices", "days_ago", "finality"),
    [
        (["1", None], 31, "closed"),  # a late credit
        (["1", ""], 31, "closed"),
        (["1", None], 29, "open"),
        ([None, None], 400, "open"),  # AWS has not invoiced the month
    ],
)
def test_month_with_some_invoices_closes_thirty_days_after_its_end(
    database: duckdb.DuckDBPyConnection, invoices: list[str | None], days_ago: int, finality: str
) -> None:
    create_views(database)
    now = datetime(2025, 10, 1, tzinfo=UTC) + timedelta(days=days_ago)
    database.execute("ALTER TABLE aws_cur ADD COLUMN bill_invoice_id VARCHAR")
    statement = status_statement([AWS], {AWS.key: INVOICED}).replace("CURRENT_TIMESTAMP()", f"TIMESTAMP '{now}'")
    database.execute(translated(statement))
    at = datetime(2025, 10, 4, tzinfo=UTC)
    record(database, AWS, "1", "loaded", job="a", at=at, order_key=order_key_of(AWS, at), billed=(2, "5", False))
    for invoice, currency in zip(invoices, ("USD", "EUR"), strict=True):
        insert(
            database,
            "aws_cur",
            {
                "bill_billing_period_start_date": datetime(2025, 9, 1, tzinfo=UTC), "line_item_unblended_cost": "1",
                "line_item_currency_code": currency, "bill_invoice_id": invoice,
            },
        )  # fmt: skip

    assert [row["finality"] for row in rows(database, "SELECT finality FROM billing_status")] == [finality] * 2


@pytest.mark.parametrize(
    ("recorded", "held", "expected"),
    [
        ("5", ["USD"], [("USD", True)]),
        ("5", ["USD", "EUR"], [("EUR", False), ("USD", True)]),
        ((("USD", 1, "5"), (None, 1, "5")), ["USD", None], [("USD", True), (None, True)]),
        (None, ["USD"], [("USD", None)]),  # a load of an earlier loader
    ],
)
def test_currency_that_the_load_did_not_record_is_seen(
    database: duckdb.DuckDBPyConnection,
    recorded: Costs | None,
    held: list[str | None],
    expected: list[tuple[str | None, bool | None]],
) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", job="a", billed=(len(held), recorded, True) if recorded else None)
    for currency in held:
        database.execute("INSERT INTO aws_cur VALUES ('2025-09-01', 5, ?)", [currency])

    found = rows(database, "SELECT currency, is_recorded FROM billing_status ORDER BY currency NULLS LAST")

    assert [tuple(row.values()) for row in found] == expected


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


AZURE_FIELDS = [
    Field("BillingPeriodStart", "TIMESTAMP"), Field("BilledCost", "BIGNUMERIC"), Field("BillingCurrency", "STRING"),
    Field("InvoiceId", "STRING"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("month", "cost", "without_invoice"), [("2025-11", 8, 1), ("2025-12", 3, 0), ("2026-01", 4, 1)]
)
def test_cost_and_invoices_are_those_of_one_month(
    database: duckdb.DuckDBPyConnection, month: str, cost: int, without_invoice: int
) -> None:
    database.execute("ALTER TABLE azure_focus ADD COLUMN InvoiceId VARCHAR")
    database.execute(
        "INSERT INTO azure_focus VALUES ('2025-12-01', 1, 'EUR', 'i'), ('2025-12-31', 2, 'EUR', 'i'),"
        " ('2025-12-02', 0, 'EUR', ''),"  # a row without a cost needs no invoice
        " ('2026-01-01', 4, 'EUR', ''), ('2025-11-30', 8, 'EUR', NULL)"
    )

    [found] = rows(database, translated(billed_query(AZURE, month, AZURE_FIELDS, 101)))

    assert (found["currency"], found["cost"], found["without_invoice"]) == ("EUR", Decimal(cost), without_invoice)
    assert (found["row_count"], found["unreadable"]) == (3 if month == "2025-12" else 1, 0)


@pytest.mark.parametrize("earlier", ["VARCHAR", None], ids=["version changed", "one version"])
def test_invoice_may_be_in_the_column_of_an_earlier_version(
    database: duckdb.DuckDBPyConnection, earlier: str | None
) -> None:
    """Azure's FOCUS 1.0 calls it x_InvoiceId. A table that has had both versions has both columns."""
    database.execute("ALTER TABLE azure_focus ADD COLUMN InvoiceId VARCHAR")
    database.execute("ALTER TABLE azure_focus ADD COLUMN x_InvoiceId VARCHAR")
    database.execute(
        "INSERT INTO azure_focus VALUES ('2025-12-01', 1, 'EUR', '', 'i'), ('2025-12-02', 2, 'EUR', 'i', '')"
    )
    fields = [*AZURE_FIELDS, *([Field("x_InvoiceId", "STRING")] if earlier else [])]

    [found] = rows(database, translated(billed_query(AZURE, "2025-12", fields, 101)))

    assert found["without_invoice"] == (0 if earlier else 1)


def test_cost_is_measured_by_currency_and_blank_is_none(database: duckdb.DuckDBPyConnection) -> None:
    database.execute(
        "INSERT INTO azure_focus VALUES ('2025-09-01', 20, 'USD'), ('2025-09-01', 300, 'CNY'),"
        " ('2025-09-01', 1, ''), ('2025-09-01', 2, NULL)"
    )

    found = rows(database, translated(billed_query(AZURE, "2025-09", AZURE_FIELDS[:3], 101)))

    assert [(row["currency"], row["row_count"], row["cost"], row["without_invoice"]) for row in found] == [
        (None, 2, 3, None),
        ("CNY", 1, 300, None),
        ("USD", 1, 20, None),
    ]


@pytest.mark.parametrize("columns", [1, 0], ids=["no currency", "no cost either"])
def test_missing_column_gives_null(database: duckdb.DuckDBPyConnection, columns: int) -> None:
    database.execute("INSERT INTO azure_focus VALUES ('2025-09-01', 20, 'USD')")
    fields = AZURE_FIELDS[: 1 + columns]

    [found] = rows(database, translated(billed_query(AZURE, "2025-09", fields, 101)))

    assert found == {
        "currency": None, "row_count": 1, "cost": 20 if columns else None, "unreadable": 0, "without_invoice": None,
        "bad_rows": 0,
    }  # fmt: skip


def test_rows_and_columns_with_bad_bytes_are_found_in_csv(database: duckdb.DuckDBPyConnection) -> None:
    fields = [Field("line_item_currency_code", "STRING"), Field("a", "STRING"), Field("b", "STRING")]
    database.execute("ALTER TABLE aws_cur ADD COLUMN a VARCHAR")
    database.execute("ALTER TABLE aws_cur ADD COLUMN b VARCHAR")
    database.executemany(
        "INSERT INTO aws_cur VALUES ('2025-09-01', 1, 'USD', $1, $2)",
        [("x", "y"), ("M\ufffdnchen", None), (None, None), ("x\0", "y"), ("München", "a\tb"), ("\ufffd", "\0")],
    )

    [found] = rows(database, translated(billed_query(AWS, "2025-09", fields, 101)))
    [columns] = rows(database, translated(bad_columns_query(AWS, "2025-09", fields[:2])))

    assert (found["row_count"], found["bad_rows"]) == (6, 3)
    assert columns == {"line_item_currency_code": False, "a": True}


def test_no_more_currencies_are_measured_than_asked(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("INSERT INTO azure_focus SELECT DATE '2025-09-01', 1, 'C' || x FROM range(5) AS t(x)")

    assert len(rows(database, translated(billed_query(AZURE, "2025-09", AZURE_FIELDS[:3], 3)))) == 3


def test_format_without_an_invoice_column_is_never_invoiced(
    database: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = msgspec.structs.replace(AZURE.format, invoice=None, earlier_invoice="")
    monkeypatch.setitem(FORMATS, AZURE.format_name, without)
    database.execute("INSERT INTO azure_focus VALUES ('2025-12-01', 1, 'EUR')")

    [row] = rows(database, translated(billed_query(AZURE, "2025-12", AZURE_FIELDS, 3)))

    assert (row["cost"], row["without_invoice"]) == (Decimal(1), None)


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


def test_month_of_two_currencies_has_a_row_for_each(database: duckdb.DuckDBPyConnection) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", job="a")
    database.execute(
        "INSERT INTO aws_cur VALUES ('2025-09-01', 20, 'USD'), ('2025-09-01', 100, 'CNY'), ('2025-09-01', 200, 'CNY')"
    )

    found = rows(database, "SELECT currency, row_count, cost FROM billing_status ORDER BY currency")

    assert [tuple(row.values()) for row in found] == [("CNY", 2, Decimal(300)), ("USD", 1, Decimal(20))]


TWO = [("CNY", 2, "300"), ("USD", 1, "20")]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (TWO, TWO, {"CNY": (0, "0"), "USD": (0, "0")}),
        (TWO, [("CNY", 1, "100"), ("USD", 2, "220")], {"CNY": (-1, "-200"), "USD": (1, "200")}),
        (TWO, [("USD", 1, "21")], {"CNY": (-2, "-300"), "USD": (0, "1")}),
        ([("USD", 1, "20")], TWO, {"CNY": (2, "300"), "USD": (0, "0")}),
        ([(None, 1, "5"), ("USD", 1, "20")], TWO, {None: (-1, "-5"), "CNY": (2, "300"), "USD": (0, "0")}),
        ([("CNY", 2, None), ("USD", 1, "20")], TWO, {"CNY": (0, None), "USD": (0, "0")}),
        (None, TWO, {"CNY": (None, None), "USD": (None, None)}),
    ],
    ids=["nothing", "between them", "one is gone", "one is new", "no currency", "unreadable", "not recorded"],
)
def test_changes_are_those_of_each_currency(
    database: duckdb.DuckDBPyConnection,
    before: Several | None,
    after: Several,
    changed: dict[str | None, tuple[int | None, str | None]],
) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", job="a", hour=1, billed=(3, before, False) if before else None)
    record(database, AWS, "2", "loaded", job="b", hour=2, billed=(3, after, False))
    for currency, count, cost in after:
        database.execute(
            f"INSERT INTO aws_cur SELECT DATE '2025-09-01', {cost}::DECIMAL / {count}, '{currency}' FROM range({count})"
        )

    found = rows(database, "SELECT * FROM billing_status")

    assert {row["currency"]: (row["rows_changed"], row["cost_changed"]) for row in found} == {
        currency: (count, cost and Decimal(cost)) for currency, (count, cost) in changed.items()
    }
    held = {currency: (count, Decimal(cost or 0)) for currency, count, cost in after}
    assert {row["currency"]: (row["row_count"], row["cost"]) for row in found} == {
        currency: held.get(currency, (0, 0)) for currency in changed
    }


@pytest.mark.parametrize(
    ("loads", "changed"),
    [
        ([("x", 10, "5"), ("y", 9, "4")], (-1, "-1")),
        ([("x", 10, "5"), ("y", 10, "4")], (0, "-1")),
        ([("x", 10, "5"), ("y", 9, "4"), ("y", 9, "4")], (-1, "-1")),
        ([("x", 10, "5"), ("x", 10, "5")], (None, None)),
        ([("x", 10, "5"), ("x", 9, "5")], (-1, "0")),
    ],
    ids=["fewer rows", "lower cost", "and loaded again", "the same again", "other rows of the same files"],
)
def test_other_content_of_one_execution_is_a_change(
    database: duckdb.DuckDBPyConnection, loads: list[tuple[str, int, str]], changed: tuple[int | None, str | None]
) -> None:
    create_views(database)
    for hour, (content, count, cost) in enumerate(loads):
        record(
            database, AWS, f"{hour}", "loaded", job=f"job-{hour}", hour=hour, execution="one", content=content,
            billed=(count, cost, False),
        )  # fmt: skip

    assert rows(database, "SELECT rows_changed, cost_changed FROM billing_status") == [
        {"rows_changed": changed[0], "cost_changed": changed[1] and Decimal(changed[1])}
    ]


@pytest.mark.parametrize(
    ("source", "invoiced", "days", "finality"),
    [
        (AWS, True, (4, 20), "amended"),
        (AWS, False, (4, 20), "open"),
        (AZURE, False, (4, 20), "amended"),  # submitted on day 4, but its files changed on day 20
        (AZURE, False, (4, 6), "closed"),
        (AZURE, False, (4, 20, 20), "amended"),
    ],
)
def test_other_content_of_one_execution_amends_a_closed_month(
    database: duckdb.DuckDBPyConnection, source: Source, invoiced: bool, days: tuple[int, ...], finality: str
) -> None:
    create_views(database)
    submitted = datetime(2025, 10, 4, tzinfo=UTC)
    for load, day in enumerate(days):
        record(
            database, source, f"{load}", "loaded", job=f"job-{load}", at=datetime(2025, 10, day, tzinfo=UTC), hour=load,
            order_key=order_key_of(source, submitted), execution="one", content=f"content of day {day}",
            billed=(10, f"{day}", invoiced),
        )  # fmt: skip

    assert rows(database, "SELECT finality FROM billing_status") == [{"finality": finality}]


@pytest.mark.parametrize("kind", ["FLOAT", "STRING", None])
def test_cost_that_is_no_number_is_left_out_and_counted(database: duckdb.DuckDBPyConnection, kind: str | None) -> None:
    """AWS writes DOUBLE into Parquet files. One such value may not end the query of all sources."""
    physical = "VARCHAR" if kind == "STRING" else "DOUBLE"
    database.execute(
        "CREATE OR REPLACE TABLE aws_cur (bill_billing_period_start_date TIMESTAMP,"
        f" line_item_unblended_cost {physical}, line_item_currency_code VARCHAR)"
    )
    database.execute(
        "INSERT INTO aws_cur SELECT DATE '2025-09-01', cost, 'USD' FROM"
        " (VALUES ('1.25'), ('2.5'), ('nan'), ('inf'), ('-inf'), ('1e39'), ('-1e300'), (NULL)) AS t(cost)"
    )
    known = [Field("bill_billing_period_start_date", "TIMESTAMP"), Field("line_item_currency_code", "STRING")]
    fields = [*known, Field("line_item_unblended_cost", kind)] if kind else None
    for statement in statements([AWS], {"aws_cur": fields} if fields else {}):
        database.execute(translated(statement))
    record(database, AWS, "1", "loaded", job="a")

    [found] = rows(database, "SELECT row_count, cost, currency FROM billing_status")

    assert found == {"row_count": 8, "cost": Decimal("3.75"), "currency": "USD"}
    if fields:
        [measured] = rows(database, translated(billed_query(AWS, "2025-09", fields, 101)))
        assert (measured["row_count"], measured["cost"], measured["unreadable"]) == (8, Decimal("3.75"), 5)


def test_month_and_time_that_no_calendar_has_stop_no_other_month(database: duckdb.DuckDBPyConnection) -> None:
    """The path of a broken manifest names its month, and its order key may be any text."""
    create_views(database)
    for number, month in enumerate(["0000-05", "9999-12", "2025-13", "2025-09"]):
        record(database, AZURE, f"{number}", "loaded", month=month, job=f"{number}", order_key="9" * 18 + "00")

    assert [row[1] for row in states_in(database)] == ["0000-05", "2025-09", "2025-13", "9999-12"]


def test_loaded_month_whose_rows_were_deleted_has_none(database: duckdb.DuckDBPyConnection) -> None:
    create_views(database)
    record(database, AWS, "1", "loaded", job="a", billed=(3, "5", False))

    assert rows(database, "SELECT row_count, cost, currency FROM billing_status") == [
        {"row_count": 0, "cost": 0, "currency": None}
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
