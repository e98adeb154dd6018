"""The line items of AWS, drawn from a seed. Each format writes them into its own columns.

The same seed, month and revision give the same line items in every format, so their totals agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from types import MappingProxyType

import duckdb

from tests.samples import csv_gzip, engine, parquet
from tests.samples.columns import Column, column_list
from tests.samples.model import month_end, month_start

PAYER = "100000000000"
BUCKET = "acme-billing-exports"


@dataclass(frozen=True)
class Usage:
    month: str
    rows: int
    files: int
    accounts: int
    seed: int
    revision: int
    finalized: bool

    def values(self) -> dict[str, object]:
        """The values of the `$names` in the SQL files."""
        start, end = month_start(self.month), month_end(self.month)
        return {
            "key": engine.key(self.seed, self.month),
            "amount_key": engine.key(self.seed, self.month, self.revision),
            "accounts": self.accounts,
            "start": f"{start:%Y-%m-%d}",
            "hours": (end - start).days * 24,
            "period_start": f"{start:%Y-%m-%d}T00:00:00.000Z",
            "period_end": f"{end:%Y-%m-%d}T00:00:00.000Z",
            "invoice": "(1900000000 + account_no)::VARCHAR" if self.finalized else "NULL",
        }


def write_files(
    usage: Usage,
    columns: Sequence[Column],
    paths: Sequence[Path],
    physical: Mapping[str, str],
    text: Mapping[str, str] = MappingProxyType({}),
    *,
    cost: str,
    service: str,
) -> list[engine.Part]:
    """Spread the line items over these files. Their suffix decides between Parquet (`physical`) and CSV (`text`)."""

    def write_file(connection: duckdb.DuckDBPyConnection, number: int, first: int, last: int) -> engine.Part:
        rows = engine.sql("aws_rows.sql", usage.values() | {"first": first, "last": last})
        path = paths[number]
        if path.suffix == ".parquet":
            query = _select(rows, parquet.column_list(columns, physical), usage)
            return parquet.write(connection, query, path, cost=cost, service=service)
        header = [column.name for column in columns]
        fields = [replace(c, value=text.get(c.type, "{}").format(c.value or "NULL")) for c in columns]
        query = _select(rows, column_list(fields), usage)
        return csv_gzip.write(connection, query, header, path, cost=cost, service=service)

    with engine.database(engine.sql("aws_catalog.sql", usage.values())) as connection:
        return engine.per_file(connection, usage.rows, usage.files, write_file)


def _select(rows: str, columns: str, usage: Usage) -> str:
    return rows + Template(f"SELECT {columns} FROM line").substitute(usage.values())
