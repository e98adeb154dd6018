"""Wait for the events of the demo, and give up those that no retry can help."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from tests.demo.output import FunctionLog
from tests.emulator.events import Events

# How often a retry may end with the same code. No file arrives or changes any more, so some errors never go away.
# Other codes, such as MONTH_LOCKED, only wait for another load.
_MAX_TRIES = {"FILE_VANISHED": 2, "CLOCK_WRONG": 2, "TRANSIENT": 12}
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
                hopeless |= {name: f"{name}: not handled within {longest_seconds:.0f} s." for name in events.waiting}
            dropped = events.give_up(lambda event, known=hopeless: event.name in known)  # type: ignore[misc]
            given_up |= {name: hopeless[name] for name in dropped}
        else:
            return list(given_up.values())


def _hopeless(log: FunctionLog) -> dict[str, str]:
    """Return the objects whose last attempts ended with an error that stays, and that error."""
    tries = Counter[tuple[str, str]]()
    last = dict[str, str]()
    for entry in list(log.entries):
        if entry.get("action") == "retried":
            name, code = str(entry["object"]), str(entry["code"])
            tries[name, code] += 1
            if tries[name, code] >= _MAX_TRIES.get(code, float("inf")):
                last[name] = (
                    f"{entry['source']}: {code}: {entry['message']} Given up after {tries[name, code]} attempts."
                )
    return last


def _crashing(events: Events) -> dict[str, str]:
    """Return the objects at which the function stopped or failed several times. 503 asks for a retry."""
    crashes = Counter(one.event.name for one in events.records if one.status != 503 and not 200 <= one.status < 300)
    return {
        name: f"{name}: the function stopped {_MAX_CRASHES} times or more."
        for name, number in crashes.items()
        if number >= _MAX_CRASHES
    }
