"""The clock, and a timer. Tests replace the clock, so that they do not have to wait."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime


class Clock:
    """The clocks of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Timer:
    """Seconds since one call of a function began.

    It uses the clock that says more. The wall clock may be set back, and the monotonic clock stops while a machine is
    suspended. A lease expires in both cases.
    """

    clock: Clock
    started: float = field(init=False)  # monotonic
    began: datetime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "started", self.clock.monotonic())
        object.__setattr__(self, "began", self.clock.now())

    def elapsed(self) -> float:
        return max(self.clock.monotonic() - self.started, (self.clock.now() - self.began).total_seconds())
