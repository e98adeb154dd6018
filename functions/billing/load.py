"""The one path from a manifest to a loaded month, for events and for the sweep alike."""

from dataclasses import dataclass, replace

from . import columns, landing
from .books import Books, Head, Rejection
from .dates import DateFormats, date_formats
from .decide import Delivery, Load, Reject, Skip, Wait, short_name
from .errors import BillingError, Kind
from .exports import MAX_FILES
from .lease import TERM, Lease
from .ledger import Entry
from .load_jobs import Loaded, MonthLoad
from .look import Look, Visit, fingerprint, observe
from .refresh import refresh_focus, refresh_views
from .warehouse import Table

_MOST_KEPT = 2 * MAX_FILES + 1  # files whose contents a head keeps: 300 KB of state per 10,000
_TABLE_CHANGES = 6  # months of one table that add columns side by side meet on its etag


@dataclass(frozen=True)
class Outcome:
    """How a visit ended: what the log line says."""

    action: str  # loaded, skipped, waiting, rejected
    code: str | None
    message: str
    month: str | None = None
    execution: str | None = None
    rows: int | None = None
    files: int | None = None
    byte_count: int | None = None
    job_id: str | None = None
    error: bool = False

    @property
    def unseen(self) -> bool:
        """The manifest that was looked for is not there."""
        return self.code == "WAITING_FOR_MANIFEST" and self.execution is None


def process(visit: Visit) -> Outcome:
    """Looks, takes the month's lease when there is something to do, looks again, and does it.

    Raises BillingError of kind retry or setup; what is wrong with the delivery is booked and returned.
    """
    look = observe(visit)
    if look.month is None or not isinstance(look.decision, Load | Reject):
        return _report(look)
    month_load = _month_load(visit, look)
    lease = visit.cloud.leases.acquire(visit.source.key, look.month, month_load.job_id("0") if month_load else None)
    try:
        return _under_lease(visit, look.month, lease)
    finally:
        if not lease.guards_a_job:  # of a job that may still run, the lease tells whoever comes next
            lease.release()


def _under_lease(visit: Visit, month: str, lease: Lease) -> Outcome:
    """What was read before the lease is only a reason to try: everything is read and decided again."""
    for _ in range(_TABLE_CHANGES):
        look = observe(visit)
        if look.month != month:
            raise BillingError("BUSY", f"{visit.manifest} named {month} a moment ago and names {look.month} now.")
        try:
            return _act(visit, look, lease)
        except BillingError as exc:
            if exc.code != "TABLE_CHANGED":
                raise
            changed = exc
            visit.timer.clock.sleep(0.5)
    raise changed


def _act(visit: Visit, look: Look, lease: Lease) -> Outcome:
    if isinstance(look.decision, Reject):
        return _reject(visit, look, look.decision)
    if not isinstance(look.decision, Load) or look.delivery is None or look.table is None:
        return _report(look)
    try:
        return _load(visit, look, look.delivery, look.table, lease)
    except BillingError as exc:
        if exc.kind is not Kind.REJECT:
            raise
        return _reject(visit, look, Reject(exc.code, exc.message))


def _load(visit: Visit, look: Look, delivery: Delivery, table: Table, lease: Lease) -> Outcome:
    plan, spelled = _plan(visit, delivery, table)
    visit.cloud.warehouse.add_columns(table, plan.added)
    month_load = _month_load(visit, look)
    assert month_load is not None  # noqa: S101 - the decision is Load
    month_load = replace(month_load, schema=plan.schema, dates=spelled)
    loaded = visit.cloud.jobs.replace_month(month_load, lease, visit.timer)
    after = replace(delivery, found=visit.landing.found(delivery.export, delivery.manifest))
    code, message = _check(delivery, after, loaded)
    _book(visit, look, delivery, table, loaded, code, message)
    if plan.added or not look.books.loaded:
        refresh_views(visit.cloud, {visit.source.key: [*table.fields, *plan.added]}, visit.source)
        refresh_focus(visit.cloud, visit.source, changed=bool(plan.added))
    return replace(
        _report(look),
        code=code,
        message=message or f"{look.month} now has {loaded.rows} rows of {look.execution}.",
        rows=loaded.rows,
        byte_count=delivery.byte_count,
        job_id=loaded.job_id,
        error=code is not None,
    )


