"""Deliver an event again as the platform does: as long as the call ends with an error of the retry class."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from billing.errors import ErrorClass
from billing.gcp.api_errors import classify
from billing.workflows.outcome import Outcome
from tests.faults.fault import Crash
from tests.support.clock import MovableClock

_MINUTES = 11  # a lease expires after 10
_MAX_DELIVERIES = 24 * 60 // _MINUTES  # a day by the clock of the test
_PAUSE_SECONDS = 0.2  # load jobs of the emulator run in real time


@dataclass(frozen=True)
class CallEnd:
    """How a call of a function ended: a code or an action, and whether the platform delivers the event again."""

    end: str
    is_retried: bool


End = TypeVar("End", bound=CallEnd)


def end_of(call: Callable[[], Outcome]) -> CallEnd:
    """Return how a call ended, as the function would answer it. An unknown error is raised."""
    try:
        outcome = call()
    except Crash:
        return CallEnd("crashed", is_retried=True)
    except Exception as error:
        known = classify(error)
        if known is None:
            raise
        return CallEnd(known.code, is_retried=known.kind is ErrorClass.RETRY)
    return CallEnd(outcome.code or outcome.action, is_retried=False)


def until_acknowledged(call: Callable[[], End], wait: Callable[[], None]) -> list[End]:
    """Repeat a call until it is acknowledged. `wait` is called in between.

    An event that comes while a load job still runs is of the retry class. On a slow machine there may be many of them.
    """
    ends = [call()]
    while ends[-1].is_retried:
        assert len(ends) < _MAX_DELIVERIES, f"delivered {len(ends)} times; the last end: {ends[-1]}"
        wait()
        ends.append(call())
    return ends


def stepping(clock: MovableClock) -> Callable[[], None]:
    """Return a wait that steps the clock of the test past a lease."""

    def wait() -> None:
        clock.step(minutes=_MINUTES)
        time.sleep(_PAUSE_SECONDS)

    return wait
