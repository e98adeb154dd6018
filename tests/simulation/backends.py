"""Where a history is played: on the fakes, or on the emulator with the real clients and dlt."""

from __future__ import annotations

import json
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import requests
from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.api_core.retry import retry_unary
from google.cloud.bigquery import LoadJobConfig, QueryJobConfig

from billing.gcp.history import LoadHistory
from billing.gcp.services import Services
from billing.settings import Source
from tests.emulator import Emulator
from tests.fakes.bigquery import Job
from tests.fakes.deployment import FakeDeployment
from tests.fakes.wire import Wire
from tests.faults.invariants import is_staging
from tests.faults.transport import error_answer, failing_jobs, is_unseen, unseen
from tests.simulation.instances import Instance
from tests.support.clock import MovableClock
from tests.support.deployment import ITEM, Deployment, Loads
from tests.support.emulator_deployment import EmulatorDeployment

Watcher = Callable[[Job], None]


class Backend(Deployment):
    @abstractmethod
    def watch(self, on_insert: Watcher, on_swap: Watcher) -> None:
        """Call these for every load job that is accepted, and for every month that one replaced."""

    @abstractmethod
    def set_jobs(self, duration: timedelta, fails: str) -> None:
        """From now on load jobs take so long. The next one fails if a reason is given."""

    @abstractmethod
    def created(self, key: str) -> str:
        """Return when the source's table was created."""

    @abstractmethod
    def ever_loaded(self, source: Source, month: str) -> Loads:
        """Return the complete loads of a month, also those from before dlt's tables were lost."""

    @abstractmethod
    def lasting_staging_tables(self) -> list[str]:
        """Return the staging tables that do not expire."""

    def open(self) -> AbstractContextManager[object]:
        """Return the context in which a history is played."""
        return nullcontext()

    @property
    def stepped(self) -> MovableClock:
        return self.clock


class FakeBackend(FakeDeployment, Backend):
    def watch(self, on_insert: Watcher, on_swap: Watcher) -> None:
        self.cloud.tables.on_insert, self.cloud.tables.on_swap = on_insert, on_swap

    def set_jobs(self, duration: timedelta, fails: str) -> None:
        self.cloud.tables.duration = duration
        self.cloud.tables.fail_next(fails)

    def created(self, key: str) -> str:
        return self.cloud.tables.get(self.source(key).destination).created.isoformat()

    def ever_loaded(self, source: Source, month: str) -> Loads:
        return self.cloud.history.ever_loaded(source.destination, month)

    def lasting_staging_tables(self) -> list[str]:
        tables = self.cloud.tables.tables.items()
        return [name for name, one in tables if is_staging(name) and one.expires is None]


