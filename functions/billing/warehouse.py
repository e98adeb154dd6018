"""One month replaced by one load job; columns added; a job's id makes it happen once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .clock import Timer
from .columns import Field
from .config import Settings, Source
from .decide import Destination
from .errors import BillingError, Kind, job_failure
from .lease import Lease

INSERT_DEADLINE = 400.0  # seconds after the call began; a timed-out instance may wake up later than this
GIVE_UP = 480.0  # the platform ends an event's call after 540 s
_INSERT_SECONDS = 60.0  # the client's own retries included: 400 and twice 60 end before a lease expires at 600
_MAX_ATTEMPTS = 20
_INSERTS_PER_CALL = 2


@dataclass(frozen=True)
class Table:
    """The destination as it is now. `handle` is the client's own object, with its etag."""

    destination: Destination
    fields: tuple[Field, ...]
    handle: Any


@dataclass(frozen=True)
class MonthLoad:
    """Everything a load job needs; equal loads have equal job ids."""

    source: Source
    month: str
    execution: str
    generations: str
    destination: Destination
    uris: tuple[str, ...]
    schema: tuple[Field, ...]
    nonce: str = ""

    def job_id(self, attempt: int) -> str:
        return job_id(self.source, self.month, self.execution, self.generations, self.destination, self.nonce, attempt)


def job_id(
    source: Source,
    month: str,
    execution: str,
    generations: str,
    destination: Destination,
    nonce: str,
    attempt: int,
) -> str:
    """The same delivery into the same table is the same job: inserted twice, it runs once."""
    parts = (destination.table, destination.created, month, execution, generations, nonce)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
    return f"billing_{source.key}_{month.replace('-', '')}_{digest}_{attempt}"


@dataclass(frozen=True)
class Loaded:
    job_id: str
    rows: int


