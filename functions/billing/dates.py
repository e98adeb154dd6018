"""How the files spell their dates: what a load job must be told, and what is refused rather than misread."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from .columns import Field
from .errors import BillingError


@dataclass(frozen=True)
class Spelling:
    pattern: re.Pattern[str]  # with groups year, month, day
    load_format: str | None  # the load job's dateFormat; None is BigQuery's own spelling

    def read(self, text: str) -> date | None:
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        try:
            return date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:
            return None


# A DATE is YYYY-MM-DD, and dateFormat, if set, is the only spelling; its elements take two digits each:
# docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv#csv-options
# docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_string_as_datetime
_YEAR, _MONTH, _DAY = r"(?P<year>\d{4})", r"(?P<month>\d{2})", r"(?P<day>\d{2})"
_ISO = Spelling(re.compile(f"{_YEAR}-{_MONTH}-{_DAY}", re.ASCII), None)
_AMERICAN = Spelling(re.compile(f"{_MONTH}/{_DAY}/{_YEAR}", re.ASCII), "MM/DD/YYYY")
_BRITISH = Spelling(re.compile(f"{_DAY}/{_MONTH}/{_YEAR}", re.ASCII), "DD/MM/YYYY")
_SPELLINGS = (_ISO, _AMERICAN, _BRITISH)


def date_format(schema: Sequence[Field], rows: Iterable[Sequence[str]], start: str, month: str) -> str | None:
    """The load job's dateFormat by the first rows of all files; None where BigQuery needs none.

    `schema` is in the files' order; `start` begins the billing period of `month`. One spelling must read every date.
    Where two do (09/01/2025), the one by which the period begins in its month is meant; in January neither is told
    from the other. Rows further down: misread, their period begins in another month or ends in a 31st one, and BigQuery
    refuses them.
    Raises BillingError DATES_UNCLEAR.
    """
    dated = [at for at, field in enumerate(schema) if field.type == "DATE"]
    values = [(schema[at].name, row[at]) for row in rows for at in dated if row[at]]
    possible = list(_SPELLINGS)
    for name, text in values:
        possible = [spelling for spelling in possible if spelling.read(text)]
        if not possible:
            raise _unclear(name, text, "it is spelled in no known way, or unlike the dates before it")
    if values and len(possible) > 1:
        possible = [one for one in possible if all(_begins(one, text, month) for name, text in values if name == start)]
    if len(possible) != 1 and values:
        raise _unclear(*values[0], "no row tells the month from the day")
    return possible[0].load_format


def _begins(spelling: Spelling, text: str, month: str) -> bool:
    day = spelling.read(text)
    return day is not None and f"{day:%Y-%m}" == month


def _unclear(name: str, text: str, why: str) -> BillingError:
    way_out = (
        f'Deliver the month again, or name the type in TYPE_OVERRIDES before the first load: {{"{name}": "STRING"}}.'
    )
    return BillingError("DATES_UNCLEAR", f"Column {name} has the date {text[:40]!r}: {why}. {way_out}")
