"""How long a call has lasted, where one of the machine's clocks stands still or is set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.clock import Clock, Timer


class Moved(Clock):
    """Both clocks, each moved on by itself."""

    def __init__(self) -> None:
        self.wall, self.steady = datetime(2025, 11, 20, tzinfo=UTC), 7.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.steady


@pytest.mark.parametrize(
    ("wall", "steady", "elapsed"),
    [(30, 30, 30), (1200, 5, 1200), (-3600, 30, 30)],
    ids=["both go on", "a laptop was shut: the monotonic clock stood still", "the wall clock was set back"],
)
def test_a_call_has_lasted_as_long_as_either_clock_says(wall: int, steady: int, elapsed: float) -> None:
    clock = Moved()
    timer = Timer(clock)
    clock.wall += timedelta(seconds=wall)
    clock.steady += steady
    assert timer.elapsed() == elapsed
