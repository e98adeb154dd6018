"""Every request of the fakes passes a wire. A subclass can inject faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from billing.clock import ServerClock
from tests.support.clock import MovableClock, SkewedClock

T = TypeVar("T")
_REQUEST_SECONDS = 0.01


class Wire:
    """The requests of one machine. Its clock may be wrong, and each answer tells it the time of the servers."""

    def __init__(self, clock: MovableClock, wrong_by: float = 0.0) -> None:
        self.clock = clock
        self.machine = ServerClock(SkewedClock(clock, wrong_by))

    def send(self, request: str, act: Callable[[], T]) -> T:
        self.clock.step(seconds=_REQUEST_SECONDS)
        try:
            return act()
        finally:
            self.machine.observe(self.clock.now())

    def now(self) -> datetime:
        return self.clock.now()


class FailingWire(Wire):
    """Requests of some names fail, and requests of some names take long. The names are those of the fakes."""

    def __init__(
        self, clock: MovableClock, failing: Mapping[str, Exception], slow: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(clock)
        self.failing = failing
        self.slow = slow or {}

    def send(self, request: str, act: Callable[[], T]) -> T:
        self.clock.step(seconds=self.slow.get(request, 0))
        if request in self.failing:
            raise self.failing[request]
        return super().send(request, act)
