"""The product's BigQuery SQL, translated for DuckDB: what pure tests can run of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

PHYSICAL = {
    "BIGNUMERIC": "DECIMAL(38, 18)",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "FLOAT": "DOUBLE",
    "INTEGER": "BIGINT",
    "JSON": "JSON",
    "STRING": "VARCHAR",
    "TAGS": "JSON",
    "TIMESTAMP": "TIMESTAMPTZ",
}


def translated(bigquery: str) -> str:
    tree = sqlglot.parse_one(bigquery, read="bigquery").transform(_safe, copy=False)
    # sqlglot's DuckDB has no BIGNUMERIC, and takes 5 decimals for it
    sql: str = tree.sql("duckdb")
    return sql.replace("DECIMAL(38, 5)", "DECIMAL(38, 18)")


def _safe(node: exp.Expression) -> exp.Expression:
    """`SAFE.PARSE_JSON(x)`: NULL for what is no JSON."""
    if isinstance(node, exp.SafeFunc) and isinstance(node.this, exp.ParseJSON):
        return exp.TryCast(this=node.this.this, to=exp.DataType.build("JSON"))
    return node


def create_table(database: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]) -> None:
    described = ", ".join(f'"{column}" {PHYSICAL[kind]}' for column, kind in columns.items())
    database.execute(f"CREATE OR REPLACE TABLE {name} ({described})")


def insert(database: duckdb.DuckDBPyConnection, name: str, *rows: Mapping[str, object]) -> None:
    for row in rows:
        columns, marks = ", ".join(f'"{column}"' for column in row), ", ".join("?" * len(row))
        database.execute(f"INSERT INTO {name} ({columns}) VALUES ({marks})", list(row.values()))


def rows(database: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
    result = database.execute(query, list(parameters))
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
