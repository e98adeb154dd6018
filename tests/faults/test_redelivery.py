"""A scenario delivers an event again for errors of the retry class, and for no others.

Without the scenario runner: only the helper that repeats a call is tested.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing.errors import BillingError
from billing.workflows.outcome import Outcome
from tests.faults.fault import Crash
from tests.faults.redelivery import end_of, until_acknowledged

LOADED = Outcome("loaded", None, "")


@pytest.mark.parametrize(
    ("answers", "ends"),
    [
        ([BillingError("MONTH_LOCKED", "The load job is still running.")] * 50 + [LOADED], ["MONTH_LOCKED"] * 50),
        ([Crash(), BillingError("JOB_RUNNING", "It still runs."), LOADED], ["crashed", "JOB_RUNNING"]),
        ([BillingError("ACCESS_DENIED", "No permission."), LOADED], []),
    ],
    ids=["the job still runs", "a crash", "no permission"],
)
def test_event_is_delivered_until_it_is_acknowledged(answers: list[object], ends: list[str]) -> None:
    remaining = iter(answers)

    delivered = until_acknowledged(lambda: end_of(lambda: _next(remaining)), lambda: None)

    assert [one.end for one in delivered[:-1]] == ends
    assert delivered[-1].is_retried is False


def test_event_that_is_never_acknowledged_fails_the_scenario() -> None:
    with pytest.raises(AssertionError, match="MONTH_LOCKED"):
        until_acknowledged(lambda: end_of(_always_locked), lambda: None)


def test_unknown_error_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        end_of(lambda: _next(iter([ZeroDivisionError()])))


def _next(answers: Iterator[object]) -> Outcome:
    answer = next(answers)
    if isinstance(answer, BaseException):
        raise answer
    assert isinstance(answer, Outcome)
    return answer


def _always_locked() -> Outcome:
    raise BillingError("MONTH_LOCKED", "The load job is still running.")
