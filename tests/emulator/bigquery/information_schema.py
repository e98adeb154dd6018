"""Answer INFORMATION_SCHEMA.COLUMNS from one literal. bqemulator writes SQL per column, and parses it for seconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bqemulator.catalog.models import TableFieldSchema, TableMeta
from bqemulator.sql.rewriter import information_schema as stock


def install() -> None:
    stock._columns_as_values = _columns


def _columns(tables: Sequence[TableMeta], project: str, dataset: str) -> str:
    rows = [
        _row(table, field, ordinal) | {"table_catalog": project, "table_schema": dataset}
        for table in sorted(tables, key=lambda table: table.table_id)
        for ordinal, field in enumerate(table.schema_.fields, start=1)
    ]
    values = ", ".join(
        f"CAST(JSON_VALUE(c, '$.{name}') AS {kind}) AS {name}" for name, kind in stock._COLUMNS_COLUMN_TYPES
    )
    literal = stock._sql_literal(json.dumps(rows, ensure_ascii=False))
    return f"(SELECT {values} FROM UNNEST(JSON_QUERY_ARRAY({literal})) AS c)"


def _row(table: TableMeta, field: TableFieldSchema, ordinal: int) -> dict[str, Any]:
    clustered = list(table.clustering.fields) if table.clustering is not None else []
    return {
        "table_name": table.table_id,
        "column_name": field.name,
        "ordinal_position": ordinal,
        "is_nullable": _yes(field.mode != "REQUIRED"),
        "data_type": stock._render_data_type(field),
        "is_generated": "NEVER",
        "is_stored": "NEVER",
        "is_hidden": "NO",
        "is_updatable": _yes(table.table_type == "TABLE"),
        "is_system_defined": "NO",
        "is_partitioning_column": _yes(field.name == stock._partition_field(table)),
        "clustering_ordinal_position": clustered.index(field.name) + 1 if field.name in clustered else None,
        "collation_name": field.collation,
    }


def _yes(condition: bool) -> str:
    return "YES" if condition else "NO"
