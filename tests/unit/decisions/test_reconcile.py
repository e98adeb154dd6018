"""Combine dlt's state of a month with its newest tracking rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing.decisions.reconcile import TrackedLoad, reconcile
from billing.decisions.state import LoadedDelivery, MonthState

NOON = datetime(2025, 10, 20, 12, tzinfo=UTC)
CREATED = "2025-01-01T00:00:00+00:00"


def load(run: int, *, created: str = CREATED) -> LoadedDelivery:
    return LoadedDelivery(f"run-{run}", f"{run}", "content", None, 7, f"job-{run}", "p.d.t", created)


def row(run: int, *, hours: int = 0, created: str = CREATED) -> TrackedLoad:
    return TrackedLoad(load(run, created=created), NOON + timedelta(hours=hours))


def state(run: int) -> MonthState:
    return MonthState(loaded_executions=(f"run-{run}",), loaded=load(run))


def test_nothing_recorded_gives_an_empty_state() -> None:
    assert reconcile(None, None, None) == MonthState()


def test_state_without_rows_is_unchanged() -> None:
    assert reconcile(state(1), None, None) == state(1)


def test_lost_state_is_rebuilt_from_the_newest_row() -> None:
    assert reconcile(None, row(2), None) == state(2)


@pytest.mark.parametrize(
    ("recorded", "tracked", "expected"),
    [
        pytest.param(load(1), row(2), load(2), id="newer run"),
        pytest.param(load(2), row(1), load(2), id="older run"),
        pytest.param(load(2), row(2), load(2), id="same job"),
        pytest.param(load(2), row(1, created="2025-02"), load(1, created="2025-02"), id="table was recreated since"),
        pytest.param(None, row(1), load(1), id="state without a load"),
    ],
)
def test_row_replaces_an_older_state(
    recorded: LoadedDelivery | None, tracked: TrackedLoad, expected: LoadedDelivery
) -> None:
    before = MonthState(loaded_executions=("kept",), loaded=recorded)

    assert reconcile(before, tracked, None) == replace(before, loaded=expected)


def test_newest_complete_row_gives_time_and_execution() -> None:
    known = reconcile(state(1), row(3, hours=1), None)

    assert (known.loaded_at, known.last_execution) == (NOON + timedelta(hours=1), "run-3")


@pytest.mark.parametrize(
    ("complete", "incomplete", "uncommitted"),
    [
        pytest.param(row(1), row(2, hours=1), load(2), id="newer than the complete one"),
        pytest.param(row(1, hours=1), row(2), None, id="older than the complete one"),
        pytest.param(None, row(2), load(2), id="no complete one"),
    ],
)
def test_newer_incomplete_row_is_an_uncommitted_load(
    complete: TrackedLoad | None, incomplete: TrackedLoad, uncommitted: LoadedDelivery | None
) -> None:
    assert reconcile(state(1), complete, incomplete).uncommitted == uncommitted
