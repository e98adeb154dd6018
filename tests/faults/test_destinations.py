"""F19: the table is not the recorded one: it has another name, or it was recreated.

On the harness and not on the scenario runner: whole datasets are dropped, and settings change.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.invariants import check_invariants
from tests.faults.transport import failing_jobs, wire
from tests.samples import azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE

MONTH = "2025-09"

pytestmark = pytest.mark.fault("F19")


def test_recreated_dataset_is_loaded_by_a_new_job(harness: Harness, tmp_path: Path) -> None:
    """The table and the load history are gone, the objects are there. The job of the first load is not taken up."""
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20)
    first = harness.load(AZURE, delivery)
    client, dataset = harness.emulator.bigquery, f"{harness.emulator.project}.{harness.deployment.dataset}"
    for table in (AZURE.table, f"{AZURE.table}_load_tracking", "_dlt_loads", "_dlt_pipeline_state", "_dlt_version"):
        client.delete_table(f"{dataset}.{table}")
    harness.deployment.create_tables(AZURE)

    again = harness.handle_manifest(AZURE, delivery)

    assert again.action == "loaded"
    assert again.job_id != first.job_id
    check_invariants(harness, {(AZURE, MONTH): delivery})


def test_rejected_delivery_is_loaded_into_the_recreated_table(harness: Harness, tmp_path: Path) -> None:
    """A user recreates a table to change a type. The failed job is not taken up for the new table."""
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20, files=1)
    with failing_jobs("invalid", "injected") as inserted:
        rejected = harness.load(AZURE, delivery)
        harness.deployment.recreate_table("azure_billing")
        again = harness.handle_manifest(AZURE, delivery)

    assert (rejected.code, again.action) == ("LOAD_REJECTED", "loaded")
    assert len({again.job_id, *inserted}) == 2
    check_invariants(harness, {(AZURE, MONTH): delivery})


def test_source_with_another_table_fills_it_and_keeps_the_first(harness: Harness, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20)
    harness.load(AZURE, delivery)
    before = harness.rows_and_cost(AZURE, MONTH)
    renamed = replace(AZURE, table="azure_costs")
    harness.deployment.configure(AWS, renamed)
    harness.deployment.create_tables(renamed)

    with wire() as sent:
        after = Harness(harness.deployment, sent)
        reports = [after.sweep(), after.sweep()]

    assert [report["loaded"] for report in reports] == [[f"azure_billing {MONTH}"], []]
    assert sent.loads == ["azure_costs$202509"]
    assert harness.rows_and_cost(AZURE, MONTH) == before
    check_invariants(after, {(renamed, MONTH): delivery})
