"""The life of a commitment at AWS in `focus_costs`: over all months, its amortized costs are what was paid for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.unit.views.aws_charges import CUR_NAMES, INVOICES, cur
from tests.unit.views.bigquery_sql import rows
from tests.unit.views.charges_spec import Charge, focus_of
from tests.unit.views.test_aws_charges import V1_CSV

MONTHS = [datetime(2025, number, 1, tzinfo=UTC) for number in range(1, 13)]
PRICE = Decimal(100)  # of a month, before a private discount
AFTER_DISCOUNT = Decimal("0.91")
NET_OF = {
    "cost": "net", "ri_cost": "ri_net", "sp_cost": "sp_net", "recurring": "recurring_net", "upfront": "upfront_net",
    "idle_upfront": "idle_upfront_net", "idle_recurring": "idle_recurring_net",
}  # fmt: skip
UPFRONT = {"no upfront": Decimal(0), "partial upfront": Decimal("0.5"), "all upfront": Decimal(1)}
BY_MONTH = """
    SELECT BillingPeriodStart, SUM(EffectiveCost) AS effective FROM acme.billing.focus_costs
    WHERE CommitmentDiscountId = 'arn' GROUP BY 1 HAVING SUM(EffectiveCost) < 0
"""
TOTALS = """
    SELECT {} FROM (SELECT SUM(BilledCost) AS billed, SUM(EffectiveCost) AS effective, SUM(ListCost) AS listed,
      SUM(ContractedCost) AS contracted,
      SUM(IF(ChargeCategory = 'Purchase', CommitmentDiscountQuantity, 0)) AS bought,
      SUM(IF(ChargeCategory = 'Usage', CommitmentDiscountQuantity, 0)) AS spent,
      COUNT(DISTINCT CommitmentDiscountUnit) AS units
    FROM acme.billing.focus_costs WHERE CommitmentDiscountId = 'arn')
