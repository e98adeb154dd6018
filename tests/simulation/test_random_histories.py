"""Random histories: deliveries, events, crashes, pauses, errors, sweeps and clock steps in any sequence.

FAULTS_SEED=<number> repeats a run that printed it. The long form plays 10,000 histories on the fakes in ten slices.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.emulator import Emulator
from tests.simulation.backends import Backend, EmulatorBackend, FakeBackend
from tests.simulation.runner import run
from tests.simulation.steps import History
from tests.simulation.strategies import histories

LONG = os.environ.get("FAULTS") == "long"
_SLICES, _ON_FAKES, _ON_EMULATOR = (10, 1000, 10) if LONG else (1, 150, 1)  # slices, and histories in each
_SEED = int(os.environ.get("FAULTS_SEED") or (random.randrange(10**6) if LONG else 0))


def _play(number: int, examples: int, backend: Callable[[], Backend], *phases: Phase) -> None:
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
    def keeps_invariants(history: History) -> None:
        run(history, backend())

    keeps_invariants()


@pytest.mark.fault("histories")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", range(_SLICES))
def test_random_histories_on_the_fakes(number: int) -> None:
    _play(number, _ON_FAKES, FakeBackend, Phase.shrink)


@pytest.mark.fault("histories")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(_SLICES))
def test_random_histories_on_the_emulator(emulator: Emulator, emulator_environment: None, number: int) -> None:
    _play(_SLICES + number, _ON_EMULATOR, lambda: EmulatorBackend(emulator, f"h{uuid4().hex[:10]}"))
