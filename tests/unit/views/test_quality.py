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
from billing.views.quality import COMMITMENT_RULES, DELIVERY_RULES, LIFE_RULE, charge_rules, quality_query
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
    "CommitmentDiscountId": "c", "BillingCurrency": "USD", "InvoiceId": "1", "ListUnitPrice": "1.009",
    "x_source": "aws_cur", "x_provider": "aws",
}  # fmt: skip
PURCHASE = {"ChargeCategory": "Purchase", "ConsumedQuantity": None, "ChargeFrequency": "One-Time",
            "CommitmentDiscountStatus": None}  # fmt: skip
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
    "TAX_SKU": {"ChargeCategory": "Tax", "ConsumedQuantity": None, "PricingQuantity": None, "SkuId": "s"},
    "CONSUMED_QUANTITY": {"CommitmentDiscountStatus": "Unused"},
    "CHARGE_PERIOD": {"ChargePeriodEnd": datetime(2025, 8, 31, tzinfo=UTC)},
    "BILLING_PERIOD": {"BillingPeriodEnd": datetime(2025, 9, 30, tzinfo=UTC)},
    "CHARGE_AFTER_PERIOD": {"ChargePeriodStart": OCTOBER, "ChargePeriodEnd": datetime(2025, 10, 2, tzinfo=UTC)},
    "CURRENCIES": {"BillingCurrency": "EUR"},
    "DAYS_MISSING": {"ChargePeriodStart": datetime(2025, 9, 4, tzinfo=UTC)},
    "UNUSED_UNKNOWN": {
        "CommitmentDiscountStatus": "Unused",
        "EffectiveCost": "0",
        "PricingQuantity": None,
        "ConsumedQuantity": None,
    },
    "LIST_PRICE": {"ListUnitPrice": "1.011"},
    "DISCOUNTS_IN_BOTH": {"x_DiscountSource": "Both"},
    "INVOICE_MISSING": {"InvoiceId": None, "CommitmentDiscountStatus": None, "BilledCost": "1"},
    **{
        f"NO_{column.name}": {column.name: None}
        for column in FOCUS_COLUMNS
        if column.level == "Mandatory" and not column.nullable
    },
    **{f"BAD_{column.name}": {column.name: "nonsense"} for column in FOCUS_COLUMNS if column.allowed},
}


# By rule, charges of one commitment: month, category, frequency, billed and effective cost.
# Then how often they break the rule.
COMMITMENT_BREAKS: dict[str, list[tuple[list[tuple[datetime, str, str, int, int]], int]]] = {
    "NOT_AMORTIZED": [
        ([(SEPTEMBER, "Purchase", "One-Time", 8760, 8760), (SEPTEMBER, "Usage", "Usage-Based", 0, 0)], 1),
        ([(SEPTEMBER, "Purchase", "One-Time", 8760, 0), (SEPTEMBER, "Usage", "Usage-Based", 0, 730)], 0),
    ],
    "COMMITMENT_NEGATIVE": [
        ([(SEPTEMBER, "Usage", "Usage-Based", 0, 73), (SEPTEMBER, "Credit", "One-Time", -803, -803)], 1),
        ([(SEPTEMBER, "Usage", "Usage-Based", 0, 73), (SEPTEMBER, "Credit", "One-Time", -73, -73)], 0),
    ],
    "COMMITMENT_COST": [
        ([(SEPTEMBER, "Purchase", "One-Time", 100, 0), (OCTOBER, "Usage", "Usage-Based", 0, 102)], 1),
        ([(SEPTEMBER, "Purchase", "One-Time", 100, 0), (OCTOBER, "Usage", "Usage-Based", 0, 101)], 0),
        ([(SEPTEMBER, "Purchase", "One-Time", 100, 0), (SEPTEMBER, "Usage", "Usage-Based", 0, 90)], 1),  # it ended
        ([(SEPTEMBER, "Purchase", "One-Time", 100, 0), (OCTOBER, "Usage", "Usage-Based", 0, 10)], 0),  # it goes on
        ([(SEPTEMBER, "Purchase", "Recurring", 72, 0), (SEPTEMBER, "Usage", "Usage-Based", 0, 143)], 0),  # paid before
        ([(OCTOBER, "Purchase", "Recurring", 72, 0), (OCTOBER, "Usage", "Usage-Based", 0, 143)], 1),
        ([(OCTOBER, "Usage", "Usage-Based", 0, 72)], 0),  # another account has the purchase
    ],
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
            " cost DECIMAL(38, 18), code VARCHAR, load_code VARCHAR, is_recorded BOOLEAN)"
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
        [
            {"EffectiveCost": "0", "x_provider": "azure"},
            {**BREAKS["PURCHASE_EFFECTIVE"], "BilledCost": "1", "x_provider": "azure"},
        ],
        [{}, {"CommitmentDiscountId": "d", "EffectiveCost": "0", "BilledCost": "1", **PURCHASE}],
        [{}, {"BilledCost": "-1", "ChargeClass": "Correction", **PURCHASE}],
        [{"ListCost": "0.0000001", "ListUnitPrice": "0"}],
        [{"ListUnitPrice": None, "ContractedUnitPrice": "1"}],
        [{"ListCost": "0", "ContractedCost": "0", "EffectiveCost": "0"}],
        [{"InvoiceId": None, "BilledCost": "0"}, {}],
        [
            {
                "InvoiceId": None,
                "BilledCost": "1",
                "CommitmentDiscountStatus": None,
                "ChargeCategory": "Credit",
                "ConsumedQuantity": None,
            }
        ],
    ],
    ids=[
        "one charge",
        "Azure's actual cost: only the purchase has a cost",
        "another commitment is purchased",
        "a refund keeps its cost",
        "list cost that is rounded",
        "no list price",
        "a free grant has a price without it",
        "no invoice for a charge of 0",
        "no invoice in the whole month",
    ],
)
def test_good_charges_break_no_rule(database: duckdb.DuckDBPyConnection, charges: list[dict[str, Any]]) -> None:
    insert_charges(database, *charges)

    assert broken_rules(database) == {}


