"""Everything that talks to Google Cloud, built once per process."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

from billing.clock import Clock, ServerClock
from billing.errors import BillingError
from billing.gcp.bigquery import Warehouse
from billing.gcp.history import LoadHistory
from billing.gcp.landing import LandingBucket
from billing.gcp.lease import Leases
from billing.gcp.load_jobs import LoadJobs
from billing.gcp.owner import Owners
from billing.gcp.sweep_note_store import SweepNoteStore
from billing.settings import Settings, Source

_CREDENTIALS_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"


@dataclass(frozen=True)
class Services:
    settings: Settings
    clock: Clock
    warehouse: Warehouse
    jobs: LoadJobs
    history: LoadHistory
    leases: Leases
    owners: Owners
    notes: SweepNoteStore
    landing: Callable[[Source], LandingBucket]


@cache
def connect(settings: Settings) -> Services:
    """Build the services with application default credentials."""
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud import bigquery, storage

    credentials = default_credentials()
    clock = ServerClock(Clock())

    def session() -> Any:
        observed = AuthorizedSession(credentials)
        observed.hooks["response"].append(lambda answer, **_: observe_date(clock, answer.headers.get("Date")))
        return observed

    return build_services(
        settings,
        storage.Client(project=settings.project, credentials=credentials, _http=session()),
        bigquery.Client(project=settings.project, credentials=credentials, location=settings.location, _http=session()),
        credentials,
        clock,
    )


def default_credentials() -> Any:
    """Return the application default credentials. google.auth raises any exception if their file has other content.

    Raises BillingError: CREDENTIALS.
    """
    import google.auth
    from google.auth.exceptions import TransportError

    try:
        credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    except TransportError:
        raise
    except Exception as exc:
        raise BillingError("CREDENTIALS", _credentials_problem(exc, os.environ.get(_CREDENTIALS_VARIABLE))) from exc
    return credentials


def _credentials_problem(exc: Exception, file: str | None) -> str:
    from google.auth.exceptions import GoogleAuthError

    reason = "it holds something else"
    if isinstance(exc, OSError):
        reason = str(exc.strerror)
    elif isinstance(exc, GoogleAuthError):
        reason = str(exc.args[0])
    login = "log in with gcloud auth application-default login"
    if file:
        found = f"{_CREDENTIALS_VARIABLE} is {file!r}, which gives no credentials ({reason.rstrip('.')})"
        return f"{found}: let it name the JSON file of a key, or unset it and {login}."
    return f"There are no credentials ({reason.rstrip('.')}): {login}."


def observe_date(clock: ServerClock, date: str | None) -> None:
    """Set the clock by the Date of an answer. Every answer of Google has one."""
    if date is not None:
        clock.observe(parsedate_to_datetime(date))


def build_services(
    settings: Settings, storage_client: Any, bigquery_client: Any, credentials: Any, clock: Clock
) -> Services:
    """Build the services with the given clients."""
    warehouse, jobs = Warehouse(bigquery_client), LoadJobs(bigquery_client, settings, clock)
    return Services(
        settings=settings,
        clock=clock,
        warehouse=warehouse,
        jobs=jobs,
        history=LoadHistory(warehouse, settings, credentials, clock),
        leases=Leases(storage_client, settings.bookkeeping_bucket, clock, jobs.may_still_run),
        owners=Owners(storage_client, settings.bookkeeping_bucket),
        notes=SweepNoteStore(storage_client, settings.bookkeeping_bucket),
        landing=lambda source: LandingBucket(storage_client, source),
    )
