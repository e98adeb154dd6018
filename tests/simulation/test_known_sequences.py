"""Sequences that chance would seldom make up. Each holds, and fails when the guard that it is about is off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.faults.mutations import MUTATIONS
from tests.simulation.instances import Trouble
from tests.simulation.simulator import run
from tests.simulation.steps import (
    Copy,
    Deliver,
    Event,
    History,
    Jobs,
    Pass,
    Recopy,
    Recreate,
    Sweep,
    Wake,
    Write,
)

_REQUESTS = range(8, 16)  # of a visit, about where its job is inserted
_NEWEST = Event(-1)


@dataclass(frozen=True)
class Scene:
    """Its histories, and how the oracle ends one of them without that guard."""

    mutation: str
    violation: str
    histories: tuple[History, ...]


SCENES: Mapping[str, Scene] = {
    "a table that is made again holds its months again": Scene(
        "table identity in the state",
        "the sweep does not come to rest",
        ([Deliver("azure", "good"), _NEWEST, Recreate("azure")],),
    ),
    "a refusal outlives another month's booking that began before it": Scene(
        "one pipeline per month",
        "I5: .* was refused already",
        tuple(
            [
                Deliver("azure next", "good"),
                Event(-1, Trouble(at, "pauses")),
                Deliver("azure", "outside"),
                _NEWEST,
                Wake(0),
                Sweep(),
            ]
            for at in range(14, 22)
        ),
    ),
    "a job that runs at the takeover of its lease is not overtaken": Scene(
        "job looked up before a takeover",
        "I2: .* over the newer",
        (
            [
                Deliver("azure", "good"),
                Jobs(900),
                _NEWEST,
                Pass(1),
                Jobs(0),
                Deliver("azure", "good"),
                _NEWEST,
            ],
        ),
    ),
    "a narrower delivery replaces no wider one": Scene(
        "delivery that covers fewer days",
        "I2: .* which covers more",
        tuple(
            [Deliver("azure", "good"), _NEWEST, Deliver("azure", "narrow"), Event(-1, Trouble(at, "503"))]
            for at in range(1, 20)
        ),
    ),
    "files replaced under a load are told, and the month mended": Scene(
        "files changed during the load",
        "I1: .* was booked whole",
        tuple(
            [
                Deliver("aws over", "good"),
                Write("aws over", "good"),
                Jobs(20),
                Event(-1, Trouble(at, "pauses")),
                Copy((1,)),
                Wake(0),
            ]
            for at in _REQUESTS
        ),
    ),
    "an overwrite delivery that was refused is no part of the next one": Scene(
        "settle rule",
        "I1: .* which no delivery has",
        (
            [
                Deliver("aws over", "good"),
                _NEWEST,
                Deliver("aws over", "corrupt"),
                _NEWEST,
                Write("aws over", "good"),
                Copy((-1, -1)),
                _NEWEST,
            ],
        ),
    ),
    "an overwrite delivery is refused once": Scene(
        "a rejection is recorded once",
        "I5: .* was refused already",
        ([Deliver("aws over", "good"), _NEWEST, Deliver("aws over", "outside"), _NEWEST, Recopy(0), _NEWEST, Sweep()],),
    ),
    "a job that another unbooked one came after is not taken for the month": Scene(
        # both runs have as many rows: the audit of counts would see nothing
        "month written since a job that is taken up",
        "I[124]",
        tuple(
            [
                Deliver("azure", "good"),
                Deliver("azure next", "good"),
                Deliver("azure", "good"),
                Event(-1, Trouble(at, "dies")),
                Pass(11),
                Event(2, Trouble(at, "dies")),
                Pass(11),
                Event(-2),
            ]
            for at in _REQUESTS
        ),
    ),
}
_IDS = pytest.mark.parametrize("name", SCENES)


@pytest.mark.fault("histories")
@_IDS
def test_it_ends_as_it_must(name: str) -> None:
    _play(SCENES[name])


@pytest.mark.fault("histories")
@pytest.mark.parametrize("at", range(12, 20))
def test_a_booking_that_slept_while_the_table_was_made_again_lets_no_older_run_pass(at: int) -> None:
    """It is dlt's newest state when it wakes, and speaks of a table that is gone."""
    sleeps = Event(-1, Trouble(at, "pauses"))
    run([Deliver("azure", "good"), Deliver("azure", "good"), sleeps, Pass(11), Recreate("azure"), _NEWEST])


@pytest.mark.fault("histories")
@pytest.mark.parametrize("at", range(12, 20))
def test_a_first_booking_that_died_counts_once_dlt_knows_another_load(at: int) -> None:
    """Of loads before the oldest that dlt knows nobody can say whether they were complete."""
    sleeps, dies = Event(-1, Trouble(3, "pauses")), Event(-1, Trouble(at, "dies"))
    run([Deliver("azure", "good"), sleeps, Deliver("azure next", "good"), dies, Wake(-1)])


@pytest.mark.fault("histories")
@_IDS
def test_it_does_not_without_the_guard(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = SCENES[name]
    MUTATIONS[scene.mutation].apply(monkeypatch)

    with pytest.raises(AssertionError, match=scene.violation):
        _play(scene)


def _play(scene: Scene) -> None:
    for history in scene.histories:
        run(history)