"""


def reservation(share: Decimal, used: Decimal, month: datetime, *, is_first: bool) -> Iterator[dict[str, Any]]:
    """Yield the values of one month of a reservation. `share` of its price is paid upfront."""
    every = {"ri": "arn", "unit": "Hrs", "month": month}
    upfront, recurring = PRICE * share, PRICE * (1 - share)
    if is_first and share:
        yield {"type": "Fee", **every, "cost": upfront * len(MONTHS), "units": 730 * len(MONTHS)}
    idle = {"idle_upfront": upfront * (1 - used), "idle_recurring": recurring * (1 - used)}
    yield {"type": "RIFee", **every, "cost": recurring, **idle, "units": 730, "idle_units": 730 * (1 - used)}
    price = {"public": 2 * PRICE * used, "amount": 730 * used}
    yield {"type": "DiscountedUsage", **every, "cost": Decimal(0), "ri_cost": PRICE * used, **price}


def savings_plan(share: Decimal, used: Decimal, month: datetime, *, is_first: bool) -> Iterator[dict[str, Any]]:
    """Yield the values of one month of a Savings Plan. `share` of its price is paid upfront."""
    every = {"sp": "arn", "month": month}
    upfront, recurring = PRICE * share, PRICE * (1 - share)
    if is_first and share:
        yield {"type": "SavingsPlanUpfrontFee", **every, "cost": upfront * len(MONTHS)}
    committed = {"committed": PRICE, "used": PRICE * used, "recurring": recurring, "upfront": upfront}
    yield {"type": "SavingsPlanRecurringFee", **every, "cost": recurring, **committed}
    on_demand = Decimal("1.5") * PRICE * used
    public = Decimal("1.6") * PRICE * used
    yield {"type": "SavingsPlanCoveredUsage", **every, "cost": on_demand, "sp_cost": PRICE * used, "public": public}
    yield {"type": "SavingsPlanNegation", **every, "cost": -on_demand}


def exported(charges: list[dict[str, Any]], agreement: str) -> list[dict[str, object]]:
    """Return rows of the report: with net columns, with rows of discounts, or without a private agreement."""
    if agreement == "net columns":
        charges = [
            {**one, **{net: one[name] * AFTER_DISCOUNT for name, net in NET_OF.items() if name in one}}
            for one in charges
        ]
    lines = [cur(one["type"], **{name: value for name, value in one.items() if name != "type"}) for one in charges]
    if agreement == "rows":
        lines += [
            {**line, "line_item_line_item_type": "EdpDiscount", CUR_NAMES["cost"]: one["cost"] * (AFTER_DISCOUNT - 1)}
            for line, one in zip(lines, charges, strict=True)
            if one["type"] in ("Fee", "RIFee", "SavingsPlanUpfrontFee", "SavingsPlanRecurringFee")
        ]
    return lines


def life(kind: str, payment: str, used: str, agreement: str, months: int) -> list[dict[str, object]]:
    """Return the report of a commitment. If it ends early, what is left of its upfront payment is refunded."""
    month_of = reservation if kind == "reservation" else savings_plan
    share = UPFRONT[payment]
    charges = [
        charge
        for month in MONTHS[:months]
        for charge in month_of(share, Decimal(used), month, is_first=month is MONTHS[0])
    ]
    if months < len(MONTHS) and share:
        arn = {"ri" if kind == "reservation" else "sp": "arn", "month": MONTHS[months]}
        charges.append({"type": "Refund", **arn, "cost": -PRICE * share * (len(MONTHS) - months)})
    return exported(charges, agreement)


LIVES = [
    pytest.param(kind, payment, used, agreement, months, id=f"{kind}, {payment}, {used} used, {agreement}, {months}")
    for kind in ("reservation", "Savings Plan")
    for payment in UPFRONT
    for used, agreement, months in (
        ("0.93", "no agreement", 12),
        ("0.93", "net columns", 12),
        ("0.93", "rows", 12),
        ("1", "net columns", 5),
        ("0.5", "no agreement", 5),
        ("0", "rows", 12),
        ("0", "net columns", 12),
    )
]


@pytest.mark.parametrize(("kind", "payment", "used", "agreement", "months"), LIVES)
def test_costs_of_a_commitment_are_what_was_paid_for_it(
    acme: duckdb.DuckDBPyConnection, kind: str, payment: str, used: str, agreement: str, months: int
) -> None:
    focus_of(acme, V1_CSV, life(kind, payment, used, agreement, months))

    [costs] = rows(acme, TOTALS.format("billed, effective, listed >= contracted, contracted >= effective"))

    paid = PRICE * months * (AFTER_DISCOUNT if agreement == "net columns" else 1)
    assert [round(value, 9) for value in costs.values()] == [paid, paid, True, True]
    assert rows(acme, BY_MONTH) == []


@pytest.mark.parametrize("payment", UPFRONT)
@pytest.mark.parametrize("kind", ["reservation", "Savings Plan"])
def test_quantities_of_a_commitment_add_up_in_one_unit(
    acme: duckdb.DuckDBPyConnection, kind: str, payment: str
) -> None:
    focus_of(acme, V1_CSV, life(kind, payment, "0.93", "net columns", len(MONTHS)))

    [found] = rows(acme, TOTALS.format("bought, spent, units"))

    total = (730 if kind == "reservation" else PRICE) * len(MONTHS)
    assert [round(value, 9) for value in found.values()] == [total, total, 1]


@pytest.mark.parametrize(
    ("charge", "invoice"),
    [
        pytest.param(charge, invoice, id=charge.kind)
        for charges, invoices in INVOICES.values()
        for charge, invoice in zip(charges, invoices, strict=True)
    ],
)
def test_sum_of_billed_cost_is_the_invoice(acme: duckdb.DuckDBPyConnection, charge: Charge, invoice: int | str) -> None:
    found = focus_of(acme, V1_CSV, charge.exported)

    assert round(sum(row["BilledCost"] for row in found), 9) == Decimal(invoice)
