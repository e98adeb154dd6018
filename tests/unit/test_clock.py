"""How long a call has run, also if one of the machine's clocks stops or is set back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.clock import Clock, Timer


class TwoClocks(Clock):
    """A wall clock and a monotonic clock. A test moves each of them."""

    def __init__(self) -> None:
        self.wall, self.steady = datetime(2025, 11, 20, tzinfo=UTC), 7.0

    def local(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.steady


@pytest.mark.parametrize(
    ("wall", "steady", "elapsed"),
    [(30, 30, 30), (1200, 5, 1200), (-3600, 30, 30)],
    ids=["both clocks go on", "the machine was suspended", "the wall clock was set back"],
)
def test_timer_uses_the_clock_that_says_more(wall: int, steady: int, elapsed: float) -> None:
    clock = TwoClocks()
    timer = Timer(clock)

    clock.wall += timedelta(seconds=wall)
    clock.steady += steady

    assert timer.elapsed() == elapsed
