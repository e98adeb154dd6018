"""Wait for the events of the demo, and give up those that no retry can help."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from billing.errors import one_line
from tests.demo.output import FunctionLog
from tests.emulator.events import Events

# How often a retry of a source may end with the same error. No file arrives or changes any more, so some errors stay.
# Other codes, such as MONTH_LOCKED, only wait for another load.
_MAX_TRIES = {"FILE_VANISHED": 2, "CLOCK_WRONG": 2, "TRANSIENT": 20}
_MAX_CRASHES = 5  # of an instance; the loader itself rejects a delivery after three
_LOOK_SECONDS = 1.0


def settle(
    events: Events, log: FunctionLog, longest_seconds: float, clock: Callable[[], float] = time.monotonic
) -> list[str]:
    """Wait until every event is handled. Return a sentence for each event that was given up."""
    deadline = clock() + longest_seconds
    given_up = dict[str, str]()
    while True:
        try:
            events.settle(_LOOK_SECONDS)
        except TimeoutError:
            hopeless = _hopeless(log) | _crashing(events)
            if clock() > deadline:
                late = f"not handled within {longest_seconds:.0f} s."
                hopeless |= {one_line(name): f"{name}: {late}" for name in events.waiting}
            dropped = events.give_up(lambda event, known=hopeless: one_line(event.name) in known)  # type: ignore[misc]
            given_up |= {hopeless[one_line(name)]: "" for name in dropped}
        else:
            return list(given_up)


def _hopeless(log: FunctionLog) -> dict[str, str]:
    """Return the objects whose last attempt ended with an error that stays, and that error. Names are as in the log."""
    retried = [entry for entry in list(log.entries) if entry.get("action") == "retried"]
    tries = Counter(map(_error, retried))
    last = {str(entry["object"]): _error(entry) for entry in retried}
    return {
        name: f"{source}: {code}: {message} Given up after {tries[source, code, message]} attempts."
        for name, (source, code, message) in last.items()
        if tries[source, code, message] >= _MAX_TRIES.get(code, float("inf"))
    }


def _error(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(entry["source"]), str(entry["code"]), str(entry["message"])


def _crashing(events: Events) -> dict[str, str]:
    """Return the objects at which the function stopped or failed several times. 503 asks for a retry."""
    crashes = Counter(one.event.name for one in events.records if one.status != 503 and not 200 <= one.status < 300)
    return {
        one_line(name): f"{name}: the function stopped {_MAX_CRASHES} times or more."
        for name, number in crashes.items()
        if number >= _MAX_CRASHES
    }
