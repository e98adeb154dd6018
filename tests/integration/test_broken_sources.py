"""One source's rows, tables and views stop no answer about the others: views, `billing status`, report and quality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from billing_cli.report.queries import Question, gather
from billing_cli.status import read_status
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness, log_lines
from tests.support.sources import AWS, AZURE

MONTH = "2025-09"
PARQUET = replace(AWS, key="AWS_PARQUET", format="aws_cur_v1_parquet", prefix="parquet/", table="aws_parquet")
POISON = ("nan", "inf", "-inf", "1e39", "-1e300")


def poisoned(delivery: Delivery) -> Delivery:
    """Return the delivery with these values as the cost of its first rows, in its only file."""
    values = ", ".join(f"'{value}'::DOUBLE" for value in POISON)
    cost = f"CASE WHEN row_number() OVER () <= {len(POISON)} THEN [{values}][row_number() OVER ()] ELSE 2.5 END"
    late = "CASE WHEN row_number() OVER () = 1 THEN TIMESTAMP '9999-12-31' ELSE line_item_usage_end_date END"
    return with_costs(delivery, cost, f", {late} AS line_item_usage_end_date")


def with_costs(delivery: Delivery, cost: str, more: str = "") -> Delivery:
    """Return the delivery with the SQL as the cost of each row, in its only file."""
    [file] = delivery.data
    path = file.path.with_name("changed.parquet")
    money = ("line_item_unblended_cost", "pricing_public_on_demand_cost", "reservation_effective_cost")
    replaced = ", ".join(f"{cost} AS {column}" for column in money)
    duckdb.execute(
        f"COPY (SELECT * REPLACE ({replaced}{more}) FROM read_parquet('{file.path}')) TO '{path}' (FORMAT parquet)"
    )
    return replace(delivery, objects=(replace(file, path=path), *delivery.objects[1:]))


def failed_views(capsys: pytest.CaptureFixture[str]) -> list[tuple[str | None, str]]:
    """Return source and message of every VIEW_FAILED that was logged since the last call."""
    lines = log_lines(capsys.readouterr().out)
    return [(line.get("source"), line["message"]) for line in lines if line.get("code") == "VIEW_FAILED"]


def costs_by_source(harness: Harness) -> dict[str, Any]:
    found = harness.rows("SELECT x_source, SUM(BilledCost) AS cost FROM `{dataset}_focus.focus_costs` GROUP BY 1")
    return {row["x_source"]: row["cost"] for row in found}


def answering(harness: Harness) -> tuple[set[str], list[str]]:
    """Return the sources that `billing status` shows, and those that it names for giving no answer."""
    status = read_status(harness.settings, harness.services)
    return {row["source"] for row in status.rows}, [failure.name for failure in status.failures]


def test_cost_in_a_double_is_summed_as_aws_writes_it(harness_of: Callable[..., Harness], tmp_path: Path) -> None:
    """BigQuery expands a FLOAT64: 0.4021308468 is 0.40213084679999… unless it goes through its text."""
    harness = harness_of(PARQUET, focus=True)
    aws = aws_cur_delivery(tmp_path, MONTH, rows=5, files=1, file_format="parquet")

    harness.load(PARQUET, with_costs(aws, "CAST('0.4021308468' AS DOUBLE)"))

    total = 5 * Decimal("0.4021308468")
    [status] = read_status(harness.settings, harness.services).rows
    assert (status["row_count"], status["cost"]) == (5, total)
    [tracked] = harness.rows("SELECT costs FROM `{dataset}.aws_parquet_loads`")
    assert '"cost":"2.010654234"' in tracked["costs"]
    assert harness.rows("SELECT DISTINCT ListCost AS cost FROM `{dataset}_focus.focus_costs`") == [
        {"cost": Decimal("0.4021308468")}
    ]


@pytest.mark.fault("F31")
def test_costs_that_are_no_numbers_stop_no_view(harness_of: Callable[..., Harness], tmp_path: Path) -> None:
    harness = harness_of(PARQUET, AZURE, focus=True)
    azure = azure_focus_delivery(tmp_path, MONTH, rows=20)
    harness.load(AZURE, azure)
    aws = poisoned(aws_cur_delivery(tmp_path, MONTH, rows=25, files=1, file_format="parquet"))

    outcome = harness.load(PARQUET, aws)

    assert (outcome.action, outcome.code) == ("loaded", "COST_UNREADABLE")
    assert outcome.message.startswith("5 rows have a cost that is not a number, infinite or too large.")
    readable = Decimal("2.5") * (aws.totals.rows - len(POISON))
    found = harness.rows("SELECT source, row_count, cost, load_code FROM `{dataset}.billing_status` ORDER BY source")
    assert [tuple(row.values()) for row in found] == [
        ("aws_parquet", aws.totals.rows, readable, "COST_UNREADABLE"),
        ("azure_billing", azure.totals.rows, azure.totals.cost, None),
    ]
    assert [row["cost"] for row in harness.tracking(PARQUET)] == [readable]
    assert costs_by_source(harness)["azure_billing"] == azure.totals.cost
    broken = harness.rows("SELECT source, code FROM `{dataset}_focus.billing_quality` WHERE code LIKE '%COST%'")
    assert {(row["source"], row["code"]) for row in broken} >= {("aws_parquet", "COST_UNREADABLE")}
    report = gather(harness.settings, harness.services, Question())
    assert {row.provider: row.billed for row in report.months}["azure"] == azure.totals.cost
    assert report.failures == []


def loaded_pair(harness: Harness, folder: Path) -> dict[str, Delivery]:
    """Load one month of both sources."""
    deliveries = {
        "aws_cur": aws_cur_delivery(folder, MONTH, rows=20),
        "azure_billing": azure_focus_delivery(folder, MONTH, rows=20),
    }
    harness.load(AWS, deliveries["aws_cur"])
    harness.load(AZURE, deliveries["azure_billing"])
    return deliveries


@pytest.mark.focus_views
@pytest.mark.parametrize("suffix", ["", "_load_tracking"])
def test_missing_table_of_one_source_stops_no_answer_about_another(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    azure = loaded_pair(harness, tmp_path)["azure_billing"]
    harness.emulator.bigquery.delete_table(f"{harness.source(AWS).destination}{suffix}")
    assert answering(harness) == ({"azure_billing"}, ["aws_cur"])
    report = gather(harness.settings, harness.services, Question())
    assert "azure" in {row.provider for row in report.months}
    assert report.failures[0].name == "aws_cur"

    capsys.readouterr()
    harness.sweep()

    assert {source for source, _ in failed_views(capsys)} == {"aws_cur"}
    assert harness.rows("SELECT source, cost FROM `{dataset}.billing_status`") == [
        {"source": "azure_billing", "cost": azure.totals.cost}
    ]
    assert costs_by_source(harness)["azure_billing"] == azure.totals.cost
    assert harness.rows("SELECT DISTINCT source FROM `{dataset}_focus.billing_quality` WHERE source LIKE 'azure%'")
    assert answering(harness) == ({"azure_billing"}, ["aws_cur"])


@pytest.mark.focus_views
@pytest.mark.parametrize(
    "view", ["{dataset}.billing_status", "{dataset}.aws_cur_loads", "{dataset}_focus.focus_costs_aws_cur",
             "{dataset}_focus.focus_costs", "{dataset}_focus.billing_quality"]
)  # fmt: skip
def test_missing_view_is_created_again_by_the_sweep_and_stops_no_other_source(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str], view: str
) -> None:
    deliveries = loaded_pair(harness, tmp_path)
    name = view.format(dataset=harness.deployment.dataset)
    harness.emulator.bigquery.delete_table(f"{harness.settings.project}.{name}")
    assert answering(harness)[0] >= {"azure_billing"}
    report = gather(harness.settings, harness.services, Question())
    assert {row.provider: row.billed for row in report.months}["azure"] == deliveries["azure_billing"].totals.cost

    capsys.readouterr()
    harness.sweep()

    assert failed_views(capsys) == []
    assert answering(harness) == ({"aws_cur", "azure_billing"}, [])
    assert costs_by_source(harness) == {key: one.totals.cost for key, one in deliveries.items()}
    assert gather(harness.settings, harness.services, Question()).failures == []


@pytest.mark.parametrize("suffix", ["", "_load_tracking"])
def test_load_publishes_its_views_although_another_source_has_no_table(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    loaded_pair(harness, tmp_path)
    harness.emulator.bigquery.delete_table(f"{harness.source(AWS).destination}{suffix}")
    capsys.readouterr()

    harness.load(AZURE, azure_focus_delivery(tmp_path, "2025-10", rows=20))

    [(source, message)] = failed_views(capsys)
    assert source == "aws_cur"
    assert message.startswith(f"{harness.deployment.dataset}.billing_status is without aws_cur, whose query fails: ")
    found = harness.rows("SELECT source, month FROM `{dataset}.billing_status` ORDER BY month")
    assert [tuple(row.values()) for row in found] == [("azure_billing", "2025-09"), ("azure_billing", "2025-10")]


@pytest.mark.focus_views
def test_before_the_first_load_nothing_is_recorded_and_nothing_is_wrong(harness: Harness) -> None:
    report = gather(harness.settings, harness.services, Question())

    assert answering(harness) == (set(), [])
    assert (report.months, report.status, report.quality, report.failures) == ([], [], None, [])


@pytest.mark.parametrize("folder", ["00000501-00000601", "99991201-99991231"])
def test_month_in_the_path_of_a_broken_manifest_stops_no_view(harness: Harness, tmp_path: Path, folder: str) -> None:
    azure = azure_focus_delivery(tmp_path, MONTH, rows=20)
    harness.load(AZURE, azure)
    source = harness.source(AWS)
    name = f"{source.prefix}acme-cur/{folder}/acme-cur-Manifest.json"
    harness.deployment.put(source.bucket, name, b"{")

    assert harness.handle_object(AWS, name).code == "MANIFEST_NOT_JSON"

    found = harness.rows("SELECT source, month, cost FROM `{dataset}.billing_status` ORDER BY source")
    assert [tuple(row.values()) for row in found] == [
        ("aws_cur", f"{folder[:4]}-{folder[4:6]}", None),
        ("azure_billing", MONTH, azure.totals.cost),
    ]


@pytest.mark.focus_views
def test_answers_cost_one_query_per_dataset_and_checks_one_request(harness: Harness, tmp_path: Path) -> None:
    loaded_pair(harness, tmp_path)

    with harness.counting() as requests:
        read_status(harness.settings, harness.services)
        assert (len(requests.made), len(requests.matching("POST", "/queries"))) == (1, 1)
        harness.services.warehouse.problem_of_view(harness.settings.focus_view)
        assert len(requests.made) == 2
        harness.services.history.billed(harness.source(AWS), MONTH, [])
        assert len(requests.made) == 3
