"""What is left over, since when, and when that is too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.decisions.sweep_notes import Deferral, SweepNotes, left_for_long, left_since

NOW = datetime(2025, 11, 20, 12, tzinfo=UTC)
MONTH = Deferral("aws_cur", "aws_cur 2025-09", "TRANSIENT", "403 Quota exceeded.")


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


@pytest.mark.parametrize(
    ("before", "since"),
    [
        pytest.param({}, NOW, id="it is new"),
        pytest.param({MONTH.what: hours_ago(5)}, hours_ago(5), id="it was left over before"),
        pytest.param({MONTH.what: hours_ago(-5)}, NOW, id="a wrong clock wrote a time in the future"),
    ],
)
def test_left_over_since_the_first_sweep_in_a_row(before: dict[str, datetime], since: datetime) -> None:
    assert left_since(SweepNotes(left=before), [MONTH], NOW) == {MONTH.what: since}


def test_what_is_no_longer_left_over_is_forgotten() -> None:
    assert left_since(SweepNotes(left={MONTH.what: hours_ago(5)}), [], NOW) == {}


def test_month_of_a_source_that_could_not_be_read_is_not_forgotten() -> None:
    """Nobody checked the month, so it is still left over."""
    other = Deferral("azure", "azure as a whole", "TRANSIENT")
    left = {MONTH.what: hours_ago(5), "aws_cur 2025-08": hours_ago(4), "azure 2025-09": hours_ago(1)}

    since = left_since(SweepNotes(left=left), [MONTH, other], NOW)

    assert since == {MONTH.what: hours_ago(5), "azure 2025-09": hours_ago(1), other.what: NOW}


def test_fourth_hourly_sweep_in_a_row_tells_it() -> None:
    told = [left_for_long([MONTH], {MONTH.what: hours_ago(sweep)}, NOW) != [] for sweep in range(4)]

    assert told == [False, False, False, True]


def test_error_that_was_told_at_once_is_not_told_again() -> None:
    setup = Deferral("aws_cur", "aws_cur as a whole")

    assert left_for_long([setup], {setup.what: hours_ago(30)}, NOW) == []


def test_months_of_one_source_and_code_are_told_in_one_line() -> None:
    months = [Deferral("aws_cur", f"aws_cur 2025-0{number}", "DEADLINE", "No time.") for number in (5, 4, 3, 2, 1)]
    since = {one.what: hours_ago(3 + number) for number, one in enumerate(months)}

    [long] = left_for_long(months, since, NOW)

    assert (long.source, long.code, len(long.what)) == ("aws_cur", "DEADLINE", 5)
    assert long.message == (
        "Every sweep since 2025-11-20 05:00 UTC left this for the next one:"
        " aws_cur 2025-01, aws_cur 2025-02, aws_cur 2025-03 and 2 more. No time."
        " If no sweep loads any of them, delete old deliveries at the provider, then in the landing bucket."
    )
