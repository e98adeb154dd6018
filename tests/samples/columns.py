"""The columns of an export, read from the TSV files of this folder. Which of them a file has depends on its month."""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
GERMAN = {
    "BillingPeriodStartDate": "Beginn des Abrechnungszeitraums",
    "Cost": "Kosten",
    "Date": "Datum",
    "MeterCategory": "Kategorie der Verbrauchseinheit",
    "ServiceInfo1": "Dienstinformation 1",
    "Tags": "Tags",
    "UnitOfMeasure": "Maßeinheit",
}


@dataclass(frozen=True)
class Column:
    name: str  # as in the header: bill/InvoiceId, BilledCost
    type: str  # AWS: the manifest's type; Azure: Decimal, String, DateTimeOffset, Boolean
    value: str = ""  # SQL over aws_rows.sql or azure_rows.sql; without it, every row is blank


def aws_columns(month: str) -> tuple[Column, ...]:
    """Return the columns of one month's report. As at AWS, both their set and their order depend on the month."""
    columns = [Column(r["column"], r["type"], r["value"]) for r in _table("aws_columns.tsv") if _in_month(r, month)]
    if _number(month) % 3 == 0:
        columns.sort(key=lambda c: c.name)
    return tuple(columns)


def athena_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns of a report's Parquet files: named for Athena, and merged if they then have one name."""
    merged: dict[str, Column] = {}
    for column in columns:
        name = athena_name(column.name)
        found = merged.setdefault(name, replace(column, name=name))
        if found.name != column.name and found.value != column.value:
            merged[name] = replace(found, value=f"coalesce({found.value or 'NULL'}, {column.value or 'NULL'})")
    return tuple(merged.values())


def athena_name(header: str) -> str:
    words = re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", header)
    return "_".join(word for word in re.split("[^a-z0-9]", words) if word)


def cur2_columns(selected: Literal["all", "few"] = "all") -> tuple[Column, ...]:
    """Return the fixed columns of CUR 2.0, or a selection of them. Columns of CUR v1 keep their values."""
    v1 = {athena_name(r["column"]): r["value"] for r in _table("aws_columns.tsv")}
    return tuple(
        Column(r["column"], r["type"], r["value"] or v1.get(r["column"], ""))
        for r in _table("aws_cur2_columns.tsv")
        if selected == "all" or r["selected"] == "always"
    )


def aws_focus_columns(version: str) -> tuple[Column, ...]:
    return _of_version("aws_focus_columns.tsv", version)


def azure_columns(version: str) -> tuple[Column, ...]:
    return _of_version("azure_columns.tsv", version)


def azure_cost_columns() -> tuple[Column, ...]:
    """Return the columns of actual and amortized cost, version c360-2025-04."""
    return tuple(Column(r["column"], r["type"], r["value"]) for r in _table("azure_cost_columns.tsv"))


def spelled(name: str, headers: str) -> str:
    """Spell a column of actual or amortized cost as an EA (pascal), an MCA (camel) or a German export does."""
    if headers == "camel":
        return name[0].lower() + name[1:]
    return f"{GERMAN[name]} ({name})" if headers == "german" and name in GERMAN else name


def column_list(columns: Sequence[Column]) -> str:
    """Return a SELECT list in the file's order, named by position: two headers may differ only in case."""
    return ", ".join(f"{c.value or 'NULL'} AS c{n}" for n, c in enumerate(columns))


def _of_version(file: str, version: str) -> tuple[Column, ...]:
    columns = tuple(
        Column(r["column"], r["type"], r["value"]) for r in _table(file) if version in r["versions"].split()
    )
    if not columns:
        raise ValueError(f"{file} has no version {version} of the FOCUS export: use one that it lists.")
    return columns


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
