"""A delivery that is much smaller than the loaded one: loaded and reported, or held until an operator says yes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from billing.workflows.replay import replay
from tests.fakes.deployment import FakeDeployment
from tests.simulation.provider import Delivery
from tests.support import sources
from tests.unit.workflows.september import (
    AZURE,
    SEPTEMBER,
    azure_run,
    log_lines,
    rows_in_september,
    run_sweep,
    send_event,
    tracking_rows,
)

ALERT = replace(sources.AZURE, shrink_percent="20")
HOLD = replace(ALERT, on_shrink="hold")


def counted(delivery: Delivery) -> Delivery:
    """Let the manifest count the rows, as those of Azure do. Runs with an odd number have 3 rows, the others 2."""
    manifest = json.loads(delivery.manifest_bytes)
    for blob, count in zip(manifest["blobs"], (1, len(delivery.items) - 1), strict=True):
        blob["dataRowCount"] = count
    return replace(delivery, manifest_bytes=json.dumps(manifest).encode())


LARGE, SMALL, NEXT_LARGE, NEXT_SMALL = (counted(azure_run(number)) for number in (1, 2, 3, 4))
SHRANK = f"{SEPTEMBER} has 2 rows after 3: SHRINK_PERCENT is 20. Check the delivery at the provider."
HELD = "Execution run-2 has 2 rows, but run-1 has 3, and SHRINK_PERCENT is 20."


def deployment_of(azure: sources.SourceSpec) -> FakeDeployment:
    deployment = FakeDeployment()
    deployment.configure(sources.AWS, azure)
    return deployment


def told(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str]]:
    """Return severity, action and code of the lines with a code that are no success, since the last call."""
    wanted = ("ERROR", "WARNING")
    lines = [line for line in log_lines(capsys) if line["severity"] in wanted and line.get("code")]
    return [(line["severity"], line["action"], line["code"]) for line in lines]


@pytest.mark.fault("F36")
def test_month_that_shrinks_is_loaded_and_reported(capsys: pytest.CaptureFixture[str]) -> None:
    deployment = deployment_of(ALERT)
    send_event(deployment, LARGE)

    send_event(deployment, SMALL)

    assert rows_in_september(deployment) == list(SMALL.items)
    assert told(capsys) == [("WARNING", "loaded", "MONTH_SHRANK")]
    assert [(row["code"], row["message"]) for row in tracking_rows(deployment)] == [
        (None, None),
        ("MONTH_SHRANK", SHRANK),
    ]


def test_month_that_grows_is_not_reported(capsys: pytest.CaptureFixture[str]) -> None:
    deployment = deployment_of(ALERT)
    send_event(deployment, SMALL)

    send_event(deployment, NEXT_LARGE)

    assert told(capsys) == []


@pytest.mark.fault("F36")
def test_held_delivery_keeps_the_month_and_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    deployment = deployment_of(HOLD)
    send_event(deployment, LARGE)

    send_event(deployment, SMALL)
    run_sweep(deployment)
    run_sweep(deployment)

    assert rows_in_september(deployment) == list(LARGE.items)
    assert told(capsys) == [("ERROR", "rejected", "MONTH_WOULD_SHRINK")]
    assert [(row["status"], row["code"], row["message"]) for row in tracking_rows(deployment)] == [
        ("loaded", None, None),
        ("rejected", "MONTH_WOULD_SHRINK", HELD),
    ]


def test_operator_says_yes_by_a_replay(capsys: pytest.CaptureFixture[str]) -> None:
    deployment = deployment_of(HOLD)
    send_event(deployment, LARGE)
    send_event(deployment, SMALL)
    told(capsys)

    outcome = replay(deployment.settings, AZURE, SEPTEMBER, None, deployment.services())
    run_sweep(deployment)

    assert (outcome.action, outcome.code) == ("loaded", None)
    assert rows_in_september(deployment) == list(SMALL.items)
    assert told(capsys) == []


@pytest.mark.parametrize(("delivery", "is_loaded"), [(NEXT_LARGE, True), (NEXT_SMALL, False)])
def test_delivery_after_a_held_one_is_compared_with_what_is_loaded(delivery: Delivery, is_loaded: bool) -> None:
    deployment = deployment_of(HOLD)
    send_event(deployment, LARGE)
    send_event(deployment, SMALL)

    send_event(deployment, delivery)

    assert rows_in_september(deployment) == list((delivery if is_loaded else LARGE).items)


def test_held_delivery_is_loaded_when_the_source_holds_none_any_more() -> None:
    deployment = deployment_of(HOLD)
    send_event(deployment, LARGE)
    send_event(deployment, SMALL)

    deployment.configure(sources.AWS, sources.AZURE)
    run_sweep(deployment)

    assert rows_in_september(deployment) == list(SMALL.items)
