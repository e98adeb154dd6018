"""Known sequences, which random histories seldom draw. Each passes, and fails if the check it covers is taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.faults.fault import Fault
from tests.faults.mutations import MUTATIONS
from tests.simulation.provider import StreamName
from tests.simulation.runner import run
from tests.simulation.steps import (
    Copy,
    CopyAgain,
    CopyAll,
    Deliver,
    Event,
    History,
    RecreateTable,
    Resume,
    SetJobs,
    Sweep,
    Wait,
    Write,
)

NEWEST = Event(-1)
AROUND_INSERT = range(10, 19)  # requests of a load, around the insert of its job


@dataclass(frozen=True)
class Sequence:
    """A history, with a fault at each of these requests, and how it ends without the check of that name."""

    mutation: str
    violation: str
    history: Callable[[int], History]
    requests: range = range(1)


SEQUENCES = {
    "a recreated table gets its months again": Sequence(
        "table identity in the state",
        "every sweep finds something",
        lambda _: [Deliver("azure"), NEWEST, RecreateTable("azure")],
    ),
    "a rejection survives the record of another month": Sequence(
        "one pipeline per month",
        "I5: .* was rejected before",
        lambda request: [
            Deliver("azure next"),
            Event(-1, Fault(request, "pause after")),
            Deliver("azure", "outside"),
            NEWEST,
            Resume(0),
            Sweep(),
        ],
        range(16, 25),
    ),
    "a running job keeps its month after its lease expired": Sequence(
        "job looked up before a takeover",
        "I2: .* which is newer or covers more",
        lambda _: [Deliver("azure"), SetJobs(900), NEWEST, Wait(1), SetJobs(0), Deliver("azure"), NEWEST],
    ),
    "a delivery of fewer days replaces none of more days": Sequence(
        "delivery that covers fewer days",
        "I2: .* which is newer or covers more",
        lambda request: [Deliver("azure"), NEWEST, Deliver("azure", "narrow"), Event(-1, Fault(request, "503"))],
        range(1, 23),
    ),
    "a late delivery of more days replaces one of fewer days": Sequence(
        "days covered in the order of deliveries",
        "I1, I2, I6: .* holds",
        lambda _: [Write("azure"), Deliver("azure", "narrow"), NEWEST],
    ),
    "files that change during a load are reported and loaded again": Sequence(
        "files changed during the load",
        "I1: .* was recorded as whole",
        lambda request: [
            Deliver("aws over"),
            Write("aws over"),
            SetJobs(20),
            Event(-1, Fault(request, "pause after")),
            Copy((1,)),
            Resume(0),
        ],
        AROUND_INSERT,
    ),
    "files of a rejected overwrite delivery are not mixed with the next": Sequence(
        "settle rule",
        "I1: .* which no delivery has",
        lambda _: [
            Deliver("aws over"),
            NEWEST,
            Deliver("aws over", "corrupt"),
            NEWEST,
            Write("aws over"),
            Copy((-1, -1, -1)),
            NEWEST,
        ],
    ),
    "an overwrite delivery is rejected once": Sequence(
        "a rejection is recorded once",
        "I5: .* was rejected before",
        lambda _: [Deliver("aws over"), NEWEST, Deliver("aws over", "outside"), NEWEST, CopyAgain(0), NEWEST, Sweep()],
    ),
}


@pytest.mark.fault("histories")
@pytest.mark.parametrize("name", SEQUENCES)
def test_known_sequence_keeps_the_invariants(name: str) -> None:
    _play(SEQUENCES[name])


@pytest.mark.fault("histories")
@pytest.mark.parametrize("name", SEQUENCES)
def test_known_sequence_fails_without_its_check(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = SEQUENCES[name]
    MUTATIONS[sequence.mutation].apply(monkeypatch)

    with pytest.raises(AssertionError, match=sequence.violation):
        _play(sequence)


@pytest.mark.fault("histories")
@pytest.mark.parametrize("request_number", range(14, 23))
def test_record_after_table_was_recreated_lets_no_older_run_pass(request_number: int) -> None:
    """The paused instance writes dlt's newest state, of a table that no longer exists."""
    paused = Event(-1, Fault(request_number, "pause after"))

    run([Deliver("azure"), Deliver("azure"), paused, Wait(11), RecreateTable("azure"), NEWEST])


@pytest.mark.fault("histories")
@pytest.mark.parametrize("request_number", range(14, 23))
def test_first_incomplete_load_counts_once_a_later_one_completes(request_number: int) -> None:
    """dlt's tables do not tell whether a load was complete that is older than their oldest entry."""
    paused, crashed = Event(-1, Fault(3, "pause after")), Event(-1, Fault(request_number, "crash after"))

    run([Deliver("azure"), paused, Deliver("azure next"), crashed, Resume(-1)])


@pytest.mark.fault("histories")
@pytest.mark.parametrize("request_number", AROUND_INSERT)
def test_finished_job_is_not_taken_up_after_another_wrote_the_month(request_number: int) -> None:
    """Both runs have as many rows, so the audit of row counts would not tell."""
    crashed, crashed_later = (Event(which, Fault(request_number, "crash after")) for which in (-1, 2))
    deliveries = [Deliver("azure"), Deliver("azure next"), Deliver("azure")]

    run([*deliveries, crashed, Wait(11), crashed_later, Wait(11), Event(-2)])


@pytest.mark.fault("F13")
@pytest.mark.parametrize("request_number", range(20, 30))
def test_files_that_lose_all_rows_during_the_load_are_told(request_number: int) -> None:
    """After an instance has read the headers, files without rows replace the others, and its job reads those."""
    paused = Sweep(Fault(request_number, "pause after"))

    run([Deliver("aws over"), Write("aws over", "empty"), paused, CopyAll(backwards=False)])


@pytest.mark.fault("F19")
@pytest.mark.parametrize("request_number", range(6, 20))
def test_swap_into_a_recreated_table_keeps_every_column(request_number: int) -> None:
    """The table is created again between the fill of the staging table and the query that replaces the month."""
    paused = Event(-1, Fault(request_number, "pause after"))

    run([Deliver("aws new", "blank"), paused, RecreateTable("aws new"), Resume(0)])


@pytest.mark.fault("F29")
@pytest.mark.parametrize(
    "rest",
    [[Deliver("aws over"), Sweep(wrong_by=-660.0)], [Sweep(Fault(1, "pause after")), Deliver("aws over"), Resume(0)]],
    ids=["a wrong clock", "no time left"],
)
def test_month_that_sweeps_leave_over_for_hours_is_told(rest: History) -> None:
    """The next delivery comes four hours after the first sweep, so the second one tells an error about the month."""
    run([Deliver("aws over"), Sweep(wrong_by=-660.0), *rest])


@pytest.mark.fault("F25")
@pytest.mark.parametrize(("stream", "manifest"), [("aws new", 2), ("aws over", 3), ("azure", 2)])
@pytest.mark.parametrize("wrong_by", [-172800.0, -3600.0, -660.0, -50.0, 50.0, 660.0, 3600.0, 172800.0])
def test_older_run_never_wins_by_a_wrong_clock(stream: StreamName, manifest: int, wrong_by: float) -> None:
    """An instance with a wrong clock handles the first run, before and after another loads the newer one."""
    older = Event(manifest, again=True, wrong_by=wrong_by)

    run([Deliver(stream), older, Deliver(stream), NEWEST, older, Sweep(wrong_by=wrong_by), Sweep()])


def _play(sequence: Sequence) -> None:
    for request in sequence.requests:
        run(sequence.history(request))
