"""Replace one month with one job. Equal loads have equal job ids, and BigQuery runs a job id only once.

The job is a load job. If rows have no billing period, a load job fills a staging table, and a query replaces the month.
"""

from collections.abc import Callable, Iterator
from typing import Any

from billing.clock import Clock, Timer
from billing.decisions.record import LoadResult
from billing.errors import BillingError, ErrorClass
from billing.gcp.api_errors import classify_api_error, classify_job_error
from billing.gcp.bigquery import CALL_SECONDS, Warehouse, short_retry
from billing.gcp.job_end import Ran, failure_of, is_ours
from billing.gcp.lease import Lease
from billing.gcp.load_config import MonthLoad, partition_config, staging_config, swap_config
from billing.gcp.staging import Staging
from billing.settings import Settings

INSERT_DEADLINE = 400.0  # seconds after the call began; with two calls of CALL_SECONDS a lease (600 s) is still held
POLL_DEADLINE = 480.0  # seconds after the call began; the platform ends a call after 540 s
_MAX_ATTEMPTS = 20
_INSERTS_PER_CALL = 2


_Insert = Callable[[str], Any]  # inserts a job of that id


class LoadJobs:
    """Insert and look up load jobs, in the location of the dataset."""

    def __init__(self, client: Any, settings: Settings, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._warehouse = Warehouse(client)
        self._where = {"project": settings.project, "location": settings.location}

    def replace_month(self, load: MonthLoad, lease: Lease, timer: Timer) -> LoadResult:
        """Replace one partition by one atomic job, or take up the job that already does that.

        BigQuery refuses to load rows without a period into a month. They go through a staging table.
        Raises BillingError: JOB_RUNNING, DEADLINE, LOAD_KEEPS_FAILING, or what the job's own error means.
        """
        if load.has_period:
            try:
                return self._until_done(load, self._load, lease, timer)
            except BillingError as exc:
                if exc.code != "ROWS_OUTSIDE_MONTH":
                    raise
        return self._until_done(load, self._load_by_staging, lease, timer)

    def _until_done(self, load: MonthLoad, work: Callable[..., Ran | None], lease: Lease, timer: Timer) -> LoadResult:
        inserts, failure = 0, None
        for attempt in _attempts(timer):
            ran = work(load, attempt, lease, timer)
            if ran is None:
                continue
            inserts, failure = inserts + ran.inserted, ran.failure
            if failure is None and not ran.inserted and self._is_replaced(load, ran.job):
                continue
            if failure is None:
                return ran.result
            if (
                failure.kind is ErrorClass.REJECT
                or inserts == _INSERTS_PER_CALL
                or (ran.inserted and failure.kind is ErrorClass.SETUP)
            ):
                raise failure  # a setup error of an earlier call's job may be fixed by now: try once more
        raise BillingError("LOAD_KEEPS_FAILING", f"All load jobs of {load.key.month} failed. The last one: {failure}")

    def _load(self, load: MonthLoad, attempt: str, lease: Lease, timer: Timer) -> Ran | None:
        insert = self._load_into(load.partition, load, partition_config(load))
        return self._run(load.key.job_id(attempt), insert, lease, timer)

    def _load_by_staging(self, load: MonthLoad, attempt: str, lease: Lease, timer: Timer) -> Ran | None:
        """Fill a staging table, check its months, and replace the month by one query.

        If this call ends before the query does, the staging table stays for the next one.
        Raises BillingError: ROWS_OUTSIDE_MONTH.
        """
        staging, swap_id = Staging(self._client, load, attempt), load.key.job_id(f"q{attempt}")
        if self._exists(swap_id):
            ran = self._run(swap_id, None, lease, timer)
        else:
            ran = self._run(load.key.job_id(f"s{attempt}"), self._fill(staging, load), lease, timer)
            if ran is not None and ran.failure is None:
                ran = self._swap(staging, load, ran.result.rows, swap_id, lease, timer)
        staging.delete()
        return ran

    def _swap(
        self, staging: Staging, load: MonthLoad, rows: int, job_id: str, lease: Lease, timer: Timer
    ) -> Ran | None:
        """Replace the month by the staging table. If rows of it belong to another month, delete only that table."""
        try:
            blank = staging.count_blanks(rows)
        except BillingError:
            staging.delete()
            raise
        if blank is None:
            return None
        table = self._warehouse.table(load.key.source)
        sql, config = staging.swap_sql(table), swap_config(load, rows, blank)
        ran = self._run(job_id, lambda name: self._query(sql, name, job_config=config), lease, timer)
        if ran is not None and ran.failure is None:
            self._warehouse.restore_columns(table)
        return Ran(ran.job, ran.inserted, staging.explained(ran.failure)) if ran is not None else None

    def _fill(self, staging: Staging, load: MonthLoad) -> _Insert:
        insert = self._load_into(staging.name, load, staging_config(load))

        def create_and_insert(job_id: str) -> Any:
            staging.create(self._clock)
            return insert(job_id)

        return create_and_insert

    def _load_into(self, destination: str, load: MonthLoad, config: Any) -> _Insert:
        once = {"retry": short_retry(), "timeout": CALL_SECONDS}
        return lambda job_id: self._client.load_table_from_uri(
            list(load.uris), destination, job_id=job_id, job_config=config, **once, **self._where
        )

    def _query(self, sql: str, job_id: str, **config: Any) -> Any:
        once = {"retry": short_retry(), "job_retry": None, "timeout": CALL_SECONDS}
        return self._client.query(sql, job_id=job_id, **config, **once, **self._where)

    def _run(self, job_id: str, insert: _Insert | None, lease: Lease, timer: Timer) -> Ran | None:
        """Run a job to its end, or take up the one of this id. Return None if the id is used up: see may_still_run."""
        lease.record(job_id)
        if timer.elapsed() > INSERT_DEADLINE:
            raise BillingError("DEADLINE", f"No load job is started {INSERT_DEADLINE:.0f} s after the start.")
        lease.keep_for_job = True  # from here on the job may exist, even if the insert seems to fail
        job, inserted = self._insert(job_id, insert, lease, timer)
        if not is_ours(job):
            return None
        failure = self._wait(job, timer)
        lease.keep_for_job = False
        return Ran(job, inserted, failure)

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
        try:
            self._query("SELECT 1", job_id)
        except Conflict:
            job = self._existing(job_id, self._clock)
            return bool(is_ours(job) and job.state != "DONE")
        return False

    def _job(self, job_id: str) -> Any:
        return self._client.get_job(job_id, retry=short_retry(), timeout=CALL_SECONDS, **self._where)

    def _exists(self, job_id: str) -> bool:
        from google.api_core.exceptions import NotFound

        try:
            self._job(job_id)
        except NotFound:
            return False
        return True

    def _insert(self, job_id: str, insert: _Insert | None, lease: Lease, timer: Timer) -> tuple[Any, bool]:
        """Return the job, and whether this call started it. If the insert is rejected, the lease need not be kept."""
        from google.api_core.exceptions import BadRequest, ClientError, Conflict

        if insert is None:
            return self._existing(job_id, timer.clock), False
        try:
            return insert(job_id), True
        except Conflict:
            return self._existing(job_id, timer.clock), False
        except ClientError as exc:
            lease.keep_for_job = exc.code in (408, 429)
            if isinstance(exc, BadRequest):
                raise classify_api_error(exc) or classify_job_error("invalid", str(exc)) from exc
            raise

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
        return failure_of(job)


def _attempts(timer: Timer) -> Iterator[str]:
    """Yield attempts. BigQuery never accepts a job id twice, so there are 20 numbered ones, then one per hour."""
    yield from map(str, range(_MAX_ATTEMPTS))
    yield f"{timer.clock.now():%Y%m%d%H}"
