"""Everything in memory, and the loader's services on it."""

from __future__ import annotations

from billing.gcp.bigquery import Warehouse
from billing.gcp.landing import LandingBucket
from billing.gcp.lease import Leases
from billing.gcp.load_jobs import LoadJobs
from billing.gcp.owner import Owners
from billing.gcp.services import Services
from billing.gcp.sweep_note_store import SweepNoteStore
from billing.settings import Settings
from tests.fakes.bigquery import FakeBigQuery, Tables
from tests.fakes.clock import FakeClock
from tests.fakes.history import DltTables, FakeLoadHistory
from tests.fakes.storage import Buckets, FakeStorage
from tests.fakes.wire import Wire


class FakeCloud:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.buckets = Buckets()
        self.tables = Tables(self.buckets)
        self.history = DltTables()
        self.clock.on_step = lambda: self.tables.run_due(self.clock.now())

    def storage(self, wire: Wire | None = None) -> FakeStorage:
        return FakeStorage(self.buckets, wire or Wire(self.clock))

    def bigquery(self, wire: Wire | None = None) -> FakeBigQuery:
        return FakeBigQuery(self.tables, wire or Wire(self.clock))

    def services(self, settings: Settings, wire: Wire | None = None) -> Services:
        """Return the services of one process. All their requests pass its wire."""
        wire = wire or Wire(self.clock)
        storage, client = self.storage(wire), self.bigquery(wire)
        jobs = LoadJobs(client, settings, wire.machine)
        return Services(
            settings=settings,
            clock=wire.machine,
            warehouse=Warehouse(client),
            jobs=jobs,
            history=FakeLoadHistory(self.history, settings, wire),
            leases=Leases(storage, settings.bookkeeping_bucket, wire.machine, jobs.may_still_run),
            owners=Owners(storage, settings.bookkeeping_bucket),
            notes=SweepNoteStore(storage, settings.bookkeeping_bucket),
            landing=lambda source: LandingBucket(storage, source),
        )
