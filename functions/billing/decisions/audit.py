"""Check whether the partition of a month still has the rows that its recorded load wrote."""

from dataclasses import dataclass
from datetime import datetime

from billing.decisions.state import MonthState
from billing.decisions.table import TableIdentity


@dataclass(frozen=True)
class Partition:
    """A month's rows, and when it was last written, by BigQuery's clock."""

    rows: int
    modified: datetime


def difference(state: MonthState, table: TableIdentity, partition: Partition | None) -> str | None:
    """Return how the partition differs from the recorded load, or None."""
    loaded, rows = state.loaded_into(table), partition.rows if partition is not None else 0
    if loaded is None:
        return f"it has {rows} rows, and no load of them is recorded." if rows else None
    if loaded.rows != rows:
        return f"it has {rows} rows, but {loaded.rows} were loaded by {loaded.job_id}."
    if loaded.changed_during_load:
        return f"files were replaced while {loaded.job_id} read them."
    if partition is not None and partition.modified > datetime.fromisoformat(loaded.ended):
        return f"it was written at {partition.modified:%F %H:%M:%S} UTC, after {loaded.job_id} had ended."
    return None
