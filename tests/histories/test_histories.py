"""Deliveries, events, crashes, pauses, failures, sweeps and clock steps in any sequence: months end as I2 says.

FAULTS_SEED=<number> FAULTS=long runs the long form again that printed it.
"""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.faults import invariants
from tests.histories.steps import History, histories
from tests.histories.world import run

LONG = os.environ.get("FAULTS") == "long"
_SLICES, _EACH = (10, 1000) if LONG else (1, 400)
_SEED = int(os.environ.get("FAULTS_SEED") or (random.randrange(10**6) if LONG else 0))


@pytest.mark.fault("histories")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(_SLICES))
def test_whatever_happens_a_month_is_the_newest_complete_delivery(part: int) -> None:
    print(f"FAULTS_SEED={_SEED}")

    @seed(_SEED + part)
    @settings(
        max_examples=_EACH,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories())
    def holds(history: History) -> None:
        run(history)
        invariants.checks.extend(("I1", "I2", "I3", "I4", "I5", "I6"))

    holds()
