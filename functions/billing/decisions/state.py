"""The recorded state of one source and month, and how it is read from and written to dlt's resource state."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from billing.decisions.table import TableIdentity
from billing.manifests import Export

MAX_IDS = 50  # executions remembered per month
MAX_REJECTIONS = 1000  # per month; the sweep records a forgotten one again as long as its manifest exists


@dataclass(frozen=True)
class LoadedDelivery:
    """The delivery that a month was last loaded from, and the table that it was loaded into."""

    execution: str
    order_key: str
    content: str
    covers_until: str | None
    rows: int
    job_id: str
    table: str
    table_created: str
    ended: str  # when BigQuery ended the job, by its clock, as `job_time` writes it
    changed_during_load: bool = False
    looks_mixed: bool = False
    files: Mapping[str, str] = field(default_factory=dict)  # contents by name digest, of overwrite deliveries
    byte_count: int | None = None
    costs: str | None = None  # as `costs_as_text` writes them; None if the state was rebuilt from a tracking row

    @property
    def rank(self) -> tuple[str, str]:
        """The rank of its export: see `Export.rank`."""
        return (self.covers_until or "", self.order_key)

    def went_into(self, table: TableIdentity) -> bool:
        return (self.table, self.table_created) == (table.name, table.created)


@dataclass(frozen=True)
class Rejection:
    """A rejected delivery. It is tried again only after the delivery, the loader or a setting changed."""

    code: str
    content: str
    fingerprint: str


@dataclass(frozen=True)
class MonthState:
    """What is recorded of one source and month.

    `waiting` is what the tracking table last said that the month waits for.
    `uncommitted` is a load whose record was not completed: no older delivery may follow it.
    """

    loaded_executions: tuple[str, ...] = ()
    loaded: LoadedDelivery | None = None
    rejected: Mapping[str, Rejection] = field(default_factory=dict)
    waiting: str | None = None
    uncommitted: LoadedDelivery | None = None

    def newer_load_than(self, export: Export, table: TableIdentity) -> LoadedDelivery | None:
        """Return a load of this table that this delivery must not replace, or None. Coverage counts before the time."""
        loads = (one for one in (self.loaded, self.uncommitted) if one is not None and one.went_into(table))
        return next((one for one in loads if one.order_key > export.order_key and one.rank > export.rank), None)

    def loaded_into(self, table: TableIdentity) -> LoadedDelivery | None:
        """Return the last load, or None if it went into another table or into one that was recreated since."""
        return self.loaded if self.loaded is not None and self.loaded.went_into(table) else None

    def ignoring_everything(self) -> "MonthState":
        """Return the state for a replay: no load and no rejection stops it. The files' contents still count."""
        return replace(self.ignoring_load(), rejected={}, uncommitted=None)

    def ignoring_load_of(self, execution: str) -> "MonthState":
        """Return the state for a reload of what is recorded: the recorded load does not make it a duplicate."""
        is_recorded = self.loaded is not None and self.loaded.execution == execution
        return self.ignoring_load() if is_recorded else self

    def ignoring_load(self) -> "MonthState":
        """Return the state with its load marked as one into no table. The contents of its files still count."""
        return self if self.loaded is None else replace(self, loaded=replace(self.loaded, table=""))

    def with_load(self, loaded: LoadedDelivery) -> "MonthState":
        executions = (*(one for one in self.loaded_executions if one != loaded.execution), loaded.execution)
        rejected = {name: past for name, past in self.rejected.items() if name != loaded.execution}
        if loaded.files:  # the files of rejected deliveries were overwritten; a rejected scope stays rejected
            rejected = {name: past for name, past in rejected.items() if past.code == "OTHER_SCOPE"}
        return replace(self, loaded_executions=executions[-MAX_IDS:], loaded=loaded, rejected=rejected, waiting=None)

    def with_rejection(self, execution: str, rejection: Rejection) -> "MonthState":
        others = {name: past for name, past in self.rejected.items() if name != execution}
        kept = dict(list(others.items())[1 - MAX_REJECTIONS :])
        return replace(self, rejected={**kept, execution: rejection}, waiting=None)

    def with_waiting(self, waiting: str) -> "MonthState":
        return replace(self, waiting=waiting)


def job_time(ended: datetime) -> str:
    """Return a time as text. A later time is greater, and `datetime.fromisoformat` reads it."""
    return ended.astimezone(UTC).isoformat(timespec="microseconds")


def from_state(state: Mapping[str, Any], month: str) -> MonthState:
    """Read one month of the dlt resource state: `{"loaded": {month: {...}}, ...}`. Unknown keys are ignored."""
    loaded = state.get("loaded", {}).get(month)
    rejected = state.get("rejected", {}).get(month, {})
    return MonthState(
        loaded_executions=tuple(state.get("loaded_executions", {}).get(month, ())),
        loaded=msgspec.convert(loaded, LoadedDelivery) if loaded else None,
        rejected={execution: msgspec.convert(past, Rejection) for execution, past in rejected.items()},
        waiting=state.get("waiting", {}).get(month),
    )


def to_state(month_state: MonthState, month: str) -> dict[str, Any]:
    state: dict[str, Any] = {
        "loaded_executions": {month: list(month_state.loaded_executions)},
        "loaded": {},
        "rejected": {},
        "waiting": {},
    }
    if month_state.loaded is not None:
        state["loaded"][month] = asdict(month_state.loaded)
    if month_state.rejected:
        state["rejected"][month] = {execution: asdict(past) for execution, past in month_state.rejected.items()}
    if month_state.waiting is not None:
        state["waiting"][month] = month_state.waiting
    return state
