"""Load one month: read, decide, carry out, record. Events, the sweep and a replay all use it."""

from collections.abc import Callable

from billing.clock import Clock, Timer
from billing.columns.load_schema import LoadSchema, load_schema
from billing.columns.plan import Plan
from billing.decisions.billed import Billed
from billing.decisions.decision import Load, Reject
from billing.decisions.load_key import are_same_load
from billing.decisions.policy import Override
from billing.decisions.record import (
    Finding,
    LoadResult,
    check_bytes,
    check_cost,
    check_load,
    loaded_record,
    rejected_record,
)
from billing.decisions.scope import is_other_scope
from billing.decisions.shrinkage import check_shrinkage
from billing.decisions.snapshot import Recordable
from billing.errors import BillingError, ErrorClass
from billing.gcp.lease import Lease
from billing.gcp.load_config import MonthLoad
from billing.gcp.services import Services
from billing.log import emit
from billing.workflows.column_notes import log_columns, log_periods
from billing.workflows.evaluate import evaluate
from billing.workflows.outcome import Outcome, loaded_outcome, outcome_of
from billing.workflows.publish_views import publish_after_load
from billing.workflows.record import commit
from billing.workflows.request import LoadRequest

MAX_CRASHES = 3  # of instances in a row that loaded one delivery
_MAX_ETAG_CONFLICTS = 6  # several months may add columns to their table at the same time


def load_month(services: Services, request: LoadRequest, timer: Timer) -> Outcome:
    """Evaluate a manifest and carry out the decision. Work happens under the month's lease, after a second evaluation.

    A delivery that is at fault is recorded, and returned as rejected. Raises BillingError of class retry or setup.
    """
    snapshot, decision = evaluate(services, request)
    if isinstance(decision, Load):
        month, job_id = decision.month, decision.key(request.source).job_id("0")
    elif isinstance(decision, Reject) and isinstance(snapshot, Recordable):
        month, job_id = snapshot.month, None
    else:
        return outcome_of(snapshot, decision)
    with services.leases.hold(request.source.destination, month, job_id) as lease:
        return _until_unchanged(lambda: _under_lease(services, request, month, lease, timer), services.clock)


def _until_unchanged(work: Callable[[], Outcome], clock: Clock) -> Outcome:
    """Start again while the load of another month changes the table."""
    for _ in range(_MAX_ETAG_CONFLICTS):
        try:
            return work()
        except BillingError as exc:
            if exc.code != "TABLE_CHANGED":
                raise
            changed = exc
            clock.sleep(0.5)
    raise changed


def _under_lease(services: Services, request: LoadRequest, month: str, lease: Lease, timer: Timer) -> Outcome:
    """Evaluate again, because something may have changed before the lease, and carry out the decision."""
    snapshot, decision = evaluate(services, request)
    if snapshot.month != month:
        raise BillingError("MONTH_LOCKED", f"{request.manifest} named {month} a moment ago. Now: {snapshot.month}.")
    if isinstance(decision, Load) and _has_crashed_often(request, decision, lease):
        message = f"{lease.holds.crashes} instances in a row stopped while they loaded this delivery of {month}."
        decision = Reject("KEEPS_CRASHING", message)
    if isinstance(decision, Load):
        _log_start(request, decision)
        try:
            return _carry_out(services, request, decision, lease, timer)
        except BillingError as exc:
            if exc.kind is not ErrorClass.REJECT:
                raise
            decision = Reject(exc.code, exc.message)
    if isinstance(decision, Reject) and isinstance(snapshot, Recordable):
        record = rejected_record(snapshot, decision, request.manifest_uri, request.policy)
        commit(services, request.source, record, timer)
    return outcome_of(snapshot, decision)


def _has_crashed_often(request: LoadRequest, load: Load, lease: Lease) -> bool:
    """Return whether enough instances stopped with this load. A newer delivery is tried, whatever stopped others."""
    job_id = load.key(request.source).job_id("0")
    return lease.holds.crashes >= MAX_CRASHES and are_same_load(lease.holds.job_id, job_id)


def _carry_out(services: Services, request: LoadRequest, load: Load, lease: Lease, timer: Timer) -> Outcome:
    """Add columns, run the load job, check it, record it, and publish the views."""
    source, delivery = request.source, load.delivery
    headers = services.landing(source).headers(delivery.files)
    schema = load_schema(headers, delivery.export, source, load.table.fields)
    plan = schema.plan
    _take_ownership(services, request, load)
    services.warehouse.add_columns(load.table, plan.added)
    log_columns(source, load, plan)
    result = services.jobs.replace_month(_month_load(request, load, schema), lease, timer)
    log_periods(source, load, result)
    fields = [*load.table.fields, *plan.added]
    billed = services.history.billed(source, load.month, fields)
    findings = _findings(services, request, load, result, billed, plan)
    commit(services, source, loaded_record(load, request.manifest_uri, result, findings, billed), timer)
    if plan.added or not load.state.loaded_executions:
        publish_after_load(services, source, fields, changed=bool(plan.added))
    return loaded_outcome(load, result, findings)


def _month_load(request: LoadRequest, load: Load, schema: LoadSchema) -> MonthLoad:
    return MonthLoad(
        load.key(request.source),
        load.delivery.uris(request.source.bucket, without=schema.without_rows),
        schema.plan.schema,
        schema.dates,
        omits_columns=bool(schema.plan.omitted),
        has_period=schema.has_period,
    )


def _findings(
    services: Services, request: LoadRequest, load: Load, result: LoadResult, billed: Billed, plan: Plan
) -> list[Finding]:
    """Return what is wrong with the loaded month, the worst first."""
    delivery, landing = load.delivery, services.landing(request.source)
    found = (
        check_load(delivery, landing.list_delivery(delivery.export, delivery.manifest), result),
        check_cost(billed),
        check_shrinkage(load, result, billed, request.policy),
        check_bytes(billed, plan.damaged),
    )
    return [finding for finding in found if finding is not None]


def _take_ownership(services: Services, request: LoadRequest, load: Load) -> None:
    """Before the first load, and before a replay of another scope's delivery, write whom the table belongs to."""
    scope = load.delivery.export.scope
    if not load.owner and scope:
        services.owners.claim(request.source, scope)
    elif request.override is Override.EVERYTHING and is_other_scope(load.owner, scope):
        services.owners.replace(request.source, scope)


def _log_start(request: LoadRequest, load: Load) -> None:
    """Name the month before it is tried: an instance that is killed for lack of memory writes no other line."""
    export, source = load.delivery.export, request.source.key
    emit(
        "INFO",
        f"Loading {export.month}.",
        source=source,
        month=export.month,
        execution=export.execution,
        action="started",
    )
