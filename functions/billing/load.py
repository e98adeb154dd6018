"""The one path from a manifest to a loaded month, for events and for the sweep alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from . import columns, exports, landing, views
from .books import Books, Head, Rejection
from .clock import Timer
from .config import Settings, Source
from .decide import (
    Decision,
    Delivery,
    Destination,
    Load,
    Reject,
    Rules,
    Skip,
    Wait,
    decide,
    refused_before,
    short_name,
)
from .errors import BillingError, Kind
from .exports import Export, Manifest, OtherExport
from .landing import Landing
from .lease import Lease, Leases
from .ledger import Entry, Ledger
from .log import emit
from .warehouse import Loaded, MonthLoad, Table, Warehouse, job_id


@dataclass(frozen=True)
class Cloud:
    """The rooms that touch Google Cloud, built once per process."""

    settings: Settings
    warehouse: Warehouse
    ledger: Ledger
    leases: Leases
    landing: Callable[[Source], Landing]


@dataclass(frozen=True)
class Outcome:
    """How one look at a manifest ended: what the log line says."""

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


@dataclass(frozen=True)
class Look:
    """Everything that one evaluation of steps 2 to 5 saw, and what it decided."""

    decision: Decision
    manifest: str
    month: str | None = None
    execution: str = ""
    content: str = ""
    delivery: Delivery | None = None
    books: Books = field(default_factory=Books)
    table: Table | None = None


def process(cloud: Cloud, source: Source, manifest: str, timer: Timer, nonce: str = "") -> Outcome:
    """Looks, takes the month's lease when there is something to do, looks again, and does it.

    A nonce makes a load of what is already loaded another job: for a month that is not what was booked.
    Raises BillingError of kind retry or setup; what is wrong with the delivery is booked and returned.
    """
    look = observe(cloud, source, manifest, timer, reload=bool(nonce))
    if look.month is None or not isinstance(look.decision, Load | Reject):
        return _report(look)
    lease = cloud.leases.acquire(source.key, look.month, _job_id(source, look, nonce))
    try:
        again = observe(cloud, source, manifest, timer, reload=bool(nonce))
        if again.month != look.month:
            raise BillingError("BUSY", f"{manifest} named {look.month} a moment ago and names {again.month} now.")
        outcome = _act(cloud, source, again, lease, timer, nonce)
    finally:
        if not lease.guards_a_job:  # of a job that may still run, the lease tells whoever comes next
            lease.release()
    return outcome


def observe(cloud: Cloud, source: Source, name: str, timer: Timer, *, reload: bool = False) -> Look:
    """Steps 2 to 5: manifest, files, books, decision. Four requests, and one per further 1,000 files."""
    manifest = cloud.landing(source).manifest(name)
    if manifest is None:
        return Look(Wait("WAITING_FOR_MANIFEST", f"{name} is not there yet."), name, exports.month_in(name))
    try:
        export = exports.parse(source, manifest)
    except BillingError as exc:
        return _unreadable(cloud, source, manifest, exc)
    if isinstance(export, OtherExport):
        return Look(Skip("OTHER_EXPORT", f"{name} belongs to export {export.name}, not {source.export_name}."), name)
    delivery = Delivery(export, name, cloud.landing(source).found(export, name))
    books = cloud.ledger.read(source, export.month)
    table = cloud.warehouse.table(source)
    rules = Rules(timedelta(hours=source.settle_hours), source.fingerprint)
    judged_by = replace(books, head=None) if reload else books
    decision = decide(delivery, judged_by, table.destination, rules, timer.clock.now())
    return Look(decision, name, export.month, export.execution, delivery.content, delivery, books, table)


def _unreadable(cloud: Cloud, source: Source, manifest: Manifest, exc: BillingError) -> Look:
    """A manifest that cannot be read is booked under the month that its path claims, if it claims one."""
    month = exports.month_in(manifest.name)
    execution, content = f"manifest-{manifest.generation}", f"{manifest.generation}"
    decision: Decision = Reject(exc.code, exc.message)
    books = Books()
    if month is not None:
        books = cloud.ledger.read(source, month)
        decision = refused_before(books, execution, content, source.fingerprint) or decision
    return Look(decision, manifest.name, month, execution, content, books=books)


def _job_id(source: Source, look: Look, nonce: str) -> str | None:
    """The id that the load will have if nothing changes until the lease is held."""
    if look.delivery is None or look.table is None or not isinstance(look.decision, Load):
        return None
    return job_id(
        source,
        look.delivery.export.month,
        look.execution,
        look.delivery.generations,
        look.table.destination,
        nonce,
        0,
    )


def _act(cloud: Cloud, source: Source, look: Look, lease: Lease, timer: Timer, nonce: str) -> Outcome:
    if isinstance(look.decision, Reject):
        return _reject(cloud, source, look, look.decision)
    if not isinstance(look.decision, Load) or look.delivery is None or look.table is None:
        return _report(look)
    try:
        return _load(cloud, source, look, look.delivery, look.table, lease, timer, nonce)
    except BillingError as exc:
        if exc.kind is not Kind.REJECT:
            raise
        return _reject(cloud, source, look, Reject(exc.code, exc.message))


def _load(
    cloud: Cloud,
    source: Source,
    look: Look,
    delivery: Delivery,
    table: Table,
    lease: Lease,
    timer: Timer,
    nonce: str,
) -> Outcome:
    plan = _plan(cloud.landing(source), source, delivery, table)
    cloud.warehouse.add_columns(table, plan.added)
    load = MonthLoad(
        source=source,
        month=delivery.export.month,
        execution=delivery.export.execution,
        generations=delivery.generations,
        destination=table.destination,
        uris=tuple(f"gs://{source.bucket}/{file.name}" for file in delivery.export.files),
        schema=plan.schema,
        nonce=nonce,
    )
    loaded = cloud.warehouse.replace_month(load, lease, timer)
    after = replace(delivery, found=cloud.landing(source).found(delivery.export, delivery.manifest))
    code, message = _check(delivery, after, loaded)
    _book(cloud, source, look, delivery, table.destination, loaded, code, message)
    if plan.added or not look.books.loaded:
        refresh_views(cloud, {source.key: [*table.fields, *plan.added]}, source)
    return Outcome(
        action="loaded",
        code=code,
        message=message or f"{delivery.export.month} now has {loaded.rows} rows of {delivery.export.execution}.",
        month=delivery.export.month,
        execution=delivery.export.execution,
        rows=loaded.rows,
        files=len(delivery.files),
        byte_count=delivery.byte_count,
        job_id=loaded.job_id,
        error=code is not None,
    )


def _plan(bucket: Landing, source: Source, delivery: Delivery, table: Table) -> columns.Plan:
    """Reads the files' own headers. Raises BillingError EMPTY, or what is wrong with a column."""
    headers = bucket.headers(delivery.files)
    if not any(header.has_rows for _, header in headers):
        raise BillingError("EMPTY", f"No file of execution {delivery.export.execution} has a data row.")
    if source.format.file_format == "CSV":
        header = landing.csv_columns(headers)
        plan = columns.plan_csv(header, delivery.export.columns, source.type_overrides, table.fields)
        present = header
    else:
        union = landing.parquet_columns(headers)
        plan = columns.plan_parquet(union, table.fields)
        present = tuple(column.name for column in union)
    if source.format.partition_column not in present:
        raise BillingError("MISSING_COLUMN", f"The files have no column {source.format.partition_column}.")
    return plan


