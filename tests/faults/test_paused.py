"""F4 and F18 with true processes: two that begin at once from cold, and one that sleeps while a newer run is loaded."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from billing.errors import BillingError
from tests.emulator import Emulator
from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants
from tests.faults.process import receive, start
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness, manifest_name
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH, OTHER = "2025-09", "2025-08"


class Instance:
    """A process that handles one event at a time."""

    def __init__(self, emulator: Emulator) -> None:
        self._process = start(emulator, "tests.faults.instance")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._messages = self._process.stdin, self._process.stdout

    def begin(self, harness: Harness, spec: SourceSpec, delivery: Delivery, at: int = 0) -> None:
        name = manifest_name(spec, delivery)
        deployment = harness.settings.bookkeeping_bucket.removesuffix("-bookkeeping")
        ahead = harness.clock.ahead.total_seconds()
        self._order(deployment=deployment, source=spec.provider, object=name, at=at, ahead=ahead)

    def wake(self, minutes: float) -> dict[str, Any]:
        self._order(minutes=minutes)
        return self.says()

    def says(self) -> dict[str, Any]:
        message = receive(self._messages)
        assert message is not None, self._process.stderr and self._process.stderr.read()[-4000:]
        return message

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _order(self, **order: object) -> None:
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()


@pytest.fixture
def instances(emulator: Emulator) -> Iterator[tuple[Instance, Instance]]:
    two = Instance(emulator), Instance(emulator)
    try:
        assert [instance.says() for instance in two] == [{"ready": True}] * 2
        yield two
    finally:
        for instance in two:
            instance.end()


@pytest.mark.fault("F4")
def test_two_processes_at_once_from_cold_book_both_months_and_write_one_month_once(
    harness: Harness, instances: tuple[Instance, Instance], tmp_path: Path
) -> None:
    deliveries = [azure_focus_delivery(tmp_path, month, rows=6) for month in (OTHER, MONTH)]
    same = aws_cur_delivery(tmp_path, MONTH, rows=6, files=1)
    for delivery in deliveries:
        harness.deployment.deliver(AZURE, delivery)
    harness.deployment.deliver(AWS, same)

    for instance, delivery in zip(instances, deliveries, strict=True):
        instance.begin(harness, AZURE, delivery)
    different = [instance.says() for instance in instances]
    for instance in instances:
        instance.begin(harness, AWS, same)
    at_once = [instance.says() for instance in instances]

    assert [said["end"] for said in different] == ["loaded", "loaded"]
    assert sorted(said["end"] for said in at_once) in (["MONTH_LOCKED", "loaded"], ["DUPLICATE", "loaded"])
    assert sorted(at_once[0]["loads"] + at_once[1]["loads"]) == ["aws_cur$202509"]
    assert harness.handle_manifest(AWS, same).code == "DUPLICATE"
    check_invariants(harness, {(AZURE, OTHER): deliveries[0], (AZURE, MONTH): deliveries[1], (AWS, MONTH): same})


# request of the older run's visit, and for how long it sleeps there; 11 minutes end its lease
SAMPLE = [(9, 11), (14, 11), (8, 0)]
SPECS = [AWS, AZURE] if LONG else [AZURE]


@pytest.mark.fault("F4", "F18")
@pytest.mark.timeout(1800 if LONG else 300)
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_a_process_that_sleeps_at_any_request_never_puts_its_older_run_over_a_newer(
    harness: Harness, tmp_path: Path, spec: SourceSpec
) -> None:
    """At the insertion itself its lease holds: nothing guards it, but it ends 520 s after the start at the latest."""
    instance, expected = Instance(harness.emulator), {}
    assert instance.says() == {"ready": True}
    try:
        for number, (at, minutes) in enumerate(itertools.product(range(1, 60), (11, 0)) if LONG else SAMPLE):
            older, newer = (_run(tmp_path, spec, number, revision) for revision in (1, 2))
            expected[spec, newer.month] = newer
            if not _sleep_at(harness, instance, spec, older, newer, at, minutes):
                break
            check_invariants(harness, expected)
    finally:
        instance.end()


def _run(folder: Path, spec: SourceSpec, number: int, revision: int) -> Delivery:
    generate = aws_cur_delivery if spec is AWS else azure_focus_delivery
    month = f"{2010 + number // 12}-{number % 12 + 1:02d}"
    return generate(folder, month, rows=6, files=1, revision=revision)


def _sleep_at(
    harness: Harness, instance: Instance, spec: SourceSpec, older: Delivery, newer: Delivery, at: int, minutes: float
) -> bool:
    """Whether the older run's visit had that many requests."""
    harness.deployment.deliver(spec, older)
    instance.begin(harness, spec, older, at)
    slept = instance.says()
    if "paused" not in slept:
        return False
    is_insertion = not slept["loads"] and slept["url"].split("?")[0].endswith("/jobs")
    minutes = 0 if is_insertion else minutes
    harness.clock.step(minutes=minutes)
    is_busy = _load(harness, spec, newer) == "MONTH_LOCKED"
    woken = instance.wake(minutes)
    if is_busy:
        outcome = harness.handle_manifest(spec, newer)
        # AWS overwrites its manifest: who sleeps before the second look wakes to the newer run, and loads that.
        assert outcome.action == "loaded" or (outcome.code == "DUPLICATE" and woken["loads"] and spec is AWS)
    else:
        assert woken["loads"] == slept["loads"], f"an older run was inserted after the newer: request {at}"
    return True


def _load(harness: Harness, spec: SourceSpec, delivery: Delivery) -> str:
    try:
        return harness.load(spec, delivery).action
    except BillingError as error:
        return error.code
