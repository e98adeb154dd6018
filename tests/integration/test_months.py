"""A month in BigQuery equals the newest complete delivery, to the last decimal."""

from pathlib import Path

import pytest

from tests.faults.invariants import check_invariants
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"


@pytest.mark.parametrize("mode", ["create_new", "overwrite"])
def test_aws_month_of_several_files_is_loaded_exactly(harness: Harness, tmp_path: Path, mode: str) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=300, files=3, mode=mode)  # type: ignore[arg-type]

    outcome = harness.load(AWS, delivery)

    assert (outcome.action, outcome.code, outcome.rows) == ("loaded", None, 300)
    assert harness.rows_and_cost(AWS, MONTH) == (300, delivery.totals.cost)


@pytest.mark.parametrize("version", ["1.0", "1.0r2", "1.2-preview", "1.2"])
@pytest.mark.parametrize("mode", ["create_new", "overwrite"])
def test_azure_month_of_every_focus_version_is_loaded_exactly(
    harness: Harness, tmp_path: Path, version: str, mode: str
) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=150, files=2, version=version, mode=mode)  # type: ignore[arg-type]

    outcome = harness.load(AZURE, delivery)

    assert (outcome.action, outcome.code, outcome.rows) == ("loaded", None, 150)
    assert harness.rows_and_cost(AZURE, MONTH) == (150, delivery.totals.cost)
    [row] = harness.rows(f"SELECT SUM(EffectiveCost) AS cost FROM `{{dataset}}.{AZURE.table}`")
    assert row["cost"] == delivery.totals.effective_cost


@pytest.mark.fault("F11")
@pytest.mark.parametrize("spec", [AWS, AZURE], ids=["aws", "azure"])
def test_restated_month_is_replaced_and_other_months_stay(harness: Harness, tmp_path: Path, spec: SourceSpec) -> None:
    generate = aws_cur_delivery if spec is AWS else azure_focus_delivery
    august = generate(tmp_path, "2025-08", rows=80)
    september = generate(tmp_path, MONTH, rows=90)
    restated = generate(tmp_path, MONTH, rows=90, revision=2)

    for delivery in (august, september, restated):
        assert harness.load(spec, delivery).action == "loaded"

    check_invariants(harness, {(spec, "2025-08"): august, (spec, MONTH): restated})
    assert restated.totals.cost != september.totals.cost


@pytest.mark.fault("F8")
def test_columns_that_come_and_go_keep_their_place(harness: Harness, tmp_path: Path) -> None:
    """A missing column is NULL, a new one is added, and two names that differ only in case stay two columns."""
    months = ["2025-06", "2025-07", "2025-08", "2025-09"]
    deliveries = {month: aws_cur_delivery(tmp_path, month, rows=60) for month in months}
    assert len({frozenset(delivery.columns) for delivery in deliveries.values()}) > 1

    for month in months:
        assert harness.load(AWS, deliveries[month]).action == "loaded"

    check_invariants(harness, {(AWS, month): delivery for month, delivery in deliveries.items()})
    table = harness.emulator.bigquery.get_table(harness.source(AWS).destination)
    sources = [field.description.removeprefix("source: ") for field in table.schema]
    assert len(sources) == len(set(sources))
    assert set(sources) >= {name for delivery in deliveries.values() for name in delivery.columns}


def test_load_is_recorded_once_and_shown_in_the_views(harness: Harness, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=40)
    loaded = harness.load(AZURE, delivery)
    harness.handle_manifest(AZURE, delivery)

    [row] = harness.tracking(AZURE)
    assert (row["status"], row["billing_month"], row["run_id"]) == ("loaded", MONTH, delivery.execution)
    assert (row["row_count"], row["file_count"], row["job_id"]) == (40, 2, loaded.job_id)
    [shown] = harness.rows("SELECT * FROM `{dataset}.azure_focus_loads`")
    assert shown == row
    [status] = harness.rows("SELECT * FROM `{dataset}.billing_status`")
    assert (status["source"], status["month"], status["state"]) == ("azure_billing", MONTH, "loaded")
    assert (status["row_count"], status["cost"], status["currency"]) == (40, delivery.totals.cost, "EUR")
