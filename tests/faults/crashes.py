"""F3 and F9 in a process of their own: what a crash leaves in the libraries' globals must not reach other tests.

python -m tests.faults.crashes PROVIDER:FAULT:FIRST:STRIDE...; the last message says what was checked.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from billing.errors import ErrorClass
from billing.gcp.api_errors import classify
from tests.faults import invariants
from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants, watched
from tests.faults.process import joined, send
from tests.faults.transport import Crash, ErrorInfo, Wire, wire
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery, with_manifest
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
OTHER = "2025-08"
_FEWEST_REQUESTS = 20  # of a load with its booking: fewer would mean that the fault is not where we think


def _delivery(folder: Path, spec: SourceSpec, month: str, revision: int = 1) -> Delivery:
    generate = aws_cur_delivery if spec is AWS else azure_focus_delivery
    return generate(folder, month, rows=12, files=2, revision=revision)


def _refreshes(folder: Path, spec: SourceSpec) -> Iterator[Delivery]:
    """Each newer than the one before, with other rows and cost: two deliveries in turn, under other executions."""
    pair = [_delivery(folder, spec, MONTH, revision) for revision in (1, 2)]
    for number, delivery in enumerate(itertools.cycle(pair)):
        yield _renamed(delivery, number) if spec is AZURE else delivery  # AWS's manifest is newer when it lands again


def _renamed(delivery: Delivery, number: int) -> Delivery:
    execution = f"{delivery.execution[:-4]}{number:04d}"

    def change(manifest: dict[str, Any]) -> None:
        manifest["runInfo"] |= {"runId": execution, "submittedTime": f"2025-10-05T10:00:{number:02d}.0000000Z"}

    return replace(with_manifest(delivery, change), execution=execution)


def _visit_once(harness: Harness, spec: SourceSpec, delivery: Delivery, fault: ErrorInfo, at: int) -> tuple[Wire, bool]:
    """One event's visit with a fault at its k-th request; whether the platform would deliver the event again."""
    with wire(fault, at) as sent:
        try:
            harness.handle_manifest(spec, delivery)
        except Crash:
            return sent, True
        except Exception as error:
            known = classify(error)  # as the edge does
            if known is None or known.kind is not ErrorClass.RETRY:
                raise
            return sent, True
    return sent, False


def fault_at_requests(
    harness: Harness, folder: Path, spec: SourceSpec, fault: ErrorInfo, first: int, stride: int
) -> None:
    """Whatever goes wrong leaves the newer delivery, and one load job that worked; readers see old or new."""
    untouched, refreshes = _delivery(folder, spec, OTHER), _refreshes(folder, spec)
    standing = next(refreshes)
    harness.load(spec, untouched)
    harness.load(spec, standing)
    for request in itertools.count(first, stride):
        delivery = next(refreshes)
        harness.deployment.deliver(spec, delivery)
        with watched(harness, spec, MONTH, standing, delivery):
            loads, happened = _with_one_fault(harness, spec, delivery, fault, request)
        check_invariants(harness, {(spec, MONTH): delivery, (spec, OTHER): untouched})
        assert loads == [f"{spec.table}$202509"], f"one load job works: request {request}"
        if not happened:
            break
        standing = delivery
    assert request > _FEWEST_REQUESTS


def _with_one_fault(
    harness: Harness, spec: SourceSpec, delivery: Delivery, fault: ErrorInfo, at: int
) -> tuple[list[str], bool]:
    """The event once with the fault, and again if nobody acknowledged it: load jobs taken, and whether it happened."""
    sent, again = _visit_once(harness, spec, delivery, fault, at)
    assert again or not (sent.happened and fault.startswith("crash")), f"request {at} crashed, and nobody noticed"
    if not again:
        return sent.loads, sent.happened
    harness.clock.step(minutes=11)  # until the dead instance's lease has ended
    with wire() as second:
        outcome = harness.handle_manifest(spec, delivery)
    assert (outcome.action, outcome.code) in (("loaded", None), ("skipped", "DUPLICATE"))
    return [*sent.loads, *second.loads], sent.happened


def main(cases: list[str]) -> None:
    with joined() as emulator:
        for case in cases:
            provider, fault, first, stride = case.split(":")
            stack = EmulatorDeployment(emulator, focus=LONG).create()
            with tempfile.TemporaryDirectory() as folder, wire() as sent:
                harness, spec = Harness(stack, sent), AWS if provider == "aws" else AZURE
                fault_at_requests(harness, Path(folder), spec, cast(ErrorInfo, fault), int(first), int(stride))
    send(sys.stdout, checked=invariants.checks)


if __name__ == "__main__":
    main(sys.argv[1:])
