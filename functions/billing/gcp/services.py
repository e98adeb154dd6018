"""Everything that talks to Google Cloud, built once per process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from billing.clock import Clock
from billing.gcp.bigquery import Warehouse
from billing.gcp.history import Ledger
from billing.gcp.landing import Landing
from billing.gcp.lease import Leases
from billing.gcp.load_jobs import LoadJobs
from billing.settings import Settings, Source


@dataclass(frozen=True)
class Cloud:
    """The rooms that touch Google Cloud, built once per process."""

    settings: Settings
    clock: Clock
    warehouse: Warehouse
    jobs: LoadJobs
    ledger: Ledger
    leases: Leases
    landing: Callable[[Source], Landing]


@cache
def cloud_of(settings: Settings) -> Cloud:
    """The rooms that touch Google Cloud, on application default credentials; built at the first use."""
    import google.auth
    from google.cloud import bigquery, storage

    credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    return assemble(
        settings,
        storage.Client(project=settings.project, credentials=credentials),
        bigquery.Client(project=settings.project, credentials=credentials, location=settings.location),
        credentials,
        Clock(),
    )


def assemble(settings: Settings, storage_client: Any, bigquery_client: Any, credentials: Any, clock: Clock) -> Cloud:
    """Wires the rooms to the given clients."""
    warehouse, jobs = Warehouse(bigquery_client), LoadJobs(bigquery_client, settings)
    return Cloud(
        settings=settings,
        clock=clock,
        warehouse=warehouse,
        jobs=jobs,
        ledger=Ledger(warehouse, settings, credentials, clock),
        leases=Leases(storage_client, settings.bookkeeping_bucket, clock, jobs.is_running),
        landing=lambda source: Landing(storage_client, source),
    )
