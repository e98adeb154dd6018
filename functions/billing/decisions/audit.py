"""The audit: does a month's partition still hold what its recorded load put there?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.decisions.delivery import TableIdentity
from billing.decisions.state import MonthState

_CLOCKS_DIFFER = timedelta(seconds=10)  # a function's and BigQuery's: a load is recorded just after it was written


@dataclass(frozen=True)
class Partition:
    """A month's rows, and when it was last written, by BigQuery's clock."""

    rows: int
    modified: datetime


def difference(books: MonthState, destination: TableIdentity, partition: Partition | None) -> str | None:
    """How a month is not what the books say: other rows, or written by somebody who did not live to book it."""
    head, rows = (
        books.loaded_into(destination.table, destination.created),
        partition.rows if partition is not None else 0,
    )
    if head is None:
        return f"it has {rows} rows, and no load of them is booked." if rows else None
    if head.rows != rows:
        return f"it has {rows} rows, but {head.rows} were loaded by {head.job_id}."
    if books.last_execution not in (None, head.execution):
        return f"it was last loaded from {books.last_execution}, and not from {head.execution}, as the books say."
    if head.changed_during_load:
        return f"files were replaced while {head.job_id} read them."
    if partition is not None and books.loaded_at is not None and partition.modified > books.loaded_at + _CLOCKS_DIFFER:
        return f"it was written at {partition.modified:%F %H:%M:%S} UTC, after {head.job_id} was booked."
    return None
