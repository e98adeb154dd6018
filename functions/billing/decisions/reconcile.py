"""Combine dlt's state of a month with the newest rows of the tracking table."""

from dataclasses import replace
from typing import Any

from billing.decisions.state import LoadedDelivery, MonthState
from billing.settings import Source


def _from_tracking(source: Source, row: Any) -> MonthState:
    head = _head(source, row)
    return MonthState(loaded_executions=(head.execution,), loaded=head)


def reconcile(source: Source, state: MonthState | None, tracked: Any | None, uncommitted: Any | None) -> MonthState:
    known = _newer(state, _from_tracking(source, tracked) if tracked is not None else None)
    if tracked is not None:
        known = replace(known, loaded_at=tracked["loaded_at"], last_execution=tracked["execution"])
    is_newest = uncommitted is not None and (tracked is None or uncommitted["loaded_at"] > tracked["loaded_at"])
    return replace(known, uncommitted=_head(source, uncommitted)) if is_newest else known


def _head(source: Source, row: Any) -> LoadedDelivery:
    return LoadedDelivery(
        execution=row["execution"],
        order_key=row["order_key"],
        content=row["content"],
        covers_until=row["covers_until"],
        rows=row["row_count"],
        job_id=row["job_id"],
        table=source.destination,
        table_created=row["table_created"],
        changed_during_load=row["code"] == "FILES_CHANGED_DURING_LOAD",
    )


def _newer(state: MonthState | None, tracked: MonthState | None) -> MonthState:
    """The state, but for a head that its own tracking rows have passed by."""
    if state is None or tracked is None or tracked.loaded is None:
        return state or tracked or MonthState()
    if state.loaded is None or _replaces(tracked.loaded, state.loaded):
        return replace(state, loaded=tracked.loaded)
    return state


def _replaces(row: LoadedDelivery, head: LoadedDelivery) -> bool:
    """By a newer run, or into a table that was made since: a booking may have slept meanwhile, and be dlt's newest."""
    is_later = head.order_key < row.order_key or head.table_created < row.table_created
    return head.job_id != row.job_id and is_later
