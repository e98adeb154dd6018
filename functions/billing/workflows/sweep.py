"""The hourly sweep: the load path over every month, and an audit of what the tables really hold."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from billing import manifests
from billing.clock import Timer
from billing.decisions.audit import difference
from billing.decisions.decide import Decision, Load, Skip, Wait
from billing.decisions.delivery import Delivery
from billing.decisions.state import MonthState
from billing.gcp.load_jobs import INSERT_DEADLINE
from billing.gcp.services import Services, connect
from billing.log import emit
from billing.settings import Settings, Source
from billing.workflows.evaluate import Visit, judge
from billing.workflows.guard import RetryLater, log_failures
from billing.workflows.inventory import Candidate, Inventory, take_inventory
from billing.workflows.load import process
from billing.workflows.outcome import Outcome, log_outcome
from billing.workflows.publish_views import refresh_all_focus, refresh_views
from billing.workflows.record import book_waiting

_WORKERS = 5  # dlt's tables take 5 updates per 10 s
_LONG_WAIT = timedelta(hours=6)


@dataclass
class Report:
    """What a sweep did, by lists of `source month`; `deferred` is for the next one."""

    loaded: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)
    months: int = 0
    lock: Any = field(default_factory=threading.Lock, repr=False)

    def add(self, kind: str, what: str) -> None:
        with self.lock:
            getattr(self, kind).append(what)

    def as_json(self, seconds: float) -> dict[str, object]:
        lists = {name: sorted(value) for name, value in vars(self).items() if isinstance(value, list)}
        return {**lists, "months": self.months, "seconds": round(seconds, 1)}


def sweep(settings: Settings, cloud: Services | None = None) -> dict[str, object]:
    """Heals what events missed, retries what may go now, audits heads against partitions; newest month first."""
    cloud = cloud or connect(settings)
    timer, report = Timer(cloud.clock), Report()
    surveys: list[Inventory] = []
    for source in settings.sources:
        _guarded(source, f"{source.key} as a whole", report, partial(_collect, surveys, cloud, source))
    work = sorted(((month, survey) for survey in surveys for month in survey.all_months), key=lambda item: item[0])
    report.months = len(work)
    with ThreadPoolExecutor(_WORKERS) as pool:
        for month, survey in reversed(work):
            pool.submit(_month, cloud, survey, month, timer, report)
    _create_views(cloud, surveys, report)
    for survey in surveys:
        _warn_of_orphans(survey, timer.clock.now())
        _guarded(survey.source, f"age of {survey.source.key}", report, partial(_log_age, cloud, survey, timer))
    result = report.as_json(timer.elapsed())
    emit("WARNING" if report.deferred or report.mismatched else "INFO", "sweep finished", action="sweep", **result)
    return result


def _collect(surveys: list[Inventory], cloud: Services, source: Source) -> None:
    surveys.append(take_inventory(cloud, source))


def _month(cloud: Services, survey: Inventory, month: str, timer: Timer, report: Report) -> None:
    what = f"{survey.source.key} {month}"
    if _defer_if_late(timer, what, report):
        return
    _guarded(survey.source, what, report, lambda: _load_newest(cloud, survey, month, timer, report))


def _defer_if_late(timer: Timer, what: str, report: Report) -> bool:
    """Leaves a month to the next sweep, and says so: one of many refusals may take longer than a function lives."""
    late = timer.elapsed() > INSERT_DEADLINE
    if late:
        report.add("deferred", what)
    return late


def _load_newest(cloud: Services, survey: Inventory, month: str, timer: Timer, report: Report) -> None:
    """The newest delivery that can be loaded; rejected and waiting ones supersede nothing."""
    waiting = False
    unreadable_first = sorted(survey.months.get(month, ()), key=lambda one: one.export is not None)  # none has an age
    for candidate in unreadable_first:
        if _defer_if_late(timer, f"{survey.source.key} {month}", report):
            return
        visit = Visit(cloud, survey.source, candidate.manifest.name, timer)
        verdict = _judge(survey, month, candidate, timer)
        if isinstance(verdict, Wait):
            _wait(visit, survey, month, candidate, verdict, report, book=not waiting)
            waiting = True
            continue
        outcome = _process(visit, report, month) if not isinstance(verdict, Skip) else None
        if outcome is not None and outcome.action == "loaded":
            return
        ended = verdict if isinstance(verdict, Skip) else outcome
        if ended is not None and ended.code in ("DUPLICATE", "SUPERSEDED"):
            break
    _audit(cloud, survey, month, timer, report)


def _process(visit: Visit, report: Report, month: str) -> Outcome:
    outcome = process(visit)
    log_outcome(visit.source, outcome, visit.timer, visit.manifest)
    if outcome.action in ("loaded", "rejected"):
        report.add(outcome.action, f"{visit.source.key} {month}")
    return outcome


def _judge(survey: Inventory, month: str, candidate: Candidate, timer: Timer) -> Decision:
    """From what the survey saw, without a request."""
    if candidate.export is None:
        return Load()  # unreadable: the path looks, and books or skips it
    names = [*(file.name for file in candidate.export.files), candidate.manifest.name]
    found = {name: survey.objects[name] for name in names if name in survey.objects}
    delivery = Delivery(candidate.export, candidate.manifest.name, found)
    return judge(survey.source, delivery, survey.books.get(month, MonthState()), survey.table, timer)


def _wait(
    visit: Visit, survey: Inventory, month: str, candidate: Candidate, verdict: Wait, report: Report, *, book: bool
) -> None:
    """Of several that wait, only the newest is booked: the status view has one line for a month."""
    report.add("waiting", f"{visit.source.key} {month}")
    waited = visit.timer.clock.now() - candidate.manifest.updated
    if waited > _LONG_WAIT:
        _warn(visit.source, month, f"{visit.manifest} waits for {waited}: {verdict.message}")
    if book:
        waits_for = f"{candidate.manifest.name} {candidate.manifest.generation} {verdict.code}"
        book_waiting(visit, survey.books.get(month, MonthState()), waits_for)


def _audit(cloud: Services, survey: Inventory, month: str, timer: Timer, report: Report) -> None:
    """A partition that does not hold what its head says is logged at ERROR, and the month loaded again."""
    source, destination = survey.source, survey.table.destination
    if difference(survey.books.get(month, MonthState()), destination, survey.partitions.get(month)) is None:
        return
    lease = cloud.leases.acquire(source.key, month, None)  # read again under it: a load in flight is not booked yet
    try:
        books, partitions = cloud.history.read(source, month), cloud.warehouse.partitions(source)
    finally:
        lease.release()
    differs = difference(books, destination, partitions.get(month))
    if differs is None:
        return
    report.add("mismatched", f"{source.key} {month}")
    booked = books.loaded.execution if books.loaded is not None else None
    standing = [one for one in survey.months.get(month, ()) if one.export and one.export.execution == booked]
    way_out = "It is loaded again." if standing else "Its manifest is gone: deliver the month again."
    rows = partitions[month].rows if month in partitions else 0
    message = f"{source.table} in {month}: {differs} {way_out}"
    emit("ERROR", message, source=source.key, month=month, action="audited", code="AUDIT_MISMATCH", rows=rows)
    for candidate in standing[:1]:
        _process(Visit(cloud, source, candidate.manifest.name, timer, reload=True), report, month)


def _warn_of_orphans(survey: Inventory, now: datetime) -> None:
    """Data files of a month that was never loaded, hours old and still without their manifest, or never with one."""
    newest: dict[str, datetime] = {}
    never: dict[str, str] = {}
    for name, stored in survey.objects.items():
        names = manifests.manifest_names(survey.source, name)
        if names and not any(manifest in survey.objects for manifest in names):
            newest[names[0]] = max(stored.updated, newest.get(names[0], stored.updated))
        elif not names and (reason := manifests.never_loaded(survey.source, name)):
            never[name.rpartition("/")[0]] = f"{name} is never loaded: {reason}"
    for manifest, updated in newest.items():
        month = manifests.month_in(manifest)
        if now - updated > _LONG_WAIT and not survey.books.get(month or "", MonthState()).loaded:
            _warn(survey.source, month, f"{manifest} is not there, {now - updated} after its data.")
    for folder, message in never.items():
        _warn(survey.source, manifests.month_in(f"{folder}/"), message)


def _log_age(cloud: Services, survey: Inventory, timer: Timer) -> None:
    """How long ago a source last loaded, or its table was made: what the freshness alert and its tile measure."""
    since = cloud.history.newest_load(survey.source) or datetime.fromisoformat(survey.table.destination.created)
    hours = round((timer.clock.now() - since).total_seconds() / 3600, 2)
    emit("INFO", f"The newest load is {hours} h old.", source=survey.source.key, action="age", age_hours=hours)


def _warn(source: Source, month: str | None, message: str) -> None:
    emit("WARNING", message, source=source.key, month=month, action="waiting", code="WAITING_LONG")


def _create_views(cloud: Services, surveys: Sequence[Inventory], report: Report) -> None:
    """Of every dataset in which something is booked: before that, dlt's tables are not there."""
    touched = {what.partition(" ")[0] for what in (*report.loaded, *report.rejected, *report.waiting)}
    booked = [survey for survey in surveys if survey.books or survey.source.key in touched]
    fields = {survey.source.key: survey.table.fields for survey in surveys}
    for source in {(one.source.project, one.source.dataset): one.source for one in booked}.values():
        refresh_views(cloud, fields, source)
    refresh_all_focus(cloud)


def _guarded(source: Source, what: str, report: Report, work: Any) -> None:
    """Whatever ends without success is left for the next sweep; it is logged already."""
    try:
        done = log_failures(source, what, work)
    except RetryLater:
        done = False
    if not done:
        report.add("deferred", what)
