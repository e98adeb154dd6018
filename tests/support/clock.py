"""Clocks that a test moves on by hand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta

from billing.clock import Clock


class MovableClock(Clock, ABC):
    ahead: timedelta  # how far it was moved so far

    @abstractmethod
    def step(self, **by: float) -> None:
        """Move the time on. The arguments are those of `timedelta`."""


class SteppedClock(MovableClock):
    """The real time plus the steps. It cuts pauses short."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def step(self, **by: float) -> None:
        self.ahead += timedelta(**by)

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, 0.05))
