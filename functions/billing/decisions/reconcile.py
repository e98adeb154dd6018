"""Combine dlt's state of a month with the newest rows of the tracking table."""

from dataclasses import replace
from typing import Any

from billing.decisions.state import Books, Head
from billing.settings import Source


def _from_tracking(source: Source, row: Any) -> Books:
    head = _head(source, row)
    return Books(loaded=(head.execution,), head=head)


def reconcile(source: Source, state: Books | None, tracked: Any | None, unbooked: Any | None) -> Books:
    known = _newer(state, _from_tracking(source, tracked) if tracked is not None else None)
    if tracked is not None:
        known = replace(known, loaded_at=tracked["loaded_at"], last=tracked["execution"])
    is_newest = unbooked is not None and (tracked is None or unbooked["loaded_at"] > tracked["loaded_at"])
    return replace(known, unbooked=_head(source, unbooked)) if is_newest else known


def _head(source: Source, row: Any) -> Head:
    return Head(
        execution=row["execution"],
        order_key=row["order_key"],
        content=row["content"],
        covers_until=row["covers_until"],
        rows=row["row_count"],
        job_id=row["job_id"],
        table=source.destination,
        table_created=row["table_created"],
        torn=row["code"] == "TORN",
    )


def _newer(state: Books | None, tracked: Books | None) -> Books:
    """The state, but for a head that its own tracking rows have passed by."""
    if state is None or tracked is None or tracked.head is None:
        return state or tracked or Books()
    if state.head is None or _has_passed(tracked.head, state.head):
        return replace(state, head=tracked.head)
    return state


def _has_passed(row: Head, head: Head) -> bool:
    """By a newer run, or into a table that was made since: a booking may have slept meanwhile, and be dlt's newest."""
    is_later = head.order_key < row.order_key or head.table_created < row.table_created
    return head.job_id != row.job_id and is_later
