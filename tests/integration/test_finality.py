"""A month is open, closed, then amended, in the tracking rows and in `billing_status`."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.samples import Delivery, aws_columns, aws_cur_delivery
from tests.support.harness import Harness
from tests.support.sources import AWS

MONTH = "2025-09"


def status(harness: Harness) -> dict[str, Any]:
    [row] = harness.rows("SELECT finality, row_count, cost, rows_changed, cost_changed FROM `{dataset}.billing_status`")
    return row


def delivered(harness: Harness, folder: Path, revision: int, *, finalized: bool) -> Delivery:
    delivery = aws_cur_delivery(folder, MONTH, rows=40, revision=revision, finalized=finalized)
    assert harness.load(AWS, delivery).action == "loaded"
    return delivery


def test_month_is_open_then_closed_then_amended(harness: Harness, tmp_path: Path) -> None:
    first = delivered(harness, tmp_path, 1, finalized=False)
    assert status(harness) == {
        "finality": "open",
        "row_count": 40,
        "cost": first.totals.cost,
        "rows_changed": None,
        "cost_changed": None,
    }
    second = delivered(harness, tmp_path, 2, finalized=True)
    assert status(harness) == {
        "finality": "closed",
        "row_count": 43,
        "cost": second.totals.cost,
        "rows_changed": 3,
        "cost_changed": second.totals.cost - first.totals.cost,
    }

    third = delivered(harness, tmp_path, 3, finalized=True)

    assert status(harness)["finality"] == "amended"
    assert status(harness)["cost_changed"] == third.totals.cost - second.totals.cost
    assert [(row["cost"], row["invoiced"]) for row in harness.tracking(AWS)] == [
        (Decimal(first.totals.cost), False),
        (Decimal(second.totals.cost), True),
        (Decimal(third.totals.cost), True),
    ]


def test_tracking_table_without_cost_gets_the_columns(harness: Harness, tmp_path: Path) -> None:
    tracking = f"{harness.source(AWS).destination}_load_tracking"
    client = harness.emulator.bigquery
    table = client.get_table(tracking)
    client.delete_table(tracking)
    table.schema = [field for field in table.schema if field.name not in ("cost", "costs", "invoiced")]
    client.create_table(table)

    delivery = delivered(harness, tmp_path, 1, finalized=True)

    [row] = harness.tracking(AWS)
    assert (row["cost"], row["invoiced"]) == (delivery.totals.cost, True)
    assert status(harness)["finality"] == "closed"


VALUES = {  # of 20 rows, 5 are in the second currency
    "bill/BillingPeriodStartDate": None,
    "lineItem/UsageStartDate": None,
    "lineItem/ProductCode": None,
    "lineItem/CurrencyCode": "IF(i % 4 = 0, '{currency}', 'USD')",
    "lineItem/UnblendedCost": "IF(i % 4 = 0, '{cost}', '2')",
}


def in_two_currencies(folder: Path, currency: str, cost: str, revision: int = 1, execution: str = "") -> Delivery:
    columns = [
        replace(column, value=value.format(currency=currency, cost=cost)) if value else column
        for column in aws_columns(MONTH)
        for value in [VALUES.get(column.name, "")]
        if value != ""
    ]
    return aws_cur_delivery(
        folder, MONTH, rows=20, columns=columns, revision=revision, execution=execution or None, files=1
    )


def by_currency(harness: Harness, *names: str) -> dict[str | None, tuple[Any, ...]]:
    found = harness.rows("SELECT * FROM `{dataset}.billing_status`")
    return {row["currency"]: tuple(row[name] for name in names) for row in found}


def test_each_currency_of_a_month_has_its_row_and_its_changes(harness: Harness, tmp_path: Path) -> None:
    harness.configure(replace(AWS, shrink_percent="20"))
    assert harness.load(AWS, in_two_currencies(tmp_path, "CNY", "3")).action == "loaded"
    assert by_currency(harness, "row_count", "cost", "cost_changed") == {"CNY": (5, 15, None), "USD": (15, 30, None)}

    outcome = harness.load(AWS, in_two_currencies(tmp_path, "EUR", "4", revision=2))

    assert by_currency(harness, "row_count", "cost", "rows_changed", "cost_changed") == {
        "CNY": (0, 0, -5, -15),
        "EUR": (6, 24, 6, 24),
        "USD": (17, 34, 2, 4),
    }
    assert (outcome.code, outcome.message) == (
        "MONTH_SHRANK",
        "2025-09 has a cost of 0 CNY after 15: SHRINK_PERCENT is 20. Check the delivery at the provider.",
    )
    first, second = harness.tracking(AWS)
    assert (first["cost"], first["costs"]) == (
        None,
        '[{"currency":"CNY","rows":5,"cost":"15"},{"currency":"USD","rows":15,"cost":"30"}]',
    )
    assert second["code"] == "MONTH_SHRANK"


@pytest.mark.focus_views
def test_other_content_of_one_execution_is_a_change(harness: Harness, tmp_path: Path) -> None:
    execution = "5d0a1b6e-0000-4000-8000-000000000001"
    harness.load(AWS, in_two_currencies(tmp_path / "1", "USD", "3", execution=execution))
    again = in_two_currencies(tmp_path / "2", "USD", "1", execution=execution)

    outcome = harness.load(AWS, again)

    assert (outcome.action, outcome.code, outcome.execution) == ("loaded", None, execution)
    assert by_currency(harness, "cost", "rows_changed", "cost_changed") == {"USD": (35, 0, -10)}
    broken = harness.rows("SELECT code, broken FROM `{dataset}_focus.billing_quality` WHERE code = 'COST_DECREASED'")
    assert broken == [{"code": "COST_DECREASED", "broken": 1}]
