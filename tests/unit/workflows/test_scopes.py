"""Two exports of one name under one prefix: the table takes the deliveries of one account, and the others are told."""

from __future__ import annotations

from typing import Any

import pytest

from billing.gcp.owner import Owners
from billing.workflows.replay import replay
from tests.fakes.deployment import FakeDeployment
from tests.simulation.provider import STREAMS, deliver
from tests.unit.workflows.september import (
    AZURE,
    azure_run,
    log_lines,
    of_subscription,
    rows_in_september,
    run_sweep,
    send_event,
    upload,
)

OURS, THEIRS = of_subscription("a", azure_run(2)), of_subscription("b", azure_run(1))
THEIR_NEXT = of_subscription("b", azure_run(3))
THEIR_OCTOBER = of_subscription("b", deliver(STREAMS["azure next"], 4, "good", None))


def errors(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    return [(line["code"], line["month"]) for line in log_lines(capsys) if line["severity"] == "ERROR"]


@pytest.mark.fault("F37")
def test_other_scope_is_told_where_a_sweep_loads_first(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    upload(deployment, OURS)
    upload(deployment, THEIRS)

    report = run_sweep(deployment)

    assert (report["loaded"], report["rejected"]) == (["azure_billing 2025-09"], ["azure_billing 2025-09"])
    assert rows_in_september(deployment) == list(OURS.items)
    assert errors(capsys) == [("OTHER_SCOPE", "2025-09")]


@pytest.mark.fault("F37")
def test_each_scope_is_told_once_a_month(deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]) -> None:
    send_event(deployment, OURS)

    for delivery in (THEIRS, THEIR_NEXT, THEIR_OCTOBER):
        send_event(deployment, delivery)
    run_sweep(deployment)
    run_sweep(deployment)

    assert errors(capsys) == [("OTHER_SCOPE", "2025-09"), ("OTHER_SCOPE", "2025-10")]
    assert deployment.items(AZURE) == {"2025-09": list(OURS.items)}


@pytest.mark.fault("F37")
def test_first_loads_of_two_scopes_at_once_leave_one(
    deployment: FakeDeployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The event of October has read that the table belongs to nobody when September is loaded."""
    claim = Owners.claim

    def claim_late(owners: Owners, *arguments: Any) -> None:
        monkeypatch.setattr(Owners, "claim", claim)
        send_event(deployment, OURS)
        owners.claim(*arguments)

    monkeypatch.setattr(Owners, "claim", claim_late)

    send_event(deployment, THEIR_OCTOBER)

    assert errors(capsys) == [("OTHER_SCOPE", "2025-10")]
    assert deployment.items(AZURE) == {"2025-09": list(OURS.items)}


def test_replay_gives_the_table_to_another_scope(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    send_event(deployment, OURS)
    send_event(deployment, THEIR_NEXT)
    send_event(deployment, THEIR_OCTOBER)
    log_lines(capsys)

    replay(deployment.settings, AZURE, "2025-09", THEIR_NEXT.execution, deployment.services())
    report = run_sweep(deployment)

    assert report["loaded"] == ["azure_billing 2025-10"]
    assert deployment.items(AZURE) == {"2025-09": list(THEIR_NEXT.items), "2025-10": list(THEIR_OCTOBER.items)}
    assert errors(capsys) == [("OTHER_SCOPE", "2025-09")]  # now the first export is the other one


@pytest.mark.parametrize("folder", ["\u202ea", "\u00a0", "\ufffd", "費用 €"])
def test_owner_may_be_a_folder_of_any_name(deployment: FakeDeployment, folder: str) -> None:
    owners, source = deployment.services().owners, deployment.source(AZURE)

    owners.claim(source, f"folder {folder}/")

    assert owners.read(source) == f"folder {folder}/"
