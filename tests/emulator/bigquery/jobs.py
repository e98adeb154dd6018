"""The jobs of the REST API: inserted once, run in the background, found only in their own location.

https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from bqemulator.api.dependencies import AppContext, get_caller
from bqemulator.api.routes import jobs as stock
from bqemulator.api.routes import upload as stock_upload
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import JobMeta, JobType
from bqemulator.domain import errors
from bqemulator.storage.sql_identifiers import quoted_table_ref
from fastapi import APIRouter, Request

from tests.emulator.bigquery.answers import configuration, without_copies
from tests.emulator.bigquery.errors import ErrorProto, JobError
from tests.emulator.bigquery.load_request import LoadRequest, read_request
from tests.emulator.bigquery.loads import Loaded, run_load
from tests.emulator.bigquery.partitions import PartitionTimes
from tests.emulator.bigquery.query_writes import read_destination, write_result
from tests.emulator.bigquery.statements import dataset_not_found
from tests.emulator.bigquery.tables import TABLE_LOCKS
from tests.emulator.permissions.bigquery_access import Access

Json = dict[str, Any]

_LONG_POLL_SECONDS = 0.3
_SELECT = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_ERROR_CLASSES = {
    kind.bq_reason: kind
    for kind in (
        errors.NotFoundError,
        errors.AlreadyExistsError,
        errors.PermissionDeniedError,
        errors.OutOfRangeError,
        errors.ResourceInUseError,
        errors.ValidationError,
        errors.InvalidQueryError,
    )
}


class Jobs:
    def __init__(
        self,
        context: AppContext,
        location: str,
        storage_root: Path,
        partition_times: PartitionTimes,
        access: Access,
    ) -> None:
        self._context = context
        self._access = access
        self._location = location
        self._storage_root = storage_root
        self._partition_times = partition_times
        self._details: dict[str, list[ErrorProto]] = {}
        self._running: dict[str, asyncio.Task[JobMeta]] = {}
        context.snapshots.record_change = self._changed_by_statement
        build = stock._build_job_response
        stock._build_job_response = lambda *arguments: self._located(build(*arguments))
        stock_upload._build_job_response = lambda project, job_id, meta, _: self._resource(meta)
        stock_upload.execute_load_job = self._run_upload

    def router(self) -> APIRouter:
        router = APIRouter()
        project = "/bigquery/v2/projects/{project}"
        router.add_api_route(f"{project}/jobs", self.insert, methods=["POST"])
        router.add_api_route(f"{project}/jobs", self.list, methods=["GET"])
        router.add_api_route(f"{project}/jobs/{{job_id}}", self.get, methods=["GET"])
        router.add_api_route(f"{project}/queries", self.query, methods=["POST"])
        router.add_api_route(f"{project}/queries/{{job_id}}", self.query_results, methods=["GET"])
        return router

    # -- routes ---------------------------------------------------------------------------------------------------

    async def insert(self, project: str, request: Request) -> Json:
        body: Json = await request.json()
        reference = body.get("jobReference") or {}
        job_id = reference.get("jobId") or f"job_{uuid4().hex}"
        if self._context.catalog.get_job(project, job_id) is not None:
            raise errors.AlreadyExistsError(f"Already Exists: Job {project}:{self._location}.{job_id}")
        self._check_location(project, body, reference.get("location"))
        self._access.made(job_id)
        if "load" in body["configuration"]:
            return self._resource(self._begin_load(project, job_id, body["configuration"]))
        body["jobReference"] = {**reference, "jobId": job_id}
        query = body["configuration"].get("query") or {}
        if body["configuration"].get("dryRun"):
            _read_no_row(query)
        elif (destination := read_destination(project, query)) is not None:
            return self._resource(self._begin_write(project, job_id, body["configuration"], destination))
        return self._located(
            await stock.insert_job(project, _with_body(request, body), self._context, get_caller(request))
        )

    def list(self, project: str, maxResults: int = 100, stateFilter: str | None = None) -> Json:  # noqa: N803 - the API's
        answer: Json = stock.list_jobs(project, self._context, maxResults, stateFilter, None)
        return {**answer, "jobs": [self._located(job) for job in answer["jobs"]]}

    async def get(self, project: str, job_id: str, location: str | None = None) -> Json:
        """Wait a moment before answering, because clients poll only once a second and small jobs end sooner."""
        if task := self._running.get(job_id):
            await asyncio.wait([task], timeout=_LONG_POLL_SECONDS)
        return self._resource(self._find(project, job_id, location))

    async def query(self, project: str, request: Request) -> Json:
        body: Json = await request.json()
        self._check_location(project, {"configuration": {"query": body}}, body.get("location"))
        answer: Json = await stock.query(project, request, self._context, get_caller(request))
        if answer.get("errors"):
            raise _http_error(answer["errors"][0])
        if reference := answer.get("jobReference"):  # a dry run has none
            self._access.made(reference["jobId"])
        return self._located(answer)

    def query_results(
        self,
        project: str,
        job_id: str,
        location: str | None = None,
        maxResults: int = 10_000,  # noqa: N803 - the API's own spelling
        startIndex: int = 0,  # noqa: N803
        pageToken: str | None = None,  # noqa: N803
    ) -> Json:
        job = self._find(project, job_id, location)
        if job.error_result:
            raise _http_error(job.error_result)
        answer: Json = stock.get_query_results(project, job_id, self._context, maxResults, startIndex, pageToken)
        return self._located(answer)

    # -- location -------------------------------------------------------------------------------------------------

    def _find(self, project: str, job_id: str, location: str | None) -> JobMeta:
        """Find a job by id and location: "You must specify the location … if the location is not US or EU"."""
        job = self._context.catalog.get_job(project, job_id)
        if job is None or not self._is_here(location):
            prefix = f"{location}." if location else ""
            raise errors.NotFoundError(f"Not found: Job {project}:{prefix}{job_id}")
        return job

    def _is_here(self, location: str | None) -> bool:
        return location is not None and location.lower() == self._location.lower()

    def _check_location(self, project: str, body: Json, location: str | None) -> None:
        """Raise NotFoundError for another location. Without a location, BigQuery uses that of the datasets."""
        if location is None or self._is_here(location):
            return
        dataset = _dataset_of(body["configuration"])
        raise dataset_not_found(f"{project}:{dataset}", location)

    def _located(self, resource: Json) -> Json:
        reference: Json = resource.setdefault("jobReference", {})
        reference["location"] = self._location
        if resource.get("kind") == "bigquery#job":
            resource["id"] = f"{reference['projectId']}:{self._location}.{reference['jobId']}"
            resource["configuration"] = configuration(resource.get("configuration", {}))
        return without_copies(resource)

    def _resource(self, job: JobMeta) -> Json:
        resource: Json = stock._build_job_response(job.project_id, job.job_id, job, job.configuration)
        resource["configuration"] = configuration({"jobType": job.job_type, **job.configuration})
        if job.error_result:
            resource["status"]["errors"] = [job.error_result, *self._details.get(job.job_id, [])]
        return resource

    # -- jobs that write a table ----------------------------------------------------------------------------------

    def _begin_load(self, project: str, job_id: str, configuration: Json) -> JobMeta:
        load = read_request(project, configuration["load"])
        self._access.check_load(load.project, load.dataset, load.table)
        return self._begin(project, job_id, "LOAD", configuration, load, lambda: self._attempt(load))

    def _begin_write(self, project: str, job_id: str, configuration: Json, destination: LoadRequest) -> JobMeta:
        self._access.check_write(destination.project, destination.dataset, destination.table)

        def attempt() -> Awaitable[Loaded | JobError]:
            return self._attempt_write(project, job_id, configuration["query"], destination)

        return self._begin(project, job_id, "QUERY", configuration, destination, attempt)

    def _begin(
        self,
        project: str,
        job_id: str,
        job_type: JobType,
        configuration: Json,
        load: LoadRequest,
        attempt: Callable[[], Awaitable[Loaded | JobError]],
    ) -> JobMeta:
        """Record the job before anything is awaited, so that one of two inserts with the same id gets a 409."""
        if self._context.catalog.get_dataset(load.project, load.dataset) is None:
            raise errors.NotFoundError(f"Not found: Dataset {load.project}:{load.dataset}")
        now = self._context.clock.now()
        job = JobMeta(
            project_id=project,
            job_id=job_id,
            job_type=job_type,
            state="PENDING",
            configuration=configuration,
            creation_time=now,
            etag=generate_etag(project, job_id, str(now)),
        )
        self._context.catalog.upsert_job(job)
        task = asyncio.create_task(self._run(job, load, attempt))
        self._running[job_id] = task
        task.add_done_callback(lambda _: self._running.pop(job_id))
        return job

    async def _run_upload(self, project: str, job_id: str, configuration: Json, _: AppContext) -> JobMeta:
        """Return only when the job is DONE: bqemulator deletes the uploaded file when this returns."""
        self._access.made(job_id)
        self._begin_load(project, job_id, configuration)
        return await self._running[job_id]

    async def _run(
        self, job: JobMeta, load: LoadRequest, attempt: Callable[[], Awaitable[Loaded | JobError]]
    ) -> JobMeta:
        async with TABLE_LOCKS[load.label]:
            job = job.model_copy(update={"state": "RUNNING", "start_time": self._context.clock.now()})
            self._context.catalog.upsert_job(job)
            outcome = await attempt()
        if isinstance(outcome, JobError):
            self._details[job.job_id] = outcome.details
            result: Json = {"error_result": outcome.result}
        else:
            result = {"statistics": {"load": outcome.statistics} if job.job_type == "LOAD" else {"query": {}}}
        done: JobMeta = job.model_copy(update={"state": "DONE", "end_time": self._context.clock.now(), **result})
        self._context.catalog.upsert_job(done)
        return done

    async def _attempt(self, load: LoadRequest) -> Loaded | JobError:
        if refused := self._access.refused_source(load.raw.get("sourceUris") or []):
            return refused
        context = self._context
        existing = context.catalog.get_table(load.project, load.dataset, load.table)
        arguments = (load, existing, context.engine.connection, self._storage_root, context.clock.now())
        return await self._written(load, asyncio.to_thread(run_load, *arguments))

    async def _attempt_write(
        self, project: str, job_id: str, query: Json, destination: LoadRequest
    ) -> Loaded | JobError:
        """Run the query first. The table changes only in the transaction that follows."""

        async def write() -> Loaded:
            context = self._context
            await stock.execute_query_job(project, job_id, query["query"], query.get("queryParameters"), context)
            existing = context.catalog.get_table(destination.project, destination.dataset, destination.table)
            result, fields = stock.JOB_RESULTS[job_id], stock.JOB_SCHEMAS[job_id]
            connection, now = context.engine.connection, context.clock.now()
            return await asyncio.to_thread(write_result, destination, existing, connection, result, fields, now)

        return await self._written(destination, write())

    async def _written(self, load: LoadRequest, work: Awaitable[Loaded]) -> Loaded | JobError:
        try:
            loaded = await work
        except JobError as error:
            return error
        except errors.DomainError as error:
            return JobError(error.bq_reason, error.message)
        except Exception as error:  # noqa: BLE001 - a bug of the emulator must not leave the job RUNNING
            return JobError("internalError", f"The emulator failed: {error!r}")
        self._record(load, loaded)
        return loaded

    def _record(self, load: LoadRequest, loaded: Loaded) -> None:
        catalog, now = self._context.catalog, self._context.clock.now()
        etag = generate_etag(load.project, load.dataset, load.table, str(now))
        table = loaded.table.model_copy(update={"last_modified_time": now, "etag": etag})
        (catalog.create_table if loaded.created else catalog.update_table)(table)
        self._partition_times.loaded(table, load.partition, now, int(loaded.statistics["outputBytes"]))

    def _changed_by_statement(self, project: str, dataset: str, name: str) -> None:
        """Update rows and dates after DML. All partitions get a new date; at Google only those that changed do.

        The stock method would copy the whole table.
        """
        table = self._context.catalog.get_table(project, dataset, name)
        (rows,) = self._context.engine.execute(
            f"SELECT count(*) FROM {quoted_table_ref(project, dataset, name)}"
        ).fetchone()
        now = self._context.clock.now()
        self._context.catalog.update_table(table.model_copy(update={"last_modified_time": now, "num_rows": rows}))
        self._partition_times.loaded(table, "", now, 0)


def _http_error(error: Json) -> errors.DomainError:
    """Return the 4xx that jobs.query and getQueryResults answer for a failed statement."""
    kind = _ERROR_CLASSES.get(error.get("reason", ""), errors.InvalidQueryError)
    return kind(error.get("message", ""), location=error.get("location"))


def _dataset_of(configuration: Json) -> str:
    for kind in ("load", "copy"):
        if kind in configuration:
            return str(configuration[kind]["destinationTable"]["datasetId"])
    return str((configuration.get("query", {}).get("defaultDataset") or {}).get("datasetId", "of the query"))


def _read_no_row(query: Json) -> None:
    """Let the query of a dry run read no row. bqemulator runs it as it is, and finds errors in values."""
    if _SELECT.match(query["query"]):
        query["query"] = f"SELECT * FROM (\n{query['query']}\n) LIMIT 0"


def _with_body(request: Request, body: Json) -> Request:
    request._json = body
    return request
