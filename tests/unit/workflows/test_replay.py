"""`replay`: load the newest delivery or a named one, or say which ones exist."""

from __future__ import annotations

import pytest

from billing.errors import BillingError
from billing.workflows.replay import replay
from tests.fakes.deployment import FakeDeployment
from tests.unit.workflows.september import AZURE, SEPTEMBER, azure_run, log_lines, rows_in_september, upload

OLDER, NEWER = azure_run(1), azure_run(2)


@pytest.fixture
def deployment() -> FakeDeployment:
    """September with two deliveries, of which the newer one is loaded."""
    deployment = FakeDeployment()
    for run in (OLDER, NEWER):
        upload(deployment, run)
    run_replay(deployment)
    return deployment


def run_replay(
    deployment: FakeDeployment, key: str = AZURE, month: str = SEPTEMBER, execution: str | None = None
) -> str:
    return replay(deployment.settings, key, month, execution, deployment.services()).action


def test_replay_loads_the_newest_delivery_again(deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]) -> None:
    action = run_replay(deployment)

    assert action == "loaded"
    assert rows_in_september(deployment) == list(NEWER.items)
    assert [(line["severity"], line["action"]) for line in log_lines(capsys)] == [("INFO", "loaded")]


def test_replay_of_an_older_delivery_warns(deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]) -> None:
    action = run_replay(deployment, execution="run-1")

    warning = log_lines(capsys)[-1]
    assert action == "loaded"
    assert rows_in_september(deployment) == list(OLDER.items)
    assert warning["severity"] == "WARNING"
    assert (
        warning["message"]
        == f"{NEWER.manifest} is newer or covers more days. While it exists, the next sweep loads it again."
    )


def test_source_key_may_have_capitals(deployment: FakeDeployment) -> None:
    assert run_replay(deployment, key="AZURE_BILLING") == "loaded"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"key": "other"}, "There is no source other. Known sources: aws_cur, azure_billing."),
        ({"month": "2025-01"}, " has no manifest of 2025-01."),
        ({"execution": "run-9"}, "2025-09 has no manifest of execution run-9. Known: run-2, run-1."),
    ],
)
def test_unknown_delivery_is_an_error(deployment: FakeDeployment, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(BillingError) as raised:
        run_replay(deployment, **arguments)

    assert raised.value.code == "NO_SUCH_DELIVERY"
    assert raised.value.message.endswith(message)
