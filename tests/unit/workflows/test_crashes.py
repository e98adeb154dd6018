"""A delivery that stops three instances in a row is set aside, and others are loaded meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

import pytest

from billing.gcp.landing import LandingBucket
from billing.workflows.sweep import sweep
from tests.fakes.deployment import FakeDeployment
from tests.fakes.wire import Wire
from tests.faults.fault import Crash
from tests.simulation.provider import STREAMS, deliver
from tests.unit.workflows.september import AZURE, all_log_lines, azure_run, rows_in_september, tracking_rows, upload

T = TypeVar("T")
OCTOBER = deliver(STREAMS["azure next"], 5, "good", None)
KILLER = azure_run(1)


@pytest.fixture
def deployment() -> FakeDeployment:
    deployment = FakeDeployment()
    upload(deployment, KILLER)
    upload(deployment, OCTOBER)
    return deployment


class Process(Wire):
    """The platform stops the process when it reads a file of the killer. Then it sends nothing any more."""

    is_stopped = False

    def send(self, request: str, act: Callable[[], T]) -> T:
        if self.is_stopped:
            raise Crash
        return super().send(request, act)


@contextmanager
def killing() -> Iterator[None]:
    headers = LandingBucket.headers

    def stop(landing: LandingBucket, files: Any) -> Any:
        if files[0].name in KILLER.files:
            landing._client.wire.is_stopped = True
            raise Crash
        return headers(landing, files)

    with patch.object(LandingBucket, "headers", stop):
        yield


def sweep_hourly(deployment: FakeDeployment, times: int) -> list[Any]:
    """Return the report of each sweep, or None for one that was stopped."""
    reports: list[Any] = []
    for _ in range(times):
        try:
            reports.append(sweep(deployment.settings, deployment.services(Process(deployment.clock))))
        except Crash:
            reports.append(None)
        deployment.clock.step(hours=1)
    return reports


@pytest.mark.fault("F32")
def test_delivery_that_stops_three_sweeps_is_rejected_by_the_fourth(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    with killing():
        reports = sweep_hourly(deployment, 5)

    last = [report and (report["loaded"], report["rejected"]) for report in reports]
    assert last == [None, None, None, ([], ["azure_billing 2025-09"]), ([], [])]
    assert deployment.items(AZURE) == {"2025-10": list(OCTOBER.items)}
    assert tracking_rows(deployment)[-1]["code"] == "KEEPS_CRASHING"
    tried = [line["month"] for line in all_log_lines(capsys) if line.get("action") == "started"]
    assert tried == ["2025-10", "2025-09", "2025-09", "2025-09"]


@pytest.mark.fault("F32")
def test_newer_delivery_is_loaded_after_one_that_stopped_three_sweeps(deployment: FakeDeployment) -> None:
    newer = azure_run(2)
    with killing():
        sweep_hourly(deployment, 3)
        upload(deployment, newer)

        [report] = sweep_hourly(deployment, 1)

    assert report is not None, "the sweep stopped"
    assert (report["loaded"], report["rejected"]) == (["azure_billing 2025-09"], [])
    assert rows_in_september(deployment) == list(newer.items)


def test_delivery_is_loaded_if_the_third_instance_goes_on(deployment: FakeDeployment) -> None:
    with killing():
        sweep_hourly(deployment, 2)

    [report] = sweep_hourly(deployment, 1)

    assert report["loaded"] == ["azure_billing 2025-09"]
    assert rows_in_september(deployment) == list(KILLER.items)
