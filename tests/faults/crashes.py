"""F3 and F9 in a process of their own: what a crash leaves in the libraries' globals must not reach other tests.

python -m tests.faults.crashes aws|azure FAULT STRIDE; the last line printed is the JSON list of what was checked.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
from pathlib import Path

import pytest
from dlt.load.load import Load

from billing.errors import BillingError, Kind
from tests.faults import invariants
from tests.faults.invariants import check_invariants, watched
from tests.faults.transport import Crash, Fault, Wire, wire
from tests.harness import Harness, SteppedClock
from tests.integration.conftest import impatient
from tests.local_cloud import LocalCloud
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.stack import AWS, AZURE, SourceSpec, Stack

MONTH = "2025-09"
OTHER = "2025-08"
_FEWEST_REQUESTS = 20  # of a load with its booking: fewer would mean that the fault is not where we think


def _delivery(folder: Path, spec: SourceSpec, month: str, revision: int = 1) -> Delivery:
    if spec is AWS:
        return aws_cur_delivery(folder, month, rows=12, files=2, revision=revision)
    return azure_focus_delivery(folder, month, rows=12, files=2, revision=revision)


def _visit_once(harness: Harness, spec: SourceSpec, delivery: Delivery, fault: Fault, at: int) -> tuple[Wire, bool]:
    """One event's visit with a fault at its k-th request; whether the platform would deliver the event again."""
    with wire(fault, at) as sent:
        try:
            harness.process(spec, delivery)
        except Crash:
            return sent, True
        except BillingError as error:
            if error.kind is not Kind.RETRY:
                raise
            return sent, True
    return sent, False


def crash_at_every_request(harness: Harness, tmp_path: Path, spec: SourceSpec, fault: Fault, stride: int) -> None:
    """No crash leaves anything but the newer delivery, and one load job that worked; readers see old or new."""
    assert isinstance(harness.clock, SteppedClock)
    untouched, standing = _delivery(tmp_path, spec, OTHER), _delivery(tmp_path, spec, MONTH)
    harness.load(spec, untouched)
    harness.load(spec, standing)
    for request in itertools.count(1 if fault == "crash after" else stride, stride):
        delivery = _delivery(tmp_path, spec, MONTH, revision=request + 1)
        harness.stack.deliver(spec, delivery)
        with watched(harness, spec, MONTH, standing, delivery):
            first, again = _visit_once(harness, spec, delivery, fault, request)
            harness.clock.step(minutes=11)  # until the dead instance's lease has ended
            with wire() as second:
                outcome = harness.process(spec, delivery)
        check_invariants(harness, {(spec, MONTH): delivery, (spec, OTHER): untouched})
        assert (outcome.action, outcome.code) in (("loaded", None), ("skipped", "DUPLICATE"))
        assert [*first.loads, *second.loads] == [f"{spec.table}$202509"], f"one load job works: request {request}"
        if not first.happened:
            break
        assert again, f"request {request} crashed, and nobody noticed"
        standing = delivery
    assert request > _FEWEST_REQUESTS


def fail_at_every_request(harness: Harness, tmp_path: Path, spec: SourceSpec, fault: Fault, stride: int) -> None:
    """An error is retried, at once or by the next event, and no second job works."""
    assert isinstance(harness.clock, SteppedClock)
    for request in itertools.count(1, stride):
        delivery = _delivery(tmp_path, spec, MONTH, revision=request)
        harness.stack.deliver(spec, delivery)
        first, again = _visit_once(harness, spec, delivery, fault, request)
        loads = [*first.loads]
        if again:
            harness.clock.step(minutes=11)
            with wire() as second:
                harness.process(spec, delivery)
            loads += second.loads
        check_invariants(harness, {(spec, MONTH): delivery})
        assert loads == [f"{spec.table}$202509"], f"one load job works: request {request}"
        if not first.happened:
            break
    assert request > _FEWEST_REQUESTS


def main(provider: str, fault: Fault, stride: int) -> None:
    spec = AWS if provider == "aws" else AZURE
    scenario = crash_at_every_request if fault in ("crash before", "crash after") else fail_at_every_request
    with LocalCloud() as cloud, pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        patch.setattr(Load, "__init__", impatient(Load.__init__))
        scenario(Harness(Stack(cloud).create(), SteppedClock()), Path(folder), spec, fault, stride)
    print(json.dumps(invariants.checks))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))  # type: ignore[arg-type]
