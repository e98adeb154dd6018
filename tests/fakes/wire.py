"""Every request of the fakes passes a wire. A subclass can inject faults."""

from __future__ import annotations

from collections.abc import Callable
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
