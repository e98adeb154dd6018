"""One look at a manifest: what stands in the bucket, the books and the table, and what follows from it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from billing import manifests
from billing.clock import Timer
from billing.decisions.decide import Decision, Policy, Reject, Skip, Wait, decide, missing_files, rejected_before
from billing.decisions.delivery import Delivery
from billing.decisions.state import MonthState
from billing.errors import BillingError
from billing.gcp.bigquery import Table
from billing.gcp.landing import LandingBucket
from billing.gcp.services import Services
from billing.manifests import Export, Manifest, OtherExport
from billing.settings import Source


@dataclass(frozen=True)
class Visit:
    """One call's business with one manifest.

    `reload` loads again what is booked already: for a month that does not hold what the books say.
    `replay` loads whatever the manifest names, over newer and refused ones too: somebody asked for it.
    """

    cloud: Services
    source: Source
    manifest: str
    timer: Timer
    reload: bool = False
    replay: bool = False

    @property
    def landing(self) -> LandingBucket:
        return self.cloud.landing(self.source)


@dataclass(frozen=True)
class Look:
    """Everything that one evaluation saw, and what it decided."""

    decision: Decision
    month: str | None = None
    execution: str = ""
    content: str = ""
    delivery: Delivery | None = None
    books: MonthState = field(default_factory=MonthState)
    table: Table | None = None


def observe(visit: Visit) -> Look:
    """Manifest, files, books, table, decision: four requests, and one per further 1,000 files."""
    manifest = visit.landing.manifest(visit.manifest)
    if manifest is None:
        missing = Wait("WAITING_FOR_MANIFEST", f"{visit.manifest} is not there yet.")
        return Look(missing, manifests.month_in(visit.manifest))
    try:
        export = manifests.parse(visit.source, manifest)
    except BillingError as exc:
        return _unreadable(visit, manifest, exc)
    if isinstance(export, OtherExport):
        other = f"{visit.manifest} belongs to export {export.name}, not {visit.source.export_name}."
        return Look(Skip("OTHER_EXPORT", other))
    delivery = Delivery(export, visit.manifest, visit.landing.list_delivery(export, visit.manifest))
    books = visit.cloud.history.read(visit.source, export.month)
    incomplete = missing_files(delivery)
    if incomplete is not None and books.loaded is None:
        return Look(incomplete, export.month, export.execution, delivery.content, delivery, books)
    table = visit.cloud.warehouse.table(visit.source)
    decision = judge(visit.source, delivery, _judged_by(visit, export, books), table, visit.timer)
    return Look(decision, export.month, export.execution, delivery.content, delivery, books, table)


def judge(source: Source, delivery: Delivery, books: MonthState, table: Table, timer: Timer) -> Decision:
    """The decision by this source's rules, now."""
    rules = Policy(timedelta(hours=source.settle_hours), fingerprint(source, table))
    return decide(delivery, books, table.destination, rules, timer.clock.now())


def fingerprint(source: Source, table: Table | None) -> str:
    """While this stays, a booked rejection stands: loader, settings, and the table that was loaded into."""
    return source.fingerprint if table is None else f"{source.fingerprint} {table.destination.created}"


def _judged_by(visit: Visit, export: Export, books: MonthState) -> MonthState:
    if visit.replay:
        return replace(_unbound(books), rejected={}, uncommitted=None)
    is_booked = books.loaded is not None and books.loaded.execution == export.execution
    return _unbound(books) if visit.reload and is_booked else books


def _unbound(books: MonthState) -> MonthState:
    """Books whose head stands for no table: the month loads again, and what is booked of its files still counts."""
    return books if books.loaded is None else replace(books, loaded=replace(books.loaded, table=""))


def _unreadable(visit: Visit, manifest: Manifest, exc: BillingError) -> Look:
    """A manifest that cannot be read is booked under the month that its path claims, if it claims one."""
    month = manifests.month_in(manifest.name)
    if month is None:
        return Look(Reject(exc.code, exc.message))
    execution, content = f"manifest-{manifest.generation}", f"{manifest.generation}"
    books = visit.cloud.history.read(visit.source, month)
    before = rejected_before(books, execution, content, fingerprint(visit.source, None))
    return Look(before or Reject(exc.code, exc.message), month, execution, content, books=books)
