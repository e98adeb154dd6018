"""Load generated exports into DuckDB with the columns that the loader plans. No emulator is needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, cast

import duckdb

from billing import manifests
from billing.columns.csv_header import csv_header
from billing.columns.dates import DateFormats, date_formats
from billing.columns.field import Field
from billing.columns.names import csv_rules
from billing.columns.parquet_footer import parquet_header
from billing.columns.plan import Plan, plan_csv, plan_parquet
from billing.formats import FORMATS, SCHEMAS
from billing.manifests import Export, Manifest
from billing.views.focus import FocusSource, source_query, union_query
from tests.samples import Delivery
from tests.samples.catalogue import sample_delivery
from tests.samples.model import Mode
from tests.unit.values import GENERATION, aws
from tests.unit.views.bigquery_sql import PHYSICAL, translated

MONTH = "2025-09"
EXPORT = "acme-export"


class Loaded(NamedTuple):
    source: FocusSource
    fields: list[Field]  # the columns of its table
    invoice: Decimal  # the sum of the costs in its files


def create_focus_costs(
    database: duckdb.DuckDBPyConnection, formats: Sequence[str], folder: Path, *, rows: int = 200, month: str = MONTH
) -> dict[str, Loaded]:
    """Create `acme.billing.focus_costs` over the same charges in several formats. Each is a source of that name."""
    database.execute("ATTACH ':memory:' AS acme; CREATE SCHEMA acme.billing")
    sources = {name: _load(database, name, folder / name, rows, month) for name in formats}
    views = translated(union_query([f"acme.billing.focus_costs_{name}" for name in formats]))
    database.execute(f"CREATE TABLE acme.billing.focus_costs AS {views}")
    return sources


def _load(database: duckdb.DuckDBPyConnection, name: str, folder: Path, rows: int, month: str) -> Loaded:
    """Create the table of a source, and its own view."""
    export_format = FORMATS[name]
    version = export_format.versions[-1] if export_format.versions else ""
    layout = cast(Mode, export_format.layouts[0])
    delivery = sample_delivery(name, folder, month, layout=layout, rows=rows, version=version, export_name=EXPORT)
    schema = json.loads((SCHEMAS / f"{export_format.table_schema.format(version=version)}.json").read_text())
    known = [Field(column["name"], column["type"], column.get("description", "")) for column in schema]
    table = f"acme.billing.{name}"
    plan_load = _plan_csv if export_format.file_format == "CSV" else _plan_parquet
    plan, query = plan_load(delivery, name, known)
    database.execute(f"CREATE TABLE {table} AS {query}")
    missing = {field.name for field in known} - {field.name for field in plan.schema}
    for field in known:
        if field.name in missing:
            database.execute(f'ALTER TABLE {table} ADD COLUMN "{field.name}" {_physical(field)}')
    mapped = FocusSource(name, export_format.provider, export_format.focus, table)
    fields = [*known, *plan.added]
    view = translated(source_query(mapped, fields))
    try:
        database.execute(f"CREATE VIEW acme.billing.focus_costs_{name} AS {view}")
    except duckdb.Error as error:
        mapping = f"focus_from_{export_format.focus}.json"
        error.add_note(f"{name}: use only SQL functions in {mapping} that sqlglot translates for DuckDB.")
        raise
    return Loaded(mapped, fields, delivery.totals.cost)


def _plan_csv(delivery: Delivery, name: str, known: Sequence[Field]) -> tuple[Plan, str]:
    """Return the plan, and the query that reads the files by position."""
    export_format = FORMATS[name]
    header = csv_header(delivery.data[0].path.read_bytes(), name, complete=True)
    source = [column.name for column in header.columns]
    plan = plan_csv(source, _export(delivery, name).columns, csv_rules(export_format), {}, known)
    dates = date_formats(plan.schema, header.rows, export_format.partition, delivery.month)
    assert dates in (DateFormats(), DateFormats(timestamp="MM/DD/YYYY"))
    columns = [
        f'CAST(strptime("{field.name}", \'%m/%d/%Y\') AS TIMESTAMPTZ) AS "{field.name}"'
        if field.type == "TIMESTAMP" and dates.timestamp
        else f'CAST("{field.name}" AS {_physical(field)}) AS "{field.name}"'
        for field in plan.schema
    ]
    names = {field.name: "VARCHAR" for field in plan.schema}
    quoted = "header = true, quote = '\"', escape = '\"', delim = ',', allow_quoted_nulls = false, parallel = false"
    return plan, f"SELECT {', '.join(columns)} FROM read_csv({_paths(delivery)}, columns = {names}, {quoted})"


def _plan_parquet(delivery: Delivery, name: str, known: Sequence[Field]) -> tuple[Plan, str]:
    """Return the plan, and the query that reads the files by name."""
    content = delivery.data[0].path.read_bytes()
    plan = plan_parquet(parquet_header(content, name, size=len(content)).columns, known)
    columns = [
        f'map_entries("{field.name}") AS "{field.name}"'
        if field.entry
        else f'CAST("{field.name}" AS {_physical(field)}) AS "{field.name}"'
        for field in plan.schema
    ]
    return plan, f"SELECT {', '.join(columns)} FROM read_parquet({_paths(delivery)})"


def _export(delivery: Delivery, name: str) -> Export:
    source = replace(aws(), format_name=name, export_name=EXPORT, prefix="", source_path="")
    read = [Manifest(item.name, GENERATION, item.path.read_bytes()) for item in delivery.manifests]
    decisive = next(one for one in read if manifests.is_manifest(source, one.name))
    export = manifests.parse(source, decisive)
    assert isinstance(export, Export)
    return export


def _physical(field: Field) -> str:
    if field.entry:
        return f"STRUCT(key {PHYSICAL[field.entry[0]]}, value {PHYSICAL[field.entry[1]]})[]"
    return PHYSICAL[field.type]


def _paths(delivery: Delivery) -> list[str]:
    return [str(item.path) for item in delivery.data]
