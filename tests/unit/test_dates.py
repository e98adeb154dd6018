"""How files spell their dates decides a load option, and what could be misread is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from billing.columns import Field
from billing.dates import date_format
from billing.errors import BillingError

SCHEMA = (Field("Start", "DATE"), Field("End", "DATE"), Field("Date", "DATE"), Field("Text", "STRING"))


def spelling(*rows: Sequence[str], month: str = "2025-09") -> str | None:
    return date_format(SCHEMA, rows, "Start", month)


def refusal(*rows: Sequence[str], month: str = "2025-09") -> str:
    with pytest.raises(BillingError) as raised:
        spelling(*rows, month=month)
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


def test_without_a_row_or_a_date_column_nothing_is_said() -> None:
    assert spelling() is None
    assert date_format((Field("Start", "TIMESTAMP"),), [("2024-01-01T00:00Z",)], "Start", "2024-01") is None


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
        [("2025-09-01T00:00:00Z", "", "", "")],
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
