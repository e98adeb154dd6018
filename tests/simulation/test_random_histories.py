"""Deliveries, events, crashes, pauses, failures, sweeps and clock steps in any sequence: months end as I2 says.

FAULTS_SEED=<number> FAULTS=long runs the long form again that printed it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.emulator import Emulator
from tests.faults import invariants
from tests.simulation.backends import LocalStage, MemoryStage, Stage
from tests.simulation.simulator import run
from tests.simulation.steps import History, histories

LONG = os.environ.get("FAULTS") == "long"
_SLICES, _EACH, _LOCAL = (10, 1000, 10) if LONG else (1, 150, 1)  # histories in memory and on the laptop's cloud
_SEED = int(os.environ.get("FAULTS_SEED") or (random.randrange(10**6) if LONG else 0))


def _play(number: int, examples: int, stage: Callable[[], Stage], *phases: Phase) -> None:
    print(f"FAULTS_SEED={_SEED}")

    @seed(_SEED + number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, *phases],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories())
    def holds(history: History) -> None:
        run(history, stage())
        invariants.checks.extend(("I1", "I2", "I3", "I4", "I5", "I6"))

    holds()


@pytest.mark.fault("histories")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(_SLICES))
def test_whatever_happens_a_month_is_the_newest_complete_delivery(part: int) -> None:
    _play(part, _EACH, MemoryStage, Phase.shrink)


@pytest.mark.fault("histories")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(_SLICES))
def test_so_it_is_with_the_real_clients_and_dlt(emulator: Emulator, emulator_environment: None, part: int) -> None:
    _play(_SLICES + part, _LOCAL, lambda: LocalStage(emulator, f"h{uuid4().hex[:10]}"))