def test_every_rule_has_a_charge_that_breaks_it() -> None:
    of_commitments = {"PURCHASE_EFFECTIVE", *COMMITMENT_BREAKS}
    assert set(BREAKS) == {*(rule.code for rule in charge_rules()), "PURCHASE_EFFECTIVE"}
    assert of_commitments == {*(rule.code for rule in COMMITMENT_RULES), LIFE_RULE.code}


@pytest.mark.parametrize(
    ("charge", "expected"),
    [
        ({"EffectiveCost": "0"}, {"NOT_AMORTIZED": 1}),
        ({"EffectiveCost": "0", "x_provider": "azure"}, {}),
        ({"EffectiveCost": "1"}, {}),
    ],
)
def test_commitments_that_a_cur_does_not_name_are_counted_once(
    database: duckdb.DuckDBPyConnection, charge: dict[str, Any], expected: dict[str, int]
) -> None:
    unnamed = dict.fromkeys(
        ("CommitmentDiscountId", "CommitmentDiscountCategory", "CommitmentDiscountStatus", "CommitmentDiscountType")
    )

    insert_charges(database, *[{"PricingCategory": "Committed", **unnamed, **charge}] * 2)

    assert broken_rules(database) == expected


@pytest.mark.parametrize("code", BREAKS)
def test_charge_that_breaks_a_rule_is_counted(database: duckdb.DuckDBPyConnection, code: str) -> None:
    insert_charges(database, {}, BREAKS[code])

    broken = broken_rules(database)

    others = set(broken) - {code, "BILLING_PERIOD", "CHARGE_AFTER_PERIOD", "CHARGE_PERIOD"}
    assert broken[code] == {"CURRENCIES": 2, "DAYS_MISSING": 28}.get(code, 1)
    assert len(others) <= 1, others


@pytest.mark.parametrize(
    ("code", "charges", "expected"),
    [(code, charges, broken) for code, cases in COMMITMENT_BREAKS.items() for charges, broken in cases],
)
def test_commitment_that_breaks_a_rule_is_counted(
    database: duckdb.DuckDBPyConnection,
    code: str,
    charges: list[tuple[datetime, str, str, int, int]],
    expected: int,
) -> None:
    """Other charges show that the source has both months."""
    others = [{"BillingPeriodStart": month, "CommitmentDiscountId": None} for month in (SEPTEMBER, OCTOBER)]
    names = ("BillingPeriodStart", "ChargeCategory", "ChargeFrequency", "BilledCost", "EffectiveCost")

    insert_charges(database, *others, *(dict(zip(names, charge, strict=True)) for charge in charges))

    assert broken_rules(database).get(code, 0) == expected


def test_life_of_a_commitment_is_judged_in_its_last_month(database: duckdb.DuckDBPyConnection) -> None:
    fee = {**PURCHASE, "BilledCost": "100", "EffectiveCost": "0"}
    insert_charges(database, fee, {"BillingPeriodStart": OCTOBER, "EffectiveCost": "200"})

    found = rows(database, "SELECT month FROM acme.focus.billing_quality WHERE code = 'COMMITMENT_COST'")

    assert found == [{"month": "2025-10"}]


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


@pytest.mark.parametrize("cost", ["ContractedCost", "EffectiveCost"])
def test_list_cost_of_0_beside_a_cost_is_counted(database: duckdb.DuckDBPyConnection, cost: str) -> None:
    free = {"ListCost": "0", "ContractedCost": "0", "EffectiveCost": "0"}

    insert_charges(database, {**free, cost: "1"})

    assert broken_rules(database) == {"LIST_PRICE": 1}


def test_google_cloud_bills_what_a_commitment_covers(database: duckdb.DuckDBPyConnection) -> None:
    insert_charges(database, {"x_provider": "google", "BilledCost": "1"})

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
        ({"is_recorded": False}, {"CURRENCY_DIFFERS": 1}),
        ({"is_recorded": True}, {}),
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
    selects = [{one.alias_or_name: one.unalias() for one in select.selects} for select in tree.find_all(exp.Select)]
    groups = [[one.sql("bigquery") for one in group.expressions] for group in tree.find_all(exp.Group)]

    months = [select["BillingPeriodStart"].sql("bigquery") for select in selects if "BillingPeriodStart" in select]
    assert {*map(tuple, groups)} == {
        ("source", "BillingPeriodStart"),
        ("source", "BillingPeriodStart", "CommitmentDiscountId"),
        ("source", "CommitmentDiscountId"),  # the life of a commitment has many months
    }
    assert sorted(months) == [*["BillingPeriodStart"] * (len(months) - 1), "ended"]


def test_names_are_not_reserved_by_bigquery() -> None:
    names = alias_names(quality_query("p.d.focus_costs", ["p.d.billing_status"]))

    assert {"broken", "description"} <= names
    assert names & RESERVED == set()
