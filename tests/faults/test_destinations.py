"""F19: the table is another one than the books speak of, by its name or by its birth."""

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


def test_a_dataset_that_was_made_again_is_loaded_again(harness: Harness, tmp_path: Path) -> None:
    """Table and books are gone, the objects stand: the job of then is not taken for the one that is due."""
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


def test_what_a_table_refused_is_loaded_into_the_one_that_was_made_in_its_place(
    harness: Harness, tmp_path: Path
) -> None:
    """The way out of a type that does not fit: the job that was refused is not taken up for the new table."""
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20, files=1)
    with failing_jobs("invalid", "injected") as inserted:
        assert harness.load(AZURE, delivery).code == "LOAD_REJECTED"
        harness.deployment.recreate_table("azure_billing")
        again = harness.handle_manifest(AZURE, delivery)

    assert again.action == "loaded"
    assert len({again.job_id, *inserted}) == 2
    check_invariants(harness, {(AZURE, MONTH): delivery})


def test_a_source_that_is_given_another_table_fills_it_and_leaves_the_first(harness: Harness, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20)
    harness.load(AZURE, delivery)
    before = harness.rows_and_cost(AZURE, MONTH)
    renamed = replace(AZURE, table="azure_costs")
    harness.deployment.configure(AWS, renamed)
    harness.deployment.create_tables(renamed)

    with wire() as sent:
        after = Harness(harness.deployment, sent)
        assert after.sweep()["loaded"] == [f"azure_billing {MONTH}"]
        assert after.sweep()["loaded"] == []
        check_invariants(after, {(renamed, MONTH): delivery})
    assert sent.loads == ["azure_costs$202509"]
    assert harness.rows_and_cost(AZURE, MONTH) == before
