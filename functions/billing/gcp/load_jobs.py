"""One month replaced by one load job, whose id makes it happen once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from billing.clock import Timer
from billing.columns.dates import DateFormats
from billing.columns.field import Field
from billing.decisions.delivery import TableIdentity
from billing.errors import BillingError, ErrorClass
from billing.gcp.api_errors import classify_api_error, classify_job_error
from billing.gcp.bigquery import CALL_SECONDS, Warehouse, schema_field, short_retry
from billing.gcp.lease import Lease
from billing.settings import Settings, Source

INSERT_DEADLINE = 400.0  # seconds after the call began; with twice CALL_SECONDS this ends before a lease does, at 600
POLL_DEADLINE = 480.0  # the platform ends an event's call after 540 s
_MAX_ATTEMPTS = 20
_INSERTS_PER_CALL = 2


@dataclass(frozen=True)
class MonthLoad:
    """Everything a load job needs; equal loads have equal job ids."""

    source: Source
    month: str
    execution: str
    generations: str
    destination: TableIdentity
    uris: tuple[str, ...]
    replaces_job_id: str  # the job that the books say the month was last loaded by
    schema: tuple[Field, ...] = ()
    dates: DateFormats = field(default_factory=DateFormats)

    def job_id(self, attempt: str) -> str:
        """The same delivery over the same head of the same table is the same job: inserted twice, it runs once.

        Over another head it is another: a month that was replaced or changed since really is loaded again.
        After an upgrade or a changed setting it is another too: what BigQuery refused is tried again.
        """
        table, settings = self.destination, self.source.fingerprint
        parts = (
            table.table,
            table.created,
            self.month,
            self.execution,
            self.generations,
            self.replaces_job_id,
            settings,
        )
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
        return f"billing_{self.source.key}_{self.month.replace('-', '')}_{digest}_{attempt}"


@dataclass(frozen=True)
class LoadResult:
    job_id: str
    rows: int


class LoadJobs:
    """BigQuery's load jobs; each is inserted and looked up in the location of its dataset."""

    def __init__(self, client: Any, settings: Settings) -> None:
        self._client = client
        self._warehouse = Warehouse(client)
        self._where = {"project": settings.project, "location": settings.location}

    def replace_month(self, load: MonthLoad, lease: Lease, timer: Timer) -> LoadResult:
        """Drops and reloads one partition in one atomic job, or takes up the job that already does.

        Raises BillingError: JOB_RUNNING and DEADLINE to come back, or what the job's own error means.
        """
        inserts, failure = 0, None
        for attempt in _attempts(timer):
            lease.record(load.job_id(attempt))
            if timer.elapsed() > INSERT_DEADLINE:
                raise BillingError("DEADLINE", f"No load job is started {INSERT_DEADLINE:.0f} s after the start.")
            lease.keep_for_job = True  # from here on the job may exist, whatever the answer
            job, inserted = self._insert(load, attempt, lease, timer)
            inserts += inserted
            failure = self._wait(job, timer)
            if failure is None and not inserted and self._is_replaced(load, job):
                continue
            lease.keep_for_job = False
            if failure is None:
                return LoadResult(job.job_id, int(job.output_rows or 0))
            if (
                failure.kind is ErrorClass.REJECT
                or inserts == _INSERTS_PER_CALL
                or (inserted and failure.kind is ErrorClass.SETUP)
            ):
                raise failure  # a setup failure of an earlier call's job may be mended by now: the next attempt tells
        raise BillingError("LOAD_KEEPS_FAILING", f"All load jobs of {load.month} failed; the last: {failure}")

    def is_running(self, job_id: str) -> bool:
        """Looked up with its location: without one, a job outside the multi-regions looks as if it never was."""
        from google.api_core.exceptions import NotFound

        try:
            return bool(self._job(job_id).state != "DONE")
        except NotFound:
            return False

    def _job(self, job_id: str) -> Any:
        return self._client.get_job(job_id, retry=short_retry(), timeout=CALL_SECONDS, **self._where)

    def _insert(self, load: MonthLoad, attempt: str, lease: Lease, timer: Timer) -> tuple[Any, bool]:
        """The job, and whether this call started it. Refused outright, there is none for the lease to guard."""
        from google.api_core.exceptions import BadRequest, ClientError, Conflict

        try:
            job = self._client.load_table_from_uri(
                list(load.uris),
                f"{load.source.destination}${load.month.replace('-', '')}",
                job_id=load.job_id(attempt),
                job_config=_job_config(load),
                retry=short_retry(),
                timeout=CALL_SECONDS,
                **self._where,
            )
        except Conflict:
            return self._existing(load.job_id(attempt), timer), False
        except ClientError as exc:
            lease.keep_for_job = exc.code in (408, 429)
            if isinstance(exc, BadRequest):
                raise classify_api_error(exc) or classify_job_error("invalid", str(exc)) from exc
            raise
        return job, True

    def _is_replaced(self, load: MonthLoad, job: Any) -> bool:
        """Whether the month was written since a job that is taken up: by one that nobody lived to book.

        Books and job id know nothing of that one. One query, where a job is taken up only.
        """
        held = self._warehouse.partitions(load.source).get(load.month)
        return held is None or held.modified > job.ended

    def _existing(self, job_id: str, timer: Timer) -> Any:
        """A job that was answered 409 may be 404 for a moment: google-cloud-bigquery's own retry.py says so."""
        from google.api_core.exceptions import NotFound

        for _ in range(3):
            try:
                return self._job(job_id)
            except NotFound as exc:
                missing = exc
                timer.clock.sleep(1.0)
        raise BillingError("TRANSIENT", f"Load job {job_id} exists and is not found yet.") from missing

    def _wait(self, job: Any, timer: Timer) -> BillingError | None:
        """Polls to DONE. Returns what the job's error means."""
        from google.api_core.exceptions import NotFound

        pause = 0.2
        while job.state != "DONE":
            if timer.elapsed() > POLL_DEADLINE:
                raise BillingError("JOB_RUNNING", f"Load job {job.job_id} still runs; the next event takes it up.")
            timer.clock.sleep(pause)
            pause = min(pause * 1.5, 5.0)
            try:
                job.reload(retry=short_retry(), timeout=CALL_SECONDS)
            except NotFound as exc:
                raise BillingError("TRANSIENT", f"Load job {job.job_id} is not found for a moment.") from exc
        return _failure(job)


