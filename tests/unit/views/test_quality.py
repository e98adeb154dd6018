"""`billing_quality`: for every rule, a charge that breaks it and one that does not. DuckDB runs the SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from billing.views.focus import EXTRA_COLUMNS, FOCUS_COLUMNS
from billing.views.quality import DELIVERY_RULES, charge_rules, quality_query
from tests.unit.views.bigquery_sql import (
    RESERVED,
    alias_names,
    create_table,
    database_with,
    insert,
    rows,
    translated,
)

SEPTEMBER, OCTOBER = datetime(2025, 9, 1, tzinfo=UTC), datetime(2025, 10, 1, tzinfo=UTC)
NOVEMBER = datetime(2025, 11, 1, tzinfo=UTC)
GOOD_CHARGE: dict[str, Any] = {
    **{column.name: "x" for column in FOCUS_COLUMNS if column.type == "STRING" and not column.nullable},
    **{column.name: column.allowed[0] for column in FOCUS_COLUMNS if column.allowed},
    "BilledCost": "0", "ContractedCost": "1", "EffectiveCost": "1", "ListCost": "1", "PricingQuantity": "1",
    "ConsumedQuantity": "1", "BillingPeriodStart": SEPTEMBER, "BillingPeriodEnd": OCTOBER,
    "ChargePeriodStart": SEPTEMBER, "ChargePeriodEnd": OCTOBER, "ChargeFrequency": "Usage-Based", "ChargeClass": None,
    "CommitmentDiscountId": "c", "ListUnitPrice": "1", "BillingCurrency": "USD", "x_source": "aws_cur",
    "x_provider": "aws",
}  # fmt: skip
BREAKS: dict[str, dict[str, Any]] = {
    "COMMITMENT_CATEGORY": {"CommitmentDiscountCategory": None},
    "COMMITMENT_STATUS": {"CommitmentDiscountStatus": None},
    "STATUS_WITHOUT_COMMITMENT": {"CommitmentDiscountId": None, "CommitmentDiscountCategory": None},
    "PURCHASE_EFFECTIVE": {"ChargeCategory": "Purchase", "ConsumedQuantity": None, "ChargeFrequency": "One-Time"},
    "COVERED_BILLED": {"BilledCost": "1"},
    "COMMITMENT_PRICE": {"ListUnitPrice": None},
    "PURCHASE_FREQUENCY": {"ChargeCategory": "Purchase", "ConsumedQuantity": None, "EffectiveCost": "0"},
    "USAGE_QUANTITY": {"PricingQuantity": None},
    "TAX_QUANTITY": {"ChargeCategory": "Tax", "ConsumedQuantity": None},
    "CONSUMED_QUANTITY": {"CommitmentDiscountStatus": "Unused"},
    "CHARGE_PERIOD": {"ChargePeriodEnd": datetime(2025, 8, 31, tzinfo=UTC)},
    "BILLING_PERIOD": {"BillingPeriodEnd": datetime(2025, 9, 30, tzinfo=UTC)},
    "CHARGE_AFTER_PERIOD": {"ChargePeriodStart": OCTOBER, "ChargePeriodEnd": datetime(2025, 10, 2, tzinfo=UTC)},
    "CURRENCIES": {"BillingCurrency": "EUR"},
    "DAYS_MISSING": {"ChargePeriodStart": datetime(2025, 9, 4, tzinfo=UTC)},
    **{
        f"NO_{column.name}": {column.name: None}
        for column in FOCUS_COLUMNS
        if column.level == "Mandatory" and not column.nullable
    },
    **{f"BAD_{column.name}": {column.name: "nonsense"} for column in FOCUS_COLUMNS if column.allowed},
}


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """`billing_quality` over an empty `focus_costs` and an empty `billing_status`."""
    with database_with("focus") as connection:
        columns = {column.name: column.type for column in FOCUS_COLUMNS}
        create_table(connection, "acme.focus.focus_costs", {**columns, **dict.fromkeys(EXTRA_COLUMNS, "STRING")})
        connection.execute(
            "CREATE TABLE acme.focus.billing_status"
            " (source VARCHAR, month VARCHAR, finality VARCHAR, rows_changed BIGINT, cost_changed DECIMAL(38, 18),"
            " cost DECIMAL(38, 18), code VARCHAR, load_code VARCHAR)"
        )
        query = translated(quality_query("acme.focus.focus_costs", ["acme.focus.billing_status"]))
        connection.execute(f"CREATE VIEW acme.focus.billing_quality AS {query}")
        yield connection


def insert_charges(database: duckdb.DuckDBPyConnection, *changes: dict[str, Any]) -> None:
    """Insert a good charge for each, with these columns changed."""
    insert(database, "acme.focus.focus_costs", *({**GOOD_CHARGE, **change} for change in changes))


def broken_rules(database: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how often each rule is broken."""
    found = rows(database, "SELECT code, broken FROM acme.focus.billing_quality WHERE source = 'aws_cur'")
    return {row["code"]: row["broken"] for row in found}


