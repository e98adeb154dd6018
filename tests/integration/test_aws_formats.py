"""AWS only: one usage in several formats, upgraded exports, manifests in several places."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.samples import (
    Delivery,
    Quirks,
    aws_cur_delivery,
    aws_data_export_delivery,
    aws_focus_columns,
    cur2_columns,
)
from tests.samples.aws_data_export import Table
from tests.support.harness import Harness
from tests.support.sources import SourceSpec

MONTH = "2025-09"
FULL = Quirks(lower_case=False, addresses=True, bare=False, manifest_in=("execution",))
BARE = replace(FULL, bare=True)
MAPS = {
    "cur2": ("cost_category", "discount", "product", "resource_tags", "tags"),
    "focus": ("SkuPriceDetails", "Tags", "x_Discounts"),
}


def spec(export_format: str, **more: Any) -> SourceSpec:
    return SourceSpec(
        key=export_format.upper(),
        format=export_format,
        export_name="acme-export",
        prefix=f"in/{export_format}/",
        table=export_format,
        **more,
    )


def actions_of(harness: Harness, source: SourceSpec, delivery: Delivery) -> list[str]:
    """Deliver and handle every object. Return the actions."""
    return [outcome.action for outcome in harness.deliver_each(source, *delivery.data, *delivery.manifests)]


def charges(harness: Harness, source: SourceSpec, table: Table) -> list[Any]:
    """Return the view's rows, sorted by their content, with floats instead of decimals."""
    rows = harness.rows(f"SELECT * FROM `{{dataset}}.{source.table}_charges`")
    for row in rows:
        for name in MAPS[table]:
            assert isinstance(row[name], dict), name
        for name, value in row.items():
            row[name] = float(value) if type(value).__name__ == "Decimal" else value
    return sorted(rows, key=lambda row: json.dumps(row, default=str, sort_keys=True))


@pytest.mark.parametrize("table", ["cur2", "focus"])
def test_charges_view_is_the_same_from_csv_and_parquet(
    harness_of: Callable[..., Harness], tmp_path: Path, table: Table
) -> None:
    name = {"cur2": "aws_cur_v2", "focus": "aws_focus"}[table]
    csv, parquet = spec(f"{name}_csv"), spec(f"{name}_parquet")
    harness = harness_of(csv, parquet)
    expected = set()
    for source in (csv, parquet):
        file_format: Any = source.format.rpartition("_")[2]
        delivery = aws_data_export_delivery(tmp_path, MONTH, rows=60, table=table, file_format=file_format)
        expected.add(delivery.totals.rows)
        assert "loaded" in actions_of(harness, source, delivery)

    first, second = (charges(harness, source, table) for source in (csv, parquet))

    assert {len(first)} == expected
    assert first == second
    assert all(any(row[column] for row in first) for column in MAPS[table])
    assert {} in [row[MAPS[table][-1]] for row in first]


def test_focus_export_is_upgraded_in_its_table(harness_of: Callable[..., Harness], tmp_path: Path) -> None:
    source = spec("aws_focus_parquet")
    harness = harness_of(source)
    delivered = []
    for month, version in (("2025-08", "1.0"), ("2025-09", "1.2")):
        delivery = aws_data_export_delivery(
            tmp_path, month, rows=30, table="focus", file_format="parquet", version=version, quirks=FULL
        )
        assert actions_of(harness, source, delivery) == ["waiting", "waiting", "loaded"]
        delivered.append(delivery.totals.rows)
    old, new = ({column.name for column in aws_focus_columns(version)} for version in ("1.0", "1.2"))

    [row] = harness.rows(
        "SELECT COUNT(x_UsageType) AS gone, COUNT(SubAccountType) AS added, COUNT(BilledCost) AS cost,"
        " COUNTIF(ARRAY_LENGTH(x_CostCategories) > 0) AS maps FROM `{dataset}.aws_focus_parquet`"
    )

    assert ("x_UsageType" in old - new, "SubAccountType" in new - old) == (True, True)
    assert (row["added"], row["cost"], row["maps"]) == (delivered[1], sum(delivered), delivered[0])
    assert 0 < row["gone"] <= delivered[0]


