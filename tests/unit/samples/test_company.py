"""The company of the samples is plausible: what it committed to, what it saves, how it grows. No mapping takes part."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.samples import aws_cur_delivery, aws_data_export_delivery, azure_focus_delivery

# 2025-03 to 2026-09: the whole life of four commitments.
MONTHS = [f"{2025 + number // 12}-{number % 12 + 1:02}" for number in range(2, 21)]
ROWS = 400
PROVIDERS = ("AWS", "Microsoft")
COLUMNS = """
    ProviderName, BillingPeriodStart, BillingPeriodEnd, ChargePeriodStart, ChargePeriodEnd, ChargeCategory,
    BilledCost::DECIMAL(38, 18) AS BilledCost, EffectiveCost::DECIMAL(38, 18) AS EffectiveCost,
    ListCost::DECIMAL(38, 18) AS ListCost, ContractedCost::DECIMAL(38, 18) AS ContractedCost, ServiceName,
    NULLIF(CommitmentDiscountId, '') AS commitment, CommitmentDiscountStatus AS status,
    ListUnitPrice * PricingQuantity AS priced, NULLIF(ResourceId, '') AS resource
"""


@pytest.fixture(scope="module")
def charges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The table `charges`: the FOCUS exports of both providers for these months."""
    folder = tmp_path_factory.mktemp("company")
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for month in MONTHS:
            aws = aws_data_export_delivery(folder, month, rows=ROWS, files=1, table="focus", file_format="parquet")
            azure = azure_focus_delivery(folder, month, rows=ROWS, files=1, version="1.2")
            for delivery, tags in ((aws, "Tags['team']"), (azure, "json_extract_string(NULLIF(Tags, ''), '$.team')")):
                query = f"SELECT {COLUMNS}, {tags} AS team FROM read_parquet('{delivery.data[0].path}')"
                exists = month != MONTHS[0] or delivery is azure
                connection.execute(f"INSERT INTO charges {query}" if exists else f"CREATE TABLE charges AS {query}")
        yield connection


