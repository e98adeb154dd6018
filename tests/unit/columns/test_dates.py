"""How the files spell their dates decides the date formats of the load job. An unclear date is rejected."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from billing.columns.dates import DateFormats, date_formats
from billing.columns.field import Field
from tests.unit.values import error_of

AMERICAN, BRITISH = "MM/DD/YYYY", "DD/MM/YYYY"
DATES = (Field("Start", "DATE"), Field("End", "DATE"), Field("Date", "DATE"), Field("Text", "STRING"))
TIMESTAMPS = (
    Field("Start", "TIMESTAMP"),
    Field("End", "TIMESTAMP"),
    Field("Date", "TIMESTAMP"),
    Field("Text", "STRING"),
)


@pytest.mark.parametrize(
    ("month", "row", "date_format", "timestamp_format"),
    [
        ("2025-09", ("2025-09-01", "2025-09-30", "2025-09-05", ""), None, "YYYY-MM-DD"),
        ("2025-09", ("09/01/2025", "09/30/2025", "09/05/2025", ""), AMERICAN, AMERICAN),
        ("2025-09", ("01/09/2025", "30/09/2025", "05/09/2025", ""), BRITISH, BRITISH),
        ("2025-09", ("09/01/2025", "", "", ""), AMERICAN, AMERICAN),
        ("2025-09", ("01/09/2025", "", "", ""), BRITISH, BRITISH),
        ("2025-01", ("01/01/2025", "01/31/2025", "01/05/2025", ""), AMERICAN, AMERICAN),
        ("2025-01", ("01/01/2025", "31/01/2025", "05/01/2025", ""), BRITISH, BRITISH),
        ("2025-09", ("", "", "", "09/01/2025"), None, None),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_one_spelling_reads_every_date(
    month: str, row: Sequence[str], date_format: str | None, timestamp_format: str | None, count: int
) -> None:
    rows = [row] * count

    assert date_formats(DATES, rows, "Start", month) == DateFormats(date=date_format)
    assert date_formats(TIMESTAMPS, rows, "Start", month) == DateFormats(timestamp=timestamp_format)


@pytest.mark.parametrize(
    ("charges", "date_format"),
    [
        (["09/01/2025", "09/02/2025"], AMERICAN),
        (["01/09/2025", "02/09/2025"], BRITISH),
        (["09/09/2025", "08/09/2025"], BRITISH),  # one day reads alike in both
        (["09/05/2025", "09/06/2025", "08/09/2025"], AMERICAN),  # a refund of August
    ],
)
def test_without_a_period_the_charges_show_the_month(charges: Sequence[str], date_format: str) -> None:
    rows = [("", "", charge, "") for charge in charges]

    assert date_formats(DATES, rows, "Start", "2025-09", "Date") == DateFormats(date=date_format)


def test_charges_that_fit_both_spellings_stay_unclear() -> None:
    error = error_of(date_formats, DATES, [("", "", "09/09/2025", "")], "Start", "2025-09", "Date")

    assert "'09/09/2025': no row shows which part is the month" in error


@pytest.mark.parametrize("schema", [DATES, TIMESTAMPS], ids=["dates", "timestamps"])
def test_without_rows_no_format_is_set(schema: Sequence[Field]) -> None:
    assert date_formats(schema, [], "Start", "2025-09") == DateFormats()


@pytest.mark.parametrize(
    "rows", [[("2024-01-01T00:00Z", "2024-01-31")], [("2024-01-01", ""), ("", "2024-01-01 00:00:00")]]
)
def test_timestamps_with_a_time_of_day_need_no_format(rows: list[Sequence[str]]) -> None:
    assert date_formats(TIMESTAMPS[:2], rows, "Start", "2024-01") == DateFormats()


MIXED = (Field("Start", "TIMESTAMP"), Field("Date", "DATE"))
UNCLEAR, CLEAR = ("2025-09-01T00:00:00Z", "09/05/2025"), ("2025-09-01T00:00:00Z", "09/15/2025")


def test_dates_next_to_timestamps_have_their_own_format() -> None:
    assert date_formats(MIXED, [UNCLEAR, CLEAR], "Start", "2025-09") == DateFormats(date=AMERICAN)


@pytest.mark.parametrize(
    ("schema", "month", "row", "value"),
    [
        (DATES, "2025-01", ("01/01/2025", "", "", ""), "01/01/2025"),
        (DATES, "2025-09", ("07/04/2025", "", "", ""), "07/04/2025"),  # in neither spelling the period of the month
        (MIXED, "2025-09", UNCLEAR, "09/05/2025"),  # no begin of a period in this spelling
    ],
)
def test_date_that_may_mean_two_days_is_rejected(
    schema: Sequence[Field], month: str, row: Sequence[str], value: str
) -> None:
    error = error_of(date_formats, schema, [row], "Start", month)

    assert error.startswith("DATES_UNCLEAR: Column ")
    assert f"'{value}': no row shows which part is the month" in error


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
def test_unknown_or_second_spelling_is_rejected(rows: list[Sequence[str]]) -> None:
    error = error_of(date_formats, DATES, rows, "Start", "2025-09")

    assert error.startswith("DATES_UNCLEAR: Column ")
    assert any(repr(cell) in error for row in rows for cell in row if cell)
    assert "TYPE_OVERRIDES" in error
