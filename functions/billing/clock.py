"""The clocks, and a timer. Tests replace the clock, so that they do not have to wait."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


class Clock:
    """The clocks of the machine."""

    def local(self) -> datetime:
        """Return the time by the machine's own clock. Compare it only with other times of this method."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """Return the time that is compared with times of other machines."""
        return self.local()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ServerClock(Clock):
    """The time of Google's servers: the machine's clock, corrected by the date of the last answer.

    A machine may be wrong by minutes. Leases, loads and their order are compared between machines.
    """

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self.difference = timedelta()  # how far the machine is behind; negative if it is ahead

    def observe(self, server: datetime) -> None:
        """Take the date of an answer that has just arrived. Its precision is a second."""
        self.difference = server - self._machine.local()

    def local(self) -> datetime:
        return self._machine.local()

    def now(self) -> datetime:
        return self._machine.local() + self.difference

    def monotonic(self) -> float:
        return self._machine.monotonic()

    def sleep(self, seconds: float) -> None:
        self._machine.sleep(seconds)


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
        object.__setattr__(self, "began", self.clock.local())

    def elapsed(self) -> float:
        return max(self.clock.monotonic() - self.started, (self.clock.local() - self.began).total_seconds())
