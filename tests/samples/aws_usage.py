"""The line items of AWS, drawn from a seed. Each format writes them into its own columns.

The same seed, month and revision give the same line items in every format, so their totals agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from string import Template
from types import MappingProxyType

import duckdb

from tests.samples import aws_company, csv_gzip, engine, parquet
from tests.samples.columns import Column, column_list
from tests.samples.model import month_end, month_start

PAYER = "100000000000"
BUCKET = "acme-billing-exports"
_SUPPORT_LEAST = 100  # rows; fewer never use more than USD 1,000, for which the fee is the least one
_SUPPORT = ((0, 10_000, 0.1), (10_000, 80_000, 0.07), (80_000, 250_000, 0.05), (250_000, 10**12, 0.03))


@dataclass(frozen=True)
class Usage:
    month: str
    rows: int
    files: int
    accounts: int
    seed: int
    revision: int
    finalized: bool

    @property
    def base(self) -> int:
        """The rows of the first revision. Each further one adds three late records."""
        return max(self.rows - 3 * (self.revision - 1), 1)

    def values(self) -> dict[str, object]:
        """The values of the `$names` in the SQL files."""
        start, end = month_start(self.month), month_end(self.month)
        return {
            **aws_company.plan(self.month, self.base, engine.key(self.seed)),
            "company": engine.key(self.seed),
            "key": engine.key(self.seed, self.month),
            "amount_key": engine.key(self.seed, self.month, self.revision),
            "accounts": self.accounts,
            "start": f"{start:%Y-%m-%d}",
            "days": (end - start).days,
            "period_start": f"{start:%Y-%m-%d}T00:00:00.000Z",
            "period_end": f"{end:%Y-%m-%d}T00:00:00.000Z",
            "invoice": f"'{_invoice(start)}' || IF(seller = 'AWS', '01', '02')" if self.finalized else "NULL",
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
    charges: str = "line",
) -> list[engine.Part]:
    """Spread the line items over these files. Their suffix decides between Parquet (`physical`) and CSV (`text`).

    `charges` is a SQL table over `line`, whose rows are written.
    """
    values = usage.values()

    def write_file(connection: duckdb.DuckDBPyConnection, number: int, first: int, last: int) -> engine.Part:
        rows = engine.sql("aws_rows.sql", values | {"first": first, "last": last})
        path = paths[number]
        if path.suffix == ".parquet":
            query = _select(rows, parquet.column_list(columns, physical), charges, values)
            return parquet.write(connection, query, path, cost=cost, service=service)
        header = [column.name for column in columns]
        fields = [replace(c, value=text.get(c.type, "{}").format(c.value or "NULL")) for c in columns]
        query = _select(rows, column_list(fields), charges, values)
        return csv_gzip.write(connection, query, header, path, cost=cost, service=service)

    with engine.database(engine.sql("aws_catalog.sql", values)) as connection:
        if usage.base >= _SUPPORT_LEAST:
            _charge_support(connection, values)
        return engine.per_file(connection, usage.rows, usage.files, write_file)


def _charge_support(connection: duckdb.DuckDBPyConnection, values: dict[str, object]) -> None:
    """Set the fee of the support plan, a share of the month's usage (aws.amazon.com/premiumsupport/pricing)."""
    rows = engine.sql("aws_rows.sql", values | {"first": 0, "last": values["base"]})
    fee = " + ".join(f"greatest(0, least(used, {last}) - {first}) * {share}" for first, last, share in _SUPPORT)
    connection.execute(
        "UPDATE thing SET rate = (SELECT greatest(100, round(" + fee + ", 2)) FROM ("
        f"{rows} SELECT coalesce(sum(value), 0) AS used FROM line WHERE segment > 0 AND sign = ''))"
        " WHERE entry_name = 'support'"
    )
    connection.execute("UPDATE thing SET rate_text = rate::VARCHAR WHERE entry_name = 'support'")


def _select(rows: str, columns: str, charges: str, values: Mapping[str, object]) -> str:
    return rows + Template(f"SELECT {columns} FROM {charges}").substitute(values)


def _invoice(start: datetime) -> str:
    return f"19{start:%y%m}"
