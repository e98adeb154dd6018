"""Decide what to do about one manifest. Events, the sweep and a replay all use this one decision."""

from datetime import datetime, timedelta

from billing.decisions.completeness import missing_files, unsettled
from billing.decisions.decision import Decision, Load, Reject, Skip, Wait
from billing.decisions.delivery import Delivery, name_digest
from billing.decisions.policy import Override, Policy
from billing.decisions.scope import is_other_scope
from billing.decisions.shrinkage import held_delivery
from billing.decisions.snapshot import (
    IncompleteDelivery,
    MissingManifest,
    MonthSnapshot,
    OtherManifest,
    Recordable,
    Snapshot,
    UnplacedManifest,
    UnreadableManifest,
)
from billing.decisions.state import LoadedDelivery, MonthState
from billing.manifests import Export


def decide(snapshot: Snapshot, policy: Policy, now: datetime) -> Decision:
    """Return the decision: load the newest complete delivery of the month, or do nothing and say why."""
    match snapshot:
        case MissingManifest(name):
            return Wait("WAITING_FOR_MANIFEST", f"{name} does not exist yet.")
        case OtherManifest(name, export_name, wanted_name):
            return Skip("OTHER_EXPORT", f"{name} belongs to export {export_name}, not {wanted_name}.")
        case UnplacedManifest(rejection):
            return rejection
        case UnreadableManifest(rejection=rejection):
            return _rejected_before(snapshot, snapshot.state, policy) or rejection
        case IncompleteDelivery(missing=missing):
            return missing
        case MonthSnapshot():
            return _decide_month(snapshot, policy, now)


def _decide_month(snapshot: MonthSnapshot, policy: Policy, now: datetime) -> Decision:
    state = _considered(snapshot, policy.override)
    owner = snapshot.owner if policy.override is Override.NONE else ""
    decision = _judge(snapshot, state, owner, policy, now)
    if not isinstance(decision, Load | Reject):
        return decision
    return _rejected_before(snapshot, state, policy) or decision


def _considered(snapshot: MonthSnapshot, override: Override) -> MonthState:
    """Return the state without what the caller overrides."""
    match override:
        case Override.EVERYTHING:
            return snapshot.state.ignoring_everything()
        case Override.SAME_DELIVERY:
            return snapshot.state.ignoring_load_of(snapshot.execution)
        case Override.NONE:
            return snapshot.state


def _rejected_before(snapshot: Recordable, state: MonthState, policy: Policy) -> Skip | None:
    """Return a skip if this was rejected already. It is tried again if the files, the loader or a setting changed."""
    fingerprint = policy.fingerprint(snapshot.table_created)
    for about, content in snapshot.rejectable.items():
        past = state.rejected.get(about)
        if past is not None and (past.content, past.fingerprint) == (content, fingerprint):
            which = "" if about == snapshot.execution else f" is of {about}, which"
            message = f"Execution {snapshot.execution}{which} was rejected as {past.code}, and nothing changed since."
            return Skip("ALREADY_REJECTED", message)
    return None


def _judge(snapshot: MonthSnapshot, state: MonthState, owner: str, policy: Policy, now: datetime) -> Decision:
    delivery, table = snapshot.delivery, snapshot.table.identity
    export, loaded = delivery.export, state.loaded_into(table)
    newer = state.newer_load_than(export, table)
    load = Load(delivery, snapshot.state, snapshot.table, snapshot.owner)
    if loaded is not None and loaded.execution == export.execution and not loaded.changed_during_load:
        same = _same_execution(load, loaded)
        if same is not None and not (isinstance(same, Load) and newer):
            return same
    # an older delivery of another scope goes on, and is rejected below: an operator must see it
    if newer is not None and not is_other_scope(owner, export.scope):
        return Skip("SUPERSEDED", f"Execution {newer.execution} is newer and already loaded.")
    waiting = missing_files(delivery)
    if waiting is None and export.overwrites:
        waiting = unsettled(delivery, state, policy.settle, now)
    return waiting or _rejection(export, loaded, owner, now) or held_delivery(delivery, loaded, policy) or load


def _same_execution(load: Load, loaded: LoadedDelivery) -> Decision | None:
    """Return None if the files may belong to another delivery although the execution id matches."""
    delivery = load.delivery
    gone = len(delivery.export.files) - len(delivery.files)
    if gone:
        return Skip("DUPLICATE", f"Already loaded by {loaded.job_id}; {gone} of its files no longer exist.")
    if delivery.content == loaded.content:
        return Skip("DUPLICATE", f"Already loaded by {loaded.job_id}.")
    is_open = not delivery.export.has_execution_id or loaded.looks_mixed
    if delivery.export.overwrites and (is_open or _has_moved(delivery, loaded)):
        return None
    if delivery.export.overwrites:
        return Wait("WAITING_FOR_MANIFEST", "Files changed, but their manifest did not. The next manifest decides.")
    return missing_files(delivery) or load


def _has_moved(delivery: Delivery, loaded: LoadedDelivery) -> bool:
    """Return whether PREFIX or SOURCE_PATH changed: none of the names is recorded.

    Such a delivery does not wait for the next manifest: a closed month never gets one.
    """
    return bool(loaded.files) and not any(name_digest(file.name) in loaded.files for file in delivery.files)


def _rejection(export: Export, loaded: LoadedDelivery | None, owner: str, now: datetime) -> Reject | None:
    if export.month > f"{now + timedelta(days=1):%Y-%m}":
        return Reject("FUTURE_MONTH", f"The manifest names {export.month}, which has not begun.")
    if export.submitted is not None and export.submitted > now + timedelta(days=1):
        return Reject("FUTURE_RUN", f"Execution {export.execution} was submitted at {export.submitted:%F %H:%M} UTC.")
    if not export.files or export.rows == 0:
        return Reject("EMPTY_DELIVERY", f"Execution {export.execution} has no data; {export.month} is unchanged.")
    if is_other_scope(owner, export.scope):
        message = f"Execution {export.execution} is of {export.scope}, but the table belongs to {owner}."
        return Reject("OTHER_SCOPE", message)
    if loaded is not None and loaded.covers_until and export.covers_until and export.covers_until < loaded.covers_until:
        covered = f"covers up to {export.covers_until}, but {loaded.covers_until} is loaded"
        return Reject("COVERS_FEWER_DAYS", f"Execution {export.execution} {covered}.")
    return None
