"""Combine dlt's state of a month with the newest loads in the tracking table."""

from dataclasses import dataclass, replace
from datetime import datetime

from billing.decisions.state import LoadedDelivery, MonthState


@dataclass(frozen=True)
class TrackedLoad:
    """A row of the tracking table with status `loaded`."""

    load: LoadedDelivery
    loaded_at: datetime


def reconcile(state: MonthState | None, complete: TrackedLoad | None, incomplete: TrackedLoad | None) -> MonthState:
    """Return the state of a month.

    `complete` is the newest row whose dlt load is complete, `incomplete` the newest row whose dlt load is not.
    dlt's state decides, unless it was lost or is older than its own tracking rows. An incomplete row that is newer
    than every complete one keeps older deliveries out, and does nothing more.
    """
    known = _newer(state, complete)
    if complete is not None:
        known = replace(known, loaded_at=complete.loaded_at, last_execution=complete.load.execution)
    if incomplete is not None and (complete is None or incomplete.loaded_at > complete.loaded_at):
        known = replace(known, uncommitted=incomplete.load)
    return known


def _newer(state: MonthState | None, tracked: TrackedLoad | None) -> MonthState:
    if tracked is None:
        return state or MonthState()
    if state is None:
        return MonthState(loaded_executions=(tracked.load.execution,), loaded=tracked.load)
    if state.loaded is None or _replaces(tracked.load, state.loaded):
        return replace(state, loaded=tracked.load)
    return state


def _replaces(row: LoadedDelivery, state: LoadedDelivery) -> bool:
    """Return whether the row is of a run of greater rank, or of a table that was created later.

    A process that paused before its commit may have written an older load as dlt's newest state.
    """
    is_later = state.rank < row.rank or state.table_created < row.table_created
    return state.job_id != row.job_id and is_later