def _month_load(visit: Visit, look: Look) -> MonthLoad | None:
    """The load that a look asks for; its schema comes when the headers are read, and its job id is known before."""
    if look.delivery is None or look.table is None or not isinstance(look.decision, Load):
        return None
    return MonthLoad(
        source=visit.source,
        month=look.delivery.export.month,
        execution=look.execution,
        generations=look.delivery.generations,
        destination=look.table.destination,
        uris=tuple(f"gs://{visit.source.bucket}/{file.name}" for file in look.delivery.export.files),
        over=look.books.head.job_id if look.books.head is not None else "",
    )


def _plan(visit: Visit, delivery: Delivery, table: Table) -> tuple[columns.Plan, DateFormats]:
    """Reads the files' own headers. Raises BillingError EMPTY, or what is wrong with a column."""
    headers = visit.landing.headers(delivery.files)
    if not any(header.has_rows for _, header in headers):
        raise BillingError("EMPTY", f"No file of execution {delivery.export.execution} has a data row.")
    export_format, overrides = visit.source.format, visit.source.type_overrides
    spelled = DateFormats()
    if export_format.file_format == "CSV":
        present, rules = landing.csv_columns(headers), columns.csv_rules(export_format)
        plan = columns.plan_csv(present, delivery.export.columns, rules, overrides, table.fields)
        rows = [row for _, header in headers for row in header.rows]
        spelled = date_formats(plan.schema, rows, export_format.partition, delivery.export.month)
    else:
        plan = columns.plan_parquet(landing.parquet_columns(headers), table.fields)
    if export_format.partition not in (field.name for field in plan.schema):
        raise BillingError("MISSING_COLUMN", f"The files have no column {export_format.partition}.")
    return plan, spelled


def _check(before: Delivery, after: Delivery, loaded: Loaded) -> tuple[str | None, str | None]:
    """What is booked with a load that needs a look: files replaced while they were read, or rows that differ."""
    if after.generations != before.generations:
        return "TORN", "A file was replaced while BigQuery read it; loaded again once the delivery is complete."
    expected = before.export.rows
    if expected is not None and expected != loaded.rows:
        return "ROWS_DIFFER", f"BigQuery loaded {loaded.rows} rows, but the manifest counts {expected}."
    return None, None


def _book(
    visit: Visit,
    look: Look,
    delivery: Delivery,
    table: Table,
    loaded: Loaded,
    code: str | None,
    message: str | None,
) -> None:
    export = delivery.export
    head = Head(
        execution=export.execution,
        order_key=export.order_key,
        content=delivery.content,
        covers_until=export.covers_until,
        rows=loaded.rows,
        job_id=loaded.job_id,
        table=table.destination.table,
        table_created=table.destination.created,
        torn=code == "TORN",
        scope=export.scope,
        files=_contents(delivery) if export.names_repeat else {},
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


def _contents(delivery: Delivery) -> dict[str, str]:
    """Of every file in the folder: one that only an earlier delivery named may be named again by a later one.

    Of a folder with more than dlt's state should hold, none: then only stillness tells a whole delivery.
    """
    if len(delivery.found) > _MOST_KEPT:
        return {}
    return {short_name(name): file.content for name, file in delivery.found.items() if name != delivery.manifest}


def _reject(visit: Visit, look: Look, decision: Reject) -> Outcome:
    """Books a refusal, under the lease."""
    if look.month is not None:
        rejection = Rejection(decision.code, look.content, fingerprint(visit.source, look.table))
        entry = replace(_entry(visit, look, "rejected"), code=decision.code, message=decision.message)
        _commit(visit, look.month, look.books.with_rejection(look.execution, rejection), entry)
    return _report(replace(look, decision=decision))


def _commit(visit: Visit, month: str, books: Books, entry: Entry) -> None:
    """An instance that slept past its lease's term must not write the books: whoever has the lease does."""
    if visit.timer.elapsed() > TERM.total_seconds():
        raise BillingError("DEADLINE", "The lease of this month ended before it could be booked.")
    visit.cloud.ledger.commit(visit.source, month, books, entry)


def book_waiting(visit: Visit, books: Books, waits_for: str) -> None:
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


def _entry(visit: Visit, look: Look, status: str) -> Entry:
    entry = Entry(status, look.execution, f"gs://{visit.source.bucket}/{visit.manifest}", content=look.content or None)
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


def _report(look: Look) -> Outcome:
    action = {Load: "loaded", Skip: "skipped", Wait: "waiting", Reject: "rejected"}[type(look.decision)]
    return Outcome(
        action=action,
        code=None if isinstance(look.decision, Load) else look.decision.code,
        message="" if isinstance(look.decision, Load) else look.decision.message,
        month=look.month,
        execution=look.execution or None,
        files=len(look.delivery.export.files) if look.delivery is not None else None,
        error=isinstance(look.decision, Reject),
    )
