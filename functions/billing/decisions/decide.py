"""Decide what to do with one delivery, from the manifest, the bucket's objects and the recorded state."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.decisions.delivery import Delivery, TableIdentity, name_digest
from billing.decisions.state import LoadedDelivery, MonthState
from billing.manifests import Export

_WRITTEN_WITHIN = timedelta(hours=1)  # one delivery's files and manifest; AWS writes the next some eight hours later


@dataclass(frozen=True)
class Load:
    """Replace the month by this delivery."""


@dataclass(frozen=True)
class Skip:
    code: str
    message: str


@dataclass(frozen=True)
class Wait:
    code: str
    message: str


@dataclass(frozen=True)
class Reject:
    code: str
    message: str


Decision = Load | Skip | Wait | Reject


@dataclass(frozen=True)
class Policy:
    """What a source's settings and the loader's version say about deciding."""

    settle: timedelta
    fingerprint: str


def decide(delivery: Delivery, books: MonthState, destination: TableIdentity, rules: Policy, now: datetime) -> Decision:
    """The one decision for event, sweep and replay: the newest complete delivery, or nothing."""
    decision = _judge(delivery, books, destination, rules, now)
    if not isinstance(decision, Load | Reject):
        return decision
    return rejected_before(books, delivery.export.execution, delivery.content, rules.fingerprint) or decision


def rejected_before(books: MonthState, execution: str, content: str, fingerprint: str) -> Skip | None:
    """A refusal stands, in one row and one alert, until the delivery, the loader or a setting changes."""
    past = books.rejected.get(execution)
    if past is None or (past.content, past.fingerprint) != (content, fingerprint):
        return None
    return Skip("ALREADY_REJECTED", f"Execution {execution} was rejected as {past.code}, and nothing changed since.")


def _judge(delivery: Delivery, books: MonthState, destination: TableIdentity, rules: Policy, now: datetime) -> Decision:
    export, head = delivery.export, books.loaded_into(destination.table, destination.created)
    newer = books.newer_load_than(export.order_key, destination.table, destination.created)
    if head is not None and head.execution == export.execution and not head.changed_during_load:
        same = _same_execution(delivery, head)
        if same is not None and not (isinstance(same, Load) and newer):
            return same
    if newer is not None and not _is_of_another_scope(export, head):  # an older one of that, too, must be told
        return Skip("SUPERSEDED", f"Execution {newer.execution} is newer and already loaded.")
    waiting = missing_files(delivery)
    if waiting is None and export.overwrites:
        waiting = _unsettled(delivery, books, rules.settle, now)
    return waiting or _rejection(export, head, now) or Load()


def _same_execution(delivery: Delivery, head: LoadedDelivery) -> Decision | None:
    """None where it need not be the same: its manifest has no id, and is not copied when unchanged; or it has moved."""
    gone = len(delivery.export.files) - len(delivery.files)
    if gone:
        return Skip("DUPLICATE", f"Already loaded by {head.job_id}; {gone} of its files are no longer there.")
    if delivery.content == head.content:
        return Skip("DUPLICATE", f"Already loaded by {head.job_id}.")
    if delivery.export.overwrites and (not delivery.export.has_execution_id or _has_moved(delivery, head)):
        return None
    if delivery.export.overwrites:
        return Wait("WAITING_FOR_MANIFEST", "Files changed under a manifest that is loaded; the next one decides.")
    missing = missing_files(delivery)
    return Load() if missing is None else missing


def _has_moved(delivery: Delivery, booked: LoadedDelivery) -> bool:
    """By another PREFIX or SOURCE_PATH: no name is a booked one, and of a closed month no other manifest comes."""
    return bool(booked.files) and not any(name_digest(file.name) in booked.files for file in delivery.files)


def _is_of_another_scope(export: Export, head: LoadedDelivery | None) -> bool:
    """Two exports of one name, of two subscriptions, in one path: each has a part of the cost, newest in turn."""
    return head is not None and bool(head.scope and export.scope) and head.scope != export.scope


def _rejection(export: Export, head: LoadedDelivery | None, now: datetime) -> Reject | None:
    if export.month > f"{now + timedelta(days=1):%Y-%m}":
        return Reject("FUTURE_MONTH", f"The manifest names {export.month}, which has not begun.")
    if export.submitted is not None and export.submitted > now + timedelta(days=1):
        return Reject("FUTURE_RUN", f"Execution {export.execution} was submitted at {export.submitted:%F %H:%M} UTC.")
    if not export.files or export.rows == 0:
        return Reject("EMPTY_DELIVERY", f"Execution {export.execution} has no data; {export.month} stays as it is.")
    if head is not None and _is_of_another_scope(export, head):
        return Reject("OTHER_SCOPE", f"Execution {export.execution} is of {export.scope}, but {head.scope} is loaded.")
    if head is not None and head.covers_until and export.covers_until and export.covers_until < head.covers_until:
        return Reject(
            "COVERS_FEWER_DAYS",
            f"Execution {export.execution} covers up to {export.covers_until}, but {head.covers_until} is loaded.",
        )
    return None


def missing_files(delivery: Delivery) -> Wait | None:
    """Every named file present, and as large as the manifest says where it says so."""
    missing, short = [], []
    for file in delivery.export.files:
        stored = delivery.objects.get(file.name)
        if stored is None:
            missing.append(file.name)
        elif file.size is not None and stored.size != file.size:
            short.append(f"{file.name} ({stored.size} of {file.size} bytes)")
    if not missing and not short:
        return None
    parts = []
    if missing:
        parts.append(
            f"{len(missing)} of {len(delivery.export.files)} files missing, first {missing[0]}{_near(delivery)}"
        )
    if short:
        parts.append(f"{len(short)} not of the manifest's size, first {short[0]}")
    return Wait("WAITING_FOR_FILES", "; ".join(parts) + ".")


def _near(delivery: Delivery) -> str:
    """A stray data file in the same folder is most often the missing one under another name."""
    named = {file.name for file in delivery.export.files}
    strays = sorted(name for name in delivery.objects if name not in named and not name.endswith((".json", "/")))
    return f" (the folder has {strays[0]})" if strays else ""


def _unsettled(delivery: Delivery, books: MonthState, settle: timedelta, now: datetime) -> Wait | None:
    """Where data names repeat, presence proves nothing: data land before their manifest, old beside new.

    Complete when every file's content differs from the one booked under its name, or when nothing is
    booked yet, or when manifest and files have been still for the settle time. A delivery that was refused
    since leaves files that differ from the booked ones too, and so does one that was never seen whole (the times at
    the provider show it): then only the time tells.
    """
    refused_since = set(books.rejected) - {delivery.export.execution}
    differs = books.loaded is None or _is_whole_again(delivery, books.loaded)
    if differs and not refused_since and not _written_apart(delivery):
        return None
    newest = max(stored.updated for stored in delivery.objects.values())
    if newest + settle <= now:
        return None
    return Wait(
        "WAITING_TO_SETTLE",
        f"Some files may be another delivery's; loads when all have changed, or at {newest + settle:%F %H:%M} UTC.",
    )


def _written_apart(delivery: Delivery) -> bool:
    """A file that the provider wrote after the manifest is a later delivery's; from long before, an earlier one's."""
    manifest = delivery.objects.get(delivery.manifest)
    if manifest is None or manifest.written is None:
        return False
    return any(
        file.written is not None and not timedelta() <= manifest.written - file.written <= _WRITTEN_WITHIN
        for file in delivery.files
    )


def _is_whole_again(delivery: Delivery, booked: LoadedDelivery) -> bool:
    if booked.execution == delivery.export.execution:
        return delivery.content == booked.content and not booked.changed_during_load
    if not booked.files:
        return False  # booked contents unknown: the head was taken from a tracking row
    return all(booked.files.get(name_digest(file.name)) != file.content for file in delivery.files)
