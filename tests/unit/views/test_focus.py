"""The SQL of `focus_costs`: its columns and types, its partitions, its size, and the union of all sources."""

from __future__ import annotations

import json
from decimal import Decimal

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from billing.columns.field import Field
from billing.formats import FORMATS, SCHEMAS
from billing.views.focus import (
    EXTRA_COLUMNS,
    FOCUS_COLUMNS,
    FocusSource,
    mapping_decisions,
    mapping_of,
    source_query,
    sql_of,
    union_query,
)
from tests.unit.views.bigquery_sql import PHYSICAL, RESERVED, alias_names, create_table, insert, rows, translated
from tests.unit.views.focus_rows import MONTH, cur_fields, fields_of, focus_rows, query_of

MAPPINGS = sorted(path.stem.removeprefix("focus_from_") for path in SCHEMAS.glob("focus_from_*.json"))
PARTITION = {one.focus: one.partition for one in FORMATS.values()}
MAX_VIEW_CHARACTERS = 256 * 1024  # docs.cloud.google.com/bigquery/quotas#view_limits
COLUMNS = [*(column.name for column in FOCUS_COLUMNS), *EXTRA_COLUMNS]


@pytest.mark.parametrize("name", MAPPINGS)
def test_mapping_has_every_column_and_declares_what_it_reads(name: str) -> None:
    mapping = mapping_of(name)
    expressions = [sql_of(rule.expression) for rule in mapping.focus.values()]
    computed = {**mapping.values, **mapping.steps}
    expressions += [*map(sql_of, computed.values()), mapping.parts or "NULL", mapping.account or "NULL"]
    expressions += [mapping.discounts, mapping.exchange_rate]
    summaries = mapping.summaries.values()
    expressions += [sql_of(value.expression) for one in summaries for value in one.values.values()]
    expressions += [key for one in summaries for key in one.by.values()]

    read = {
        column.sql("bigquery").replace("`", "")
        for expression in expressions
        for column in sqlglot.parse_one(f"SELECT {expression}", read="bigquery").find_all(exp.Column)
        if not {"credit", "label", "credits", "labels", "place"} & set(column.sql("bigquery").split("."))
    }

    declared = {path.replace(".", "_") for path, kind in mapping.columns.items() if kind in PHYSICAL}
    assert set(mapping.focus) == {column.name for column in FOCUS_COLUMNS}
    joined = {name for one in summaries for name in one.values}
    assert read - set(computed) - joined - {"part"} == declared


def columns_in(*expressions: str) -> set[str]:
    return {
        column.name
        for expression in expressions
        for column in sqlglot.parse_one(f"SELECT {expression}", read="bigquery").find_all(exp.Column)
    }


@pytest.mark.parametrize("name", mapping_of("aws_cur").summaries)
def test_summary_reads_only_the_columns_that_it_needs(name: str) -> None:
    """It reads them in every month."""
    summary = mapping_of("aws_cur").summaries[name]

    read = columns_in(*summary.by.values(), *(sql_of(value.expression) for value in summary.values.values()))

    assert read == set(summary.reads)
    assert set(summary.needs) <= read


@pytest.mark.parametrize(
    ("left_out", "joins"),
    [
        ([], ["agreement", "commitments"]),
        (["line_item_net_unblended_cost"], ["commitments"]),
        (["reservation_reservation_a_r_n"], ["agreement", "commitments"]),
        (["reservation_reservation_a_r_n", "savings_plan_savings_plan_a_r_n"], ["agreement", "commitments"]),
        (mapping_of("aws_cur").summaries["commitments"].needs, ["agreement"]),
    ],
)
def test_table_without_the_columns_of_a_summary_is_read_once(left_out: list[str], joins: list[str]) -> None:
    fields = [field for field in cur_fields() if field.name not in left_out]

    tree = sqlglot.parse_one(query_of("aws_cur", fields), read="bigquery")

    assert [join.alias_or_name for join in tree.find_all(exp.Join) if join.side == "LEFT"] == joins
    assert len([table for table in tree.find_all(exp.Table) if table.name == "charges"]) == 1 + len(joins)


@pytest.mark.parametrize("name", MAPPINGS)
def test_mapping_decision_has_a_note(name: str) -> None:
    assert [column for column, rule in mapping_of(name).focus.items() if rule.decision and not rule.note] == []


def test_mapping_decision_is_a_comment_in_the_view() -> None:
    query = query_of("aws_cur", cur_fields())

    marked = {line.split()[1] for line in query.splitlines() if "is a mapping decision" in line}

    assert marked == set(mapping_decisions()["aws_cur"])


