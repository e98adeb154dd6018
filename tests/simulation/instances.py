"""Instances of the functions as threads, of which one runs at a time. A fault can happen at any request of each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal, TypeVar

import requests
from google.api_core.exceptions import from_http_status

from billing.workflows.guard import RetryLater
from tests.fakes.wire import Wire
from tests.faults.fault import ERROR_ANSWERS, Crash, Fault, FaultKind
from tests.support.clock import MovableClock

T = TypeVar("T")
End = Literal["paused", "crashed", "done", "retry"]
_TIMEOUT_SECONDS = 600.0
# The client libraries send these again by themselves if no answer comes: the caller sees the second answer.
_SENT_AGAIN = frozenset(
    {
        *("write object", "delete object", "insert job", "insert query job"),
        *("create table", "patch table", "delete table"),
    }
)


class Instance(Wire):
    """One call of a function in its own thread. All its requests pass `send`."""

    def __init__(
        self,
        name: str,
        clock: MovableClock,
        *,
        event: str | None = None,
        is_replay: bool = False,
        wrong_by: float = 0.0,
    ) -> None:
        super().__init__(clock, wrong_by)
        self.name = name
        self.event = event  # name of the object
        self.is_replay = is_replay
        self.started = clock.now()
        self.has_paused = False
        self.has_met_fault = False
        self.state: End = "paused"
        self.thread = threading.Thread(target=self._body, name=name, daemon=True)
        self._failure: BaseException | None = None
        self._fault: Fault | None = None
        self._requests = 0
        self._has_crashed = False
        self._work: Callable[[], object] = lambda: None
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)

    def begin(self, work: Callable[[], object], fault: Fault | None) -> End:
        self._work = work
        self.thread.start()
        return self.resume(fault)

    def resume(self, fault: Fault | None) -> End:
        """Run until the instance pauses or ends. Raise what the code under test should have handled."""
        self._fault, self._requests = fault, 0
        self._go.release()
        if not self._back.acquire(timeout=_TIMEOUT_SECONDS):
            raise TimeoutError(f"{self.name} neither pauses nor ends")
        if self.state != "paused":
            self.thread.join()
        if self._failure is not None:
            raise self._failure
        return self.state

    def kill(self) -> None:
        if self.state == "paused":
            self._has_crashed = True
            self.resume(None)

    def send(self, request: str, act: Callable[[], T]) -> T:
        kind = self._next_fault()
        if kind == "crash before":
            self._crash()
        if kind == "pause before":
            self._pause()
        if kind is not None and kind in ERROR_ANSWERS:
            status, reason = ERROR_ANSWERS[kind]
            raise from_http_status(status, f"injected {reason}", errors=[{"reason": reason}])
        try:
            answer = super().send(request, act)
        finally:
            answered = self.now()
            self._after(kind)
            self.machine.observe(answered)  # the answer may arrive late
        return super().send(request, act) if kind == "sent twice" and request in _SENT_AGAIN else answer

    def _next_fault(self) -> FaultKind | None:
        if self._has_crashed:
            raise Crash
        self._requests += 1
        if self._fault is None or self._fault.at != self._requests:
            return None
        self.has_met_fault = True
        return self._fault.kind

    def _after(self, kind: FaultKind | None) -> None:
        """Let the fault happen after the service took the request, whatever it answered."""
        if kind == "pause after":
            self._pause()
        if kind == "crash after":
            self._crash()
        if kind == "lost answer":
            raise requests.exceptions.ConnectionError("injected: the answer was lost")

    def _crash(self) -> None:
        self._has_crashed = True
        raise Crash

    def _pause(self) -> None:
        self.state, self.has_paused = "paused", True
        self._back.release()
        self._go.acquire()
        if self._has_crashed:
            raise Crash

    def _body(self) -> None:
        self._go.acquire()
        try:
            self.state = self._run()
        except BaseException as failure:  # noqa: BLE001 - raised by `resume`
            self.state, self._failure = "done", failure
        finally:
            self._back.release()

    def _run(self) -> End:
        try:
            self._work()
        except RetryLater:
            return "retry"
        except Crash:
            return "crashed"
        return "done"