def this_month() -> tuple[datetime, datetime]:
    start = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, (start + timedelta(days=31)).replace(day=1)


@pytest.mark.parametrize(
    "charges",
    [
        [{}],
        [{"EffectiveCost": "0"}, BREAKS["PURCHASE_EFFECTIVE"]],
    ],
    ids=["one charge", "Azure's actual cost: only the purchase has a cost"],
)
def test_good_charges_break_no_rule(database: duckdb.DuckDBPyConnection, charges: list[dict[str, Any]]) -> None:
    insert_charges(database, *charges)

    assert broken_rules(database) == {}


def test_every_rule_has_a_charge_that_breaks_it() -> None:
    assert set(BREAKS) == {rule.code for rule in charge_rules()}


@pytest.mark.parametrize("code", BREAKS)
def test_charge_that_breaks_a_rule_is_counted(database: duckdb.DuckDBPyConnection, code: str) -> None:
    insert_charges(database, {}, BREAKS[code])

    broken = broken_rules(database)

    others = set(broken) - {code, "BILLING_PERIOD", "CHARGE_AFTER_PERIOD", "CHARGE_PERIOD"}
    assert broken[code] == {"CURRENCIES": 2, "DAYS_MISSING": 28}.get(code, 1)
    assert len(others) <= 1, others


@pytest.mark.parametrize(
    ("is_over", "days", "missing"),
    [
        (False, [1, 4], 2),  # the rest of the current month is still to come
        (False, [1, 2, 3], 0),
        (True, range(1, 29), 2),  # the export stopped before the end of the month
        (True, range(1, 31), 0),
        (True, [1], 0),  # a monthly report: every charge starts on the first day
    ],
)
def test_missing_days_are_counted(
    database: duckdb.DuckDBPyConnection, is_over: bool, days: Sequence[int], missing: int
) -> None:
    start, end = (SEPTEMBER, OCTOBER) if is_over else this_month()
    starts = [start.replace(day=day) for day in days]
    period = {"BillingPeriodStart": start, "BillingPeriodEnd": end}

    insert_charges(database, *({**period, "ChargePeriodStart": at, "ChargePeriodEnd": at} for at in starts))

    assert broken_rules(database) == ({"DAYS_MISSING": missing} if missing else {})


@pytest.mark.parametrize(("provider", "hour", "late"), [("google", 7, 0), ("google", 8, 1), ("aws", 0, 1)])
def test_month_of_google_cloud_ends_at_midnight_in_california(
    database: duckdb.DuckDBPyConnection, provider: str, hour: int, late: int
) -> None:
    at = OCTOBER.replace(hour=hour)

    insert_charges(database, {"x_provider": provider, "ChargePeriodStart": at, "ChargePeriodEnd": at})

    assert broken_rules(database) == ({"CHARGE_AFTER_PERIOD": late} if late else {})


