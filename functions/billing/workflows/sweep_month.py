"""Check one month of one source in a sweep, and load it if needed."""

from dataclasses import dataclass
from datetime import datetime

from billing.clock import Timer
from billing.decisions.audit import difference
from billing.decisions.candidates import (
    Candidate,
    ReadableCandidate,
    UnreadableCandidate,
    in_order_of_trial,
    with_execution,
)
from billing.decisions.decide import decide
from billing.decisions.decision import Decision, Skip, Wait
from billing.decisions.orphans import LONG_WAIT
from billing.decisions.policy import Override, policy_of
from billing.decisions.state import MonthState
from billing.decisions.sweep_notes import Deferral
from billing.gcp.load_jobs import INSERT_DEADLINE
from billing.gcp.services import Services
from billing.log import emit
from billing.settings import Source
from billing.workflows.inventory import Inventory
from billing.workflows.load import load_month
from billing.workflows.outcome import Outcome, log_outcome
from billing.workflows.record import record_waiting
from billing.workflows.request import LoadRequest
from billing.workflows.sweep_report import SweepReport


@dataclass(frozen=True)
class SweptMonth:
    services: Services
    inventory: Inventory
    month: str
    timer: Timer
    report: SweepReport

    @property
    def source(self) -> Source:
        return self.inventory.source

    @property
    def name(self) -> str:
        return f"{self.source.key} {self.month}"

    @property
    def is_leased(self) -> bool:
        return self.month in self.inventory.leased

    def load_if_in_time(self) -> None:
        if not self._defer_if_late():
            self._load_best()

    def _defer_if_late(self) -> bool:
        """Leave the month to the next sweep if no load job may be started any more."""
        late = self.timer.elapsed() > INSERT_DEADLINE
        if late:
            reason = f"The sweep had run for {self.timer.elapsed():.0f} s, so there was no time for this month."
            self.report.defer(Deferral(self.source.key, self.name, "DEADLINE", reason))
        return late

    def _load_best(self) -> None:
        """Load the best delivery that can be loaded, and reject those that are at fault.

        A delivery that is rejected or waits does not stop a lesser one.
        """
        actions: set[str] = set()
        state, owner, has_changed = self.inventory.state(self.month), self.inventory.owner, False
        for candidate in in_order_of_trial(self.inventory.months.get(self.month, ())):
            if self._defer_if_late():
                return
            if has_changed:
                state = self.services.history.read(self.source, self.month)
                owner = self.services.owners.read(self.source)
            decision = self._decide(candidate, state, owner)
            has_changed = not isinstance(decision, Wait | Skip)
            if isinstance(decision, Wait):
                self._wait(candidate, decision, record="waiting" not in actions)
                actions.add("waiting")
            elif has_changed:
                actions.add(self._load(LoadRequest(self.source, candidate.manifest.name)).action)
        if "loaded" not in actions:
            self._audit()

    def _decide(self, candidate: Candidate, state: MonthState, owner: str) -> Decision | None:
        """Decide without a request. Return None if the manifest cannot be read: then only an evaluation decides."""
        if isinstance(candidate, UnreadableCandidate):
            return None
        snapshot = self.inventory.snapshot(candidate, state, owner)
        return decide(snapshot, policy_of(self.source), self.services.clock.now())

    def _load(self, request: LoadRequest) -> Outcome:
        outcome = load_month(self.services, request, self.timer)
        log_outcome(self.source, outcome, self.timer, request.manifest)
        if outcome.action == "loaded":
            self.report.add("loaded", self.name)
        if outcome.action == "rejected":
            self.report.add("rejected", self.name)
        return outcome

    def _wait(self, candidate: Candidate, wait: Wait, *, record: bool) -> None:
        """Report a wait. Only the best one of a month is recorded: `billing_status` has one row per month."""
        self.report.add("waiting", self.name)
        manifest = candidate.manifest
        waited = self.services.clock.now() - self._waits_since(candidate, wait)
        if waited > LONG_WAIT:
            warn_of_wait(self.source, self.month, f"{manifest.name} waits for {waited}: {wait.message}")
        if record:
            waits_for = f"{manifest.name} {manifest.generation} {wait.code}"
            request = LoadRequest(self.source, manifest.name)
            record_waiting(self.services, request, self.inventory.state(self.month), waits_for, self.timer)

    def _waits_since(self, candidate: Candidate, wait: Wait) -> datetime:
        """Return when the wait began: when its manifest came, or when its files changed and the manifest did not."""
        times = [candidate.manifest.updated]
        if wait.code == "WAITING_FOR_MANIFEST" and isinstance(candidate, ReadableCandidate):
            objects = self.inventory.objects
            times += [objects[file.name].updated for file in candidate.export.files if file.name in objects]
        return max(times)

    def _audit(self) -> None:
        """If the partition differs from the record, log an error and load the month again."""
        source, month, table = self.source, self.month, self.inventory.table.identity
        if difference(self.inventory.state(month), table, self.inventory.partitions.get(month)) is None:
            return
        with self.services.leases.hold(
            source.destination, month
        ):  # a load in progress is not recorded yet, so read again
            state, partitions = self.services.history.read(source, month), self.services.warehouse.partitions(source)
        differs = difference(state, table, partitions.get(month))
        if differs is None:
            return
        self.report.add("mismatched", self.name)
        execution = state.loaded.execution if state.loaded is not None else ""
        existing = with_execution(self.inventory.months.get(month, ()), execution)
        next_step = "It is loaded again." if existing else "Its manifest no longer exists: deliver the month again."
        emit(
            "ERROR",
            f"{source.table} in {month}: {differs} {next_step}",
            source=source.key,
            month=month,
            action="audited",
            code="AUDIT_MISMATCH",
            rows=partitions[month].rows if month in partitions else 0,
        )
        for candidate in existing[:1]:
            self._load(LoadRequest(source, candidate.manifest.name, Override.SAME_DELIVERY))


def warn_of_wait(source: Source, month: str | None, message: str) -> None:
    emit("WARNING", message, source=source.key, month=month, action="waiting", code="WAITING_LONG")