class Warehouse:
    """BigQuery, by a real google.cloud.bigquery client; every job names its location."""

    def __init__(self, client: Any, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def table(self, source: Source) -> Table:
        """One request. Raises BillingError NOT_FOUND."""
        from google.api_core.exceptions import NotFound

        try:
            handle = self._client.get_table(source.destination)
        except NotFound as exc:
            raise BillingError("NOT_FOUND", f"Table {source.destination} does not exist: create it first.") from exc
        fields = tuple(Field(field.name, _plain(field.field_type), field.description or "") for field in handle.schema)
        return Table(Destination(source.destination, handle.created.isoformat()), fields, handle)

    def add_columns(self, table: Table, added: Sequence[Field]) -> None:
        """One tables.patch under the table's etag. Raises BillingError TABLE_CHANGED."""
        from google.api_core.exceptions import PreconditionFailed

        if not added:
            return
        table.handle.schema = [*table.handle.schema, *map(_schema_field, added)]
        try:
            self._client.update_table(table.handle, ["schema"])
        except PreconditionFailed as exc:
            raise BillingError("TABLE_CHANGED", f"{table.destination.table} changed while columns were added.") from exc

    def replace_month(self, load: MonthLoad, lease: Lease, timer: Timer) -> Loaded:
        """Drops and reloads one partition in one atomic job, or takes up the job that already does.

        Raises BillingError: JOB_RUNNING and DEADLINE to come back, or what the job's own error means.
        """
        inserts = 0
        for attempt in range(_MAX_ATTEMPTS):
            lease.record(load.job_id(attempt))
            if timer.elapsed() > INSERT_DEADLINE:
                raise BillingError("DEADLINE", f"No load job is started {INSERT_DEADLINE:.0f} s after the start.")
            lease.guards_a_job = True  # from here on the job may exist, whatever the answer
            job, inserted = self._insert(load, attempt, lease)
            inserts += inserted
            failure = self._wait(job, timer)
            lease.guards_a_job = False
            if failure is None:
                return Loaded(job.job_id, int(job.output_rows or 0))
            if failure.kind is not Kind.RETRY or inserts == _INSERTS_PER_CALL:
                raise failure
        raise BillingError(
            "LOAD_KEEPS_FAILING", f"{_MAX_ATTEMPTS} load jobs of {load.month} failed; the last: {failure}"
        )

    def job_is_running(self, job_id: str) -> bool:
        """Looked up with its location: without one, a job outside the multi-regions looks as if it never was."""
        from google.api_core.exceptions import NotFound

        try:
            job = self._client.get_job(job_id, project=self._settings.project, location=self._settings.location)
        except NotFound:
            return False
        return bool(job.state != "DONE")

    def query(self, sql: str, **parameters: str | list[str]) -> list[Any]:
        """All rows of one statement; parameters are strings or lists of strings."""
        from google.cloud import bigquery

        typed = [
            bigquery.ArrayQueryParameter(name, "STRING", value)
            if isinstance(value, list)
            else bigquery.ScalarQueryParameter(name, "STRING", value)
            for name, value in parameters.items()
        ]
        config = bigquery.QueryJobConfig(query_parameters=typed)
        return list(self._client.query_and_wait(sql, job_config=config))

    def partitions(self, source: Source) -> dict[str, tuple[int, str]]:
        """Rows and time of last change of every month, by one query."""
        rows = self.query(
            f"SELECT partition_id, total_rows, last_modified_time"
            f" FROM `{source.project}.{source.dataset}.INFORMATION_SCHEMA.PARTITIONS` WHERE table_name = @table",
            table=source.table,
        )
        return {
            f"{row['partition_id'][:4]}-{row['partition_id'][4:]}": (row["total_rows"], str(row["last_modified_time"]))
            for row in rows
            if (row["partition_id"] or "").isdigit()
        }

    def _insert(self, load: MonthLoad, attempt: int, lease: Lease) -> tuple[Any, bool]:
        """The job, and whether this call started it. Refused outright, there is none for the lease to guard."""
        from google.api_core.exceptions import ClientError, Conflict
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        where = {"project": self._settings.project, "location": self._settings.location}
        target = f"{load.source.destination}${load.month.replace('-', '')}"
        try:
            job = self._client.load_table_from_uri(
                list(load.uris),
                target,
                job_id=load.job_id(attempt),
                job_config=_job_config(load),
                retry=DEFAULT_RETRY.with_timeout(_INSERT_SECONDS),
                timeout=_INSERT_SECONDS,
                **where,
            )
        except Conflict:
            return self._client.get_job(load.job_id(attempt), **where), False
        except ClientError as exc:
            lease.guards_a_job = exc.code in (408, 429)
            raise
        return job, True

    def _wait(self, job: Any, timer: Timer) -> BillingError | None:
        """Polls to DONE. Returns what the job's error means."""
        pause = 0.2
        while job.state != "DONE":
            if timer.elapsed() > GIVE_UP:
                raise BillingError(
                    "JOB_RUNNING", f"Load job {job.job_id} is still running; the next event takes it up."
                )
            timer.clock.sleep(pause)
            pause = min(pause * 1.5, 5.0)
            job.reload()
        if not job.error_result:
            return None
        reason, message = job.error_result.get("reason", ""), job.error_result.get("message", "")
        details = [error.get("message", "") for error in job.errors or () if error.get("message") != message]
        place = job.error_result.get("location")
        text = " ".join([message, *details[:3], *([f"({place})"] if place and place not in message else [])])
        return job_failure(reason, text)


def _job_config(load: MonthLoad) -> Any:
    from google.cloud import bigquery

    config = bigquery.LoadJobConfig(
        create_disposition="CREATE_NEVER",
        write_disposition="WRITE_TRUNCATE",
        schema_update_options=["ALLOW_FIELD_ADDITION"],
        source_format=load.source.format.file_format,
        schema=[_schema_field(field) for field in load.schema],
        max_bad_records=0,
        labels={"source": load.source.key, "month": load.month},
    )
    if load.source.format.file_format == "CSV":
        config.skip_leading_rows = 1
        config.allow_quoted_newlines = True
    else:
        config.decimal_target_types = ["BIGNUMERIC"]
    return config


def _schema_field(field: Field) -> Any:
    from google.cloud import bigquery

    return bigquery.SchemaField(field.name, field.type, description=field.description or None)


def _plain(kind: str) -> str:
    return {"BOOL": "BOOLEAN", "FLOAT64": "FLOAT", "INT64": "INTEGER"}.get(kind, kind)
