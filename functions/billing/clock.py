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
    """Seconds since one call of a function began, by the monotonic clock."""

    clock: Clock
    started: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "started", self.clock.monotonic())

    def elapsed(self) -> float:
        return self.clock.monotonic() - self.started
