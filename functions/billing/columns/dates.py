"""Find out in which format CSV files have their dates. If that stays unclear, the delivery is rejected."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from billing.columns.field import Field
from billing.errors import BillingError


@dataclass(frozen=True)
class Spelling:
    """One way to write a date."""

    pattern: re.Pattern[str]  # with the groups year, month and day
    load_format: str  # for the load job's dateFormat and timestampFormat

    def read(self, text: str) -> date | None:
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        try:
            return date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:
            return None


# Without a dateFormat, BigQuery reads a DATE as YYYY-MM-DD. With one, it reads no other format.
# In a format, MM and DD take two digits each.
# A TIMESTAMP that is read with a timestampFormat without a time is midnight UTC:
# docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv#csv-options
# docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_string_as_datetime
_YEAR, _MONTH, _DAY = r"(?P<year>\d{4})", r"(?P<month>\d{2})", r"(?P<day>\d{2})"
_ISO = Spelling(re.compile(f"{_YEAR}-{_MONTH}-{_DAY}", re.ASCII), "YYYY-MM-DD")
_AMERICAN = Spelling(re.compile(f"{_MONTH}/{_DAY}/{_YEAR}", re.ASCII), "MM/DD/YYYY")
_BRITISH = Spelling(re.compile(f"{_DAY}/{_MONTH}/{_YEAR}", re.ASCII), "DD/MM/YYYY")
_TIME_OF_DAY = re.compile("[:T]")
_SPELLINGS = (_ISO, _AMERICAN, _BRITISH)


@dataclass(frozen=True)
class DateFormats:
    """The load job's dateFormat and timestampFormat. None means that the job needs none."""

    date: str | None = None
    timestamp: str | None = None


@dataclass(frozen=True)
class _Dates:
    """The dates of one column."""

    column: str
    texts: tuple[str, ...]

    def readable_by(self, spellings: Sequence[Spelling]) -> list[Spelling]:
        return [spelling for spelling in spellings if all(spelling.read(text) for text in self.texts)]

    def example(self, spellings: Sequence[Spelling]) -> str:
        """Return a date that not all of the spellings read, or the first date."""
        odd = (text for text in self.texts if not all(spelling.read(text) for spelling in spellings))
        return next(odd, self.texts[0])[:40]


def date_formats(
    schema: Sequence[Field], rows: Iterable[Sequence[str]], start: str, month: str, charged: str = ""
) -> DateFormats:
    """Return the date formats of a load job, from the first rows of all files.

    `schema` is in the order of the files. `start` is the column with the begin of the billing period of `month`, and
    `charged` the one with the date of a charge. One spelling must read every date. If two of them do (09/01/2025),
    the right one puts `start` into `month`. Without any `start`, it puts more charges into `month` than the others.
    TIMESTAMP columns count as dates, unless a value has a time of day: BigQuery reads these without a format.
    Later rows need no check. In the wrong spelling, their period begins in another month or ends in a month 31, so
    BigQuery rejects them. Without a period, it rejects the first day after the 12th.
    Raises BillingError: DATES_UNCLEAR.
    """
    rows = list(rows)
    instants = _columns(schema, rows, "TIMESTAMP")
    if any(_TIME_OF_DAY.search(text) for dates in instants for text in dates.texts):
        instants = []
    days = _columns(schema, rows, "DATE")
    if not days and not instants:
        return DateFormats()
    spelling = _spelling([*days, *instants], schema, (start, charged), month)
    return DateFormats(
        date=spelling.load_format if days and spelling != _ISO else None,
        timestamp=spelling.load_format if instants else None,
    )


def _columns(schema: Sequence[Field], rows: Iterable[Sequence[str]], kind: str) -> list[_Dates]:
    columns = [at for at, field in enumerate(schema) if field.type == kind]
    found = [_Dates(schema[at].name, tuple(row[at] for row in rows if row[at])) for at in columns]
    return [dates for dates in found if dates.texts]


def _spelling(columns: Sequence[_Dates], schema: Sequence[Field], hints: tuple[str, str], month: str) -> Spelling:
    start, _ = hints
    first = next((dates for dates in columns if dates.column == start), columns[0])
    possible = first.readable_by(_SPELLINGS)
    for dates in columns:
        possible = dates.readable_by(possible)
    if not possible:
        raise _unreadable(columns, first, schema, start)
    if len(possible) > 1:
        starts, charges = (_texts_of(hint, columns) for hint in hints)
        possible = _of_month(possible, starts, charges, month)
    if len(possible) != 1:
        raise _ambiguous(columns, schema, start)
    return possible[0]


def _of_month(
    possible: Sequence[Spelling], starts: Sequence[str], charges: Sequence[str], month: str
) -> list[Spelling]:
    """Return the spellings that put every start into the month. Without any start, those with the most charges there.

    A charge may have a date outside its month, such as a refund, so charges are only counted.
    """
    if starts:
        return [spelling for spelling in possible if all(_is_in(month, spelling.read(text)) for text in starts)]
    counts = [sum(_is_in(month, spelling.read(text)) for text in charges) for spelling in possible]
    return [spelling for spelling, count in zip(possible, counts, strict=True) if count == max(counts)]


def _texts_of(column: str, columns: Sequence[_Dates]) -> Sequence[str]:
    return next((dates.texts for dates in columns if dates.column == column), ())


def _is_in(month: str, day: date | None) -> bool:
    return day is not None and f"{day:%Y-%m}" == month


def _unreadable(columns: Sequence[_Dates], first: _Dates, schema: Sequence[Field], start: str) -> BillingError:
    """Name every column whose dates have an unknown format, or another format than those of the billing period."""
    spellings = first.readable_by(_SPELLINGS)
    odd = [dates for dates in columns if not dates.readable_by(spellings or _SPELLINGS)]
    odd = odd or [dates for dates in columns if dates.readable_by(spellings) != spellings]
    examples = [(dates.column, dates.example(spellings)) for dates in odd]
    return _unclear(examples, "its format is unknown, or differs from the dates before it", schema, start)


def _ambiguous(columns: Sequence[_Dates], schema: Sequence[Field], start: str) -> BillingError:
    examples = [(dates.column, dates.texts[0][:40]) for dates in columns]
    return _unclear(examples, "no row shows which part is the month", schema, start)


def _unclear(examples: Sequence[tuple[str, str]], why: str, schema: Sequence[Field], start: str) -> BillingError:
    """Return an error that names each column once. The column that partitions the table cannot be STRING."""
    (column, text), *others = examples
    more = f" So have {', '.join(f'{name} ({date!r})' for name, date in others)}." if others else ""
    if start in dict(examples):
        period = f"Column {start} partitions the table, so TYPE_OVERRIDES cannot change it"
        fix = f"{period}: deliver the month again, with dates like 2025-09-13."
    else:
        sources = {field.name: field.source or field.name for field in schema}
        override = json.dumps({sources[name]: "STRING" for name, _ in examples})
        fix = f"Deliver the month again, or add {override} to TYPE_OVERRIDES and set TABLE_NAME to a new table."
    return BillingError("DATES_UNCLEAR", f"Column {column} has the date {text!r}: {why}.{more} {fix}")
