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

    def local(self) -> datetime:
        return super().local() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, 0.05))


class SkewedClock(Clock):
    """The clock of a machine that is wrong by some seconds."""

    def __init__(self, right: Clock, seconds: float) -> None:
        self._right = right
        self._wrong_by = timedelta(seconds=seconds)

    def local(self) -> datetime:
        return self._right.local() + self._wrong_by

    def monotonic(self) -> float:
        return self._right.monotonic()

    def sleep(self, seconds: float) -> None:
        self._right.sleep(seconds)
