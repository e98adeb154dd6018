"""From the platform's calls to the load path, and from how it ended to a log line and an answer."""

import sys
import traceback
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from . import exports
from .clock import Clock, Timer
from .config import Settings, Source, read_settings
from .errors import BillingError, Kind
from .log import emit
from .reasons import known_failure

_SEVERITY = {Kind.RETRY: "INFO", Kind.SETUP: "ERROR", Kind.REJECT: "ERROR"}


class TryAgain(Exception):
    """Answer 503: the platform delivers the event again."""


def settings_or_exit() -> Settings:
    """The settings, or the process ends with the one sentence that says which variable is wrong."""
    try:
        return read_settings()
    except BillingError as exc:
        emit("CRITICAL", exc.message, code=exc.code)
        raise SystemExit(f"{exc.code}: {exc.message}") from None


def exit_code(work: Callable[[], int]) -> int:
    """Of a command: what Google Cloud or the loader refuses ends as one sentence and 1; only a bug has a traceback."""
    try:
        return work()
    except Exception as exc:
        known = known_failure(exc)
        if known is None:
            raise
        print(" ".join(str(known).split()), file=sys.stderr)
        return 1


def handle_event(settings: Settings, provider: str, data: dict[str, Any], cloud: Any = None) -> None:
    """One object arrived. Raises TryAgain when the platform should deliver the event again."""
    bucket, name = str(data.get("bucket", "")), str(data.get("name", ""))
    for source in settings.of_provider(provider):
        if source.bucket == bucket and name.startswith(source.prefix):
            manifests = exports.manifest_names(source, name)
            if manifests:
                run_guarded(source, name, partial(_process, settings, source, manifests, name, cloud))
                return
    emit("DEBUG", f"Ignored: {name} is no object of an export.", action="ignored", code="NOT_OURS", object=name)


def run_guarded(source: Source, about: str, work: Callable[[], None]) -> bool:
    """Runs work and ends its failure as its class says: False, or TryAgain raised for what passes."""
    try:
        work()
    except Exception as exc:  # noqa: BLE001 - the edge: every failure ends as a line and an answer
        known = known_failure(exc)
        if known is None:
            emit(
                "ERROR",
                f"Bug at {about}: {exc!r}",
                source=source.key,
                action="failed",
                code="BUG",
                object=about,
                stack_trace=traceback.format_exc(),
            )
            return False
        emit(
            _SEVERITY[known.kind],
            known.message,
            source=source.key,
            action="retried" if known.kind is Kind.RETRY else "failed",
            code=known.code,
            object=about,
        )
        if known.kind is Kind.RETRY:
            raise TryAgain(known.code) from None
        return False
    return True


def _process(settings: Settings, source: Source, manifests: Sequence[str], name: str, cloud: Any) -> None:
    """By the first of the manifests that is there."""
    from .load import process
    from .look import Visit

    cloud = cloud or cloud_of(settings)
    timer = Timer(cloud.clock)
    for manifest in manifests:
        outcome = process(Visit(cloud, source, manifest, timer))
        if not outcome.unseen:
            break
    log_outcome(source, outcome, timer, name)


def log_outcome(source: Source, outcome: Any, timer: Timer, about: str) -> None:
    """The one structured line of a decision."""
    emit(
        "ERROR" if outcome.error else "INFO",
        f"{outcome.action}: {outcome.message}",
        source=source.key,
        month=outcome.month,
        execution=outcome.execution,
        action=outcome.action,
        code=outcome.code,
        rows=outcome.rows,
        files=outcome.files,
        bytes=outcome.byte_count,
        job_id=outcome.job_id,
        object=about,
        duration_seconds=round(timer.elapsed(), 3),
    )


@cache
def cloud_of(settings: Settings) -> Any:
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


def assemble(settings: Settings, storage_client: Any, bigquery_client: Any, credentials: Any, clock: Clock) -> Any:
    """Wires the rooms to the given clients."""
    from .landing import Landing
    from .lease import Leases
    from .ledger import Ledger
    from .load_jobs import LoadJobs
    from .look import Cloud
    from .warehouse import Warehouse

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
