"""Find out in which format CSV files have their dates. If that stays unclear, the delivery is rejected."""

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


def date_formats(schema: Sequence[Field], rows: Iterable[Sequence[str]], start: str, month: str) -> DateFormats:
    """Return the date formats of a load job, from the first rows of all files.

    `schema` is in the order of the files. `start` is the column with the begin of the billing period of `month`.
    One spelling must read every date. If two of them do (09/01/2025), the right one puts `start` into `month`.
    TIMESTAMP columns count as dates, unless a value has a time of day: BigQuery reads these without a format.
    Later rows need no check. In the wrong spelling, their period begins in another month or ends in a month 31, so
    BigQuery rejects them.
    Raises BillingError: DATES_UNCLEAR.
    """
    rows = list(rows)
    instants = _values(schema, rows, "TIMESTAMP")
    if any(_TIME_OF_DAY.search(text) for _, text in instants):
        instants = []
    days = _values(schema, rows, "DATE")
    if not days and not instants:
        return DateFormats()
    spelling = _spelling([*days, *instants], start, month)
    return DateFormats(
        date=spelling.load_format if days and spelling != _ISO else None,
        timestamp=spelling.load_format if instants else None,
    )


def _values(schema: Sequence[Field], rows: Iterable[Sequence[str]], kind: str) -> list[tuple[str, str]]:
    columns = [at for at, field in enumerate(schema) if field.type == kind]
    return [(schema[at].name, row[at]) for row in rows for at in columns if row[at]]


def _spelling(values: Sequence[tuple[str, str]], start: str, month: str) -> Spelling:
    possible = list(_SPELLINGS)
    for name, text in values:
        possible = [spelling for spelling in possible if spelling.read(text)]
        if not possible:
            raise _unclear(name, text, "its format is unknown, or differs from the dates before it")
    if len(possible) > 1:
        starts = [text for name, text in values if name == start]
        possible = [spelling for spelling in possible if all(_is_in(month, spelling.read(text)) for text in starts)]
    if len(possible) != 1:
        raise _unclear(*values[0], "no row shows which part is the month")
    return possible[0]


def _is_in(month: str, day: date | None) -> bool:
    return day is not None and f"{day:%Y-%m}" == month


def _unclear(name: str, text: str, why: str) -> BillingError:
    fix = f'Deliver the month again, or set TYPE_OVERRIDES before the first load: {{"{name}": "STRING"}}.'
    return BillingError("DATES_UNCLEAR", f"Column {name} has the date {text[:40]!r}: {why}. {fix}")
