"""The steps of a history. An index counts modulo what there is, so every history can be played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.faults.fault import Fault
from tests.simulation.provider import Kind, StreamName


@dataclass(frozen=True)
class Write:
    """The provider writes a delivery."""

    stream: StreamName
    kind: Kind = "good"


@dataclass(frozen=True)
class Deliver:
    """The provider writes a delivery, and a transfer copies the whole month."""

    stream: StreamName
    kind: Kind = "good"


@dataclass(frozen=True)
class Copy:
    """Storage Transfer copies single objects that differ. Each choice is an index into those that are left."""

    choices: tuple[int, ...]


@dataclass(frozen=True)
class CopyAll:
    """Storage Transfer copies everything that differs, from the first name to the last or backwards."""

    backwards: bool


@dataclass(frozen=True)
class CopyDelivery:
    """Storage Transfer copies objects of one delivery, by their order in it.

    If a newer delivery's object of the same name is there already, only a late event arrives.
    """

    stream: StreamName
    delivery: int  # counted from the first of its month
    objects: tuple[int, ...]


@dataclass(frozen=True)
class CopyAgain:
    """An object is copied once more: the same bytes, a new generation."""

    which: int


@dataclass(frozen=True)
class Repair:
    """The provider writes the file of the first corrupt delivery again, as it should be."""


@dataclass(frozen=True)
class Event:
    """An outstanding event is handled. With `again` it stays outstanding, even if it is acknowledged.

    The clock of its machine is wrong by some seconds.
    """

    which: int
    fault: Fault | None = None
    again: bool = False
    wrong_by: float = 0.0


@dataclass(frozen=True)
class LoseEvent:
    which: int


@dataclass(frozen=True)
class Resume:
    """A paused instance goes on."""

    which: int
    fault: Fault | None = None


@dataclass(frozen=True)
class Sweep:
    fault: Fault | None = None
    wrong_by: float = 0.0


@dataclass(frozen=True)
class Replay:
    """A user replays a month: its newest delivery, or one by its number."""

    stream: StreamName
    older: int | None
    fault: Fault | None = None
    wrong_by: float = 0.0


@dataclass(frozen=True)
class Wait:
    """Time passes. After an hour or more, every transfer into an overwriting month has ended."""

    minutes: int


@dataclass(frozen=True)
class SetJobs:
    """From now on load jobs take so long, and the next one may fail by itself."""

    seconds: int
    fails: Literal["", "backendError", "stopped"] = ""


@dataclass(frozen=True)
class RecreateTable:
    """A user drops the source's table and creates it again."""

    stream: StreamName


@dataclass(frozen=True)
class LoseState:
    """A user drops dlt's tables."""


Step = (
    Write
    | Deliver
    | Copy
    | CopyAll
    | CopyDelivery
    | CopyAgain
    | Repair
    | Event
    | LoseEvent
    | Resume
    | Sweep
    | Replay
    | Wait
    | SetJobs
    | RecreateTable
    | LoseState
)
History = list[Step]
