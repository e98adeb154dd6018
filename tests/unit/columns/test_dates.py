"""How files spell their dates decides a load option, and what could be misread is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from billing.columns.dates import DateFormats, date_formats
from billing.columns.field import Field
from billing.errors import BillingError


def schema(kind: str) -> tuple[Field, ...]:
    return (Field("Start", kind), Field("End", kind), Field("Date", kind), Field("Text", "STRING"))


def spelling(*rows: Sequence[str], month: str = "2025-09") -> str | None:
    """Of dates; of timestamps without a time it is the same, said in any case."""
    dates = date_formats(schema("DATE"), rows, "Start", month)
    timestamps = date_formats(schema("TIMESTAMP"), rows, "Start", month)
    dated = any(cell for row in rows for cell in row[:3])
    assert timestamps == DateFormats(timestamp=(dates.date or "YYYY-MM-DD") if dated else None)
    assert dates.timestamp is None
    return dates.date


def refusal(*rows: Sequence[str], month: str = "2025-09") -> str:
    with pytest.raises(BillingError) as raised:
        date_formats(schema("DATE"), rows, "Start", month)
    return str(raised.value)


@pytest.mark.parametrize(
    ("row", "load_format"),
    [
        (("2025-09-01", "2025-09-30", "2025-09-05", ""), None),
        (("09/01/2025", "09/30/2025", "09/05/2025", ""), "MM/DD/YYYY"),
        (("01/09/2025", "30/09/2025", "05/09/2025", ""), "DD/MM/YYYY"),
        (("09/01/2025", "", "", ""), "MM/DD/YYYY"),
        (("01/09/2025", "", "", ""), "DD/MM/YYYY"),
        (("", "", "", "09/01/2025"), None),
    ],
)
def test_one_spelling_reads_every_date(row: Sequence[str], load_format: str | None) -> None:
    assert spelling(row) == load_format
    assert spelling(row, row) == load_format


def test_without_a_row_nothing_is_said() -> None:
    assert spelling() is None


@pytest.mark.parametrize(
    "rows", [[("2024-01-01T00:00Z", "2024-01-31")], [("2024-01-01", ""), ("", "2024-01-01 00:00:00")]]
)
def test_timestamps_with_a_time_are_left_to_bigquery(rows: list[Sequence[str]]) -> None:
    found = date_formats((Field("Start", "TIMESTAMP"), Field("End", "TIMESTAMP")), rows, "Start", "2024-01")
    assert found == DateFormats()


def test_dates_beside_timestamps_have_a_format_of_their_own() -> None:
    mixed = (Field("Start", "TIMESTAMP"), Field("Date", "DATE"))
    row = ("2025-09-01T00:00:00Z", "09/05/2025")
    with pytest.raises(BillingError, match="DATES_UNCLEAR"):
        date_formats(mixed, [row], "Start", "2025-09")  # no period's begin tells May from September
    assert date_formats(mixed, [row, (row[0], "09/15/2025")], "Start", "2025-09") == DateFormats(date="MM/DD/YYYY")


def test_in_january_the_last_day_tells_the_month_from_the_day() -> None:
    assert spelling(("01/01/2025", "01/31/2025", "01/05/2025", ""), month="2025-01") == "MM/DD/YYYY"
    assert spelling(("01/01/2025", "31/01/2025", "05/01/2025", ""), month="2025-01") == "DD/MM/YYYY"


def test_what_may_mean_two_days_is_refused() -> None:
    assert "'01/01/2025': no row tells the month from the day" in refusal(("01/01/2025", "", "", ""), month="2025-01")
    assert "'07/04/2025': no row tells the month" in refusal(("07/04/2025", "", "", ""))  # a period of neither reading


@pytest.mark.parametrize(
    "rows",
    [
        [("09/01/2025", "09/30/2025", "", ""), ("2025-09-01", "", "", "")],
        [("09/01/2025", "09/30/2025", "13/09/2025", "")],
        [("2025-09-01T00:00:00Z", "", "", "")],  # of a DATE
        [("9/1/2025", "", "", "")],
        [("01.09.2025", "", "", "")],
        [("2025-09-31", "", "", "")],
        [("\uff12025-09-01", "", "", "")],
    ],
)
def test_an_unknown_spelling_or_two_in_one_delivery_are_refused_by_column_and_value(rows: list[Sequence[str]]) -> None:
    found = refusal(*rows)
    assert found.startswith("DATES_UNCLEAR: Column ")
    assert any(repr(cell) in found for row in rows for cell in row if cell)
    assert "TYPE_OVERRIDES" in found
