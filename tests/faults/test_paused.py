"""F4 and F18 with real processes: two that start at once, and one that pauses while a newer run is loaded.

In processes and not on the scenario runner: on the emulator, the runner pauses no instance during dlt's commit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.faults.conftest import GENERATORS, LONG
from tests.faults.fault import Fault
from tests.faults.instance import InstanceEnd, InstanceProcess, instance_process
from tests.faults.invariants import check_invariants
from tests.faults.redelivery import CallEnd, end_of, stepping, until_acknowledged
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH, OTHER_MONTH = "2025-09", "2025-08"
SPECS = [AWS, AZURE] if LONG else [AZURE]
Pause = tuple[int, int]
# number of the request where the older run pauses, and for how many minutes; 11 minutes end its lease
PAUSES: list[Pause] = list(itertools.product(range(1, 60), (11, 0))) if LONG else [(12, 11), (17, 11), (11, 0)]


@pytest.fixture
def instances(emulator: Emulator) -> Iterator[list[InstanceProcess]]:
    with ExitStack() as stack:
        yield [stack.enter_context(instance_process(emulator)) for _ in range(2)]


@pytest.mark.fault("F4")
def test_two_processes_record_both_months_and_load_each_once(
    harness: Harness, instances: list[InstanceProcess], tmp_path: Path
) -> None:
    other, month = (azure_focus_delivery(tmp_path, month, rows=6) for month in (OTHER_MONTH, MONTH))
    same = aws_cur_delivery(tmp_path, MONTH, rows=6, files=1)
    for spec, delivery in ((AZURE, other), (AZURE, month), (AWS, same)):
        harness.deployment.deliver(spec, delivery)

    different_months = _at_once(harness, instances, AZURE, [other, month])
    same_month = _at_once(harness, instances, AWS, [same, same])
    again = until_acknowledged(lambda: end_of(lambda: harness.handle_manifest(AWS, same)), stepping(harness.clock))

    assert [end.end for end in different_months] == ["loaded", "loaded"]
    assert sorted(end.end for end in same_month) in (["MONTH_LOCKED", "loaded"], ["DUPLICATE", "loaded"])
    assert sorted(load for end in same_month for load in end.loads) == ["aws_cur$202509"]
    assert again[-1].end == "DUPLICATE"
    check_invariants(harness, {(AZURE, OTHER_MONTH): other, (AZURE, MONTH): month, (AWS, MONTH): same})


def _at_once(
    harness: Harness, instances: list[InstanceProcess], spec: SourceSpec, deliveries: list[Delivery]
) -> list[InstanceEnd]:
    for instance, delivery in zip(instances, deliveries, strict=True):
        instance.begin(harness, spec, delivery)
    return [instance.end(harness) for instance in instances]


@dataclass(frozen=True)
class Overtaking:
    """A newer run that came while an instance with the older one was paused."""

    loads_before: list[str]  # of the older run, until its pause
    loads: list[str]  # of the older run, until its end
    ends: list[CallEnd]  # of the newer run's event


@pytest.mark.fault("F4", "F18")
@pytest.mark.timeout(1800 if LONG else 300)
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_paused_process_never_replaces_a_newer_run(harness: Harness, tmp_path: Path, spec: SourceSpec) -> None:
    """Each pause has a month of its own. The last one may come after the end of the older run."""
    expected, overtakings = {}, []
    with instance_process(harness.emulator) as instance:
        for number, pause in enumerate(PAUSES):
            month = f"{2010 + number // 12}-{number % 12 + 1:02d}"
            older, newer = (GENERATORS[spec](tmp_path, month, rows=6, files=1, revision=n) for n in (1, 2))
            overtaking = _pause_at(harness, instance, spec, (older, newer), pause)
            expected[spec, month] = newer if overtaking else older
            if overtaking is None:
                break
            overtakings.append(overtaking)

    at_once = [one for one in overtakings if not one.ends[0].is_retried]
    duplicates = [one for one in overtakings if one.ends[-1].end == "DUPLICATE"]
    assert [one.loads for one in at_once] == [one.loads_before for one in at_once]
    assert {one.ends[-1].end for one in overtakings} <= {"loaded", "DUPLICATE"}
    # AWS overwrites its manifest: an instance that pauses before its second evaluation then loads the newer run
    assert all(one.loads and spec is AWS for one in duplicates)
    check_invariants(harness, expected)


def _pause_at(
    harness: Harness, instance: InstanceProcess, spec: SourceSpec, runs: tuple[Delivery, Delivery], pause: Pause
) -> Overtaking | None:
    """Deliver the newer run while an instance with the older one is paused. Return None if it made fewer requests."""
    (older, newer), (at, minutes) = runs, pause
    harness.deployment.deliver(spec, older)
    instance.begin(harness, spec, older, Fault(at, "pause before"))
    paused = instance.receive()
    if "url" not in paused:
        return None
    if not paused["loads"] and paused["url"].split("?")[0].endswith("/jobs"):
        minutes = 0  # nothing checks the lease between the insert request and its arrival; INSERT_DEADLINE leaves time
    harness.clock.step(minutes=minutes)
    harness.deployment.deliver(spec, newer)
    ends = [end_of(lambda: harness.handle_manifest(spec, newer))]
    loads = instance.resume(harness, minutes).loads
    if ends[0].is_retried:
        wait = stepping(harness.clock)
        ends += until_acknowledged(lambda: end_of(lambda: harness.handle_manifest(spec, newer)), wait)
    return Overtaking(paused["loads"], loads, ends)
