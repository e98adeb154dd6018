"""Instances of the functions as threads of which one at a time runs: each can stop, fail or die at any request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import requests
from google.api_core.exceptions import ServiceUnavailable, TooManyRequests

from billing.workflows.guard import RetryLater
from tests.fakes.wire import Wire
from tests.support.clock import MovableClock

T = TypeVar("T")
How = Literal["dies", "pauses", "503", "429", "answer lost", "sent twice"]
End = Literal["paused", "died", "done", "try again"]
_TIMEOUT = 120.0
# What the client libraries send again by themselves when no answer comes: the second answer is the one seen.
_RESENT = frozenset({"write object", "delete object", "insert job", "patch table"})


@dataclass(frozen=True)
class Trouble:
    """What happens to an instance at its k-th request from now. It dies or pauses when the request was taken."""

    at: int
    how: How

    def __repr__(self) -> str:
        return f"{self.how!r} at {self.at}"


class Crash(BaseException):
    """The process is gone: no handler sees it, and nothing it still sends arrives."""


class Instance(Wire):
    """One call of a function, in a thread of its own; also the wire that its requests pass."""

    def __init__(self, name: str, clock: MovableClock) -> None:
        super().__init__(clock)
        self.name = name
        self.started = clock.now()
        self.on_wish = False
        self.slept = False
        self.end: End = "paused"
        self.failure: BaseException | None = None
        self._trouble: Trouble | None = None
        self._left = 0
        self._dead = False
        self._work: Callable[[], object] = lambda: None
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self.thread = threading.Thread(target=self._body, name=name, daemon=True)

    def begin(self, work: Callable[[], object], trouble: Trouble | None) -> End:
        self._work = work
        self.thread.start()
        return self.wake(trouble)

    def wake(self, trouble: Trouble | None) -> End:
        """Runs until it pauses or ends. Raises what the code under test should never have let out."""
        self._trouble, self._left = trouble, trouble.at if trouble else 0
        self._go.release()
        if not self._back.acquire(timeout=_TIMEOUT):
            raise TimeoutError(f"{self.name} does not come back")
        if self.end != "paused":
            self.thread.join()
        if self.failure is not None:
            raise self.failure
        return self.end

    def kill(self) -> None:
        if self.end == "paused":
            self._dead = True
            self.wake(None)

    def send(self, request: str, act: Callable[[], T]) -> T:
        if self._dead:
            raise Crash
        self._left -= 1
        how = self._trouble.how if self._trouble and self._left == 0 else None
        if how == "503":
            raise ServiceUnavailable("injected")
        if how == "429":
            raise TooManyRequests("injected")
        try:
            answer = super().send(request, act)
        finally:
            self._after(how)
        return super().send(request, act) if how == "sent twice" and request in _RESENT else answer

    def _after(self, how: How | None) -> None:
        """The request was taken, whatever its answer."""
        if how == "pauses":
            self.end, self.slept = "paused", True
            self._back.release()
            self._go.acquire()
        if how == "dies" or self._dead:
            self._dead = True
            raise Crash
        if how == "answer lost":
            raise requests.exceptions.ConnectionError("the answer was lost")

    def _body(self) -> None:
        self._go.acquire()
        try:
            self.end = self._run()
        except BaseException as failure:  # noqa: BLE001 - it is raised where the history runs
            self.end, self.failure = "done", failure
        finally:
            self._back.release()

    def _run(self) -> End:
        try:
            self._work()
        except RetryLater:
            return "try again"
        except Crash:
            return "died"
        return "done"
