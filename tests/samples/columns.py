"""The columns of an export: kept in tables beside this file, and fewer or more of them from month to month."""

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
    value: str = ""  # SQL over aws_rows.sql or azure_rows.sql; empty: blank in every row


def aws_columns(month: str) -> tuple[Column, ...]:
    """The columns of one month's report: which ones, and in which order, depends on the month as it does at AWS."""
    columns = [Column(r["column"], r["type"], r["value"]) for r in _table("aws_columns.tsv") if _in_month(r, month)]
    if _number(month) % 3 == 0:
        columns.sort(key=lambda c: c.name)
    return tuple(columns)


def athena_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """As a report's Parquet files have them: named for Athena, and those that then have one name merged."""
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
    """CUR 2.0's fixed columns, or a selection of them; a value that CUR v1 has too is that one's."""
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
    """The columns of actual and amortized cost, version c360-2025-04."""
    return tuple(Column(r["column"], r["type"], r["value"]) for r in _table("azure_cost_columns.tsv"))


def spelled(name: str, headers: str) -> str:
    """A column of actual or amortized cost as an EA (pascal), an MCA (camel) or a German export spells it."""
    if headers == "camel":
        return name[0].lower() + name[1:]
    return f"{GERMAN[name]} ({name})" if headers == "german" and name in GERMAN else name


def column_list(columns: Sequence[Column]) -> str:
    """A SELECT list in the file's order, named by position: headers may differ in case only, SQL names may not."""
    return ", ".join(f"{c.value or 'NULL'} AS c{n}" for n, c in enumerate(columns))


def _of_version(file: str, version: str) -> tuple[Column, ...]:
    columns = tuple(
        Column(r["column"], r["type"], r["value"]) for r in _table(file) if version in r["versions"].split()
    )
    if not columns:
        raise ValueError(f"{file} has no version {version} of the FOCUS export")
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
