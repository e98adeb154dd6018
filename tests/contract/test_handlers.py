"""The handlers end alike in each place: on the fakes, on the emulator and on Google Cloud."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from google.cloud import bigquery

from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.support.deployment import Deployment
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
Generate = Callable[..., Delivery]
both_providers = pytest.mark.parametrize(
    ("spec", "generate"), [(AWS, aws_cur_delivery), (AZURE, azure_focus_delivery)], ids=["aws", "azure"]
)


@pytest.fixture
def harness(deployment: Deployment) -> Harness:
    return Harness(deployment)


@both_providers
def test_delivery_waits_for_its_files_and_is_loaded_once(
    harness: Harness, tmp_path: Path, spec: SourceSpec, generate: Generate
) -> None:
    delivery = generate(tmp_path, MONTH, rows=20, files=2)

    harness.deployment.deliver(spec, delivery, "manifest")
    outcomes = [harness.handle_manifest(spec, delivery), harness.load(spec, delivery), harness.load(spec, delivery)]

    assert [(outcome.action, outcome.code) for outcome in outcomes] == [
        ("waiting", "WAITING_FOR_FILES"),
        ("loaded", None),
        ("skipped", "DUPLICATE"),
    ]
    assert [(row["execution"], row["row_count"]) for row in harness.deployment.loads(harness.source(spec).key)] == [
        (delivery.execution, delivery.totals.rows)
    ]


@both_providers
def test_empty_delivery_is_rejected_once(
    harness: Harness, tmp_path: Path, spec: SourceSpec, generate: Generate
) -> None:
    empty = generate(tmp_path, MONTH, rows=0)

    outcomes = [harness.load(spec, empty), harness.handle_manifest(spec, empty)]

    assert [(outcome.action, outcome.code) for outcome in outcomes] == [
        ("rejected", "EMPTY_DELIVERY"),
        ("skipped", "ALREADY_REJECTED"),
    ]


def test_older_run_is_skipped_until_the_table_is_recreated(harness: Harness, tmp_path: Path) -> None:
    older, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    harness.load(AZURE, newer)

    late = harness.load(AZURE, older)
    harness.deployment.recreate_table("azure_billing")
    sweep = harness.sweep()

    assert (late.action, late.code) == ("skipped", "SUPERSEDED")
    assert sweep["loaded"] == [f"azure_billing {MONTH}"]
    assert {month: len(items) for month, items in harness.deployment.items("azure_billing").items()} == {
        MONTH: newer.totals.rows
    }


# querying partitioned tables: a constant filter on the partition column prunes, also through views and window functions
@pytest.mark.only_google("the emulator does not count the bytes that a query reads")
@pytest.mark.focus_views
def test_query_of_one_month_reads_only_that_month(harness: Harness, tmp_path: Path) -> None:
    for month in ("2025-08", MONTH):
        harness.load(AWS, aws_cur_delivery(tmp_path, month, rows=20))
        harness.load(AZURE, azure_focus_delivery(tmp_path, month, rows=20))
    costs, quality = harness.settings.focus_view, harness.settings.quality_view

    def bytes_read(question: str, first: str) -> int:
        dry = bigquery.QueryJobConfig(dry_run=True)
        sql = f"SELECT {question} WHERE BillingPeriodStart >= '{first}-01'"
        return int(harness.deployment.bigquery.query(sql, job_config=dry).total_bytes_processed)

    questions = (f"SUM(BilledCost) FROM `{costs}`", f"SUM(ListCost) FROM `{costs}`", f"COUNT(*) FROM `{quality}`")
    reads = {question: (bytes_read(question, MONTH), bytes_read(question, "2025-08")) for question in questions}

    assert {question: 0 < one < both for question, (one, both) in reads.items()} == dict.fromkeys(questions, True)
