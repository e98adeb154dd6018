"""How the files spell their dates: what a load job must be told, and what is refused rather than misread."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from billing.columns.field import Field
from billing.errors import BillingError


@dataclass(frozen=True)
class Spelling:
    pattern: re.Pattern[str]  # with groups year, month, day
    load_format: str

    def read(self, text: str) -> date | None:
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        try:
            return date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:
            return None


# A DATE is YYYY-MM-DD, and dateFormat, if set, is the only spelling; its elements take two digits each. A TIMESTAMP
# read by a timestampFormat without a time is midnight, UTC:
# docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv#csv-options
# docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_string_as_datetime
_YEAR, _MONTH, _DAY = r"(?P<year>\d{4})", r"(?P<month>\d{2})", r"(?P<day>\d{2})"
_ISO = Spelling(re.compile(f"{_YEAR}-{_MONTH}-{_DAY}", re.ASCII), "YYYY-MM-DD")
_AMERICAN = Spelling(re.compile(f"{_MONTH}/{_DAY}/{_YEAR}", re.ASCII), "MM/DD/YYYY")
_BRITISH = Spelling(re.compile(f"{_DAY}/{_MONTH}/{_YEAR}", re.ASCII), "DD/MM/YYYY")
_TIME = re.compile("[:T]")
_SPELLINGS = (_ISO, _AMERICAN, _BRITISH)


@dataclass(frozen=True)
class DateFormats:
    """The load job's dateFormat and timestampFormat; None where BigQuery needs none."""

    date: str | None = None
    timestamp: str | None = None


def date_formats(schema: Sequence[Field], rows: Iterable[Sequence[str]], start: str, month: str) -> DateFormats:
    """How the first rows of all files spell dates: what a load job must be told.

    `schema` is in the files' order; `start` begins the billing period of `month`. One spelling must read every date.
    Where two do (09/01/2025), the one by which the period begins in its month is meant; in January neither is told
    from the other. Rows further down: misread, their period begins in another month or ends in a 31st one, and BigQuery
    refuses them. A TIMESTAMP is a date too, unless one has a time of day.
    Raises BillingError DATES_UNCLEAR.
    """
    rows = list(rows)
    instants = _values(schema, rows, "TIMESTAMP")
    if any(_TIME.search(text) for _, text in instants):
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
            raise _unclear(name, text, "it is spelled in no known way, or unlike the dates before it")
    if len(possible) > 1:
        possible = [one for one in possible if all(_begins(one, text, month) for name, text in values if name == start)]
    if len(possible) != 1:
        raise _unclear(*values[0], "no row tells the month from the day")
    return possible[0]


def _begins(spelling: Spelling, text: str, month: str) -> bool:
    day = spelling.read(text)
    return day is not None and f"{day:%Y-%m}" == month


def _unclear(name: str, text: str, why: str) -> BillingError:
    way_out = (
        f'Deliver the month again, or name the type in TYPE_OVERRIDES before the first load: {{"{name}": "STRING"}}.'
    )
    return BillingError("DATES_UNCLEAR", f"Column {name} has the date {text[:40]!r}: {why}. {way_out}")
