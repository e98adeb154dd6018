"""`billing_quality`: every rule with a charge that breaks it, and with one that does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from billing.views.focus import FOCUS_COLUMNS
from billing.views.quality import DELIVERIES, quality_query, quality_rules
from tests.unit.views.bigquery_sql import create_table, insert, rows, translated
from tests.unit.views.test_views import RESERVED

FIRST, NEXT = datetime(2025, 9, 1, tzinfo=UTC), datetime(2025, 10, 1, tzinfo=UTC)
GOOD: dict[str, Any] = {
    **{column.name: "x" for column in FOCUS_COLUMNS if column.type == "STRING" and not column.nullable},
    **{column.name: column.allowed[0] for column in FOCUS_COLUMNS if column.allowed},
    "BilledCost": "0", "ContractedCost": "1", "EffectiveCost": "1", "ListCost": "1", "PricingQuantity": "1",
    "ConsumedQuantity": "1", "BillingPeriodStart": FIRST, "BillingPeriodEnd": NEXT, "ChargePeriodStart": FIRST,
    "ChargePeriodEnd": NEXT, "ChargeFrequency": "Usage-Based", "ChargeClass": None, "CommitmentDiscountId": "c",
    "BillingCurrency": "USD", "x_source": "aws_cur", "x_provider": "aws",
}  # fmt: skip
BREAKS: dict[str, dict[str, Any]] = {
    "COMMITMENT_CATEGORY": {"CommitmentDiscountCategory": None},
    "COMMITMENT_STATUS": {"CommitmentDiscountStatus": None},
    "STATUS_WITHOUT_COMMITMENT": {"CommitmentDiscountId": None, "CommitmentDiscountCategory": None},
    "PURCHASE_EFFECTIVE": {"ChargeCategory": "Purchase", "ConsumedQuantity": None, "ChargeFrequency": "One-Time"},
    "COVERED_BILLED": {"BilledCost": "1"},
    "PURCHASE_FREQUENCY": {"ChargeCategory": "Purchase", "ConsumedQuantity": None, "EffectiveCost": "0"},
    "USAGE_QUANTITY": {"PricingQuantity": None},
    "TAX_QUANTITY": {"ChargeCategory": "Tax", "ConsumedQuantity": None},
    "CONSUMED_QUANTITY": {"CommitmentDiscountStatus": "Unused"},
    "CHARGE_PERIOD": {"ChargePeriodEnd": datetime(2025, 8, 31, tzinfo=UTC)},
    "BILLING_PERIOD": {"BillingPeriodEnd": datetime(2025, 9, 30, tzinfo=UTC)},
    "CHARGE_AFTER_PERIOD": {"ChargePeriodStart": NEXT, "ChargePeriodEnd": datetime(2025, 10, 2, tzinfo=UTC)},
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
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("ATTACH ':memory:' AS acme")
        connection.execute("CREATE SCHEMA acme.focus")
        columns = {column.name: column.type for column in FOCUS_COLUMNS}
        create_table(connection, "acme.focus.focus_costs", {**columns, "x_source": "STRING", "x_provider": "STRING"})
        connection.execute(
            "CREATE TABLE acme.focus.billing_status"
            " (source VARCHAR, month VARCHAR, finality VARCHAR, rows_changed BIGINT, cost_changed DECIMAL(38, 18),"
            " cost DECIMAL(38, 18), code VARCHAR, load_code VARCHAR)"
        )
        query = translated(quality_query("acme.focus.focus_costs", ["acme.focus.billing_status"]))
        connection.execute(f"CREATE VIEW acme.focus.billing_quality AS {query}")
        yield connection


def broken(database: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found = rows(database, "SELECT code, broken FROM acme.focus.billing_quality WHERE source = 'aws_cur'")
    return {row["code"]: row["broken"] for row in found}


def test_a_charge_as_focus_wants_it_breaks_no_rule(database: duckdb.DuckDBPyConnection) -> None:
    insert(database, "acme.focus.focus_costs", GOOD)
    assert broken(database) == {}


def test_a_purchase_that_is_not_spread_over_its_usage_breaks_no_rule(database: duckdb.DuckDBPyConnection) -> None:
    """Azure's actual cost: what a commitment covers costs nothing, and its purchase all."""
    insert(database, "acme.focus.focus_costs", {**GOOD, "EffectiveCost": "0"}, {**GOOD, **BREAKS["PURCHASE_EFFECTIVE"]})
    assert broken(database) == {}


def test_every_rule_has_a_charge_that_breaks_it() -> None:
    assert set(BREAKS) == {rule.code for rule in quality_rules()}


