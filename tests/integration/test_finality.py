"""A month is open, closed, then amended, in the tracking rows and in `billing_status`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.samples import Delivery, aws_cur_delivery
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
    table.schema = [field for field in table.schema if field.name not in ("cost", "invoiced")]
    client.create_table(table)

    delivery = delivered(harness, tmp_path, 1, finalized=True)

    [row] = harness.tracking(AWS)
    assert (row["cost"], row["invoiced"]) == (delivery.totals.cost, True)
    assert status(harness)["finality"] == "closed"
