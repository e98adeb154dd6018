"""`focus_costs` on the emulator, after loads: its sums equal what the generators billed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.workflows.publish_views import publish_all_focus_views
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.google_export import GOOGLE_COLUMNS, GOOGLE_EXPORT
from tests.support.harness import Harness, log_lines
from tests.support.sources import AWS, AZURE

pytestmark = pytest.mark.focus_views
MONTH = "2025-09"


def view(harness: Harness) -> Any:
    return harness.emulator.bigquery.get_table(harness.settings.focus_view)


def views(harness: Harness) -> dict[str, tuple[str, str]]:
    """Return etag and query of every view in the dataset."""
    client = harness.emulator.bigquery
    found = [client.get_table(one.reference) for one in client.list_tables(harness.settings.focus_dataset)]
    return {one.table_id: (one.etag, one.view_query) for one in found}


def costs(harness: Harness, columns: str, group: str = "") -> list[dict[str, Any]]:
    return harness.rows(
        f"SELECT x_source, {columns} FROM `{{dataset}}_focus.focus_costs`"
        f" WHERE BillingPeriodStart >= '{MONTH}-01' GROUP BY x_source{group} ORDER BY x_source"
    )


def test_focus_costs_equals_the_generated_bill_exactly(harness: Harness, tmp_path: Path) -> None:
    aws, azure = aws_cur_delivery(tmp_path, MONTH, rows=300), azure_focus_delivery(tmp_path, MONTH, rows=300)
    harness.load(AWS, aws)
    harness.load(AZURE, azure)

    [of_aws, of_azure] = costs(harness, "SUM(BilledCost) AS billed, SUM(EffectiveCost) AS effective, COUNT(*) AS n")
    assert of_aws["billed"] == aws.totals.cost
    [fees] = harness.rows(
        "SELECT COUNT(*) AS n FROM `{dataset}.aws_cur`"
        " WHERE line_item_line_item_type IN ('RIFee', 'SavingsPlanRecurringFee')"
    )
    assert of_aws["n"] == aws.totals.rows + fees["n"] > aws.totals.rows  # a fee and its unused part are two charges
    assert of_azure == {
        "x_source": "azure_billing",
        "billed": azure.totals.cost,
        "effective": azure.totals.effective_cost,
        "n": azure.totals.rows,
    }
    services = costs(harness, "ServiceName AS service, SUM(BilledCost) AS billed", ", service")
    found = {row["service"]: row["billed"] for row in services if row["x_source"] == "azure_billing"}
    assert found == azure.totals.by_service
    assert harness.rows("SELECT source, code FROM `{dataset}_focus.billing_quality`") == []
    tagged = harness.rows(
        "SELECT JSON_VALUE(Tags, '$.team') AS team, SUM(EffectiveCost) AS cost"
        " FROM `{dataset}_focus.focus_costs` WHERE x_source = 'aws_cur' GROUP BY team"
    )
    assert {row["team"] for row in tagged} > {None}
    assert sum(row["cost"] for row in tagged) == of_aws["effective"]


GOOGLE_TABLE = f"CREATE TABLE `{{dataset}}.{GOOGLE_EXPORT}` ({GOOGLE_COLUMNS})"
GOOGLE_ROWS = f"""
INSERT INTO `{{dataset}}.{GOOGLE_EXPORT}`
  (billing_account_id, invoice, cost_type, service, sku, usage_start_time, usage_end_time, project, labels, location,
   cost, currency, usage, credits)
VALUES
  ('0123AB-CDEF01-234567', STRUCT('202509' AS month, 'GOOGLE' AS publisher_type), 'regular',
   STRUCT('6F81' AS id, 'Compute Engine' AS description), STRUCT('A1' AS id, 'N2 core' AS description),
   TIMESTAMP '2025-09-03 00:00:00+00', TIMESTAMP '2025-09-03 01:00:00+00',
   STRUCT('acme-web' AS id, '1' AS number, 'Web' AS name, CAST([] AS ARRAY<STRUCT<key STRING, value STRING>>) AS labels,
     '' AS ancestry_numbers, CAST([] AS ARRAY<STRUCT<resource_name STRING, display_name STRING>>) AS ancestors),
   [STRUCT('team' AS key, 'platform' AS value)],
   STRUCT('europe-west1' AS location, 'BE' AS country, 'europe-west1' AS region, '' AS zone), 1.5, 'EUR',
   STRUCT(3600.0 AS amount, 'seconds' AS unit, 1.0 AS amount_in_pricing_units, 'hour' AS pricing_unit),
   [STRUCT('CUD' AS name, -0.25 AS amount, 'Commitment' AS full_name, 'c' AS id, 'COMMITTED_USAGE_DISCOUNT' AS type)])
