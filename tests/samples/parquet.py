"""Writes one snappy Parquet file from a query, and reads back what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from tests.samples.columns import Column
from tests.samples.engine import Part, read_back

ROW_GROUP = 20_480  # rows held in memory per file


def write(connection: duckdb.DuckDBPyConnection, select: str, path: Path, *, cost: str, service: str) -> Part:
    """`cost` and `service` name the columns to add up per service: of DOUBLEs, right to some 12 decimals."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP})")
    amount = f'sum("{cost}"::DECIMAL(38, 18))'
    query = f"SELECT \"{service}\", count(*), {amount}, NULL FROM read_parquet('{path}') GROUP BY 1"
    return read_back(connection, query)


def column_list(columns: Sequence[Column], physical: Mapping[str, str]) -> str:
    """A SELECT list with the physical type of each column's type: `CAST({} AS DOUBLE)`."""
    return ", ".join(f'{physical[c.type].format(c.value or "NULL")} AS "{c.name}"' for c in columns)
