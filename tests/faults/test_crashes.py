"""F3 and F9: a fault at any request of a load, with the real clients and dlt.

In a process and not on the scenario runner: a crash stops the threads of dlt's pool, too. tests/simulation has the same
faults at every request on the fakes.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.faults.conftest import GENERATORS, LONG, with_file
from tests.faults.fault import Fault, FaultKind
from tests.faults.instance import InstanceEnd, InstanceProcess, instance_process
from tests.faults.invariants import check_invariants, is_staging, watched
from tests.faults.redelivery import stepping, until_acknowledged
from tests.faults.transport import unseen
from tests.samples import Delivery, with_manifest
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH, OTHER_MONTH = "2025-09", "2025-08"
_FEWEST_REQUESTS = 20  # of a load and its record: with fewer the fault is not where this test expects it


@dataclass(frozen=True)
class Case:
    """A kind of fault at every `stride`-th request, from `first` on. A blank month goes through a staging table."""

    scenario: str
    spec: SourceSpec
    kind: FaultKind
    first: int = 1
    stride: int = 1
    blank: bool = False


SAMPLE = [
    Case("F3", AWS, "crash after", 1, 9),
    Case("F9", AZURE, "lost answer", 2, 9),
    Case("F3", AWS, "crash after", 5, 11, blank=True),
]
_KINDS: dict[str, list[FaultKind]] = {
    "F3": ["crash after", "crash before"],
    "F9": ["lost answer", "500", "503", "429", "quota"],
}
ALL = [
    Case(scenario, spec, kind, blank=blank)
    for scenario, kinds in _KINDS.items()
    for spec, blank in ((AWS, False), (AWS, True), (AZURE, False))
    for kind in kinds
]

pytestmark = [pytest.mark.focus_views] if LONG else []


@pytest.fixture
def instance(emulator: Emulator) -> Iterator[InstanceProcess]:
    with instance_process(emulator) as process:
        yield process


@pytest.mark.timeout(900 if LONG else 300)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            marks=pytest.mark.fault(case.scenario),
            id=f"{case.spec.provider} {case.kind}{' blank' if case.blank else ''}",
        )
        for case in (ALL if LONG else SAMPLE)
    ],
)
def test_fault_at_any_request_leaves_the_newest_delivery(
    harness: Harness, instance: InstanceProcess, tmp_path: Path, case: Case
) -> None:
    spec, refreshes = case.spec, _refreshes(tmp_path, case)
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

    loads = [[load for end in ends for load in end.loads if not is_staging(load)] for ends in calls]
    a_month = [f"{spec.table}$202509"] * (2 if case.blank else 1)  # the load job that is refused, and the query
    assert {ends[-1].end for ends in calls} <= {"loaded", "DUPLICATE"}
    assert loads == [a_month] * len(calls)
    assert [table.table_id for table in _staging_tables(harness) if table.expires is None] == []
    assert all(ends[0].is_retried for ends in calls[:-1]) or not case.kind.startswith("crash")
    assert request > _FEWEST_REQUESTS


def _deliver(
    harness: Harness, instance: InstanceProcess, spec: SourceSpec, delivery: Delivery, fault: Fault
) -> list[InstanceEnd]:
    """Deliver the event until it is acknowledged. The fault happens to the first call only."""
    faults = itertools.chain([fault], itertools.repeat(None))
    return until_acknowledged(lambda: instance.handle(harness, spec, delivery, next(faults)), stepping(harness.clock))


def _staging_tables(harness: Harness) -> list[Any]:
    client, dataset = harness.emulator.bigquery, harness.deployment.dataset
    with unseen():
        return [client.get_table(one) for one in client.list_tables(dataset) if is_staging(one.table_id)]


def _refreshes(folder: Path, case: Case) -> Iterator[Delivery]:
    """Yield deliveries of one month. Each is newer than the one before, with other rows and cost."""
    spec = case.spec
    pair = [GENERATORS[spec](folder, MONTH, rows=12, files=2, revision=revision) for revision in (1, 2)]
    if case.blank:
        pair = [with_file(one, 0, _without_periods(one.data[0].path.read_bytes())) for one in pair]
    for number, delivery in enumerate(itertools.cycle(pair)):
        # the manifest of AWS is newer when it arrives again; Azure's has the time of its run
        yield _with_run(delivery, number) if spec is AZURE else delivery


def _without_periods(data: bytes) -> bytes:
    """Return a gzip CSV file with its billing periods blank."""
    header, *rows = csv.reader(io.StringIO(gzip.decompress(data).decode(), newline=""))
    at, text = header.index("bill/BillingPeriodStartDate"), io.StringIO()
    csv.writer(text).writerows([header, *([*row[:at], "", *row[at + 1 :]] for row in rows)])
    return gzip.compress(text.getvalue().encode())


def _with_run(delivery: Delivery, number: int) -> Delivery:
    execution = f"{delivery.execution[:-4]}{number:04d}"

    def change(manifest: dict[str, Any]) -> None:
        manifest["runInfo"] |= {"runId": execution, "submittedTime": f"2025-10-05T10:00:{number:02d}.0000000Z"}

    return replace(with_manifest(delivery, change), execution=execution)
