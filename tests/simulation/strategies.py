"""Random histories, drawn by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.faults.fault import Fault, FaultKind
from tests.simulation.provider import Kind, StreamName
from tests.simulation.steps import (
    Copy,
    CopyAgain,
    CopyAll,
    Deliver,
    Event,
    History,
    LoseEvent,
    LoseState,
    RecreateTable,
    Repair,
    Replay,
    Resume,
    SetJobs,
    Step,
    Sweep,
    Wait,
    Write,
)

_MIXES: list[list[StreamName]] = [
    ["azure"],
    ["azure"],
    ["aws new"],
    ["aws over"],
    ["azure", "azure next"],
    ["aws new", "aws over"],
    ["azure", "aws over"],
]
_FAULTS: list[FaultKind] = [
    "pause after",
    "pause after",
    "pause before",
    "crash after",
    "503",
    "lost answer",
    "sent twice",
    "429",
]
_PAUSES: list[FaultKind] = ["pause after", "pause before"]  # before the service has the request, or the answer
_KINDS: list[Kind] = [
    *("good", "good", "good", "blank", "alike", "late", "narrow"),
    *("corrupt", "outside", "empty", "hostile"),
]
_index = st.integers(-4, 4)  # the newest are as likely as the oldest
_fault_anywhere = st.builds(Fault, st.integers(1, 33), st.sampled_from(_FAULTS))
_pause_before_job = st.builds(Fault, st.integers(3, 17), st.sampled_from(_PAUSES))  # where it does most harm
_fault_or_none = st.none() | _fault_anywhere
_NEWEST = st.just(-1)
_wrong_by = st.sampled_from([0.0] * 6 + [-50.0, 50.0, -660.0, 660.0, -3600.0, 3600.0])  # seconds


def _steps(streams: list[StreamName]) -> st.SearchStrategy[Step]:
    stream = st.sampled_from(streams)
    write = st.builds(Write, stream, st.sampled_from(_KINDS))
    deliver = st.builds(Deliver, stream, st.sampled_from(_KINDS))
    event = st.builds(Event, _index, _fault_or_none | _pause_before_job, st.booleans(), _wrong_by)
    copy: st.SearchStrategy[Step] = st.builds(Copy, st.lists(_index, min_size=1, max_size=4).map(tuple)) | st.builds(
        CopyAll, st.booleans()
    )
    rare: st.SearchStrategy[Step] = st.one_of(
        st.builds(CopyAgain, _index),
        st.builds(LoseEvent, _index),
        st.builds(Sweep, _fault_or_none | _pause_before_job, _wrong_by),
        st.builds(Replay, stream, st.none() | _index, _fault_or_none | _pause_before_job, _wrong_by),
        st.builds(SetJobs, st.sampled_from([0, 20, 450, 900]), st.sampled_from(["", "", "backendError", "stopped"])),
        st.builds(RecreateTable, stream),
        st.builds(LoseState),
    )
    wait = st.builds(Wait, st.sampled_from([0, 1, 11, 60, 240, 1440]))
    resume = st.builds(Resume, _index, _fault_or_none)
    repair = st.builds(Repair)
    return st.one_of(deliver, deliver, write, copy, event, event, event, event, resume, resume, repair, wait, rare)


def _sequences(streams: list[StreamName]) -> st.SearchStrategy[History]:
    """Steps that depend on each other, in an order that chance seldom draws."""
    stream, kind = st.sampled_from(streams), st.sampled_from(_KINDS)
    deliver: st.SearchStrategy[Step] = st.builds(Deliver, stream, st.just("good") | kind)
    newest: st.SearchStrategy[Step] = st.builds(Event, _NEWEST, _fault_or_none)
    paused: st.SearchStrategy[Step] = st.builds(Event, _NEWEST, _pause_before_job)
    faulty: st.SearchStrategy[Step] = st.builds(Event, _NEWEST, _fault_anywhere)
    later: st.SearchStrategy[Step] = st.builds(Wait, st.sampled_from([0, 11]))
    resume: st.SearchStrategy[Step] = st.builds(Resume, _NEWEST, _fault_or_none)
    change: st.SearchStrategy[Step] = st.builds(RecreateTable, stream) | st.just(LoseState()) | deliver
    corrupt: st.SearchStrategy[Step] = st.builds(Deliver, stream, st.just("corrupt"))
    write: st.SearchStrategy[Step] = st.builds(Write, stream, st.just("good") | kind)
    part: st.SearchStrategy[Step] = st.builds(Copy, st.tuples(_index) | st.tuples(_index, _index))
    copy_all: st.SearchStrategy[Step] = st.builds(CopyAll, st.booleans())
    sequences: list[tuple[st.SearchStrategy[Step], ...]] = [
        (deliver, paused, later, deliver, newest, resume),
        (deliver, faulty, later, change, newest),
        (corrupt, newest, st.just(Repair()), copy_all, newest),
        (deliver, newest, write, part, newest, part, newest),
    ]
    return st.one_of([st.tuples(*steps).map(list) for steps in sequences])


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw twenty steps on average over one or two months, so that they affect each other."""
    streams = draw(st.sampled_from(_MIXES))
    parts = st.lists(_steps(streams), max_size=12) | _sequences(streams)
    return [step for _ in range(4) for step in draw(parts)]
