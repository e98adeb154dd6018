"""The one path from a manifest to a loaded month, for events and for the sweep alike."""

from dataclasses import replace

from billing.columns.load_schema import load_schema
from billing.decisions.decide import Load, Reject
from billing.decisions.delivery import Delivery
from billing.errors import BillingError, ErrorClass
from billing.gcp.bigquery import Table
from billing.gcp.lease import Lease
from billing.gcp.load_jobs import MonthLoad
from billing.workflows.evaluate import Look, Visit, observe
from billing.workflows.outcome import Outcome, report_of
from billing.workflows.publish_views import refresh_focus, refresh_views
from billing.workflows.record import check, record_load, reject

_MAX_ETAG_CONFLICTS = 6  # months of one table that add columns side by side meet on its etag


def process(visit: Visit) -> Outcome:
    """Looks, takes the month's lease when there is something to do, looks again, and does it.

    Raises BillingError of kind retry or setup; what is wrong with the delivery is booked and returned.
    """
    look = observe(visit)
    if look.month is None or not isinstance(look.decision, Load | Reject):
        return report_of(look)
    month_load = _month_load(visit, look)
    lease = visit.cloud.leases.acquire(visit.source.key, look.month, month_load.job_id("0") if month_load else None)
    try:
        return _under_lease(visit, look.month, lease)
    finally:
        if not lease.keep_for_job:  # of a job that may still run, the lease tells whoever comes next
            lease.release()


def _under_lease(visit: Visit, month: str, lease: Lease) -> Outcome:
    """What was read before the lease is only a reason to try: everything is read and decided again."""
    for _ in range(_MAX_ETAG_CONFLICTS):
        look = observe(visit)
        if look.month != month:
            raise BillingError(
                "MONTH_LOCKED", f"{visit.manifest} named {month} a moment ago and names {look.month} now."
            )
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
        return reject(visit, look, look.decision)
    if not isinstance(look.decision, Load) or look.delivery is None or look.table is None:
        return report_of(look)
    try:
        return _load(visit, look, look.delivery, look.table, lease)
    except BillingError as exc:
        if exc.kind is not ErrorClass.REJECT:
            raise
        return reject(visit, look, Reject(exc.code, exc.message))


def _load(visit: Visit, look: Look, delivery: Delivery, table: Table, lease: Lease) -> Outcome:
    headers = visit.landing.headers(delivery.files)
    plan, dates = load_schema(headers, delivery.export, visit.source, table.fields)
    visit.cloud.warehouse.add_columns(table, plan.added)
    month_load = _month_load(visit, look)
    assert month_load is not None  # noqa: S101 - the decision is Load
    month_load = replace(month_load, schema=plan.schema, dates=dates)
    loaded = visit.cloud.jobs.replace_month(month_load, lease, visit.timer)
    after = replace(delivery, objects=visit.landing.list_delivery(delivery.export, delivery.manifest))
    code, message = check(delivery, after, loaded)
    record_load(visit, look, delivery, table, loaded, code, message)
    if plan.added or not look.books.loaded:
        refresh_views(visit.cloud, {visit.source.key: [*table.fields, *plan.added]}, visit.source)
        refresh_focus(visit.cloud, visit.source, changed=bool(plan.added))
    return replace(
        report_of(look),
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
        replaces_job_id=look.books.loaded.job_id if look.books.loaded is not None else "",
    )
