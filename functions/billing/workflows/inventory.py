"""Read a whole source for the sweep: the objects in its bucket, its manifests, the recorded states and the table."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from billing import manifests
from billing.decisions.audit import Partition
from billing.decisions.candidates import Candidate, ReadableCandidate, UnreadableCandidate, best_first
from billing.decisions.delivery import Delivery, StoredObject, folders_of
from billing.decisions.snapshot import MonthSnapshot
from billing.decisions.state import MonthState
from billing.decisions.table import Table
from billing.errors import BillingError
from billing.gcp.api_errors import classify
from billing.gcp.services import Services
from billing.manifests import OtherExport
from billing.settings import Source

_READERS = 8  # manifests that are read at the same time


@dataclass(frozen=True)
class Inventory:
    """One source as the sweep sees it. `months` has the candidates of each month, best first."""

    source: Source
    table: Table
    owner: str
    objects: Mapping[str, StoredObject]
    months: Mapping[str, Sequence[Candidate]]
    states: Mapping[str, MonthState]
    partitions: Mapping[str, Partition]
    leased: Collection[str]  # months that an instance holds, or that one left without a word

    @property
    def all_months(self) -> set[str]:
        """Months of manifests in the bucket, and recorded months: the audit needs both."""
        return set(self.months) | set(self.states)

    @property
    def candidates(self) -> list[Candidate]:
        return [candidate for some in self.months.values() for candidate in some]

    def state(self, month: str) -> MonthState:
        return self.states.get(month, MonthState())

    def snapshot(self, candidate: ReadableCandidate, state: MonthState, owner: str) -> MonthSnapshot:
        """Build the snapshot of one candidate without a request. State and owner may have changed since the listing."""
        export, manifest = candidate.export, candidate.manifest.name
        found = {one.name: one for folder in folders_of(export, manifest) for one in self._by_folder.get(folder, ())}
        return MonthSnapshot(Delivery(export, manifest, found), state, self.table, owner)

    @cached_property
    def _by_folder(self) -> Mapping[str, Sequence[StoredObject]]:
        folders: dict[str, list[StoredObject]] = defaultdict(list)
        for name, stored in self.objects.items():
            folders[manifests.folder_of(name)].append(stored)
        return folders


def take_inventory(services: Services, source: Source) -> Inventory:
    """Read one source: one listing, every manifest, the table, its owner, its leases and two queries."""
    objects = {stored.name: stored for stored in services.landing(source).list_all()}
    listed = [stored for name, stored in objects.items() if manifests.is_manifest(source, name)]
    with ThreadPoolExecutor(_READERS) as pool:
        read = list(pool.map(lambda stored: _candidate(services, source, stored), listed))
    months: dict[str, list[Candidate]] = defaultdict(list)
    for month, candidate in filter(None, read):
        months[month].append(candidate)
    return Inventory(
        source=source,
        table=services.warehouse.table(source),
        owner=services.owners.read(source),
        objects=objects,
        months={month: best_first(candidates) for month, candidates in months.items()},
        states=services.history.read_months(source),
        partitions=services.warehouse.partitions(source),
        leased=services.leases.months_of(source.destination),
    )


def _candidate(services: Services, source: Source, stored: StoredObject) -> tuple[str, Candidate] | None:
    """Return a month and its candidate. Return None for another export, or if nothing names the month.

    A manifest that cannot be read concerns its own month: the evaluation of that month meets the same error.
    """
    month = manifests.month_in(stored.name)
    try:
        manifest = services.landing(source).manifest(stored.name)
    except Exception as exc:
        if month is None or classify(exc) is None:
            raise
        return month, UnreadableCandidate(stored)
    if manifest is None:
        return None
    try:
        export = manifests.parse(source, manifest)
    except BillingError:
        return (month, UnreadableCandidate(stored)) if month is not None else None
    return None if isinstance(export, OtherExport) else (export.month, ReadableCandidate(stored, export))
