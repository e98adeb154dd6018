"""F8: columns are added, removed or renamed, or differ in case only, from one delivery to the next.

On the harness and not on the scenario runner: the columns of whole sample exports change.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from billing.columns.names import csv_rules
from billing.columns.plan import plan_csv
from billing.formats import FORMATS
from tests.faults.invariants import check_invariants
from tests.samples import Column, Delivery, aws_columns, aws_cur_delivery
from tests.support.harness import Harness
from tests.support.sources import AWS

MONTH = "2025-09"
pytestmark = pytest.mark.fault("F8")


def _tag(name: str, value: str) -> Column:
    return Column(f"resourceTags/user:{name}", "String", value)


def deliveries_of(folder: Path, *columns: Sequence[Column]) -> list[Delivery]:
    """Return a delivery of one month for each list of columns."""
    return [
        aws_cur_delivery(folder, MONTH, rows=6, files=1, revision=revision, columns=one)
        for revision, one in enumerate(columns, 1)
    ]


def test_added_removed_and_colliding_columns_keep_their_values(harness: Harness, tmp_path: Path) -> None:
    plain, area = list(aws_columns(MONTH)), _tag("area", "'renamed'")
    upper, lower = _tag("Zone", "'upper'"), _tag("zone", "'lower'")
    deliveries = deliveries_of(tmp_path, [*plain, upper, lower], [*plain, lower, upper], plain, [*plain, area])

    totals, values = [], []
    for delivery in deliveries:
        harness.load(AWS, delivery)
        totals.append(harness.rows_and_cost(AWS, MONTH))
        values.append(_values(harness, upper, lower))
    recorded = [(row["status"], row["row_count"]) for row in harness.tracking(AWS)]

    assert totals == [(one.totals.rows, one.totals.cost) for one in deliveries]
    assert values == [[("upper", "lower")], [("upper", "lower")], [(None, None)], [(None, None)]]
    assert _values(harness, area) == [("renamed",)]
    assert recorded == [("loaded", one.totals.rows) for one in deliveries]
    check_invariants(harness, {(AWS, MONTH): deliveries[-1]})


def _values(harness: Harness, *columns: Column) -> list[tuple[str | None, ...]]:
    """Return the values of columns by their names in the export, which the descriptions in the table hold."""
    table = harness.emulator.bigquery.get_table(harness.source(AWS).destination)
    named = {
        (field.description or "").partition("\n")[0].removeprefix("source: "): field.name for field in table.schema
    }
    names = ", ".join(named[column.name] for column in columns)
    rows = harness.rows(f"SELECT DISTINCT {names} FROM `{{dataset}}.{AWS.table}`")
    return [tuple(row.values()) for row in rows]


def test_names_that_differ_in_case_get_the_same_columns() -> None:
    overrides = {f"resourceTags/user:{name}": "STRING" for name in ("Zone", "zone")}
    orders = (list(overrides), list(overrides)[::-1])

    plans = [plan_csv(order, (), csv_rules(FORMATS["aws_cur_v1_csv"]), overrides, ()) for order in orders]
    first, second = ({field.source: field.name for field in plan.schema} for plan in plans)

    assert first == second
    assert len({name.lower() for name in first.values()}) == 2
