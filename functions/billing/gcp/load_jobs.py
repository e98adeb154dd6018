"""Replace one month with one load job. Equal loads have equal job ids, and BigQuery runs a job id only once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billing.clock import Clock, Timer
from billing.columns.dates import DateFormats
from billing.columns.field import Field
from billing.decisions.load_key import LoadKey
from billing.decisions.record import LoadResult
from billing.errors import BillingError, ErrorClass
from billing.gcp.api_errors import classify_api_error, classify_job_error
from billing.gcp.bigquery import CALL_SECONDS, Warehouse, schema_field, short_retry
from billing.gcp.lease import Lease
from billing.settings import Settings

INSERT_DEADLINE = 400.0  # seconds after the call began; with two calls of CALL_SECONDS a lease (600 s) is still held
POLL_DEADLINE = 480.0  # seconds after the call began; the platform ends a call after 540 s
_MAX_ATTEMPTS = 20
_INSERTS_PER_CALL = 2


@dataclass(frozen=True)
class MonthLoad:
    """One month's load: its key, the files, and how to read them."""

    key: LoadKey
    uris: tuple[str, ...]
    schema: tuple[Field, ...]
    dates: DateFormats
    omits_columns: bool = False  # of the files: the job ignores what is not in the schema


class LoadJobs:
    """Insert and look up load jobs, in the location of the dataset."""

    def __init__(self, client: Any, settings: Settings, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._warehouse = Warehouse(client)
        self._where = {"project": settings.project, "location": settings.location}

    def replace_month(self, load: MonthLoad, lease: Lease, timer: Timer) -> LoadResult:
        """Replace one partition by one atomic job, or take up the job that already does that.

        Raises BillingError: JOB_RUNNING, DEADLINE, LOAD_KEEPS_FAILING, or what the job's own error means.
        """
        inserts, failure = 0, None
        for attempt in _attempts(timer):
            lease.record(load.key.job_id(attempt))
            if timer.elapsed() > INSERT_DEADLINE:
                raise BillingError("DEADLINE", f"No load job is started {INSERT_DEADLINE:.0f} s after the start.")
            lease.keep_for_job = True  # from here on the job may exist, even if the insert seems to fail
            job, inserted = self._insert(load, attempt, lease, timer)
            if job.job_type != "load":  # the id is used up: see may_still_run
                continue
            inserts += inserted
            failure = self._wait(job, timer)
            if failure is None and not inserted and self._is_replaced(load, job):
                continue
            lease.keep_for_job = False
            if failure is None:
                return LoadResult(job.job_id, int(job.output_rows or 0), job.ended)
            if (
                failure.kind is ErrorClass.REJECT
                or inserts == _INSERTS_PER_CALL
                or (inserted and failure.kind is ErrorClass.SETUP)
            ):
                raise failure  # a setup error of an earlier call's job may be fixed by now: try once more
        raise BillingError("LOAD_KEEPS_FAILING", f"All load jobs of {load.key.month} failed. The last one: {failure}")

    def may_still_run(self, job_id: str) -> bool:
        """Return whether the job of a lease that expired may still write its month.

        Its instance may have stopped while it sent the insert, and send it later. So if the job does not exist, its
        id is used up by a query without data, and BigQuery refuses the late insert. Without its location, a job
        outside the multi-regions is not found.
        """
        from google.api_core.exceptions import Conflict, NotFound

        try:
            return bool(self._job(job_id).state != "DONE")
        except NotFound:
            pass
        once = {"retry": short_retry(), "job_retry": None, "timeout": CALL_SECONDS}
        try:
            self._client.query("SELECT 1", job_id=job_id, **once, **self._where)
        except Conflict:
            job = self._existing(job_id, self._clock)
            return bool(job.job_type == "load" and job.state != "DONE")
        return False

    def _job(self, job_id: str) -> Any:
        return self._client.get_job(job_id, retry=short_retry(), timeout=CALL_SECONDS, **self._where)

    def _insert(self, load: MonthLoad, attempt: str, lease: Lease, timer: Timer) -> tuple[Any, bool]:
        """Return the job, and whether this call started it. If the insert is rejected, the lease need not be kept."""
        from google.api_core.exceptions import BadRequest, ClientError, Conflict

        try:
            job = self._client.load_table_from_uri(
                list(load.uris),
                f"{load.key.table.name}${load.key.month.replace('-', '')}",
                job_id=load.key.job_id(attempt),
                job_config=_job_config(load),
                retry=short_retry(),
                timeout=CALL_SECONDS,
                **self._where,
            )
        except Conflict:
            return self._existing(load.key.job_id(attempt), timer.clock), False
        except ClientError as exc:
            lease.keep_for_job = exc.code in (408, 429)
            if isinstance(exc, BadRequest):
                raise classify_api_error(exc) or classify_job_error("invalid", str(exc)) from exc
            raise
        return job, True

    def _is_replaced(self, load: MonthLoad, job: Any) -> bool:
        """Return whether the month was written after this job of an earlier call ended.

        Another instance may have loaded the month since, and stopped before it recorded that. One query.
        """
        partition = self._warehouse.partitions(load.key.source).get(load.key.month)
        return partition is None or partition.modified > job.ended

    def _existing(self, job_id: str, clock: Clock) -> Any:
        """Return a job whose insert was answered 409. It may be 404 for a moment: google-cloud-bigquery, retry.py."""
        from google.api_core.exceptions import NotFound

        for _ in range(3):
            try:
                return self._job(job_id)
            except NotFound as exc:
                missing = exc
                clock.sleep(1.0)
        raise BillingError("TRANSIENT", f"Load job {job_id} exists, but is not found yet.") from missing

    def _wait(self, job: Any, timer: Timer) -> BillingError | None:
        """Poll until the job is done. Return what its error means, or None."""
        from google.api_core.exceptions import NotFound

        pause = 0.2
        while job.state != "DONE":
            if timer.elapsed() > POLL_DEADLINE:
                raise BillingError("JOB_RUNNING", f"Load job {job.job_id} still runs. The next event takes it up.")
            timer.clock.sleep(pause)
            pause = min(pause * 1.5, 5.0)
            try:
                job.reload(retry=short_retry(), timeout=CALL_SECONDS)
            except NotFound as exc:
                raise BillingError("TRANSIENT", f"Load job {job.job_id} is not found at the moment.") from exc
        return _failure(job)


def _attempts(timer: Timer) -> Iterator[str]:
    """Yield attempts. BigQuery never accepts a job id twice, so there are 20 numbered ones, then one per hour."""
    yield from map(str, range(_MAX_ATTEMPTS))
    yield f"{timer.clock.now():%Y%m%d%H}"


def _failure(job: Any) -> BillingError | None:
    """Return BigQuery's summary, up to three details (they name column and line), and the file."""
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
        source_format=load.key.source.format.file_format,
        schema=[schema_field(field) for field in load.schema],
        max_bad_records=0,
        labels={"source": load.key.source.key, "month": load.key.month},
    )
    if load.key.source.format.file_format == "CSV":
        config.skip_leading_rows = 1
        config.allow_quoted_newlines = True
        if load.dates.date is not None:
            config.date_format = load.dates.date
        if load.dates.timestamp is not None:
            config.timestamp_format = load.dates.timestamp
    else:
        if load.omits_columns:
            config.ignore_unknown_values = True
        config.decimal_target_types = ["BIGNUMERIC"]
        config.parquet_options = bigquery.ParquetOptions.from_api_repr({"mapTargetType": "ARRAY_OF_STRUCT"})
    return config