def _check(before: Delivery, after: Delivery, loaded: Loaded) -> tuple[str | None, str | None]:
    """What is booked with a load that needs a look: files replaced while they were read, or rows that differ."""
    if after.generations != before.generations:
        return (
            "TORN",
            "A file was replaced while BigQuery read it; loaded again once the delivery is complete.",
        )
    expected = before.export.rows
    if expected is not None and expected != loaded.rows:
        return "ROWS_DIFFER", f"BigQuery loaded {loaded.rows} rows, but the manifest counts {expected}."
    return None, None


def _book(
    cloud: Cloud,
    source: Source,
    look: Look,
    delivery: Delivery,
    destination: Destination,
    loaded: Loaded,
    code: str | None,
    message: str | None,
) -> None:
    export = delivery.export
    files = {short_name(file.name): file.content for file in delivery.files} if export.names_repeat else {}
    head = Head(
        execution=export.execution,
        order_key=export.order_key,
        content=delivery.content,
        covers_until=export.covers_until,
        rows=loaded.rows,
        job_id=loaded.job_id,
        table=destination.table,
        table_created=destination.created,
        torn=code == "TORN",
        files=files,
    )
    entry = replace(
        _entry(source, look, "loaded"),
        code=code,
        message=message,
        row_count=loaded.rows,
        job_id=loaded.job_id,
        table_created=destination.created,
    )
    cloud.ledger.commit(source, export.month, look.books.with_load(head), entry)