class EmulatorBackend(EmulatorDeployment, Backend):
    """Faults happen at any request except those of dlt's commit: its thread pool is not the instance's thread.

    A load job ends before its insert is answered, so `set_jobs` sets no duration.
    """

    def __init__(self, emulator: Emulator, name: str) -> None:
        super().__init__(emulator, name=name)
        self.create()
        self._instances: dict[threading.Thread, Instance] = {}
        self._ahead: dict[int, timedelta] = {}  # how far the clock was ahead when a generation was written
        self._forgotten: set[str] = set()
        self._failures = ExitStack()
        self._on_insert: Watcher = lambda job: None
        self._on_swap: Watcher = lambda job: None

    def watch(self, on_insert: Watcher, on_swap: Watcher) -> None:
        self._on_insert, self._on_swap = on_insert, on_swap

    def set_jobs(self, duration: timedelta, fails: str) -> None:
        if fails:
            self._failures.enter_context(failing_jobs(fails, f"injected {fails}"))

    def created(self, key: str) -> str:
        created: datetime = self.bigquery.get_table(self.source(key).destination).created
        return created.isoformat()

    def ever_loaded(self, source: Source, month: str) -> Loads:
        complete = set(self._load_ids("_dlt_loads", "load_id", "status = 0"))
        oldest = min(complete, default="")
        sql = f"SELECT * FROM `{source.destination}_load_tracking` WHERE status = 'loaded' ORDER BY loaded_at"
        rows = [row for row in self.query(sql) if row["billing_month"] == month]
        return [row for row in rows if (load := row["_dlt_load_id"]) in complete | self._forgotten or load < oldest]

    def lasting_staging_tables(self) -> list[str]:
        names = [one.table_id for one in self.bigquery.list_tables(self.dataset) if is_staging(one.table_id)]
        tables = (self.bigquery.get_table(f"{self.settings.project}.{self.dataset}.{name}") for name in names)
        return [one.table_id for one in tables if one.expires is None]

    def lose_dlt_tables(self) -> None:
        for source in self.settings.sources:
            table = source.destination.rpartition(".")[2]
            self._forgotten |= set(self._load_ids(f"{table}_load_tracking", "_dlt_load_id", "TRUE"))
        super().lose_dlt_tables()

    def put(self, bucket: str, name: str, data: bytes, written: datetime | None = None) -> None:
        super().put(bucket, name, data, written)
        self._ahead[self.storage.bucket(bucket).get_blob(name).generation] = self.clock.ahead

    def services(self, wire: Wire | None = None) -> Services:
        if isinstance(wire, Instance):
            self._instances[wire.thread] = wire
        return super().services(wire)

    @contextmanager
    def open(self) -> Iterator[None]:
        send, commit = requests.Session.send, LoadHistory.commit

        def send_by_instance(
            session: requests.Session, request: requests.PreparedRequest, **more: Any
        ) -> requests.Response:
            instance = self._instances.get(threading.current_thread())
            if instance is None or is_unseen():
                return send(session, request, **more)
            try:
                return instance.send(_kind(request), lambda: self._seen(request, send(session, request, **more)))
            except GoogleAPICallError as error:
                return error_answer(request, int(error.code), error.errors[0]["reason"])

        def commit_unseen(history: LoadHistory, *arguments: Any) -> None:
            with unseen():
                commit(history, *arguments)

        with (
            self._failures,
            patch.object(requests.Session, "send", send_by_instance),
            patch.object(LoadHistory, "commit", commit_unseen),
            patch.object(retry_unary, "time", SimpleNamespace(monotonic=time.monotonic, sleep=self.clock.sleep)),
        ):
            yield

    def _seen(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        """Follow an accepted load job. In a listing, give the times of objects by the clock of the history."""
        path = str(request.url).partition("?")[0]
        if request.method == "POST" and path.endswith("/jobs") and response.ok:
            with unseen():
                self._follow(response.json())
        if request.method == "GET" and path.endswith("/o") and response.ok:
            listing = response.json()
            for item in listing.get("items", ()):
                ahead = self._ahead.get(int(item["generation"]), timedelta())
                item["updated"] = f"{datetime.fromisoformat(item['updated']) + ahead:%Y-%m-%dT%H:%M:%S.%fZ}"
            response._content = json.dumps(listing).encode()
        return response

    def _follow(self, resource: dict[str, Any]) -> None:
        """Wait for the end of a job that writes a table, and report the month that it left."""
        configuration = resource["configuration"]
        load = configuration.get("load") or configuration["query"]
        if "writeDisposition" not in load:
            return
        to = load["destinationTable"]
        table, _, month = to["tableId"].partition("$")
        config = (LoadJobConfig if "load" in configuration else QueryJobConfig).from_api_repr(configuration)
        job_id, name = resource["jobReference"]["jobId"], f"{to['projectId']}.{to['datasetId']}.{table}"
        uris, now = load.get("sourceUris", ()), self.clock.now()
        job = Job(job_id, self.settings.location, name, month, uris, config, now, None, load.get("query", ""))
        self._on_insert(job)
        done = self.bigquery.get_job(job_id, **self.job_location)
        while done.state != "DONE":
            self.clock.sleep(0.01)
            done.reload()
        if done.error_result is None and month:
            key = next(source.key for source in self.settings.sources if source.destination == name)
            held = self.items(key).get(f"{month[:4]}-{month[4:]}", [])
            job.rows = tuple(((ITEM[key], item),) for item in held)
            self._on_swap(job)

    def _load_ids(self, table: str, column: str, where: str) -> list[str]:
        try:
            rows = self.query(
                f"SELECT {column} AS id FROM `{self.settings.project}.{self.dataset}.{table}` WHERE {where}"
            )
        except NotFound:
            return []
        return [str(row["id"]) for row in rows]


def _kind(request: requests.PreparedRequest) -> str:
    """Return the name by which an instance knows the requests that a client sends again by itself."""
    path = str(request.url).partition("?")[0]
    if request.method == "POST":
        return "insert job" if path.endswith("/jobs") else "write object" if "/upload/" in path else "query"
    return {"DELETE": "delete object", "PATCH": "patch table", "PUT": "patch table"}.get(str(request.method), "read")
