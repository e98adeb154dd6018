"""Say within seconds what the demo will load and what it will reject, with the product's own functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing import manifests
from billing.columns.field import Field
from billing.columns.header import Header
from billing.columns.load_schema import load_schema
from billing.decisions.candidates import Candidate, ReadableCandidate, best_first
from billing.decisions.decide import decide
from billing.decisions.decision import Load
from billing.decisions.delivery import StoredObject
from billing.decisions.policy import policy_of
from billing.decisions.snapshot import MonthSnapshot
from billing.decisions.state import MonthState
from billing.decisions.table import Table, TableIdentity
from billing.errors import BillingError
from billing.gcp.landing import LandingBucket
from billing.manifests import Export
from tests.demo.exports_folder import FoundSource
from tests.demo.local_bucket import LocalBucket
from tests.support.sources import SourceSpec

_MAX_REASONS = 20  # of one delivery: of 10,000 unreadable files, the first ones say it all


@dataclass(frozen=True)
class PlannedMonth:
    """A delivery, and every reason why it will not be loaded. Without a reason, it will be."""

    month: str | None
    what: str
    files: int = 0
    bytes: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What will happen to one source."""

    found: FoundSource
    months: Sequence[PlannedMonth]
    notes: Sequence[str] = ()

    @property
    def refused(self) -> list[str]:
        """Return one sentence for each reason, with the source and the month."""
        return [
            f"{self.found.name} {one.month or '(no month)'}: {reason}" for one in self.months for reason in one.reasons
        ]

    @property
    def loads(self) -> bool:
        return any(not one.reasons for one in self.months)


def plan_source(found: FoundSource, now: datetime) -> Plan:
    """Return what will happen to each month: its best delivery that can be loaded, and the better ones that cannot."""
    bucket = LocalBucket(found, now)
    landing = LandingBucket(bucket, found.source)
    objects = {stored.name: stored for stored in landing.list_all()}
    candidates, unreadable = _candidates(found, landing, objects)
    months, fields = list[PlannedMonth](), _table_fields(found)
    for month in sorted(candidates):
        for candidate in best_first(candidates[month]):
            assert isinstance(candidate, ReadableCandidate)
            planned, added = _planned(found, landing, candidate, fields, now)
            fields = [*fields, *added]
            months.append(planned)
            if not planned.reasons:
                break
    orphans, ignored = _without_manifest(found, objects)
    notes = [f"{found.name}: files of no export: {len(ignored)}, first {ignored[0]}."] if ignored else []
    if bucket.unusable:
        names = f"files whose names Cloud Storage does not allow: {len(bucket.unusable)}, first {bucket.unusable[0]!r}"
        notes.append(f"{found.name}: {names}. They are not copied: a name is UTF-8 without line breaks.")
    return Plan(found, [*unreadable, *months, *orphans], notes)


def _candidates(
    found: FoundSource, landing: LandingBucket, objects: Mapping[str, StoredObject]
) -> tuple[Mapping[str, list[Candidate]], list[PlannedMonth]]:
    """Return the deliveries of each month, and the manifests that cannot be read."""
    candidates: dict[str, list[Candidate]] = defaultdict(list)
    unreadable = list[PlannedMonth]()
    for name, stored in objects.items():
        if not manifests.is_manifest(found.source, name):
            continue
        manifest = landing.manifest(name)
        assert manifest is not None
        try:
            export = manifests.parse(found.source, manifest)
        except BillingError as error:
            unreadable.append(PlannedMonth(manifests.month_in(name), name, reasons=(str(error),)))
            continue
        if isinstance(export, Export):
            candidates[export.month].append(ReadableCandidate(stored, export))
    return candidates, unreadable


def _planned(
    found: FoundSource, landing: LandingBucket, candidate: ReadableCandidate, table: Sequence[Field], now: datetime
) -> tuple[PlannedMonth, Sequence[Field]]:
    """Return the plan for one delivery, and the columns that its load adds to the table."""
    export = candidate.export
    delivery = landing.list_delivery(export, candidate.manifest.name)
    snapshot = MonthSnapshot(delivery, MonthState(), Table(TableIdentity(found.name, ""), tuple(table), None))
    decision = decide(snapshot, policy_of(found.source), now)
    reasons = [] if isinstance(decision, Load) else [f"{decision.code}: {decision.message}"]
    headers, unreadable = _headers(landing, delivery.files)
    reasons += unreadable
    added: Sequence[Field] = ()
    if headers and not unreadable:
        try:
            added = load_schema(headers, export, found.source, table).plan.added
        except BillingError as error:
            reasons.append(str(error))
    unique = tuple(dict.fromkeys(reasons))
    planned = PlannedMonth(export.month, export.execution, len(export.files), delivery.byte_count, unique)
    return planned, () if unique else added


def _headers(landing: LandingBucket, files: Sequence[StoredObject]) -> tuple[list[tuple[str, Header]], list[str]]:
    """Return the headers of the files, and why some cannot be read. The product itself stops at the first of them."""
    try:
        return landing.headers(files), []
    except BillingError:
        reasons = list(_unreadable(landing, files))
        more = len(reasons) - _MAX_REASONS
        return [], [*reasons[:_MAX_REASONS], *([f"And {more} more files."] if more > 0 else [])]


def _unreadable(landing: LandingBucket, files: Sequence[StoredObject]) -> Iterator[str]:
    for file in files:
        try:
            landing.headers([file])
        except BillingError as error:
            yield str(error)


def _without_manifest(
    found: FoundSource, objects: Mapping[str, StoredObject]
) -> tuple[list[PlannedMonth], Sequence[str]]:
    """Return the data files that no manifest can name, by manifest, and the files that belong to no export."""
    orphans: dict[str, list[StoredObject]] = defaultdict(list)
    never, ignored = dict[str, str](), list[str]()
    for name, stored in objects.items():
        names = manifests.manifest_names(found.source, name)
        if names and not any(manifest in objects for manifest in names):
            orphans[names[0]].append(stored)
        elif not names:
            reason = manifests.never_loaded(found.source, name)
            ignored += [] if reason else [name]
            never |= {manifests.folder_of(name): f"{name} is never loaded: {reason}"} if reason else {}
    without = [_orphaned(manifest, files) for manifest, files in orphans.items()]
    without += [PlannedMonth(manifests.month_in(folder), folder, reasons=(why,)) for folder, why in never.items()]
    return without, ignored


def _orphaned(manifest: str, files: Sequence[StoredObject]) -> PlannedMonth:
    reason = f"{manifest} does not exist: its data files are not loaded ({len(files)}, first {files[0].name})."
    size = sum(file.size for file in files)
    return PlannedMonth(manifests.month_in(manifest), manifest, len(files), size, (reason,))


def _table_fields(found: FoundSource) -> list[Field]:
    """Return the columns that Terraform creates the table with."""
    spec = SourceSpec(
        format=found.source.format_name, version=found.version, type_overrides=dict(found.source.type_overrides)
    )
    return [Field(one["name"], one["type"], one.get("description", "")) for one in spec.table_schema]
