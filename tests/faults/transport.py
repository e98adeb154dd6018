"""The HTTP requests of the real Google clients and dlt: each is recorded, and a fault can happen at one of them."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import requests

from tests.faults.fault import ERROR_ANSWERS, Crash, Fault, FaultKind

_WRITES = re.compile(
    r"(?:^|;)\s*(?:DELETE|INSERT|UPDATE|MERGE|TRUNCATE|DROP|ALTER|CREATE (?:OR REPLACE )?TABLE)\b", re.IGNORECASE
)
OBSERVER = "observer"  # a thread of this name belongs to the test, not to the process under test
_test_itself = threading.local()


@dataclass(frozen=True)
class SentLoad:
    """A job that BigQuery accepted: a load from Cloud Storage, or a query with a destination.

    dlt uploads its own rows by another path.
    """

    job_id: str
    table: str  # with $partition
    uris: tuple[str, ...]
    write: str


@dataclass
class Wire:
    """The requests so far, and the load jobs and statements that BigQuery accepted."""

    fault: Fault | None = None
    paused: Callable[[], None] = lambda: None  # called where the fault is a pause
    count: int = 0
    crashed: bool = False
    jobs: list[SentLoad] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)  # SQL that writes, whatever table it names
    calls: list[tuple[int, str, str]] = field(default_factory=list)  # thread, method, URL
    lock: Any = field(default_factory=threading.Lock, repr=False)
    process: int = field(default_factory=threading.get_ident)  # the main thread of the process under test

    @property
    def loads(self) -> list[str]:
        return [job.table for job in self.jobs]

    def of_this_thread(self) -> list[str]:
        """Return the requests of this thread, without the polls of a slow query."""
        mine = [(method, url) for thread, method, url in self.calls if thread == threading.get_ident()]
        return [f"{method} {url}" for method, url in mine if "/queries/" not in url]

    @property
    def happened(self) -> bool:
        """Whether the request of the fault was reached."""
        return self.fault is not None and self.count >= self.fault.at

    def take(self, request: requests.PreparedRequest) -> FaultKind | None:
        """Count a request, and return what happens at it."""
        with self.lock:
            if self.crashed:
                raise Crash
            self.count += 1
            self.calls.append((threading.get_ident(), str(request.method), str(request.url)))
            return self.fault.kind if self.fault is not None and self.count == self.fault.at else None

    def die(self) -> None:
        """Stop all threads: dlt sends from a pool, and its main thread waits for the pool.

        PyThreadState_SetAsyncExc would not do: it may hit a thread that was just started under the same id.
        """
        self.crashed = True
        if threading.get_ident() != self.process:
            signal.pthread_kill(self.process, signal.SIGUSR1)
        raise Crash

    def accepted(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        path = str(request.url).split("?")[0]
        if request.method != "POST" or "/upload/" in path or not response.ok:
            return
        if path.endswith("/queries"):
            self._keep_statement(_body(request).get("query", ""))
        elif path.endswith("/jobs"):
            job = response.json()
            self._keep_statement(job.get("configuration", {}).get("query", {}).get("query", ""))
            if _written_by(job) is not None:
                self.jobs.append(_sent_load(job))

    def _keep_statement(self, sql: str) -> None:
        if _WRITES.search(sql):
            self.statements.append(sql)


@contextmanager
def unseen() -> Iterator[None]:
    """Requests of the test itself: they are not recorded, and no fault happens at them."""
    before, _test_itself.on = getattr(_test_itself, "on", False), True
    try:
        yield
    finally:
        _test_itself.on = before


def _crash(*_: object) -> None:
    raise Crash


def is_unseen() -> bool:
    return threading.current_thread().name == OBSERVER or getattr(_test_itself, "on", False)


@contextmanager
def wire(fault: Fault | None = None, paused: Callable[[], None] = lambda: None) -> Iterator[Wire]:
    """Record requests, and let the fault happen at one of them. Only the simulation knows the kind "sent twice"."""
    state, send = Wire(fault, paused), requests.Session.send
    if fault is not None and fault.kind.startswith("crash"):
        signal.signal(signal.SIGUSR1, _crash)

    def faulty_send(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        if is_unseen():
            return send(session, request, **more)
        kind = state.take(request)
        if kind == "crash before":
            state.die()
        if kind == "pause before":
            state.paused()
        if kind is not None and kind in ERROR_ANSWERS:
            return error_answer(request, *ERROR_ANSWERS[kind])
        response = send(session, request, **more)
        state.accepted(request, response)
        if kind == "crash after":
            state.die()
        if kind == "pause after":
            state.paused()
        if kind == "lost answer":
            raise requests.exceptions.ConnectionError("injected: the answer was lost")
        return response

    with patch.object(requests.Session, "send", faulty_send):
        yield state


@contextmanager
def failing_jobs(reason: str, message: str, times: int = 1) -> Iterator[list[str]]:
    """Let the next load jobs be accepted and end with that error. Yield the ids of all inserted load jobs."""
    failed: dict[str, dict[str, Any]] = {}
    inserted: list[str] = []
    send = requests.Session.send

    def failing_send(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        path = str(request.url).split("?")[0]
        if request.method == "POST" and path.endswith("/jobs") and "/upload/" not in path:
            body = _body(request)
            job_id = body["jobReference"]["jobId"]
            if job_id in failed:
                return error_answer(request, 409, "duplicate")
            if "load" in body["configuration"]:
                inserted.append(job_id)
                if len(failed) < times:
                    failed[job_id] = _failed_job(body, reason, message)
                    return json_answer(request, 200, failed[job_id])
        job = failed.get(path.rpartition("/jobs/")[2])
        return json_answer(request, 200, job) if job else send(session, request, **more)

    with patch.object(requests.Session, "send", failing_send):
        yield inserted


def _body(request: requests.PreparedRequest) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.body or b"{}")  # type: ignore[arg-type]
    return body


def _failed_job(body: dict[str, Any], reason: str, message: str) -> dict[str, Any]:
    error = {"reason": reason, "message": message}
    return {**body, "kind": "bigquery#job", "status": {"state": "DONE", "errorResult": error, "errors": [error]}}


def _written_by(job: dict[str, Any]) -> dict[str, Any] | None:
    """Return the part of the configuration that says how the job writes a table, or None for another job."""
    parts = (job.get("configuration", {}).get(kind) or {} for kind in ("load", "query"))
    return next((part for part in parts if "writeDisposition" in part), None)


def _sent_load(job: dict[str, Any]) -> SentLoad:
    written = _written_by(job)
    assert written is not None
    table, uris = written["destinationTable"]["tableId"], tuple(written.get("sourceUris", ()))
    return SentLoad(job["jobReference"]["jobId"], table, uris, written["writeDisposition"])


def error_answer(request: requests.PreparedRequest, status: int, reason: str) -> requests.Response:
    error = {"code": status, "message": f"injected {reason}", "errors": [{"reason": reason}]}
    return json_answer(request, status, {"error": error})


def json_answer(request: requests.PreparedRequest, status: int, body: dict[str, Any]) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, str(request.url)
    response._content = json.dumps(body).encode()
    response.headers["Content-Type"] = "application/json"
    return response
