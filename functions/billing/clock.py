"""Time, injected, so that expiry, settling and deadlines can be tested without waiting."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Timer:
    """Seconds since one call of a function began, by whichever clock says more.

    A wall clock may be set back, and a monotonic one stands still while a laptop is shut: a lease goes on.
    """

    clock: Clock
    started: float = field(init=False)
    began: datetime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "started", self.clock.monotonic())
        object.__setattr__(self, "began", self.clock.now())

    def elapsed(self) -> float:
        return max(self.clock.monotonic() - self.started, (self.clock.now() - self.began).total_seconds())