@pytest.mark.parametrize("columns", ["fewest", "all"])
@pytest.mark.parametrize("mapping", PARTITION)
def test_view_has_the_types_of_focus(acme: duckdb.DuckDBPyConnection, mapping: str, columns: str) -> None:
    month = PARTITION[mapping]
    fields = fields_of(mapping) if columns == "all" else [Field(month, "TIMESTAMP")]

    [row] = focus_rows(acme, mapping, fields, {month: MONTH})

    described = acme.execute("DESCRIBE acme.billing.focus_costs").fetchall()
    kinds = {name: kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") for name, kind, *_ in described}
    wanted = {column.name: PHYSICAL[column.type] for column in FOCUS_COLUMNS}
    money = {name for name, kind in wanted.items() if kind.startswith("DECIMAL")}
    assert {name: kind for name, kind in kinds.items() if name not in money} == {
        **{name: kind for name, kind in wanted.items() if name not in money},
        **dict.fromkeys(EXTRA_COLUMNS, "VARCHAR"),
    }
    assert all(kinds[name].startswith("DECIMAL(38,") for name in money)
    assert (row["BillingPeriodStart"], row["BilledCost"]) == (MONTH, None)
    assert (row["x_source"], row["x_provider"]) == ("mine", "aws")


@pytest.mark.parametrize("name", FORMATS)
def test_month_is_the_bare_partition_column_in_every_step(name: str) -> None:
    """BigQuery prunes partitions by a filter on the column itself. It does not promise to do so through a cast."""
    export_format = FORMATS[name]
    partition = export_format.partition
    files = {export_format.table_schema.format(version=version) for version in export_format.versions or [""]}
    columns = [column for file in files for column in json.loads((SCHEMAS / f"{file}.json").read_text())]
    [kind] = {column["type"] for column in columns if column["name"] == partition}
    tree = sqlglot.parse_one(query_of(export_format.focus, [Field(partition, kind)]), read="bigquery")

    steps = [
        {one.alias_or_name: one.unalias().sql("bigquery") for one in select.selects}
        for select in tree.find_all(exp.Select)
        if select.args["from_"].this.find(exp.Select) or select.args["from_"].this.name == "charges"  # not in an array
        if not select.find_ancestor(exp.Join)  # a summary has one row for many
    ]

    focus, *read = (step for step in steps if "*" not in step)
    month = [focus["BillingPeriodStart"], *(step[partition] for step in read)]
    stars = tree.find_all(exp.Star)
    changed = {one.alias_or_name for star in stars for key in ("replace", "except_") for one in star.args[key] or ()}
    assert len(month) > 1
    assert set(month) == {partition}
    assert changed & {partition, "BillingPeriodStart"} == set()


def test_union_has_bare_columns() -> None:
    """A filter by month reaches the partitions through the union, too."""
    [select] = sqlglot.parse_one(union_query(["acme.billing.focus_costs_mine"]), read="bigquery").find_all(exp.Select)

    assert all(isinstance(one, exp.Column) for one in select.selects)


def test_union_shows_the_charges_of_all_sources(acme: duckdb.DuckDBPyConnection) -> None:
    types = {"BillingPeriodStart": "TIMESTAMP", "BilledCost": "BIGNUMERIC"}
    fields = [Field(name, kind) for name, kind in types.items()]
    for key in ("one", "two"):
        table = f"acme.billing.table_{key}"
        create_table(acme, table, types)
        insert(acme, table, {"BillingPeriodStart": MONTH, "BilledCost": "1.5"})
        query = source_query(FocusSource(key, "azure", "native", table), fields)
        acme.execute(f"CREATE VIEW acme.billing.{key} AS {translated(query)}")

    found = rows(acme, translated(union_query(["acme.billing.one", "acme.billing.two"])))

    cost = Decimal("1.5")
    assert [(row["x_source"], row["BilledCost"]) for row in found] == [("one", cost), ("two", cost)]
    assert list(found[0]) == COLUMNS


def test_views_are_small_enough_for_bigquery() -> None:
    tags = [Field(f"resource_tags_user_{'k' * 100}_{number}", "STRING") for number in range(500)]
    views = [f"a-project-of-mine-123456.billing_focus.focus_costs_{'k' * 30}"] * 100

    assert len(query_of("aws_cur", cur_fields(*tags))) < MAX_VIEW_CHARACTERS
    assert len(union_query(views)) < MAX_VIEW_CHARACTERS


def test_names_are_not_reserved_by_bigquery() -> None:
    names = alias_names(*(query_of(mapping, fields_of(mapping)) for mapping in MAPPINGS))

    assert {"line", "part", "category", "status", "month_price"} <= names
    assert names & RESERVED == set()


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_window_has_the_month_as_its_first_key(mapping: str) -> None:
    """BigQuery passes a filter by month through a window only if the month is one of the window's keys."""
    tree = sqlglot.parse_one(query_of(mapping, fields_of(mapping)), read="bigquery")

    windows = [[key.sql("bigquery") for key in window.args["partition_by"]] for window in tree.find_all(exp.Window)]

    assert [keys for keys in windows if keys[0] != PARTITION.get(mapping)] == []
    assert windows or not mapping.startswith("azure")
