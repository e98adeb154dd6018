"""Record what became of a delivery: state and one tracking row."""

from dataclasses import replace

from billing.decisions.decide import Reject, Wait
from billing.decisions.delivery import Delivery, name_digest
from billing.decisions.state import LoadedDelivery, MonthState, Rejection
from billing.decisions.tracking import TrackingRow
from billing.errors import BillingError
from billing.gcp.bigquery import Table
from billing.gcp.lease import LEASE_DURATION
from billing.gcp.load_jobs import LoadResult
from billing.manifests import MAX_FILES
from billing.workflows.evaluate import Look, Visit, fingerprint, observe
from billing.workflows.outcome import Outcome, report_of

_MAX_FILES_IN_STATE = 2 * MAX_FILES + 1  # files whose contents a head keeps: 300 KB of state per 10,000


def check(before: Delivery, after: Delivery, loaded: LoadResult) -> tuple[str | None, str | None]:
    """What is booked with a load that needs a look: files replaced while they were read, or rows that differ."""
    if after.generations != before.generations:
        return (
            "FILES_CHANGED_DURING_LOAD",
            "A file was replaced while BigQuery read it; loaded again once the delivery is complete.",
        )
    expected = before.export.rows
    if expected is not None and expected != loaded.rows:
        return "ROW_COUNT_MISMATCH", f"BigQuery loaded {loaded.rows} rows, but the manifest counts {expected}."
    return None, None


def record_load(
    visit: Visit,
    look: Look,
    delivery: Delivery,
    table: Table,
    loaded: LoadResult,
    code: str | None,
    message: str | None,
) -> None:
    export = delivery.export
    head = LoadedDelivery(
        execution=export.execution,
        order_key=export.order_key,
        content=delivery.content,
        covers_until=export.covers_until,
        rows=loaded.rows,
        job_id=loaded.job_id,
        table=table.destination.table,
        table_created=table.destination.created,
        changed_during_load=code == "FILES_CHANGED_DURING_LOAD",
        scope=export.scope,
        files=contents_of(delivery) if export.overwrites else {},
    )
    entry = replace(
        _entry(visit, look, "loaded"),
        code=code,
        message=message,
        row_count=loaded.rows,
        job_id=loaded.job_id,
        table_created=table.destination.created,
    )
    _commit(visit, export.month, look.books.with_load(head), entry)


def contents_of(delivery: Delivery) -> dict[str, str]:
    """Of every file in the folder: one that only an earlier delivery named may be named again by a later one.

    Of a folder with more than dlt's state should hold, none: then only stillness tells a whole delivery.
    """
    if len(delivery.objects) > _MAX_FILES_IN_STATE:
        return {}
    return {name_digest(name): file.content for name, file in delivery.objects.items() if name != delivery.manifest}


def reject(visit: Visit, look: Look, decision: Reject) -> Outcome:
    """Books a refusal, under the lease."""
    if look.month is not None:
        rejection = Rejection(decision.code, look.content, fingerprint(visit.source, look.table))
        entry = replace(_entry(visit, look, "rejected"), code=decision.code, message=decision.message)
        _commit(visit, look.month, look.books.with_rejection(look.execution, rejection), entry)
    return report_of(replace(look, decision=decision))


def _commit(visit: Visit, month: str, books: MonthState, entry: TrackingRow) -> None:
    """An instance that slept past its lease's term must not write the books: whoever has the lease does."""
    if visit.timer.elapsed() > LEASE_DURATION.total_seconds():
        raise BillingError("DEADLINE", "The lease of this month ended before it could be booked.")
    visit.cloud.history.commit(visit.source, month, books, entry)


def book_waiting(visit: Visit, books: MonthState, waits_for: str) -> None:
    """Books once what a month waits for, so that the status view can say it. Only the sweep does."""
    if books.waiting == waits_for:
        return
    look = observe(visit)
    if look.month is None or not isinstance(look.decision, Wait):
        return
    lease = visit.cloud.leases.acquire(visit.source.key, look.month, None)
    try:
        look = observe(visit)
        if isinstance(look.decision, Wait) and look.month is not None:
            entry = replace(_entry(visit, look, "waiting"), code=look.decision.code, message=look.decision.message)
            _commit(visit, look.month, look.books.with_waiting(waits_for), entry)
    finally:
        lease.release()


def _entry(visit: Visit, look: Look, status: str) -> TrackingRow:
    entry = TrackingRow(
        status, look.execution, f"gs://{visit.source.bucket}/{visit.manifest}", content=look.content or None
    )
    if look.delivery is None:
        return entry
    export = look.delivery.export
    return replace(
        entry,
        file_count=len(export.files),
        byte_count=look.delivery.byte_count,
        order_key=export.order_key,
        covers_until=export.covers_until,
    )
