"""F1: every event comes one to five times, some at once; one load job works, and the others cost a look."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from billing.errors import BillingError
from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants
from tests.faults.transport import Wire, wire
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery, sink_name
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
SPECS = [AWS, AZURE] if LONG else [AZURE]
_AT_ONCE = 3
_LOOK = 6  # requests of an extra delivery: DESIGN's budget of a duplicate
_TWO_LOOKS = (
    10  # of one that came while the month was loading, and took the lease just after: look, lease, look, release
)


@dataclass(frozen=True)
class Call:
    """One call of the function: how it ended, with how many requests, and whether the month was loaded before it."""

    end: str
    requests: list[str]
    loaded_before: bool


@pytest.mark.fault("F1")
@pytest.mark.parametrize("seed", range(10 if LONG else 1))
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_events_that_come_up_to_five_times_and_at_once_are_one_load(
    harness: Harness, tmp_path: Path, spec: SourceSpec, seed: int
) -> None:
    generate = aws_cur_delivery if spec is AWS else azure_focus_delivery
    before, delivery = generate(tmp_path, "2025-08", rows=6, files=2), generate(tmp_path, MONTH, rows=6, files=2)
    harness.load(spec, before)  # until a dataset's first commit makes dlt's tables, to read the books takes one more
    harness.deployment.deliver(spec, delivery, "data", "manifest")
    loaded = threading.Event()

    with wire() as sent, ThreadPoolExecutor(_AT_ONCE) as pool:
        names = _events(delivery, spec, random.Random(seed))
        ends = list(pool.map(lambda name: _until_acknowledged(harness, spec, name, sent, loaded), names))

    calls = [call for end in ends for call in end]
    assert sent.loads == [f"{spec.table}$202509"]
    assert [call.end for call in calls].count("loaded") == 1
    assert {call.end for call in calls} <= {"loaded", "DUPLICATE", "MONTH_LOCKED"}
    for call in calls:
        if call.end != "loaded":
            assert len(call.requests) <= (_LOOK if call.loaded_before or call.end == "MONTH_LOCKED" else _TWO_LOOKS), (
                call
            )
    check_invariants(harness, {(spec, MONTH): delivery, (spec, "2025-08"): before})


def _events(delivery: Delivery, spec: SourceSpec, dice: random.Random) -> list[str]:
    objects = (*delivery.data, *delivery.manifests)
    names = [sink_name(item.name, spec.source_path, spec.prefix) for item in objects for _ in range(dice.randint(1, 5))]
    dice.shuffle(names)
    return names


def _until_acknowledged(
    harness: Harness, spec: SourceSpec, name: str, sent: Wire, loaded: threading.Event
) -> list[Call]:
    """As the platform does: a call that is answered 503 is delivered again."""
    calls: list[Call] = []
    while not calls or calls[-1].end == "MONTH_LOCKED":
        before, was_loaded = len(sent.of_this_thread()), loaded.is_set()
        try:
            outcome = harness.handle_object(spec, name)
            end = outcome.code or outcome.action
        except BillingError as error:
            end = error.code
            loaded.wait(0.2)
        calls.append(Call(end, sent.of_this_thread()[before:], was_loaded))
        if end == "loaded":
            loaded.set()
    return calls
