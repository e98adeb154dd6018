"""Build the record of a delivery: the new state of its month, and one row of the tracking table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.decisions.completeness import looks_mixed
from billing.decisions.decision import Load, Reject, Wait
from billing.decisions.delivery import Delivery
from billing.decisions.policy import Policy
from billing.decisions.snapshot import MonthSnapshot, Recordable
from billing.decisions.state import LoadedDelivery, MonthState, Rejection, job_time


@dataclass(frozen=True)
class LoadResult:
    """What a load job did."""

    job_id: str
    rows: int
    ended: datetime  # by BigQuery's clock


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a month that was loaded."""

    code: str
    message: str


@dataclass(frozen=True)
class TrackingRow:
    """One row of `<table>_load_tracking`. `columns` holds the values of the columns that are not NULL, by name."""

    status: str  # loaded, rejected or waiting
    execution: str
    columns: Mapping[str, object]


@dataclass(frozen=True)
class Record:
    """One commit: the month's new state and its row."""

    month: str
    state: MonthState
    row: TrackingRow


def check_load(before: Delivery, after: Delivery, result: LoadResult) -> Finding | None:
    """Compare a load with its manifest, and the files before it with those after it."""
    if after.generations != before.generations:
        message = "A file was replaced while BigQuery read it. The month loads again when the delivery is complete."
        return Finding("FILES_CHANGED_DURING_LOAD", message)
    expected = before.export.rows
    if expected is not None and expected != result.rows:
        message = f"BigQuery loaded {result.rows} rows, but the manifest counts {expected}."
        return Finding("ROW_COUNT_MISMATCH", message)
    if looks_mixed(before):
        message = (
            "The provider wrote the files hours apart, so some may belong to another delivery."
            " The month loads again when one of them changes."
        )
        return Finding("MIXED_DELIVERY", message)
    return None


def loaded_record(load: Load, manifest_uri: str, result: LoadResult, finding: Finding | None) -> Record:
    delivery, table = load.delivery, load.table.identity
    export = delivery.export
    loaded = LoadedDelivery(
        execution=export.execution,
        order_key=export.order_key,
        content=delivery.content,
        covers_until=export.covers_until,
        rows=result.rows,
        job_id=result.job_id,
        table=table.name,
        table_created=table.created,
        ended=job_time(result.ended),
        changed_during_load=finding is not None and finding.code == "FILES_CHANGED_DURING_LOAD",
        looks_mixed=finding is not None and finding.code == "MIXED_DELIVERY",
        files=delivery.contents if export.overwrites else {},
    )
    snapshot = MonthSnapshot(delivery, load.state, load.table, load.owner)
    found = {"code": finding.code, "message": finding.message} if finding is not None else {}
    ran = {"row_count": result.rows, "job_id": result.job_id, "job_ended": result.ended, "table_created": table.created}
    return Record(export.month, load.state.with_load(loaded), _row("loaded", snapshot, manifest_uri, **found, **ran))


def rejected_record(snapshot: Recordable, decision: Reject, manifest_uri: str, policy: Policy) -> Record:
    about = _about(snapshot, decision)
    rejection = Rejection(decision.code, snapshot.rejectable[about], policy.fingerprint(snapshot.table_created))
    row = _row("rejected", snapshot, manifest_uri, code=decision.code, message=decision.message)
    return Record(snapshot.month, snapshot.state.with_rejection(about, rejection), row)


def waiting_record(snapshot: Recordable, decision: Wait, manifest_uri: str, waits_for: str) -> Record:
    row = _row("waiting", snapshot, manifest_uri, code=decision.code, message=decision.message)
    return Record(snapshot.month, snapshot.state.with_waiting(waits_for), row)


def _about(snapshot: Recordable, decision: Reject) -> str:
    """Return what is rejected: the execution, or the scope, so that it is told once and not with each delivery."""
    if decision.code == "OTHER_SCOPE" and isinstance(snapshot, MonthSnapshot):
        return snapshot.delivery.export.scope
    return snapshot.execution


def _row(status: str, snapshot: Recordable, manifest_uri: str, **columns: object) -> TrackingRow:
    known = {"manifest_uri": manifest_uri, "content": snapshot.content, **snapshot.tracked, **columns}
    return TrackingRow(status, snapshot.execution, known)
