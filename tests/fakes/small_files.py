"""The smallest real data files, with a row per item: gzip CSV as from AWS, Parquet as from Azure.

Without a month, the rows have no billing period.
"""

from __future__ import annotations

import gzip
import tempfile
from functools import cache
from pathlib import Path

import duckdb

CSV_COLUMNS = ("bill/BillingPeriodStartDate", "identity/LineItemId", "lineItem/UnblendedCost")


@cache
def csv_file(month: str, items: tuple[str, ...]) -> bytes:
    lines = [",".join(CSV_COLUMNS), *(f"{month and f'{month}-01T00:00:00Z'},{item},1.5" for item in items)]
    return gzip.compress("\n".join([*lines, ""]).encode(), mtime=0)


@cache
def parquet_file(month: str, items: tuple[str, ...], *, cost_as_text: bool = False) -> bytes:
    cost = "'1.5'" if cost_as_text else "1.5::DECIMAL(38, 18)"
    start = f"'{month}-01 00:00:00+00'" if month else "NULL"
    listed = ", ".join(f"'{item}'" for item in items)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.parquet"
        duckdb.execute(
            f"COPY (SELECT {start}::TIMESTAMPTZ AS BillingPeriodStart, {cost} AS"
            f" BilledCost, unnest([{listed}]::VARCHAR[]) AS ResourceId) TO '{path}' (FORMAT parquet)"
        )
        return path.read_bytes()
