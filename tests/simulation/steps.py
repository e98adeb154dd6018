"""The steps of a history, and how hypothesis makes them up. Numbers count modulo what there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

from tests.simulation.instances import How, Trouble
from tests.simulation.provider import Kind, StreamName


@dataclass(frozen=True)
class Write:
    """The provider writes a delivery."""

    stream: StreamName
    kind: Kind


@dataclass(frozen=True)
class Deliver:
    """The provider writes a delivery, and a transfer copies all of the month."""

    stream: StreamName
    kind: Kind


@dataclass(frozen=True)
class Copy:
    """Storage Transfer copies objects that differ, one after the other; each choice is an index into what is left."""

    choices: tuple[int, ...]


@dataclass(frozen=True)
class CopyAll:
    """A whole transfer, from the first name to the last or the other way round."""

    backwards: bool


@dataclass(frozen=True)
class Recopy:
    """An object is copied once more: the same bytes, a new generation."""

    which: int


@dataclass(frozen=True)
class Repair:
    """The provider writes the newest corrupt delivery's file again, whole."""


@dataclass(frozen=True)
class Event:
    """An outstanding event is handled; `again` leaves it outstanding even when it was acknowledged."""

    which: int
    trouble: Trouble | None = None
    again: bool = False


@dataclass(frozen=True)
class Drop:
    """An event is lost."""

    which: int


@dataclass(frozen=True)
class Wake:
    """A paused instance goes on."""

    which: int
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Sweep:
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Replay:
    """Somebody replays a month: its newest delivery, or one by its number."""

    stream: StreamName
    older: int | None
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Pass:
    """Time passes. Where it is longer than a source's settle time, the overwriting transfer has ended before."""

    minutes: int


@dataclass(frozen=True)
class Jobs:
    """From now on load jobs take so long; the next one may fail by itself."""

    seconds: int
    fails: Literal["", "backendError", "stopped"] = ""


@dataclass(frozen=True)
class Recreate:
    """Somebody drops the source's table and creates it again."""

    stream: StreamName


@dataclass(frozen=True)
class LoseBooks:
    """Somebody drops dlt's tables."""


Step = (
    Write
    | Deliver
    | Copy
    | CopyAll
    | Recopy
    | Repair
    | Event
    | Drop
    | Wake
    | Sweep
    | Replay
    | Pass
    | Jobs
    | Recreate
    | LoseBooks
)
History = list[Step]

_MIXES: list[list[StreamName]] = [
    ["azure"],
    ["azure"],
    ["aws new"],
    ["aws over"],
    ["azure", "azure next"],
    ["aws new", "aws over"],
    ["azure", "aws over"],
]
_HOW: list[How] = ["pauses", "pauses", "dies", "503", "answer lost", "sent twice", "429"]
_KINDS: list[Kind] = ["good", "good", "good", "alike", "late", "narrow", "corrupt", "outside", "empty", "hostile"]
_index = st.integers(-4, 4)  # the newest are as likely as the oldest
_anywhere = st.builds(Trouble, st.integers(1, 30), st.sampled_from(_HOW))
_before_its_job = st.builds(Trouble, st.integers(3, 14), st.just("pauses"))  # where a sleeper does most harm
_trouble = st.none() | _anywhere | _before_its_job


def _step(streams: list[StreamName]) -> st.SearchStrategy[Step]:
    stream = st.sampled_from(streams)
    write = st.builds(Write, stream, st.sampled_from(_KINDS))
    deliver = st.builds(Deliver, stream, st.sampled_from(_KINDS))
    event = st.builds(Event, _index, _trouble, st.booleans())
    copy: st.SearchStrategy[Step] = st.builds(Copy, st.lists(_index, min_size=1, max_size=4).map(tuple)) | st.builds(
        CopyAll, st.booleans()
    )
    rare: st.SearchStrategy[Step] = st.one_of(
        st.builds(Recopy, _index),
        st.builds(Drop, _index),
        st.builds(Sweep, _trouble),
        st.builds(Replay, stream, st.none() | _index, _trouble),
        st.builds(Jobs, st.sampled_from([0, 20, 450, 900]), st.sampled_from(["", "", "backendError", "stopped"])),
        st.builds(Recreate, stream),
        st.builds(LoseBooks),
    )
    passing = st.builds(Pass, st.sampled_from([1, 11, 60, 240]))
    wake = st.builds(Wake, _index, st.none() | _anywhere)
    return st.one_of(
        deliver, deliver, write, copy, event, event, event, event, wake, wake, st.builds(Repair), passing, rare
    )


def _scenes(streams: list[StreamName]) -> st.SearchStrategy[History]:
    """Steps that mean something to each other, which chance would seldom put in this order."""
    stream, kind = st.sampled_from(streams), st.sampled_from(_KINDS)
    deliver: st.SearchStrategy[Step] = st.builds(Deliver, stream, st.just("good") | kind)
    newest: st.SearchStrategy[Step] = st.builds(Event, st.just(-1), st.none() | _anywhere)
    sleeper: st.SearchStrategy[Step] = st.builds(Event, st.just(-1), _before_its_job)
    victim: st.SearchStrategy[Step] = st.builds(Event, st.just(-1), _anywhere)
    later: st.SearchStrategy[Step] = st.builds(Pass, st.sampled_from([0, 11]))
    wake: st.SearchStrategy[Step] = st.builds(Wake, st.just(-1), st.none() | _anywhere)
    change: st.SearchStrategy[Step] = st.builds(Recreate, stream) | st.just(LoseBooks()) | deliver
    corrupt: st.SearchStrategy[Step] = st.builds(Deliver, stream, st.just("corrupt"))
    written: st.SearchStrategy[Step] = st.builds(Write, stream, st.just("good") | kind)
    part: st.SearchStrategy[Step] = st.builds(Copy, st.tuples(_index) | st.tuples(_index, _index))
    copied: st.SearchStrategy[Step] = st.builds(CopyAll, st.booleans())
    scenes: list[tuple[st.SearchStrategy[Step], ...]] = [
        (deliver, sleeper, later, deliver, newest, wake),
        (deliver, victim, later, change, newest),
        (corrupt, newest, st.just(Repair()), copied, newest),
        (deliver, newest, written, part, newest, part, newest),
    ]
    return st.one_of([st.tuples(*scene).map(list) for scene in scenes])


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Twenty steps on average, over one or two months, so that they meet."""
    streams = draw(st.sampled_from(_MIXES))
    parts = st.lists(_step(streams), max_size=12) | _scenes(streams)
    return [step for _ in range(4) for step in draw(parts)]
