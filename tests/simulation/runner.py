"""The scenario runner: it plays a history on a backend, and checks the invariants I1 to I6 at every step."""

from __future__ import annotations

from contextlib import redirect_stdout
from datetime import timedelta
from functools import singledispatchmethod
from unittest.mock import patch

from tests.faults.invariants import checks
from tests.simulation import steps
from tests.simulation.backends import Backend, FakeBackend
from tests.simulation.calls import Calls
from tests.simulation.provider import STREAMS
from tests.simulation.record import Record, Violation
from tests.simulation.sequential import without_threads
from tests.simulation.transfer import BETWEEN_DELIVERIES, LONGEST_TRANSFER, Transfer

_MAX_ROUNDS = 12


class Simulation:
    """Carries out steps: the transfer moves objects, the calls run the functions, the record checks."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.transfer = Transfer(backend)
        self.record = Record(backend, self.transfer)
        self.calls = Calls(backend, self.transfer, self.record)

    @singledispatchmethod
    def do(self, step: object) -> None:
        raise NotImplementedError(step)

    @do.register
    def _(self, step: steps.Write) -> None:
        self.transfer.write(STREAMS[step.stream], step.kind)

    @do.register
    def _(self, step: steps.Deliver) -> None:
        self.transfer.write(STREAMS[step.stream], step.kind)
        self.transfer.copy_months([STREAMS[step.stream]])

    @do.register
    def _(self, step: steps.Copy) -> None:
        for choice in step.choices:
            self.transfer.copy(choice)

    @do.register
    def _(self, step: steps.CopyAll) -> None:
        self.transfer.copy_all(backwards=step.backwards)

    @do.register
    def _(self, step: steps.CopyDelivery) -> None:
        self.transfer.copy_delivery(self.transfer.deliveries[STREAMS[step.stream]][step.delivery], step.objects)

    @do.register
    def _(self, step: steps.CopyAgain) -> None:
        self.transfer.copy_again(step.which)

    @do.register
    def _(self, _: steps.Repair) -> None:
        self.transfer.repair()

    @do.register
    def _(self, step: steps.Event) -> None:
        if events := self.transfer.events:
            self.calls.event(step.which % len(events), step.fault, again=step.again, wrong_by=step.wrong_by)

    @do.register
    def _(self, step: steps.LoseEvent) -> None:
        if events := self.transfer.events:
            del events[step.which % len(events)]

    @do.register
    def _(self, step: steps.Resume) -> None:
        if paused := self.calls.paused:
            self.calls.resume(step.which % len(paused), step.fault)

    @do.register
    def _(self, step: steps.Sweep) -> None:
        self.calls.sweep(step.fault, step.wrong_by)

    @do.register
    def _(self, step: steps.Replay) -> None:
        stream = STREAMS[step.stream]
        found = self.transfer.deliveries[stream]
        execution = found[step.older % len(found)].execution if found and step.older is not None else None
        self.calls.replay(stream, execution, step.fault, step.wrong_by)

    @do.register
    def _(self, step: steps.Wait) -> None:
        self.transfer.wait(timedelta(minutes=step.minutes))

    @do.register
    def _(self, step: steps.SetJobs) -> None:
        self.backend.set_jobs(timedelta(seconds=step.seconds), step.fails)

    @do.register
    def _(self, step: steps.RecreateTable) -> None:
        key = STREAMS[step.stream].key
        self.backend.recreate_table(key)
        self.record.table_recreated(key)

    @do.register
    def _(self, _: steps.LoseState) -> None:
        self.backend.lose_dlt_tables()
        self.record.rejections_forgotten()

    def finish(self) -> None:
        """Resume every instance, deliver every event until it is acknowledged, sweep until nothing is left to do."""
        while self.calls.paused:
            self.calls.resume(0)
        self.backend.set_jobs(timedelta(), "")
        self.transfer.wait(LONGEST_TRANSFER)
        for _ in range(_MAX_ROUNDS):
            for _ in range(len(self.transfer.events)):
                self.calls.event(0)
            self.transfer.wait(timedelta(minutes=11))
        assert not self.transfer.events, f"I5: not acknowledged: {self.transfer.events}"
        self.transfer.wait(BETWEEN_DELIVERIES)
        for _ in range(_MAX_ROUNDS):
            report = self.calls.sweep()
            self.transfer.wait(timedelta(minutes=61))
            if not self.record.needs_work(report):
                break
        else:
            raise AssertionError(f"every sweep finds something to do again: {report}")
        self.record.check_end(report)


def run(history: steps.History, backend: Backend | None = None) -> int:
    """Play a history to its end, on the fakes if no backend is given. Return how many faults happened.

    Raises AssertionError for a violation of an invariant.
    """
    backend = backend or FakeBackend()
    simulation = Simulation(backend)
    with (
        backend.open(),
        redirect_stdout(simulation.calls.log),
        without_threads(),
        patch("billing.workflows.load.MAX_CRASHES", 1000),  # a history may stop each of many instances
    ):
        try:
            for step in history:
                simulation.do(step)
            simulation.finish()
        except Violation as violation:
            raise AssertionError(str(violation)) from violation
        finally:
            simulation.calls.close()
    checks.extend(("I1", "I2", "I3", "I4", "I5", "I6"))
    return simulation.calls.faults
