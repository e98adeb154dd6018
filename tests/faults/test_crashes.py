"""F3 and F9: a fault at any request of a load, with the real clients and dlt.

In a process and not on the scenario runner: a crash stops the threads of dlt's pool, too. tests/simulation has the same
faults at every request on the fakes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.faults.conftest import GENERATORS, LONG
from tests.faults.fault import Fault, FaultKind
from tests.faults.instance import InstanceEnd, InstanceProcess, instance_process
from tests.faults.invariants import check_invariants, watched
from tests.faults.redelivery import stepping, until_acknowledged
from tests.samples import Delivery, with_manifest
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH, OTHER_MONTH = "2025-09", "2025-08"
_FEWEST_REQUESTS = 20  # of a load and its record: with fewer the fault is not where this test expects it


@dataclass(frozen=True)
class Case:
    """A kind of fault at every `stride`-th request, from `first` on."""

    scenario: str
    spec: SourceSpec
    kind: FaultKind
    first: int = 1
    stride: int = 1


SAMPLE = [Case("F3", AWS, "crash after", 1, 9), Case("F9", AZURE, "lost answer", 2, 9)]
_KINDS: dict[str, list[FaultKind]] = {
    "F3": ["crash after", "crash before"],
    "F9": ["lost answer", "500", "503", "429", "quota"],
}
ALL = [Case(scenario, spec, kind) for scenario, kinds in _KINDS.items() for spec in (AWS, AZURE) for kind in kinds]

pytestmark = [pytest.mark.focus_views] if LONG else []


@pytest.fixture
def instance(emulator: Emulator) -> Iterator[InstanceProcess]:
    with instance_process(emulator) as process:
        yield process


@pytest.mark.timeout(900 if LONG else 300)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=pytest.mark.fault(case.scenario), id=f"{case.spec.provider} {case.kind}")
        for case in (ALL if LONG else SAMPLE)
    ],
)
def test_fault_at_any_request_leaves_the_newest_delivery(
    harness: Harness, instance: InstanceProcess, tmp_path: Path, case: Case
) -> None:
    spec, refreshes = case.spec, _refreshes(tmp_path, case.spec)
    untouched = GENERATORS[spec](tmp_path, OTHER_MONTH, rows=12, files=2)
    current = next(refreshes)
    harness.load(spec, untouched)
    harness.load(spec, current)

    calls = []  # how they ended: the first is the one with the fault
    for request in itertools.count(case.first, case.stride):
        newer = next(refreshes)
        harness.deployment.deliver(spec, newer)
        with watched(harness, spec, MONTH, current, newer):
            calls.append(_deliver(harness, instance, spec, newer, Fault(request, case.kind)))
        check_invariants(harness, {(spec, MONTH): newer, (spec, OTHER_MONTH): untouched})
        if not calls[-1][0].fault_happened:
            break
        current = newer

    loads = [[load for end in ends for load in end.loads] for ends in calls]
    assert {ends[-1].end for ends in calls} <= {"loaded", "DUPLICATE"}
    assert loads == [[f"{spec.table}$202509"]] * len(calls)
    assert all(ends[0].is_retried for ends in calls[:-1]) or not case.kind.startswith("crash")
    assert request > _FEWEST_REQUESTS


def _deliver(
    harness: Harness, instance: InstanceProcess, spec: SourceSpec, delivery: Delivery, fault: Fault
) -> list[InstanceEnd]:
    """Deliver the event until it is acknowledged. The fault happens to the first call only."""
    faults = itertools.chain([fault], itertools.repeat(None))
    return until_acknowledged(lambda: instance.handle(harness, spec, delivery, next(faults)), stepping(harness.clock))


def _refreshes(folder: Path, spec: SourceSpec) -> Iterator[Delivery]:
    """Yield deliveries of one month. Each is newer than the one before, with other rows and cost."""
    pair = [GENERATORS[spec](folder, MONTH, rows=12, files=2, revision=revision) for revision in (1, 2)]
    for number, delivery in enumerate(itertools.cycle(pair)):
        # the manifest of AWS is newer when it arrives again; Azure's has the time of its run
        yield _with_run(delivery, number) if spec is AZURE else delivery


def _with_run(delivery: Delivery, number: int) -> Delivery:
    execution = f"{delivery.execution[:-4]}{number:04d}"

    def change(manifest: dict[str, Any]) -> None:
        manifest["runInfo"] |= {"runId": execution, "submittedTime": f"2025-10-05T10:00:{number:02d}.0000000Z"}

    return replace(with_manifest(delivery, change), execution=execution)
