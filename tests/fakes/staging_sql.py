"""The two queries of a staging table, as the loader writes them: its rows by month, and all rows for one month."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.fakes.files import Row

_MONTHS = re.compile(
    r"SELECT (?:FORMAT_DATE\('%Y-%m', DATE\(`(\w+)`\)\)|CAST\(NULL AS STRING\)) AS month, COUNT\(\*\) AS row_count"
    r" FROM `([^`]+)` GROUP BY 1"
)
_SWAP = re.compile(r"SELECT\n  (?P<columns>.+)\nFROM `(?P<table>[^`]+)`", re.DOTALL)
_COLUMN = re.compile(r"`(\w+)`")
_FILLED = re.compile(r"(?:COALESCE\(`\w+`, )?TIMESTAMP '([^']+)'\)? AS `(\w+)`")
_MISSING = re.compile(r"CAST\(NULL AS \w+\) AS `(\w+)`")


@dataclass(frozen=True)
class Swap:
    """All rows of `table`, with these columns. Each has the value that stands for NULL."""

    table: str
    columns: Mapping[str, object]

    def of(self, row: Mapping[str, object]) -> Row:
        values = ((name, row.get(name)) for name in self.columns)
        return tuple((name, self.columns[name] if value is None else value) for name, value in values)


def parse_months(sql: str) -> tuple[str, str] | None:
    """Return the column that is counted, or '' if the table has none, and the table. None for another query."""
    found = _MONTHS.fullmatch(sql)
    return (found[1] or "", found[2]) if found else None


def parse_swap(sql: str) -> Swap:
    found = _SWAP.fullmatch(sql)
    if found is None:
        raise NotImplementedError(f"The fakes do not know: {sql}")
    return Swap(found["table"], dict(map(_column, found["columns"].split(",\n  "))))


def _column(text: str) -> tuple[str, object]:
    if filled := _FILLED.fullmatch(text):
        return filled[2], datetime.fromisoformat(filled[1])
    column = _COLUMN.fullmatch(text) or _MISSING.fullmatch(text)
    if column is None:
        raise NotImplementedError(f"The fakes do not know the column {text}")
    return column[1], None
