"""Combine dlt's state of a month with its newest tracked loads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from billing.decisions.reconcile import reconcile
from billing.decisions.state import LoadedDelivery, MonthState, job_time

NOON = datetime(2025, 10, 20, 12, tzinfo=UTC)


def load(run: int, *, hour: int) -> LoadedDelivery:
    """A load whose job ended so many hours after noon."""
    ended = job_time(NOON + timedelta(hours=hour))
    return LoadedDelivery(f"run-{run}", f"{run}", "content", None, 7, f"job-{run}", "p.d.t", "created", ended)


FIRST, SECOND, OLDER_RUN_LATER = load(1, hour=1), load(2, hour=2), load(1, hour=3)


def state(loaded: LoadedDelivery) -> MonthState:
    return MonthState(loaded_executions=(loaded.execution,), loaded=loaded)


def test_nothing_recorded_gives_an_empty_state() -> None:
    assert reconcile(None, None, None) == MonthState()


def test_state_without_rows_is_unchanged() -> None:
    assert reconcile(state(FIRST), None, None) == state(FIRST)


def test_lost_state_is_rebuilt_from_the_newest_row() -> None:
    assert reconcile(None, SECOND, None) == state(SECOND)


@pytest.mark.parametrize(
    ("recorded", "tracked", "expected"),
    [
        pytest.param(FIRST, SECOND, SECOND, id="its job ended later"),
        pytest.param(SECOND, FIRST, SECOND, id="its job ended before"),
        pytest.param(SECOND, OLDER_RUN_LATER, OLDER_RUN_LATER, id="an older run whose job ended later"),
        pytest.param(SECOND, SECOND, SECOND, id="the same job"),
        pytest.param(None, FIRST, FIRST, id="state without a load"),
    ],
)
def test_row_replaces_the_state_if_its_job_ended_later(
    recorded: LoadedDelivery | None, tracked: LoadedDelivery, expected: LoadedDelivery
) -> None:
    before = MonthState(loaded_executions=("kept",), loaded=recorded)

    assert reconcile(before, tracked, None) == replace(before, loaded=expected)


@pytest.mark.parametrize(
    ("complete", "incomplete", "uncommitted"),
    [
        pytest.param(FIRST, SECOND, SECOND, id="newer than the complete one"),
        pytest.param(SECOND, FIRST, None, id="older than the complete one"),
        pytest.param(None, SECOND, SECOND, id="no complete one"),
    ],
)
def test_newer_incomplete_row_is_an_uncommitted_load(
    complete: LoadedDelivery | None, incomplete: LoadedDelivery, uncommitted: LoadedDelivery | None
) -> None:
    assert reconcile(state(FIRST), complete, incomplete).uncommitted == uncommitted


def test_times_of_jobs_compare_as_text() -> None:
    summer, whole_second = timezone(timedelta(hours=2)), NOON.replace(microsecond=0)

    assert job_time(NOON.astimezone(summer)) == job_time(NOON)
    assert job_time(whole_second) < job_time(whole_second + timedelta(microseconds=1))