def test_google_cloud_bills_used_commitments_and_keeps_the_cost_of_old_fees(
    database: duckdb.DuckDBPyConnection,
) -> None:
    insert_charges(
        database,
        {"x_provider": "google", "BilledCost": "1"},
        {"x_provider": "google", **BREAKS["PURCHASE_EFFECTIVE"]},
    )

    assert broken_rules(database) == {}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"finality": "open"}, {}),
        ({"finality": "open", "rows_changed": 3, "cost_changed": "70", "cost": "100"}, {}),
        ({"finality": "closed", "rows_changed": -2}, {"FEWER_ROWS": 2}),
        ({"finality": "amended", "rows_changed": 1}, {"AMENDED": 1}),
        ({"cost_changed": "-1", "cost": "99"}, {}),
        ({"cost_changed": "-1.01", "cost": "98.99"}, {"COST_DECREASED": 1}),
        ({"cost_changed": "-1", "cost": "-100"}, {"COST_DECREASED": 1}),
        ({"cost_changed": "-0.5", "cost": "0"}, {"COST_DECREASED": 1}),
        ({"code": "ROW_COUNT_MISMATCH", "load_code": "ROW_COUNT_MISMATCH"}, {"ROW_COUNT_MISMATCH": 1}),
        ({"code": "WAITING_FOR_FILES", "load_code": "ROW_COUNT_MISMATCH"}, {"ROW_COUNT_MISMATCH": 1}),
        ({"code": "WAITING_FOR_FILES"}, {}),
        ({"load_code": "COST_UNREADABLE"}, {"COST_UNREADABLE": 1}),
        ({"load_code": "MONTH_SHRANK"}, {}),
    ],
)
def test_rules_about_deliveries(
    database: duckdb.DuckDBPyConnection, status: dict[str, object], expected: dict[str, int]
) -> None:
    insert(database, "acme.focus.billing_status", {"source": "aws_cur", "month": "2025-09", **status})

    months = rows(database, "SELECT BillingPeriodStart FROM acme.focus.billing_quality")
    assert [row["BillingPeriodStart"] for row in months] == [SEPTEMBER] * len(expected)
    assert broken_rules(database) == expected
    assert set(expected) <= {rule.code for rule in DELIVERY_RULES}


def test_rule_about_a_delivery_counts_a_month_of_two_currencies_once(database: duckdb.DuckDBPyConnection) -> None:
    month = {"source": "aws_cur", "month": "2025-09", "finality": "amended", "load_code": "ROW_COUNT_MISMATCH"}

    insert(
        database,
        "acme.focus.billing_status",
        {**month, "rows_changed": -2, "cost": "10", "cost_changed": "-1"},
        {**month, "rows_changed": -3, "cost": "0", "cost_changed": "-7"},
        {**month, "rows_changed": 4, "cost": "10", "cost_changed": "1"},
    )

    assert rows(database, "SELECT code, broken FROM acme.focus.billing_quality ORDER BY code") == [
        {"code": "AMENDED", "broken": 1},
        {"code": "COST_DECREASED", "broken": 2},
        {"code": "FEWER_ROWS", "broken": 5},
        {"code": "ROW_COUNT_MISMATCH", "broken": 1},
    ]


def test_month_that_no_calendar_has_does_not_end_the_query(database: duckdb.DuckDBPyConnection) -> None:
    insert(database, "acme.focus.billing_status", {"source": "aws_cur", "month": "2025-13", "rows_changed": -1})

    assert rows(database, "SELECT month, BillingPeriodStart FROM acme.focus.billing_quality") == [
        {"month": "2025-13", "BillingPeriodStart": None}
    ]


def test_months_and_sources_are_counted_separately(database: duckdb.DuckDBPyConnection) -> None:
    october = {
        "BillingPeriodStart": OCTOBER, "BillingPeriodEnd": NOVEMBER, "ChargePeriodStart": OCTOBER,
        "ChargePeriodEnd": datetime(2025, 10, 2, tzinfo=UTC), "x_source": "other",
    }  # fmt: skip
    insert_charges(database, {"BilledCost": None}, october)

    found = rows(database, "SELECT source, month, BillingPeriodStart, code FROM acme.focus.billing_quality")

    assert [tuple(row.values()) for row in found] == [("aws_cur", "2025-09", SEPTEMBER, "NO_BilledCost")]


def test_months_are_grouped_by_the_bare_column() -> None:
    """Otherwise a filter on BillingPeriodStart does not reach the partitions."""
    tree = sqlglot.parse_one(quality_query("p.d.focus_costs", []), read="bigquery")
    [grouped] = tree.find_all(exp.Group)
    outer, inner, *_ = tree.find_all(exp.Select)

    months = [{one.alias_or_name: one for one in select.selects}["BillingPeriodStart"] for select in (outer, inner)]

    assert [one.sql("bigquery") for one in grouped.expressions] == ["source", "BillingPeriodStart"]
    assert [month.unalias().sql("bigquery") for month in months] == ["BillingPeriodStart"] * 2


def test_names_are_not_reserved_by_bigquery() -> None:
    names = alias_names(quality_query("p.d.focus_costs", ["p.d.billing_status"]))

    assert {"broken", "description"} <= names
    assert names & RESERVED == set()
