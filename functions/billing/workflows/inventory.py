"""All of a source at once: what stands in its bucket, in the books and in the table."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from billing import manifests
from billing.decisions.audit import Partition
from billing.decisions.delivery import StoredObject
from billing.decisions.state import MonthState
from billing.errors import BillingError
from billing.gcp.bigquery import Table
from billing.gcp.services import Services
from billing.manifests import Export, OtherExport
from billing.settings import Source

_READERS = 8


@dataclass(frozen=True)
class Candidate:
    """A manifest of a month, newest first by its order key; one that cannot be read has no export."""

    manifest: StoredObject
    export: Export | None

    @property
    def order_key(self) -> str:
        return self.export.order_key if self.export is not None else ""


@dataclass(frozen=True)
class Inventory:
    """One source as the sweep sees it, by one listing and two queries."""

    source: Source
    table: Table
    objects: Mapping[str, StoredObject]
    months: Mapping[str, Sequence[Candidate]]
    books: Mapping[str, MonthState]
    partitions: Mapping[str, Partition]

    @property
    def all_months(self) -> set[str]:
        """Of manifests in the bucket and of what is booked: the audit wants both."""
        return set(self.months) | set(self.books)


def take_inventory(cloud: Services, source: Source) -> Inventory:
    bucket = cloud.landing(source)
    objects = {stored.name: stored for stored in bucket.list_all()}
    listed = [stored for name, stored in objects.items() if manifests.is_manifest(source, name)]
    with ThreadPoolExecutor(_READERS) as pool:
        read = list(pool.map(lambda stored: _candidate(cloud, source, stored), listed))
    months: dict[str, list[Candidate]] = defaultdict(list)
    for month, candidate in filter(None, read):
        months[month].append(candidate)
    for candidates in months.values():
        candidates.sort(key=lambda candidate: candidate.order_key, reverse=True)
    table = cloud.warehouse.table(source)
    return Inventory(
        source, table, objects, months, cloud.history.read_months(source), cloud.warehouse.partitions(source)
    )


def _candidate(cloud: Services, source: Source, stored: StoredObject) -> tuple[str, Candidate] | None:
    """None for another export's manifest, and for an unreadable one whose path claims no month."""
    manifest = cloud.landing(source).manifest(stored.name)
    if manifest is None:
        return None
    try:
        export = manifests.parse(source, manifest)
    except BillingError:
        month = manifests.month_in(stored.name)
        return (month, Candidate(stored, None)) if month is not None else None
    return None if isinstance(export, OtherExport) else (export.month, Candidate(stored, export))
