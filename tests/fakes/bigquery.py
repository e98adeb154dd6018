"""Tables by month and load jobs in memory, with the part of google.cloud.bigquery that the loader uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
from google.cloud import bigquery

from tests.fakes.files import Row, UnreadableError, csv_rows, parquet_rows
from tests.fakes.staging_sql import Swap, parse_months, parse_swap
from tests.fakes.storage import Buckets
from tests.fakes.wire import Wire

Month = tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """One state of a table. `partitions` maps months like 202509 to rows, and '' to those of a table without months."""

    schema: tuple[bigquery.SchemaField, ...]
    partition_column: str
    created: datetime
    etag: int = 0
    partitions: Mapping[str, Month] = field(default_factory=dict)
    written: Mapping[str, datetime] = field(default_factory=dict)  # last write of each partition
    expires: datetime | None = None

    def with_month(self, month: str, rows: Month, now: datetime) -> Table:
        partitions, written = {**self.partitions, month: rows}, {**self.written, month: now}
        return replace(self, etag=self.etag + 1, partitions=partitions, written=written)


@dataclass
class Job:
    """A job that writes a table: it loads files, or writes the result of a query.

    A load reads its first file at its start and the others at its end, which is the worst case.
    """

    job_id: str
    location: str
    table: str
    month: str
    uris: Sequence[str]
    config: Any
    ends: datetime
    first: bytes | None
    sql: str = ""
    state: str = "RUNNING"
    ended: datetime | None = None
    rows: Month = ()
    error: Mapping[str, str] | None = None


class Failure(Exception):
    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.result = {"reason": reason, "message": message}


@dataclass
class Tables:
    """What all clients share. `duration` and `failure` apply to jobs that are inserted later."""

    buckets: Buckets
    tables: dict[str, Table] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    duration: timedelta = timedelta()
    failure: Failure | None = None
    on_insert: Callable[[Job], None] = lambda job: None
    on_swap: Callable[[Job], None] = lambda job: None

    def create(
        self,
        name: str,
        schema: Sequence[bigquery.SchemaField],
        partition_column: str,
        now: datetime,
        expires: datetime | None = None,
    ) -> None:
        self.tables[name] = Table(tuple(schema), partition_column, now, expires=expires)

    def get(self, name: str) -> Table:
        if name not in self.tables:
            raise NotFound(f"Not found: Table {name.replace('.', ':', 1)}")
        return self.tables[name]

    def reserve(self, job: Job) -> None:
        if job.job_id in self.jobs:
            raise Conflict(f"Already Exists: Job {job.job_id}")
        self.jobs[job.job_id] = job

    def insert(self, job: Job) -> None:
        self.reserve(job)
        if self.failure is not None:
            job.error, self.failure = self.failure.result, None
        self.on_insert(job)

    def fail_next(self, reason: str) -> None:
        """Let the next inserted job fail with that reason, whatever its files."""
        self.failure = Failure(reason, f"injected {reason}") if reason else None

    def run_due(self, now: datetime) -> None:
        self.tables = {name: one for name, one in self.tables.items() if one.expires is None or one.expires > now}
        due = [job for job in self.jobs.values() if job.state != "DONE" and job.ends <= now]
        for job in sorted(due, key=lambda one: one.ends):
            job.state, job.ended = "DONE", now
            if job.error is None:
                self._run(job, now)

    def _run(self, job: Job, now: datetime) -> None:
        """Replace one partition in one step, or change nothing."""
        try:
            job.rows = self._read(job)
        except Failure as failure:
            job.error = failure.result
            return
        table = self.tables[job.table]
        schema = (*table.schema, *self._added(table, job))
        if job.sql:  # the result of a query has no descriptions
            schema = tuple(bigquery.SchemaField(one.name, one.field_type, one.mode) for one in schema)
        self.tables[job.table] = replace(table, schema=schema).with_month(job.month, job.rows, now)
        self.on_swap(job)

    def _read(self, job: Job) -> Month:
        if job.table not in self.tables:
            raise Failure("notFound", f"Not found: Table {job.table}")
        table, rows = self.tables[job.table], list[Row]()
        if job.config.write_disposition == "WRITE_EMPTY" and any(table.partitions.values()):
            raise Failure("duplicate", f"Already Exists: Table {job.table}")
        if job.sql:
            rows += self._rows_of(parse_swap(job.sql))
        for uri in job.uris:
            data = job.first if uri == job.uris[0] and job.first is not None else self.content(uri)
            if data is None:
                raise Failure("notFound", f"Not found: URI {uri}")
            rows += _rows(data, job)
        known = {one.name.lower(): one.name for one in (*table.schema, *self._added(table, job))}
        for row in rows:
            _check(row, known, table.partition_column, job.month)
        return tuple(rows)

    def _rows_of(self, swap: Swap) -> Sequence[Row]:
        if swap.table not in self.tables:
            raise Failure("notFound", f"Not found: Table {swap.table}")
        staged = [row for rows in self.tables[swap.table].partitions.values() for row in rows]
        return [swap.of(dict(row)) for row in staged]

    def _added(self, table: Table, job: Job) -> list[bigquery.SchemaField]:
        """Return the columns that ALLOW_FIELD_ADDITION adds: the job brings them, and the table lacks them."""
        if "ALLOW_FIELD_ADDITION" not in (job.config.schema_update_options or ()):
            return []
        known = {one.name.lower() for one in table.schema}
        brought = self.tables[parse_swap(job.sql).table].schema if job.sql else job.config.schema or ()
        return [one for one in brought if one.name.lower() not in known]

    def content(self, uri: str) -> bytes | None:
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        stored = self.buckets.of(bucket).get(name)
        return stored.data if stored is not None else None


def _rows(data: bytes, job: Job) -> Sequence[Row]:
    try:
        if job.config.source_format == "CSV":
            columns = tuple((one.name, one.field_type) for one in job.config.schema)
            return csv_rows(data, columns, keeps_nul=bool(job.config.preserve_ascii_control_characters))
        rows = parquet_rows(data)
    except UnreadableError as error:
        raise Failure("invalid", str(error)) from error
    if not job.config.ignore_unknown_values:
        return rows
    known = {one.name.lower() for one in job.config.schema}
    return [tuple((name, value) for name, value in row if name.lower() in known) for row in rows]


def _check(row: Row, known: Mapping[str, str], partition_column: str, month: str) -> None:
    values = dict(row)
    unknown = next((name for name in values if name.lower() not in known), None)
    if unknown is not None:
        raise Failure("invalid", f"Provided Schema does not match Table. Cannot add fields (field: {unknown})")
    start = values.get(partition_column)
    if partition_column and not (isinstance(start, datetime) and f"{start:%Y%m}" == month):
        raise Failure("invalid", f"Some rows belong to different partitions rather than destination partition {month}")


class FakeTable:
    """The answer of get_table: a copy that the caller may change."""

    def __init__(self, name: str, table: Table) -> None:
        self.name = name
        self.schema = list(table.schema)
        self.created = table.created
        self.etag = table.etag
        self.expires = table.expires


class FakeJob:
    """The answer of an insert or get: the job at that moment, until reload."""

    def __init__(self, client: FakeBigQuery, job: Job) -> None:
        self._client = client
        self._job = job
        self.job_id = job.job_id
        self.labels = job.config.labels if job.config is not None else {}
        self._take()

    def _take(self) -> None:
        job = self._job
        self.ended = job.ended
        self.state, self.error_result = job.state, job.error if job.state == "DONE" else None
        self.errors = [job.error] if job.error else None
        self.output_rows = len(job.rows) if job.state == "DONE" and job.error is None and not job.sql else None

    def reload(self, retry: Any = None, timeout: float | None = None) -> None:
        self._client.wire.send("get job", self._take)


class FakeBigQuery:
    """A client. Its requests pass its own wire."""

    def __init__(self, tables: Tables, wire: Wire) -> None:
        self.tables = tables
        self.wire = wire

    def get_table(self, name: str, retry: Any = None) -> FakeTable:
        return self.wire.send("get table", lambda: FakeTable(name, self.tables.get(name)))

    def update_table(self, handle: FakeTable, fields: Sequence[str], retry: Any = None) -> FakeTable:
        """Patch the table if the handle's etag is current."""

        def act() -> FakeTable:
            table = self.tables.get(handle.name)
            if table.etag != handle.etag or table.created != handle.created:
                raise PreconditionFailed("Precondition check failed.")
            self.tables.tables[handle.name] = replace(table, schema=tuple(handle.schema), etag=table.etag + 1)
            return FakeTable(handle.name, self.tables.tables[handle.name])

        return self.wire.send("patch table", act)

    def load_table_from_uri(
        self,
        uris: Sequence[str],
        destination: str,
        job_id: str,
        job_config: bigquery.LoadJobConfig,
        project: str,
        location: str,
        retry: Any = None,
        timeout: float | None = None,
    ) -> FakeJob:
        table, _, month = destination.partition("$")

        def act() -> FakeJob:
            ends = self.wire.now() + self.tables.duration
            job = Job(job_id, location, table, month, uris, job_config, ends, self.tables.content(uris[0]))
            self.tables.insert(job)
            answer = FakeJob(self, job)
            self.tables.run_due(self.wire.now())
            return answer

        return self.wire.send("insert job", act)

    def get_job(
        self, job_id: str, project: str, location: str | None = None, retry: Any = None, timeout: float | None = None
    ) -> FakeJob:
        """Find a job, which needs its own location."""

        def act() -> FakeJob:
            job = self.tables.jobs.get(job_id)
            if job is None or job.location != location:
                raise NotFound(f"Not found: Job {job_id}")
            return FakeJob(self, job)

        return self.wire.send("get job", act)

    def create_table(self, wanted: bigquery.Table, exists_ok: bool = False, retry: Any = None) -> None:
        """Create a table without months."""
        name = f"{wanted.project}.{wanted.dataset_id}.{wanted.table_id}"

        def act() -> None:
            if name not in self.tables.tables:
                self.tables.create(name, wanted.schema, "", self.wire.now(), wanted.expires)
            elif not exists_ok:
                raise Conflict(f"Already Exists: Table {name}")

        self.wire.send("create table", act)

    def delete_table(self, name: str, not_found_ok: bool = False, retry: Any = None) -> None:
        def act() -> None:
            if self.tables.tables.pop(name, None) is None and not not_found_ok:
                raise NotFound(f"Not found: Table {name}")

        self.wire.send("delete table", act)

    def query(
        self,
        sql: str,
        job_id: str,
        project: str,
        location: str,
        job_config: bigquery.QueryJobConfig | None = None,
        **options: object,
    ) -> FakeJob:
        """Insert a query job that writes a month, or one that reads nothing: that is done at once."""

        def act() -> FakeJob:
            now = self.wire.now()
            if job_config is None:
                job = Job(job_id, location, "", "", (), None, now, None, state="DONE", ended=now)
                self.tables.reserve(job)
                return FakeJob(self, job)
            to = job_config.destination
            table, _, month = to.table_id.partition("$")
            name = f"{to.project}.{to.dataset_id}.{table}"
            job = Job(job_id, location, name, month, (), job_config, now + self.tables.duration, None, sql)
            self.tables.insert(job)
            answer = FakeJob(self, job)
            self.tables.run_due(now)
            return answer

        return self.wire.send("insert query job" if job_config is None else "insert job", act)

    def query_and_wait(self, sql: str, **options: Any) -> list[dict[str, Any]]:
        """Answer the rows per partition of a table, and accept views, which nothing reads. Other statements fail."""
        return self.wire.send("query", lambda: self._answer(sql, options))

    def _answer(self, sql: str, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        if sql.startswith("CREATE OR REPLACE VIEW"):
            return []
        if months := parse_months(sql):
            return self._months(*months)
        if "INFORMATION_SCHEMA.PARTITIONS" not in sql:
            raise NotImplementedError(f"The fakes do not know: {sql}")
        dataset = sql.partition("`")[2].partition(".INFORMATION_SCHEMA")[0]
        [parameter] = options["job_config"].query_parameters
        table = self.tables.get(f"{dataset}.{parameter.value}")
        return [
            {"partition_id": month, "total_rows": len(rows), "last_modified_time": table.written[month]}
            for month, rows in table.partitions.items()
        ]

    def _months(self, column: str, name: str) -> list[dict[str, Any]]:
        found = Counter[str | None]()
        for row in self.tables.get(name).partitions.get("", ()):
            start = dict(row).get(column)
            found[f"{start:%Y-%m}" if isinstance(start, datetime) else None] += 1
        return [{"month": month, "row_count": count} for month, count in found.items()]
