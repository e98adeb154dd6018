"""The wire under the real Google clients and dlt: every request is recorded, and any one of them can go wrong."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from unittest.mock import patch

import requests

ErrorInfo = Literal["crash before", "crash after", "lost answer", "500", "503", "429", "quota", "401", "403", "pause"]
_ANSWERS = {
    "500": (500, "internalError"),
    "503": (503, "backendError"),
    "429": (429, "rateLimitExceeded"),
    "quota": (403, "quotaExceeded"),
    "401": (401, "authError"),
    "403": (403, "accessDenied"),
}
_WRITES = re.compile(
    r"(?:^|;)\s*(?:DELETE|INSERT|UPDATE|MERGE|TRUNCATE|DROP|ALTER|CREATE (?:OR REPLACE )?TABLE)\b", re.IGNORECASE
)
BYSTANDER = "bystander"  # a thread of this name is not the process: it reads what the process does
_looking = threading.local()


class Crash(BaseException):
    """The process died: no handler sees it, and whatever `finally` still sends is lost."""


@dataclass(frozen=True)
class SentLoad:
    """A load job from Cloud Storage that BigQuery took; dlt uploads its own rows by another path."""

    job_id: str
    table: str  # with $partition
    uris: tuple[str, ...]
    write: str


@dataclass
class Wire:
    """`fault` happens at the k-th request (from 1); 0 lets all pass. What BigQuery took is kept."""

    fault: ErrorInfo | None = None
    at: int = 0
    paused: Callable[[], None] = lambda: None  # called at the k-th request, before it is sent
    count: int = 0
    crashed: bool = False
    jobs: list[SentLoad] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)  # SQL that writes, whatever table it names
    calls: list[tuple[int, str, str]] = field(default_factory=list)  # thread, method, URL
    lock: Any = field(default_factory=threading.Lock, repr=False)
    process: int = field(default_factory=threading.get_ident)  # the thread that stands for the process

    @property
    def loads(self) -> list[str]:
        return [job.table for job in self.jobs]

    def of_this_thread(self) -> list[str]:
        """Without the polls of a query that takes its time."""
        mine = [(method, url) for thread, method, url in self.calls if thread == threading.get_ident()]
        return [f"{method} {url}" for method, url in mine if "/queries/" not in url]

    @property
    def happened(self) -> bool:
        return bool(self.at) and self.count >= self.at

    def take(self, request: requests.PreparedRequest) -> bool:
        """Counts a request; whether the fault is its."""
        with self.lock:
            if self.crashed:
                raise Crash
            self.count += 1
            self.calls.append((threading.get_ident(), str(request.method), str(request.url)))
            return self.count == self.at

    def die(self) -> None:
        """In all threads at once: dlt sends from a pool, and waits for it.

        A signal, since PyThreadState_SetAsyncExc may hit the thread that this one is just starting: that has its id.
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
            self._said(_body(request).get("query", ""))
        elif path.endswith("/jobs"):
            job = response.json()
            self._said(job.get("configuration", {}).get("query", {}).get("query", ""))
            if "load" in job.get("configuration", {}):
                self.jobs.append(_sent_load(job))

    def _said(self, sql: str) -> None:
        if _WRITES.search(sql):
            self.statements.append(sql)


@contextmanager
def unseen() -> Iterator[None]:
    """What the test itself asks or does by hand is not the process."""
    before, _looking.on = getattr(_looking, "on", False), True
    try:
        yield
    finally:
        _looking.on = before


def _crash(*_: object) -> None:
    raise Crash


def _is_bystander() -> bool:
    return threading.current_thread().name == BYSTANDER or getattr(_looking, "on", False)


@contextmanager
def wire(fault: ErrorInfo | None = None, at: int = 0, paused: Callable[[], None] = lambda: None) -> Iterator[Wire]:
    state, send = Wire(fault, at, paused), requests.Session.send
    if fault in ("crash before", "crash after"):
        signal.signal(signal.SIGUSR1, _crash)

    def faulty_send(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        if _is_bystander():
            return send(session, request, **more)
        hit = state.take(request)
        if hit and state.fault == "crash before":
            state.die()
        if hit and state.fault == "pause":
            state.paused()
        if hit and state.fault in _ANSWERS:
            return answer(request, *_ANSWERS[state.fault])
        response = send(session, request, **more)
        state.accepted(request, response)
        if hit and state.fault == "crash after":
            state.die()
        if hit and state.fault == "lost answer":
            raise requests.exceptions.ConnectionError("the connection was lost after the request was taken")
        return response

    with patch.object(requests.Session, "send", faulty_send):
        yield state


@contextmanager
def failing_jobs(reason: str, message: str, times: int = 1) -> Iterator[list[str]]:
    """The next load jobs are taken and end with that error: ids, as they were inserted. They do no work."""
    taken: dict[str, dict[str, Any]] = {}
    inserted: list[str] = []
    send = requests.Session.send

    def failing_send(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        path = str(request.url).split("?")[0]
        if request.method == "POST" and path.endswith("/jobs") and "/upload/" not in path:
            body = _body(request)
            job_id = body["jobReference"]["jobId"]
            if job_id in taken:
                return answer(request, 409, "duplicate")
            if "load" in body["configuration"]:
                inserted.append(job_id)
                if len(taken) < times:
                    taken[job_id] = _failed(body, reason, message)
                    return answered(request, 200, taken[job_id])
        job = taken.get(path.rpartition("/jobs/")[2])
        return answered(request, 200, job) if job else send(session, request, **more)

    with patch.object(requests.Session, "send", failing_send):
        yield inserted


def _body(request: requests.PreparedRequest) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.body or b"{}")  # type: ignore[arg-type]
    return body


def _failed(body: dict[str, Any], reason: str, message: str) -> dict[str, Any]:
    error = {"reason": reason, "message": message}
    return {**body, "kind": "bigquery#job", "status": {"state": "DONE", "errorResult": error, "errors": [error]}}


def _sent_load(job: dict[str, Any]) -> SentLoad:
    load = job["configuration"]["load"]
    table, uris = load["destinationTable"]["tableId"], tuple(load["sourceUris"])
    return SentLoad(job["jobReference"]["jobId"], table, uris, load["writeDisposition"])


def answer(request: requests.PreparedRequest, status: int, reason: str) -> requests.Response:
    error = {"code": status, "message": f"injected {reason}", "errors": [{"reason": reason}]}
    return answered(request, status, {"error": error})


def answered(request: requests.PreparedRequest, status: int, body: dict[str, Any]) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, str(request.url)
    response._content = json.dumps(body).encode()
    response.headers["Content-Type"] = "application/json"
    return response