"""


def test_focus_costs_has_the_google_export(harness: Harness, tmp_path: Path) -> None:
    azure = azure_focus_delivery(tmp_path, MONTH, rows=20)
    harness.load(AZURE, azure)
    harness.rows(GOOGLE_TABLE)
    harness.rows(GOOGLE_ROWS)
    table = f"{harness.settings.project}.{harness.deployment.dataset}.{GOOGLE_EXPORT}"
    publish_all_focus_views(replace(harness.services, settings=replace(harness.settings, google_billing_export=table)))

    [of_azure, of_google] = costs(harness, "SUM(BilledCost) AS billed, COUNT(*) AS n")
    assert (of_azure["billed"], of_azure["n"]) == (azure.totals.cost, 20)
    assert of_google == {"x_source": "google_billing", "billed": Decimal("1.25"), "n": 2}  # a part is covered
    [row] = harness.rows(
        "SELECT ServiceName AS service, SubAccountId AS project, SUM(ListCost) AS list,"
        " JSON_VALUE(Tags, '$.team') AS team, BillingPeriodEnd AS ends"
        " FROM `{dataset}_focus.focus_costs` WHERE x_provider = 'google' GROUP BY service, project, team, ends"
    )
    assert row == {
        "service": "Compute Engine",
        "project": "acme-web",
        "list": Decimal("1.5"),
        "team": "platform",
        "ends": datetime(2025, 10, 1, tzinfo=UTC),
    }


def test_missing_google_export_keeps_no_source_out(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = f"{harness.settings.project}.{harness.deployment.dataset}.gone"
    harness.services = replace(harness.services, settings=replace(harness.settings, google_billing_export=gone))
    harness.load(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=20))

    [line] = [line for line in log_lines(capsys.readouterr().out) if line.get("code") == "VIEW_FAILED"]

    assert (line["severity"], line["source"]) == ("ERROR", "google_billing")
    assert [row["x_source"] for row in costs(harness, "COUNT(*) AS n")] == ["azure_billing"]


def test_view_changes_only_with_the_columns(harness: Harness, tmp_path: Path) -> None:
    harness.load(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=20))
    harness.sweep()
    before = views(harness)
    harness.load(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=20, revision=2))
    harness.sweep()
    assert views(harness) == before

    harness.load(AWS, aws_cur_delivery(tmp_path, MONTH, rows=20))
    after = views(harness)
    assert [name for name in before if after[name] != before[name]] == ["focus_costs_aws_cur"]
    assert "'team', NULLIF(resource_tags_user_team" in after["focus_costs_aws_cur"][1]


def test_focus_costs_has_every_source_with_a_view(harness: Harness, tmp_path: Path) -> None:
    harness.load(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=20))
    assert ["focus_costs_azure_billing`" in view(harness).view_query, "aws_cur" in view(harness).view_query] == [1, 0]

    harness.load(AWS, aws_cur_delivery(tmp_path, MONTH, rows=20))

    assert [row["x_source"] for row in costs(harness, "COUNT(*) AS n")] == ["aws_cur", "azure_billing"]


def test_missing_table_keeps_no_other_source_out_of_the_view(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20)
    harness.emulator.bigquery.delete_table(harness.source(AWS).destination)
    publish_all_focus_views(harness.services)
    [line] = [line for line in log_lines(capsys.readouterr().out) if line.get("code") == "VIEW_FAILED"]
    assert (line["severity"], line["source"]) == ("ERROR", "aws_cur")

    harness.load(AZURE, delivery)

    assert [row["x_source"] for row in costs(harness, "COUNT(*) AS n")] == ["azure_billing"]


def test_view_replaced_meanwhile_is_made_from_a_second_read(harness: Harness, tmp_path: Path) -> None:
    warehouse, name = harness.services.warehouse, harness.settings.focus_view
    warehouse.ensure_view(name, lambda: "SELECT 1 AS one")
    queries = iter(["SELECT 2 AS stale", "SELECT 3 AS fresh"])

    def query_of_tables() -> str:
        wanted = next(queries)
        if "stale" in wanted:  # another instance writes between this read and its write
            warehouse.ensure_view(name, lambda: "SELECT 4 AS other")
        return wanted

    assert warehouse.ensure_view(name, query_of_tables)
    assert view(harness).view_query == "SELECT 3 AS fresh"


def test_failed_view_does_not_fail_the_load(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("billing.workflows.publish_views.source_query", lambda *_: "SELECT nonsense FROM nowhere")
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20)
    assert harness.load(AZURE, delivery).action == "loaded"
    assert harness.rows_and_cost(AZURE, MONTH) == (20, delivery.totals.cost)
    lines = [line for line in log_lines(capsys.readouterr().out) if line.get("code") == "VIEW_FAILED"]
    assert [line["severity"] for line in lines] == ["ERROR"]

    monkeypatch.undo()
    harness.sweep()
    assert costs(harness, "SUM(BilledCost) AS billed") == [
        {"x_source": "azure_billing", "billed": Decimal(delivery.totals.cost)}
    ]