def found(charges: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = charges.execute(query).fetchall()
    return rows


def test_every_commitment_costs_over_its_life_what_its_purchases_cost(charges: duckdb.DuckDBPyConnection) -> None:
    lives = found(
        charges,
        "SELECT round(sum(BilledCost), 9), round(sum(EffectiveCost), 9) FROM charges"
        " WHERE commitment IS NOT NULL GROUP BY commitment"
        " HAVING count(DISTINCT BillingPeriodStart) = 12",
    )

    assert len(lives) == 5
    assert all(billed == effective > 0 for billed, effective in lives), lives


@pytest.mark.parametrize("provider", PROVIDERS)
def test_effective_cost_of_a_year_is_within_three_percent_of_billed(
    charges: duckdb.DuckDBPyConnection, provider: str
) -> None:
    [(billed, effective)] = found(
        charges,
        "SELECT sum(BilledCost), sum(EffectiveCost) FROM charges"
        f" WHERE ProviderName = '{provider}' AND BillingPeriodStart < '2026-03-01'",
    )

    assert billed > 0
    assert abs(effective / billed - 1) < Decimal("0.03")


def test_commitments_are_used_by_85_to_97_percent_and_save_15_to_35(charges: duckdb.DuckDBPyConnection) -> None:
    months = found(
        charges,
        "SELECT sum(EffectiveCost) FILTER (status = 'Used') / sum(EffectiveCost) AS used,"
        " 1 - sum(EffectiveCost) / sum(ListCost) FILTER (status = 'Used') AS saved FROM charges"
        " WHERE commitment IS NOT NULL AND ChargeCategory = 'Usage' GROUP BY commitment, BillingPeriodStart",
    )

    assert len(months) == 5 * len(MONTHS)
    assert all(0.85 <= used <= 0.97 for used, _ in months), months
    assert all(0.15 <= saved <= 0.35 for _, saved in months), months


def test_cost_of_a_commitment_never_exceeds_its_list_price(charges: duckdb.DuckDBPyConnection) -> None:
    months = found(
        charges,
        "SELECT round(sum(ListCost), 9), round(sum(ContractedCost), 9), round(sum(EffectiveCost), 9) FROM charges"
        " WHERE commitment IS NOT NULL GROUP BY commitment, BillingPeriodStart",
    )

    assert all(listed >= contracted >= effective >= 0 for listed, contracted, effective in months), months


@pytest.mark.parametrize("month", ["2025-03", "2025-09", "2025-11"])
def test_focus_and_cur_have_one_invoice(tmp_path: Path, month: str) -> None:
    cur = aws_cur_delivery(tmp_path, month, rows=ROWS).totals
    focus = aws_data_export_delivery(tmp_path, month, rows=ROWS, table="focus").totals

    assert cur.cost == focus.cost > 0
    assert cur.by_service == focus.by_service


def test_list_cost_is_unit_price_times_quantity(charges: duckdb.DuckDBPyConnection) -> None:
    wrong = "priced IS NOT NULL AND abs(priced - ListCost) > 0.000001"

    [(priced, broken)] = found(charges, f"SELECT count(priced), count(*) FILTER ({wrong}) FROM charges")

    assert priced > len(MONTHS) * ROWS
    assert broken == 0


def test_no_charge_lies_after_its_period_and_every_day_has_one(charges: duckdb.DuckDBPyConnection) -> None:
    [(after,)] = found(charges, "SELECT count(*) FROM charges WHERE ChargePeriodEnd > BillingPeriodEnd")
    days = found(
        charges,
        "SELECT count(DISTINCT ChargePeriodStart::DATE) = (BillingPeriodEnd::DATE - BillingPeriodStart::DATE)"
        " FROM charges WHERE ChargePeriodStart >= BillingPeriodStart"
        " GROUP BY ProviderName, BillingPeriodStart, BillingPeriodEnd",
    )

    assert after == 0
    assert days == [(True,)] * 2 * len(MONTHS)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_usage_grows_from_year_to_year(charges: duckdb.DuckDBPyConnection, provider: str) -> None:
    [(before, after)] = found(
        charges,
        "SELECT sum(ListCost) FILTER (BillingPeriodStart = '2025-04-01'),"
        " sum(ListCost) FILTER (BillingPeriodStart = '2026-04-01')"
        f" FROM charges WHERE ProviderName = '{provider}' AND ChargeCategory = 'Usage'",
    )

    assert before * Decimal("1.05") < after < before * Decimal("1.6")


def test_one_service_has_an_anomaly_in_november(charges: duckdb.DuckDBPyConnection) -> None:
    days = found(
        charges,
        "WITH days AS (SELECT ServiceName, ChargePeriodStart AS day, sum(ListCost) AS cost FROM charges"
        " WHERE resource IS NOT NULL GROUP BY ALL) SELECT DISTINCT ServiceName, strftime(day, '%Y-%m') FROM days"
        " QUALIFY cost > 12 * median(cost) OVER (PARTITION BY ServiceName) AND cost > 50",
    )

    assert days == [("AmazonCloudWatch", "2025-11")]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_few_resources_have_no_team(charges: duckdb.DuckDBPyConnection, provider: str) -> None:
    [(untagged,)] = found(
        charges,
        "SELECT count(DISTINCT resource) FILTER (team IS NULL) / count(DISTINCT resource) FROM charges"
        f" WHERE ProviderName = '{provider}'",
    )

    assert 0.01 < untagged < 0.2


def test_only_the_team_qa_has_hostile_names(tmp_path: Path) -> None:
    delivery = aws_data_export_delivery(tmp_path, "2025-09", rows=2000, files=1, table="focus", file_format="parquet")
    path = delivery.data[0].path

    teams = duckdb.sql(
        f"SELECT DISTINCT Tags['team'] FROM read_parquet('{path}') WHERE regexp_matches(Tags['name'], '[^a-z0-9-]')"
    ).fetchall()
    [(hostile,)] = duckdb.sql(f"SELECT avg((Tags['team'] = 'qa')::INT) FROM read_parquet('{path}')").fetchall()

    assert teams == [("qa",)]
    assert 0 < hostile < 0.06
