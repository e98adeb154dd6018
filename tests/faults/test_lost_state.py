"""F10: dlt's tables are dropped, or restored from an old copy.

On the harness and not on the scenario runner: rows of dlt's own tables are changed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants
from tests.samples import azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AZURE

MONTH, OTHER = "2025-09", "2025-08"
TABLES = ("_dlt_loads", "_dlt_pipeline_state", "_dlt_version")

pytestmark = pytest.mark.fault("F10")


@pytest.mark.parametrize("dropped", [TABLES, TABLES[:1], TABLES[1:2]] if LONG else [TABLES[:1]], ids=" and ".join)
def test_dropped_state_lets_no_older_run_pass(harness: Harness, tmp_path: Path, dropped: tuple[str, ...]) -> None:
    """The record of another month creates the tables again."""
    older, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    other = azure_focus_delivery(tmp_path, OTHER, rows=20)
    harness.load(AZURE, newer)
    for table in dropped:
        harness.emulator.bigquery.delete_table(f"{harness.emulator.project}.{harness.deployment.dataset}.{table}")
    harness.load(AZURE, other)

    late = harness.load(AZURE, older)
    again = harness.handle_manifest(AZURE, newer)
    report = harness.sweep()

    assert (late.action, late.code) == ("skipped", "SUPERSEDED")
    assert (again.action, again.code) == ("skipped", "DUPLICATE")
    assert report["loaded"] == []
    check_invariants(harness, {(AZURE, MONTH): newer, (AZURE, OTHER): other})


def test_restored_state_costs_one_reload_and_no_older_run_passes(harness: Harness, tmp_path: Path) -> None:
    first, second, third = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=number) for number in (1, 2, 3))
    harness.load(AZURE, first)
    [copied] = harness.rows("SELECT MAX(load_id) AS load_id FROM `{dataset}._dlt_loads`")
    harness.load(AZURE, third)
    for table, column in (("_dlt_loads", "load_id"), ("_dlt_pipeline_state", "_dlt_load_id")):
        harness.rows(f"DELETE FROM `{{dataset}}.{table}` WHERE {column} > '{copied['load_id']}'")

    late = harness.load(AZURE, second)
    reports = [harness.sweep() for _ in range(3)]

    assert (late.action, late.code) == ("skipped", "SUPERSEDED")
    assert [report["loaded"] for report in reports] == [[f"azure_billing {MONTH}"], [], []]
    check_invariants(harness, {(AZURE, MONTH): third})
