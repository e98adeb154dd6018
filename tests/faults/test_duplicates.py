"""F1: every event comes one to five times, some at once. One load job works, and each other call is a few requests.

On the harness and not on the scenario runner: the calls run in threads at the same time.
"""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.conftest import GENERATORS, LONG
from tests.faults.invariants import check_invariants
from tests.faults.redelivery import CallEnd, end_of, until_acknowledged
from tests.faults.transport import Wire, wire
from tests.samples import Delivery, sink_name
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH, OTHER_MONTH = "2025-09", "2025-08"
SPECS = [AWS, AZURE] if LONG else [AZURE]
_THREADS = 3
_REQUESTS_OF_DUPLICATE = 6  # tests/integration/test_call_budgets.py
_REQUESTS_OF_LOCKED = 7  # evaluate, and try to take the lease
_REQUESTS_AFTER_LOCK = 12  # evaluate, take the lease that was just released, evaluate again, release


@dataclass(frozen=True)
class Call(CallEnd):
    """One call of the function: its requests, and whether the month was loaded before it."""

    requests: list[str]
    was_loaded: bool

    @property
    def max_requests(self) -> int:
        if self.was_loaded:
            return _REQUESTS_OF_DUPLICATE
        return _REQUESTS_OF_LOCKED if self.is_retried else _REQUESTS_AFTER_LOCK


@pytest.mark.fault("F1")
@pytest.mark.parametrize("seed", range(10 if LONG else 1))
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_repeated_events_at_once_are_one_load(harness: Harness, tmp_path: Path, spec: SourceSpec, seed: int) -> None:
    other, delivery = (GENERATORS[spec](tmp_path, month, rows=6, files=2) for month in (OTHER_MONTH, MONTH))
    harness.load(spec, other)  # the first commit of a dataset creates dlt's tables: until then one request more
    harness.deployment.deliver(spec, delivery, "data", "manifest")
    is_loaded = threading.Event()

    with wire() as sent, ThreadPoolExecutor(_THREADS) as pool:
        names = _events(delivery, spec, random.Random(seed))
        calls = [
            call
            for calls in pool.map(lambda name: _deliver(harness, spec, name, sent, is_loaded), names)
            for call in calls
        ]

    assert sent.loads == [f"{spec.table}$202509"]
    assert [call.end for call in calls].count("loaded") == 1
    assert {call.end for call in calls} <= {"loaded", "DUPLICATE", "MONTH_LOCKED"}
    assert [call for call in calls if call.end != "loaded" and len(call.requests) > call.max_requests] == []
    check_invariants(harness, {(spec, MONTH): delivery, (spec, OTHER_MONTH): other})


def _events(delivery: Delivery, spec: SourceSpec, dice: random.Random) -> list[str]:
    objects = (*delivery.data, *delivery.manifests)
    names = [sink_name(item.name, spec.source_path, spec.prefix) for item in objects for _ in range(dice.randint(1, 5))]
    dice.shuffle(names)
    return names


def _deliver(harness: Harness, spec: SourceSpec, name: str, sent: Wire, is_loaded: threading.Event) -> list[Call]:
    """Deliver an event until it is acknowledged. In real time: the lease of another thread must not expire."""

    def call() -> Call:
        before, was_loaded = len(sent.of_this_thread()), is_loaded.is_set()
        end = end_of(lambda: harness.handle_object(spec, name))
        if end.end == "loaded":
            is_loaded.set()
        return Call(end.end, end.is_retried, sent.of_this_thread()[before:], was_loaded)

    def wait() -> None:
        is_loaded.wait(0.2)

    return until_acknowledged(call, wait)
