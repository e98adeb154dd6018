"""A replay loads again what is loaded, what is older, and what was rejected."""

from pathlib import Path

import pytest

from billing.workflows.replay import replay
from tests.faults.invariants import check_invariants
from tests.samples import azure_focus_delivery
from tests.support.harness import Harness, log_lines
from tests.support.sources import AZURE

MONTH = "2025-09"


def _replayed(harness: Harness, execution: str | None = None) -> tuple[str, str | None]:
    outcome = replay(harness.settings, "AZURE_BILLING", MONTH, execution, harness.services)
    return outcome.action, outcome.execution


def test_replay_loads_the_newest_delivery_by_a_new_job(harness: Harness, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20)
    first = harness.load(AZURE, delivery)
    harness.rows(f"DELETE FROM `{{dataset}}.{AZURE.table}` WHERE BilledCost IS NOT NULL")

    assert _replayed(harness) == ("loaded", delivery.execution)
    check_invariants(harness, {(AZURE, MONTH): delivery})
    assert _replayed(harness) == ("loaded", delivery.execution)
    jobs = [row["job_id"] for row in harness.tracking(AZURE)]
    assert jobs[0] == first.job_id
    assert len(set(jobs)) == 3


@pytest.mark.fault("F19")
def test_replayed_older_delivery_stays_until_the_next_sweep(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    harness.load(AZURE, older)
    harness.load(AZURE, newer)

    assert _replayed(harness, older.execution) == ("loaded", older.execution)
    [warning] = [line for line in log_lines(capsys.readouterr().out) if line["severity"] == "WARNING"]
    assert "is newer or covers more days. While it exists, the next sweep loads it again." in warning["message"]
    check_invariants(harness, {(AZURE, MONTH): older})
    assert harness.handle_manifest(AZURE, older).code == "DUPLICATE"
    assert harness.sweep()["loaded"] == [f"azure_billing {MONTH}"]
    check_invariants(harness, {(AZURE, MONTH): newer})


def test_rejected_delivery_is_decided_again_by_a_replay(harness: Harness, tmp_path: Path) -> None:
    empty = azure_focus_delivery(tmp_path, MONTH, rows=0)
    harness.load(AZURE, empty)

    assert harness.handle_manifest(AZURE, empty).code == "ALREADY_REJECTED"
    assert _replayed(harness) == ("rejected", empty.execution)
    assert [row["code"] for row in harness.tracking(AZURE)] == ["EMPTY_DELIVERY", "EMPTY_DELIVERY"]


@pytest.mark.fault("F10")
def test_restored_old_state_lets_no_older_run_replace_a_newer(harness: Harness, tmp_path: Path) -> None:
    first, second, third = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=number) for number in (1, 2, 3))
    harness.load(AZURE, first)
    harness.load(AZURE, third)
    harness.rows(
        "DELETE FROM `{dataset}._dlt_pipeline_state`"
        " WHERE _dlt_load_id = (SELECT MAX(load_id) FROM `{dataset}._dlt_loads`)"
    )

    outcome = harness.load(AZURE, second)

    assert (outcome.action, outcome.code) == ("skipped", "SUPERSEDED")
    assert harness.sweep()["loaded"] == []
    check_invariants(harness, {(AZURE, MONTH): third})
