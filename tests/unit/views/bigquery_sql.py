"""Run the product's BigQuery SQL in DuckDB, after a translation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tests.emulator.bigquery import parsing
from tests.emulator.bigquery.optimizer import SLOW_OPTIMIZER

parsing.without_copies()

PHYSICAL = {
    "BIGNUMERIC": "DECIMAL(38, 18)",
    "BOOLEAN": "BOOLEAN",
    "CATEGORIES": "JSON",
    "DATE": "DATE",
    "FLOAT": "DOUBLE",
    "INTEGER": "BIGINT",
    "JSON": "JSON",
    "STRING": "VARCHAR",
    "TAGS": "JSON",
    "TIMESTAMP": "TIMESTAMPTZ",
}
# BigQuery takes no reserved word as a name (`AS rows`), although other parsers do. These words tempt:
# docs.cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords
_RESERVED_WORDS = """
    all and any array as asc at between by case cast collate contains create cross cube current default define desc
    distinct else end enum escape except exclude exists extract false fetch following for from full group grouping
    groups hash having if ignore in inner intersect interval into is join lateral left like limit lookup merge natural
    new no not null nulls of on or order outer over partition preceding proto qualify range recursive respect right
    rollup rows select set some struct tablesample then to treat true unbounded union unnest using when where window
    with within
"""
RESERVED = frozenset(_RESERVED_WORDS.split())


def connect() -> duckdb.DuckDBPyConnection:
    """Open an empty database in UTC, as fast as the emulator's for queries of large views."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"SET TimeZone = 'UTC'; SET disabled_optimizers = '{SLOW_OPTIMIZER}'")
    return connection


@contextmanager
def database_with(schema: str, catalog: str = "acme") -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database with one schema, in UTC."""
    with connect() as connection:
        connection.execute(f"ATTACH ':memory:' AS \"{catalog}\"")
        connection.execute(f'CREATE SCHEMA "{catalog}".{schema}')
        yield connection


@lru_cache(256)  # the same view of the next month or test is translated once
def translated(bigquery: str) -> str:
    tree = sqlglot.parse_one(bigquery, read="bigquery").transform(_translate_safe_functions, copy=False)
    # sqlglot's DuckDB has no BIGNUMERIC, and takes 5 decimals for it
    sql: str = tree.sql("duckdb")
    return sql.replace("DECIMAL(38, 5)", "DECIMAL(38, 18)")


def _translate_safe_functions(node: exp.Expression) -> exp.Expression:
    """`SAFE.F(x)` and `SAFE_MULTIPLY(x, y)` give NULL instead of an error."""
    if isinstance(node, exp.SafeFunc) and isinstance(node.this, exp.ParseJSON):
        return exp.TryCast(this=node.this.this, to=exp.DataType.build("JSON"))
    if isinstance(node, exp.SafeFunc):
        return exp.Try(this=node.this)
    if isinstance(node, exp.SafeMultiply):
        # DuckDB's product has 36 decimals, so it holds two digits before the point. A larger one is a DOUBLE.
        factors = [exp.Paren(this=factor) for factor in (node.this, node.expression)]
        large = exp.Mul(this=exp.cast(factors[0].copy(), "DOUBLE"), expression=exp.cast(factors[1].copy(), "DOUBLE"))
        exact = exp.Try(this=exp.Mul(this=factors[0], expression=factors[1]))
        return exp.Coalesce(this=exact, expressions=[exp.TryCast(this=large, to=exp.DataType.build("DECIMAL(38, 18)"))])
    return node


def alias_names(*queries: str) -> set[str]:
    """Return the names that queries give to columns and tables."""
    return {
        name.lower()
        for query in queries
        for alias in sqlglot.parse_one(query, read="bigquery").find_all(exp.Alias, exp.TableAlias)
        for name in [alias.alias_or_name, *(column.name for column in alias.args.get("columns") or [])]
    }


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
