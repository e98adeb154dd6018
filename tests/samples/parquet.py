"""Write one snappy Parquet file from a query, and read its totals back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from tests.samples.columns import Column
from tests.samples.engine import Part, read_back

_ROWS_PER_GROUP = 20_480  # kept in memory per file
COPY_OPTIONS = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {_ROWS_PER_GROUP}"


def write(connection: duckdb.DuckDBPyConnection, select: str, path: Path, *, cost: str, service: str) -> Part:
    """Write the file and add up `cost` per `service`. Sums of DOUBLE columns are right to about 12 decimals."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"COPY ({select}) TO '{path}' ({COPY_OPTIONS})")
    amount = f'sum("{cost}"::DECIMAL(38, 18))'
    query = f"SELECT \"{service}\", count(*), {amount}, NULL FROM read_parquet('{path}') GROUP BY 1"
    return read_back(connection, query)


def column_list(columns: Sequence[Column], physical: Mapping[str, str]) -> str:
    """Return a SELECT list that gives each column its physical type, such as `CAST({} AS DOUBLE)`."""
    return ", ".join(f'{physical[c.type].format(c.value or "NULL")} AS "{c.name}"' for c in columns)
