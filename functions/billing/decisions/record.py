"""Build the record of a delivery: the new state of its month, and one row of the tracking table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing.decisions.billed import Billed, costs_as_text
from billing.decisions.completeness import looks_mixed
from billing.decisions.decision import Load, Reject, Wait
from billing.decisions.delivery import Delivery
from billing.decisions.policy import Policy
from billing.decisions.snapshot import MonthSnapshot, Recordable
from billing.decisions.state import LoadedDelivery, MonthState, Rejection, job_time
from billing.errors import one_line

_MAX_NAMES = 10  # that a message lists


@dataclass(frozen=True)
class LoadResult:
    """What a load job did."""

    job_id: str
    rows: int
    ended: datetime  # by BigQuery's clock
    blank: int = 0  # rows without a billing period, which got that of the manifest


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a month that was loaded."""

    code: str
    message: str
    severity: Literal["ERROR", "WARNING"] = "ERROR"


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


def check_cost(billed: Billed) -> Finding | None:
    """Return a finding if the cost of some rows, or of the whole month, could not be read."""
    if billed.failure:
        return Finding("COST_UNREADABLE", f"The cost of the month could not be read: {billed.failure}")
    if not billed.unreadable and billed.costs and all(one.cost is None for one in billed.costs):
        return Finding("COST_UNREADABLE", "No row of the month has a cost: check the export at the provider.")
    if not billed.unreadable:
        return None
    rows = f"{billed.unreadable} rows have a cost that is not a number, infinite or too large"
    return Finding("COST_UNREADABLE", f"{rows}. No view counts it: check these rows at the provider.")


def check_bytes(billed: Billed, damaged_names: Sequence[str]) -> Finding | None:
    """Return a finding if text of the month, or a name in the header, has a character that may stand for other bytes.

    Nothing can tell a U+FFFD that BigQuery wrote for bytes that are not UTF-8 from one that the provider wrote.
    """
    found = []
    if billed.bad_rows:
        found.append(f"{billed.bad_rows} rows have text with U+FFFD or NUL, in {_listed(billed.bad_columns)}")
    if damaged_names:
        found.append(f"The header has names with U+FFFD: {_listed(damaged_names)}")
    if not found:
        return None
    why = "Bytes of a file that are not UTF-8 are loaded as U+FFFD. If the provider wrote U+FFFD, nothing is lost"
    message = f"{'. '.join(found)}. {why}, else correct the text there, such as a tag."
    return Finding("BAD_BYTES", one_line(message), "WARNING")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(names[:_MAX_NAMES]) + more


def loaded_record(
    load: Load, manifest_uri: str, result: LoadResult, findings: Sequence[Finding], billed: Billed
) -> Record:
    """The row has the code of the first finding, and the messages of all."""
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
        changed_during_load=any(finding.code == "FILES_CHANGED_DURING_LOAD" for finding in findings),
        looks_mixed=any(finding.code == "MIXED_DELIVERY" for finding in findings),
        files=delivery.contents if export.overwrites else {},
        byte_count=delivery.byte_count,
        costs=costs_as_text(billed.costs) if billed.costs is not None else None,
    )
    snapshot = MonthSnapshot(delivery, load.state, load.table, load.owner)
    message = " ".join(finding.message for finding in findings)
    found = {"code": findings[0].code, "message": message} if findings else {}
    ran = {"row_count": result.rows, "job_id": result.job_id, "job_ended": result.ended, "table_created": table.created}
    columns = {**found, **ran, **billed.columns}
    return Record(export.month, load.state.with_load(loaded), _row("loaded", snapshot, manifest_uri, **columns))


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
