"""F21 with more refused executions in one month than loads are remembered: of a Data Export, three a day."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from billing.workflows.sweep import sweep
from tests.fakes.deployment import FakeDeployment
from tests.fakes.history import FakeLoadHistory
from tests.simulation.provider import STREAMS, deliver
from tests.simulation.simulator import in_turn

_RUNS = 93
_PLATFORM_ENDS = 540


@pytest.fixture
def deployment() -> FakeDeployment:
    """One month's refused runs; a booking takes eight seconds, of which dlt's jobs on Google Cloud are most."""
    deployment = FakeDeployment()
    bucket = deployment.source("azure_billing").bucket
    for number in range(_RUNS):
        for name, data in deliver(STREAMS["azure"], number, "empty", None).objects.items():
            deployment.put(bucket, name, data)
    return deployment


def _sweep(deployment: FakeDeployment) -> dict[str, Any]:
    run = FakeLoadHistory._run

    def slow(*arguments: Any) -> None:
        deployment.clock.step(seconds=8)
        run(*arguments)

    with patch.object(FakeLoadHistory, "_run", slow), in_turn():
        return sweep(deployment.settings, deployment.services())


@pytest.mark.fault("F21")
def test_sweeps_end_in_time_and_book_every_refusal_once(deployment: FakeDeployment) -> None:
    reports = []
    for _ in range(4):
        reports.append(_sweep(deployment))
        deployment.clock.step(minutes=60)

    assert all(report["seconds"] < _PLATFORM_ENDS for report in reports)
    booked = [len(report["rejected"]) for report in reports]
    assert (sum(booked), booked[2:]) == (_RUNS, [0, 0])
    assert [report["deferred"] for report in reports] == [["azure_billing 2025-09"], [], [], []]
    assert len(deployment.cloud.history.tracking) == _RUNS
