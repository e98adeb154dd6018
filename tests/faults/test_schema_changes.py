"""F8: columns are added, removed, renamed, retyped, collide or are too many, from one delivery to the next."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from billing.columns import csv_rules, plan_csv
from billing.formats import FORMATS
from tests.faults.invariants import check_invariants
from tests.harness import Harness
from tests.samples import Column, Delivery, aws_columns, aws_cur_delivery, azure_columns, azure_focus_delivery
from tests.samples.model import beside
from tests.stack import AWS, AZURE

MONTH = "2025-09"
pytestmark = pytest.mark.fault("F8")


def _tag(name: str, value: str) -> Column:
    return Column(f"resourceTags/user:{name}", "String", value)


def _months(folder: Path, *columns: Sequence[Column]) -> list[Delivery]:
    """A delivery of one month for each list of columns."""
    return [
        aws_cur_delivery(folder, MONTH, rows=6, files=1, revision=revision, columns=one)
        for revision, one in enumerate(columns, 1)
    ]


def test_columns_that_are_added_removed_renamed_and_collide_keep_their_values(harness: Harness, tmp_path: Path) -> None:
    plain, area = list(aws_columns(MONTH)), _tag("area", "'renamed'")
    upper, lower = _tag("Zone", "'upper'"), _tag("zone", "'lower'")
    steps = _months(tmp_path, [*plain, upper, lower], [*plain, lower, upper], plain, [*plain, area])
    wanted = [("upper", "lower"), ("upper", "lower"), (None, None), (None, None)]
    for delivery, values in zip(steps, wanted, strict=True):
        assert harness.load(AWS, delivery).action == "loaded"
        check_invariants(harness, {(AWS, MONTH): delivery})
        assert _values(harness, upper, lower) == [values]
    assert _values(harness, area) == [("renamed",)]


def _values(harness: Harness, *columns: Column) -> list[tuple[str | None, ...]]:
    """Found by the descriptions, which say whose a column is."""
    table = harness.stack.cloud.bigquery.get_table(harness.stack.table_id(AWS))
    named = {
        (field.description or "").partition("\n")[0].removeprefix("source: "): field.name for field in table.schema
    }
    names = ", ".join(named[column.name] for column in columns)
    rows = harness.rows(f"SELECT DISTINCT {names} FROM `{{dataset}}.{AWS.table}`")
    return [tuple(row.values()) for row in rows]


def test_two_names_that_differ_in_case_alone_get_the_same_columns_in_any_order() -> None:
    overrides = {f"resourceTags/user:{name}": "STRING" for name in ("Zone", "zone")}
    orders = (list(overrides), list(overrides)[::-1])
    plans = [plan_csv(order, (), csv_rules(FORMATS["aws_cur_v1_csv"]), overrides, ()) for order in orders]
    named = [{field.source: field.name for field in plan.schema} for plan in plans]
    assert named[0] == named[1]
    assert len({name.lower() for name in named[0].values()}) == 2


def test_a_type_that_flips_is_loaded_where_every_value_fits_and_refused_by_name_where_not(
    harness: Harness, tmp_path: Path
) -> None:
    plain = list(aws_columns(MONTH))
    as_text = [replace(one, type="String") if one.name == "lineItem/UnblendedCost" else one for one in plain]
    good, fits = _months(tmp_path, plain, as_text)
    assert harness.load(AWS, good).action == "loaded"
    assert harness.load(AWS, fits).action == "loaded"
    check_invariants(harness, {(AWS, MONTH): fits})

    focus = list(azure_columns("1.2-preview"))
    text = [replace(one, type="String") if one.name == "ContractedCost" else one for one in focus]
    loaded = azure_focus_delivery(tmp_path, MONTH, rows=6, files=1)
    flipped = azure_focus_delivery(tmp_path, MONTH, rows=6, files=1, revision=2, columns=text)
    harness.load(AZURE, loaded)
    outcome = harness.load(AZURE, flipped)

    assert (outcome.action, outcome.code) == ("rejected", "TYPE_CHANGED")
    assert "ContractedCost" in outcome.message
    check_invariants(harness, {(AWS, MONTH): fits, (AZURE, MONTH): loaded})


def test_ten_thousand_and_one_columns_are_refused_before_the_table_is_touched(harness: Harness, tmp_path: Path) -> None:
    good, newer = _months(tmp_path, aws_columns(MONTH), aws_columns(MONTH))
    harness.load(AWS, good)
    before = harness.stack.cloud.bigquery.get_table(harness.stack.table_id(AWS)).schema
    header = ",".join([*newer.columns, *(f"resourceTags/user:t{n}" for n in range(10_001 - len(newer.columns)))])
    many = beside(newer.data[0].path, gzip.compress(f"{header}\n{',' * 10_000}\n".encode()))
    objects = tuple(replace(item, path=many) if item is newer.data[0] else item for item in newer.objects)

    outcome = harness.load(AWS, replace(newer, objects=objects))

    assert (outcome.action, outcome.code) == ("rejected", "TOO_MANY_COLUMNS")
    assert "10001" in outcome.message
    assert harness.stack.cloud.bigquery.get_table(harness.stack.table_id(AWS)).schema == before
    check_invariants(harness, {(AWS, MONTH): good})
