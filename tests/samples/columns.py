"""The columns of an export: kept in two tables beside this file, and fewer or more of them from month to month."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Column:
    name: str  # as in the header: bill/InvoiceId, BilledCost
    type: str  # AWS: the manifest's type; Azure: Decimal, String, DateTimeOffset, Boolean
    value: str = ""  # SQL over aws_rows.sql or azure_rows.sql; empty: blank in every row


def aws_columns(month: str) -> tuple[Column, ...]:
    """The columns of one month's report: which ones, and in which order, depends on the month as it does at AWS."""
    columns = [Column(r["column"], r["type"], r["value"]) for r in _table("aws_columns.tsv") if _in_month(r, month)]
    if _number(month) % 3 == 0:
        columns.sort(key=lambda c: c.name)
    return tuple(columns)


def azure_columns(version: str) -> tuple[Column, ...]:
    columns = tuple(
        Column(r["column"], r["type"], r["value"])
        for r in _table("azure_columns.tsv")
        if version in r["versions"].split()
    )
    if not columns:
        raise ValueError(f"azure_columns.tsv has no version {version} of the FOCUS export")
    return columns


def column_list(columns: Sequence[Column]) -> str:
    """A SELECT list in the file's order, named by position: headers may differ in case only, SQL names may not."""
    return ", ".join(f"{c.value or 'NULL'} AS c{n}" for n, c in enumerate(columns))


def _table(name: str) -> Iterator[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def _in_month(row: dict[str, str], month: str) -> bool:
    number = _number(month)
    return {
        "always": True,
        "odd": number % 2 == 1,
        "even": number % 2 == 0,
        "third": number % 3 == 0,
        "some": zlib.crc32(f"{row['column']} {month}".encode()) % 3 > 0,
    }[row["months"]]


def _number(month: str) -> int:
    year, number = month.split("-")
    return int(year) * 12 + int(number)
