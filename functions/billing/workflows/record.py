"""Write a load, a rejection or a wait into the load history, under the lease of the month."""

from billing.clock import Timer
from billing.decisions.decision import Wait
from billing.decisions.record import Record, waiting_record
from billing.decisions.snapshot import Recordable
from billing.decisions.state import MonthState
from billing.errors import BillingError
from billing.gcp.lease import LEASE_DURATION
from billing.gcp.services import Services
from billing.settings import Source
from billing.workflows.evaluate import evaluate
from billing.workflows.request import LoadRequest


def commit(services: Services, source: Source, record: Record, timer: Timer) -> None:
    """Commit under the lease. If the process paused until its lease expired, another instance records.

    Raises BillingError: DEADLINE, or what the commit raises.
    """
    if timer.elapsed() > LEASE_DURATION.total_seconds():
        raise BillingError("DEADLINE", "The lease of this month expired before the load was recorded.")
    services.history.commit(source, record)


def record_waiting(services: Services, request: LoadRequest, state: MonthState, waits_for: str, timer: Timer) -> None:
    """Record once what a month waits for, so that `billing_status` shows it. Only the sweep does this."""
    if state.waiting == waits_for:
        return
    snapshot, decision = evaluate(services, request)
    if not (isinstance(decision, Wait) and isinstance(snapshot, Recordable)):
        return
    with services.leases.hold(request.source.destination, snapshot.month):
        snapshot, decision = evaluate(services, request)
        if isinstance(decision, Wait) and isinstance(snapshot, Recordable):
            record = waiting_record(snapshot, decision, request.manifest_uri, waits_for)
            commit(services, request.source, record, timer)
