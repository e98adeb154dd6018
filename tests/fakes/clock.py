"""A clock that only moves by steps. Every request steps a little, so that no two writes have the same time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.support.clock import MovableClock

_START = datetime(2025, 11, 20, 12, tzinfo=UTC)


class FakeClock(MovableClock):
    def __init__(self) -> None:
        self.ahead = timedelta()
        self.on_step: Callable[[], None] = lambda: None  # runs what is due

    def step(self, **by: float) -> None:
        self.ahead += timedelta(**by)
        self.on_step()

    def local(self) -> datetime:
        return _START + self.ahead

    def monotonic(self) -> float:
        return self.ahead.total_seconds()

    def sleep(self, seconds: float) -> None:
        self.step(seconds=seconds)
