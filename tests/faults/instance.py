"""One instance of a function in a process of its own, which can crash or pause at any request.

What a crash leaves in the globals of the client libraries and of dlt stays in that process.
`python -m tests.faults.instance` is the process, InstanceProcess the other end. Messages are lines of JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from tests.emulator import Emulator
from tests.faults.fault import Fault
from tests.faults.process import joined, next_message, send_message, start
from tests.faults.redelivery import CallEnd, end_of
from tests.faults.transport import SentLoad, wire
from tests.samples import Delivery
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.harness import Harness, manifest_name
from tests.support.sources import AWS, AZURE, SourceSpec


@dataclass(frozen=True)
class InstanceEnd(CallEnd):
    """How the call ended, and what BigQuery accepted from it."""

    fault_happened: bool
    jobs: list[SentLoad]
    statements: list[str]

    @property
    def loads(self) -> list[str]:
        return [job.table for job in self.jobs]


class InstanceProcess:
    """A process that handles one event at a time."""

    def __init__(self, emulator: Emulator) -> None:
        self._process = start(emulator, "tests.faults.instance")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._messages = self._process.stdin, self._process.stdout
        assert self.receive() == {"ready": True}

    def handle(self, harness: Harness, spec: SourceSpec, delivery: Delivery, fault: Fault | None = None) -> InstanceEnd:
        """Handle the event of the delivery's manifest. What BigQuery accepted is added to the harness's record."""
        self.begin(harness, spec, delivery, fault)
        return self.end(harness)

    def begin(self, harness: Harness, spec: SourceSpec, delivery: Delivery, fault: Fault | None = None) -> None:
        self._send(
            deployment=harness.settings.bookkeeping_bucket.removesuffix("-bookkeeping"),
            focus=bool(harness.settings.focus_dataset),
            source=spec.provider,
            object=manifest_name(spec, delivery),
            fault=asdict(fault) if fault is not None else None,
            ahead=harness.clock.ahead.total_seconds(),
        )

    def resume(self, harness: Harness, minutes: float) -> InstanceEnd:
        """Let a paused instance go on, so many minutes later."""
        self._send(minutes=minutes)
        return self.end(harness)

    def end(self, harness: Harness) -> InstanceEnd:
        message = self.receive()
        end = InstanceEnd(**{**message, "jobs": [_sent_load(job) for job in message["jobs"]]})
        if harness.sent is not None:
            harness.sent.jobs.extend(end.jobs)
            harness.sent.statements.extend(end.statements)
        return end

    def receive(self) -> dict[str, Any]:
        message = next_message(self._messages)
        assert message is not None, self._process.stderr and self._process.stderr.read()[-4000:]
        return message

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _send(self, **order: object) -> None:
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()


@contextmanager
def instance_process(emulator: Emulator) -> Iterator[InstanceProcess]:
    process = InstanceProcess(emulator)
    try:
        yield process
    finally:
        process.kill()


def _sent_load(job: dict[str, Any]) -> SentLoad:
    return SentLoad(**{**job, "uris": tuple(job["uris"])})


def _handle(emulator: Emulator, order: dict[str, Any]) -> None:
    deployment = EmulatorDeployment(emulator, name=order["deployment"], focus=order["focus"])
    deployment.clock.step(seconds=order["ahead"])
    spec = AWS if order["source"] == "aws" else AZURE

    def paused() -> None:
        send_message(sys.stdout, url=sent.calls[-1][2], loads=sent.loads)
        deployment.clock.step(minutes=json.loads(sys.stdin.readline())["minutes"])

    with wire(Fault(**order["fault"]) if order["fault"] else None, paused) as sent:
        end = end_of(lambda: Harness(deployment).handle_object(spec, order["object"]))
    accepted = {"jobs": [asdict(job) for job in sent.jobs], "statements": sent.statements}
    send_message(sys.stdout, **asdict(end), fault_happened=sent.happened, **accepted)


def main() -> None:
    with joined() as emulator:
        send_message(sys.stdout, ready=True)
        for line in iter(sys.stdin.readline, ""):
            _handle(emulator, json.loads(line))


if __name__ == "__main__":
    main()