def _attempts(timer: Timer) -> Iterator[str]:
    """A failed job's id is burnt: twenty in a row, and after a long outage one more an hour."""
    yield from map(str, range(_MAX_ATTEMPTS))
    yield f"{timer.clock.now():%Y%m%d%H}"


def _failure(job: Any) -> BillingError | None:
    """BigQuery's words: the summary, up to three details (they name column and line), and the file."""
    if not job.error_result:
        return None
    reason, message = job.error_result.get("reason", ""), job.error_result.get("message", "")
    details = [error.get("message", "") for error in job.errors or () if error.get("message") != message]
    place = job.error_result.get("location")
    text = " ".join([message, *details[:3], *([f"({place})"] if place and place not in message else [])])
    return classify_job_error(reason, text)


def _job_config(load: MonthLoad) -> Any:
    from google.cloud import bigquery

    config = bigquery.LoadJobConfig(
        create_disposition="CREATE_NEVER",
        write_disposition="WRITE_TRUNCATE",
        schema_update_options=["ALLOW_FIELD_ADDITION"],
        source_format=load.source.format.file_format,
        schema=[schema_field(field) for field in load.schema],
        max_bad_records=0,
        labels={"source": load.source.key, "month": load.month},
    )
    if load.source.format.file_format == "CSV":
        config.skip_leading_rows = 1
        config.allow_quoted_newlines = True
        if load.dates.date is not None:
            config.date_format = load.dates.date
        if load.dates.timestamp is not None:
            config.timestamp_format = load.dates.timestamp
    else:
        config.decimal_target_types = ["BIGNUMERIC"]
        config.parquet_options = bigquery.ParquetOptions.from_api_repr({"mapTargetType": "ARRAY_OF_STRUCT"})
    return config