def _reject(cloud: Cloud, source: Source, look: Look, decision: Reject) -> Outcome:
    """Books a refusal, under the lease. A manifest that names no month can only be logged."""
    if look.month is not None:
        rejection = Rejection(decision.code, look.content, source.fingerprint)
        entry = replace(_entry(source, look, "rejected"), code=decision.code, message=decision.message)
        cloud.ledger.commit(source, look.month, look.books.with_rejection(look.execution, rejection), entry)
    return _report(look, decision)


def book_waiting(cloud: Cloud, source: Source, look: Look, timer: Timer) -> None:
    """Books once what a month waits for, so that the status view can say it. Only the sweep does."""
    if look.month is None or not isinstance(look.decision, Wait) or look.books.waiting == _waits_for(look):
        return
    lease = cloud.leases.acquire(source.key, look.month, None)
    try:
        again = observe(cloud, source, look.manifest, timer)
        if again.month == look.month and isinstance(again.decision, Wait):
            entry = replace(_entry(source, again, "waiting"), code=again.decision.code, message=again.decision.message)
            cloud.ledger.commit(source, look.month, again.books.with_waiting(_waits_for(again)), entry)
    finally:
        lease.release()


def _waits_for(look: Look) -> str:
    return f"{look.execution} {look.content} {look.decision.code if isinstance(look.decision, Wait) else ''}"


def _entry(source: Source, look: Look, status: str) -> Entry:
    export: Export | None = look.delivery.export if look.delivery is not None else None
    return Entry(
        status=status,
        execution=look.execution,
        manifest_uri=f"gs://{source.bucket}/{look.manifest}",
        file_count=len(export.files) if export is not None else None,
        byte_count=look.delivery.byte_count if look.delivery is not None else None,
        order_key=export.order_key if export is not None else None,
        content=look.content or None,
        covers_until=export.covers_until if export is not None else None,
    )


def _report(look: Look, rejected: Reject | None = None) -> Outcome:
    decision = rejected or look.decision
    action = {Load: "loaded", Skip: "skipped", Wait: "waiting", Reject: "rejected"}[type(decision)]
    return Outcome(
        action=action,
        code=None if isinstance(decision, Load) else decision.code,
        message="" if isinstance(decision, Load) else decision.message,
        month=look.month,
        execution=look.execution or None,
        files=len(look.delivery.export.files) if look.delivery is not None else None,
        error=isinstance(decision, Reject),
    )


def refresh_views(cloud: Cloud, fields: Mapping[str, Sequence[columns.Field]], source: Source) -> None:
    """Creates the views of a source's dataset anew, for the columns known by source key.

    A view's failure never fails a load: it is logged, and the next sweep creates them again.
    """
    siblings = [one for one in cloud.settings.sources if (one.project, one.dataset) == (source.project, source.dataset)]
    known = {key: [field.name for field in found] for key, found in fields.items()}
    try:
        cloud.warehouse.query(";\n".join(views.statements(siblings, known)))
    except Exception as exc:  # noqa: BLE001 - whatever it is, the month is loaded and booked
        emit("WARNING", f"The views of {source.dataset} were not created: {exc}", source=source.key, code="VIEW_FAILED")
