"""The wire under the real Google clients and dlt: every request is recorded, and any one of them can go wrong."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from unittest.mock import patch

import requests

Fault = Literal["crash before", "crash after", "lost answer", "503", "429"]


BYSTANDER = "bystander"  # a thread of this name is not the process: it reads what the process does


class Crash(BaseException):
    """The process died: no handler sees it, and whatever `finally` still sends is lost."""


@dataclass
class Wire:
    """`fault` happens at the k-th request (from 1); 0 lets all pass. What BigQuery took is kept by its job's table."""

    fault: Fault | None = None
    at: int = 0
    count: int = 0
    crashed: bool = False
    loads: list[str] = field(default_factory=list)  # tables of the load jobs that were accepted
    lock: Any = field(default_factory=threading.Lock, repr=False)
    process: int = field(default_factory=threading.get_ident)  # the thread that stands for the process

    @property
    def happened(self) -> bool:
        return bool(self.at) and self.count >= self.at

    def take(self) -> bool:
        """Counts a request; whether the fault is its."""
        with self.lock:
            if self.crashed:
                raise Crash
            self.count += 1
            return self.count == self.at

    def die(self) -> None:
        """In all threads at once: dlt sends from a pool, and waits for it."""
        self.crashed = True
        if threading.get_ident() != self.process:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.process), ctypes.py_object(Crash))
        raise Crash

    def accepted(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        """Load jobs from Cloud Storage; dlt uploads its own rows by another path."""
        path = str(request.url).split("?")[0]
        if request.method == "POST" and path.endswith("/jobs") and "/upload/" not in path and response.ok:
            configuration = response.json().get("configuration", {})
            table = configuration.get("load", {}).get("destinationTable", {}).get("tableId")
            if table:
                self.loads.append(table)


@contextmanager
def wire(fault: Fault | None = None, at: int = 0) -> Iterator[Wire]:
    state, send = Wire(fault, at), requests.Session.send

    def faulty_send(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        if threading.current_thread().name == BYSTANDER:
            return send(session, request, **more)
        hit = state.take()
        if hit and state.fault == "crash before":
            state.die()
        if hit and state.fault in ("503", "429"):
            return _answer(request, int(state.fault))
        response = send(session, request, **more)
        state.accepted(request, response)
        if hit and state.fault == "crash after":
            state.die()
        if hit and state.fault == "lost answer":
            raise requests.exceptions.ConnectionError("the connection was lost after the request was taken")
        return response

    with patch.object(requests.Session, "send", faulty_send):
        yield state


def _answer(request: requests.PreparedRequest, status: int) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, str(request.url)
    reason = "rateLimitExceeded" if status == 429 else "backendError"
    response._content = (
        f'{{"error": {{"code": {status}, "message": "injected", "errors": [{{"reason": "{reason}"}}]}}}}'.encode()
    )
    response.headers["Content-Type"] = "application/json"
    return response