@pytest.mark.parametrize("code", BREAKS)
def test_a_charge_that_breaks_a_rule_is_counted_under_it(database: duckdb.DuckDBPyConnection, code: str) -> None:
    insert(database, "acme.focus.focus_costs", GOOD, {**GOOD, **BREAKS[code]})
    found = broken(database)
    assert found[code] == {"CURRENCIES": 2, "DAYS_MISSING": 28}.get(code, 1)
    related = {"BILLING_PERIOD", "CHARGE_AFTER_PERIOD", "CHARGE_PERIOD"}
    others = set(found) - {code} - related
    assert len(others) <= 1, others


@pytest.mark.parametrize(
    ("is_over", "days", "missing"),
    [
        (False, [1, 4], 2),  # the month is not over: what is to come is not missing
        (False, [1, 2, 3], 0),
        (True, range(1, 29), 2),  # an export that stopped before the month did
        (True, range(1, 31), 0),
        (True, [1], 0),  # a report by month: every charge begins with it
    ],
)
def test_days_are_missing_in_a_month_s_middle_and_at_the_end_of_one_that_is_over(
    database: duckdb.DuckDBPyConnection, is_over: bool, days: Sequence[int], missing: int
) -> None:
    start, end = (FIRST, NEXT) if is_over else this_month()
    charges = [
        {**GOOD, "BillingPeriodStart": start, "BillingPeriodEnd": end, "ChargePeriodStart": at, "ChargePeriodEnd": at}
        for at in (start.replace(day=day) for day in days)
    ]
    insert(database, "acme.focus.focus_costs", *charges)
    assert broken(database) == ({"DAYS_MISSING": missing} if missing else {})


@pytest.mark.parametrize(("provider", "hour", "late"), [("google", 7, 0), ("google", 8, 1), ("aws", 0, 1)])
def test_a_month_of_google_ends_at_midnight_in_california(
    database: duckdb.DuckDBPyConnection, provider: str, hour: int, late: int
) -> None:
    start = NEXT.replace(hour=hour)
    charge = {**GOOD, "x_provider": provider, "ChargePeriodStart": start, "ChargePeriodEnd": start}
    insert(database, "acme.focus.focus_costs", charge)
    assert broken(database) == ({"CHARGE_AFTER_PERIOD": late} if late else {})


def this_month() -> tuple[datetime, datetime]:
    start = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, (start + timedelta(days=31)).replace(day=1)


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
    ],
)
def test_what_a_month_s_deliveries_did_to_it_is_there_too(
    database: duckdb.DuckDBPyConnection, status: dict[str, object], expected: dict[str, int]
) -> None:
    insert(database, "acme.focus.billing_status", {"source": "aws_cur", "month": "2025-09", **status})
    months = rows(database, "SELECT BillingPeriodStart FROM acme.focus.billing_quality")
    assert [row["BillingPeriodStart"] for row in months] == [FIRST] * len(expected)
    assert broken(database) == expected
    assert set(expected) <= set(DELIVERIES)


def test_months_and_sources_are_told_apart(database: duckdb.DuckDBPyConnection) -> None:
    october = {**GOOD, "BillingPeriodStart": NEXT, "BillingPeriodEnd": datetime(2025, 11, 1, tzinfo=UTC)}
    october |= {"ChargePeriodStart": NEXT, "ChargePeriodEnd": datetime(2025, 10, 2, tzinfo=UTC)}
    insert(database, "acme.focus.focus_costs", {**GOOD, "BilledCost": None}, {**october, "x_source": "other"})
    found = rows(database, "SELECT source, month, BillingPeriodStart, code FROM acme.focus.billing_quality")
    assert [tuple(row.values()) for row in found] == [("aws_cur", "2025-09", FIRST, "NO_BilledCost")]


def test_the_month_is_grouped_by_as_it_is_so_that_a_filter_on_it_reaches_the_partitions() -> None:
    tree = sqlglot.parse_one(quality_query("p.d.focus_costs", []), read="bigquery")
    [grouped] = tree.find_all(exp.Group)
    assert [one.sql("bigquery") for one in grouped.expressions] == ["source", "BillingPeriodStart"]
    selects = list(tree.find_all(exp.Select))
    named = [{one.alias_or_name: one.unalias().sql("bigquery") for one in select.selects} for select in selects[:2]]
    assert [names["BillingPeriodStart"] for names in named] == ["BillingPeriodStart"] * 2


def test_no_name_is_a_word_that_bigquery_reserves() -> None:
    tree = sqlglot.parse_one(quality_query("p.d.focus_costs", ["p.d.billing_status"]), read="bigquery")
    names = {one.alias.lower() for one in tree.find_all(exp.Alias)}
    assert {"broken", "sentence"} <= names
    assert names & set(RESERVED.split()) == set()
