"""Calls of the functions: events, sweeps and replays, each in an instance that a fault can happen to."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from billing.errors import ErrorClass
from billing.gcp.api_errors import classify
from billing.gcp.services import Services
from billing.workflows.events import handle_event
from billing.workflows.replay import replay
from billing.workflows.sweep import sweep
from tests.faults.fault import Fault
from tests.simulation.backends import Backend
from tests.simulation.instances import End, Instance
from tests.simulation.provider import Stream
from tests.simulation.record import Record
from tests.simulation.transfer import Transfer

_GENERAL_ACTIONS = frozenset({"sweep", "age", "audited", "started"})  # of log lines about no delivery


class LogLines(io.TextIOBase):
    """Standard output: keeps the JSON lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, text: str) -> int:
        if text.startswith("{"):
            self.lines.append(json.loads(text))
        return len(text)


class Calls:
    def __init__(self, backend: Backend, transfer: Transfer, record: Record) -> None:
        self.backend = backend
        self.transfer = transfer
        self.record = record
        self.log = LogLines()
        self.paused: list[Instance] = []
        self.faults = 0  # that happened

    def event(self, index: int, fault: Fault | None = None, *, again: bool = False, wrong_by: float = 0.0) -> None:
        """Handle an outstanding event. With `again` it stays outstanding."""
        name = self.transfer.events[index] if again else self.transfer.events.pop(index)
        provider = "aws" if name.startswith("aws/") else "azure"
        data = {"bucket": self.transfer.bucket(name), "name": name}
        instance = Instance(f"event {name}", self.backend.stepped, event=name, wrong_by=wrong_by)
        self._begin(instance, lambda services: handle_event(self.backend.settings, provider, data, services), fault)

    def sweep(self, fault: Fault | None = None, wrong_by: float = 0.0) -> dict[str, Any]:
        """Sweep all sources. Return the report, or nothing if the sweep did not end."""
        reports: list[dict[str, Any]] = []
        instance = Instance("sweep", self.backend.stepped, wrong_by=wrong_by)
        self._begin(instance, lambda services: reports.append(sweep(self.backend.settings, services)), fault)
        return reports[0] if reports else {}

    def replay(self, stream: Stream, execution: str | None, fault: Fault | None, wrong_by: float = 0.0) -> None:
        def work(services: Services) -> None:
            try:
                replay(self.backend.settings, stream.key, stream.month, execution, services)
            except Exception as error:
                known = classify(error)
                if known is None or (known.kind is not ErrorClass.RETRY and known.code != "NO_SUCH_DELIVERY"):
                    raise

        self._begin(Instance("replay", self.backend.stepped, is_replay=True, wrong_by=wrong_by), work, fault)

    def resume(self, index: int, fault: Fault | None = None) -> None:
        instance = self.paused.pop(index)
        self._run(instance, lambda: instance.resume(fault))

    def close(self) -> None:
        for instance in self.paused:
            instance.kill()

    def _begin(self, instance: Instance, work: Callable[[Services], object], fault: Fault | None) -> None:
        services = self.backend.services(instance)
        self._run(instance, lambda: instance.begin(lambda: work(services), fault))

    def _run(self, instance: Instance, go: Callable[[], End]) -> None:
        """Run an instance until it pauses or ends, and check its log lines. An unacknowledged event comes again."""
        self.record.running = instance
        self.log.lines.clear()
        try:
            state = go()
        finally:
            self.record.running = None
        self.faults += instance.has_met_fault
        lines = [line for line in self.log.lines if line.get("action", "sweep") not in _GENERAL_ACTIONS]
        for line in lines:
            self.record.check_line(line, instance, self.paused)
        if state == "paused":
            self.paused.append(instance)
        if instance.event is not None and state in ("crashed", "retry"):
            self.transfer.events.append(instance.event)
        elif instance.event is not None and state == "done":
            assert len(lines) == 1, f"I5: {instance.event} ended as {lines}"