def test_cur_2_export_may_select_more_columns_later(harness_of: Callable[..., Harness], tmp_path: Path) -> None:
    source = spec("aws_cur_v2_csv")
    harness = harness_of(source)
    for month, selected in (("2025-08", "few"), ("2025-09", "all")):
        columns = cur2_columns(selected)  # type: ignore[arg-type]
        delivery = aws_data_export_delivery(tmp_path, month, rows=30, columns=columns, quirks=BARE)
        assert actions_of(harness, source, delivery)[-1] == "loaded"
        if selected == "few":
            [shown] = harness.rows("SELECT * FROM `{dataset}.aws_cur_v2_csv_charges` LIMIT 1")
            assert set(shown) == {column.name for column in columns} | {"bill_invoice_id"}

    [row] = harness.rows(
        "SELECT COUNT(*) AS n, COUNT(identity_line_item_id) AS added FROM `{dataset}.aws_cur_v2_csv_charges`"
    )

    assert (row["n"], row["added"]) == (60, 30)


def test_map_that_is_not_json_is_rejected_unless_kept_as_text(
    harness_of: Callable[..., Harness], tmp_path: Path
) -> None:
    columns = [
        replace(column, type="string", value="'{user:team=a}'") if column.name == "resource_tags" else column
        for column in cur2_columns("few")
    ]
    delivery = aws_data_export_delivery(tmp_path, MONTH, rows=5, files=1, columns=columns, quirks=BARE)
    harness = harness_of(spec("aws_cur_v2_csv"))
    rejected = harness.deliver_each(spec("aws_cur_v2_csv"), *delivery.data, *delivery.manifests)[-1]
    assert (rejected.action, rejected.code) == ("rejected", "VALUE_DOES_NOT_FIT")
    assert "resource_tags" in rejected.message
    kept = spec("aws_cur_v2_csv", type_overrides={"resource_tags": "STRING"})
    harness = harness_of(kept)
    assert actions_of(harness, kept, delivery)[-1] == "loaded"

    [row] = harness.rows("SELECT DISTINCT resource_tags AS text FROM `{dataset}.aws_cur_v2_csv_charges`")

    assert row["text"] == "{user:team=a}"


@pytest.mark.parametrize("month", ["2025-08", "2025-09"])
def test_athena_manifest_is_found_in_any_order_of_arrival(
    harness_of: Callable[..., Harness], tmp_path: Path, month: str
) -> None:
    source = spec("aws_cur_v1_parquet")
    harness = harness_of(source)
    delivery = aws_cur_delivery(
        tmp_path, month, rows=10, files=2, mode="athena", file_format="parquet", report="acme-export"
    )
    first, last = delivery.data

    ends = harness.deliver_each(source, delivery.manifests[0], first, last)

    assert [outcome.action for outcome in ends] == ["waiting", "waiting", "loaded"]


def test_settled_files_are_loaded_under_an_unchanged_manifest(
    harness_of: Callable[..., Harness], tmp_path: Path
) -> None:
    """The manifest lists only its files, so an equal one is not copied again. Only the files are new."""
    source = spec("aws_cur_v2_csv")
    harness = harness_of(source)
    first, second = (
        aws_data_export_delivery(
            tmp_path, MONTH, rows=10, mode="overwrite", columns=cur2_columns("few"), revision=revision, quirks=BARE
        )
        for revision in (1, 2)
    )
    assert actions_of(harness, source, first)[-1] == "loaded"
    assert [outcome.code for outcome in harness.deliver_each(source, *second.data)] == ["WAITING_TO_SETTLE"] * 2
    assert harness.sweep()["loaded"] == []

    harness.clock.step(hours=3.1)

    assert harness.sweep()["loaded"] == [f"aws_cur_v2_csv {MONTH}"]
    assert harness.rows_and_cost(source, MONTH) == (second.totals.rows, second.totals.cost)
    assert harness.sweep()["loaded"] == []
