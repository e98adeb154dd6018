"""`focus_costs` over a year of generated months: sums are the invoices, and commitments cost what was paid for them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import duckdb
import pytest

from billing.views.quality import quality_query
from tests.unit.views.bigquery_sql import connect, rows, translated
from tests.unit.views.exported import create_focus_costs

FORMATS = ("aws_cur_v1_csv", "aws_cur_v2_parquet", "azure_focus_parquet")
# A year from March on: the life of a reservation and of a Savings Plan of AWS, and of the machines reserved at Azure.
MONTHS = tuple(f"{2025 + number // 12}-{number % 12 + 1:02}" for number in range(2, 14))
ROWS = 200


class Year(NamedTuple):
    """A database with `acme.billing.focus_costs` of all these months, and the invoices by source and month."""

    database: duckdb.DuckDBPyConnection
    invoices: dict[tuple[str, str], Decimal]


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    folder = tmp_path_factory.mktemp("year")
    invoices: dict[tuple[str, str], Decimal] = {}
    for month in MONTHS:
        with connect() as connection:
            loaded = create_focus_costs(connection, FORMATS, folder / month, rows=ROWS, month=month)
            invoices |= {(name, month): round(one.invoice, 9) for name, one in loaded.items()}
            connection.execute(f"COPY (FROM acme.billing.focus_costs) TO '{folder}/{month}.parquet'")
    with connect() as connection:
        connection.execute("ATTACH ':memory:' AS acme; CREATE SCHEMA acme.billing")
        connection.execute(f"CREATE TABLE acme.billing.focus_costs AS FROM read_parquet('{folder}/*.parquet')")
        yield Year(connection, invoices)


@pytest.fixture
def year(months: Year) -> duckdb.DuckDBPyConnection:
    return months.database


def test_billed_cost_of_every_month_is_its_invoice(months: Year) -> None:
    found = rows(
        months.database,
        "SELECT x_source, strftime(BillingPeriodStart, '%Y-%m') AS month, ROUND(SUM(BilledCost), 9) AS cost"
        " FROM acme.billing.focus_costs GROUP BY ALL",
    )

    assert {(row["x_source"], row["month"]): row["cost"] for row in found} == months.invoices
    assert len(months.invoices) == len(FORMATS) * len(MONTHS)


def test_effective_cost_of_a_life_is_what_its_purchases_cost(year: duckdb.DuckDBPyConnection) -> None:
    lives = rows(
        year,
        "SELECT x_source, ROUND(SUM(BilledCost), 6) AS billed, ROUND(SUM(EffectiveCost), 6) AS effective"
        " FROM acme.billing.focus_costs WHERE CommitmentDiscountId IS NOT NULL GROUP BY x_source, CommitmentDiscountId"
        " HAVING COUNT(DISTINCT BillingPeriodStart) = 12",
    )

    assert {row["x_source"] for row in lives} == set(FORMATS)
    assert [row for row in lives if row["billed"] != row["effective"]] == []


def test_commitment_is_never_a_loss_by_its_costs(year: duckdb.DuckDBPyConnection) -> None:
    """List, contracted and effective cost of what it covers follow each other. It never has a negative month."""
    wrong = rows(
        year,
        "SELECT * FROM (SELECT x_source, BillingPeriodStart, CommitmentDiscountId, SUM(EffectiveCost) AS cost,"
        " ROUND(SUM(ListCost) FILTER (used), 6) AS listed, ROUND(SUM(ContractedCost) FILTER (used), 6) AS contracted,"
        " ROUND(SUM(EffectiveCost) FILTER (used), 6) AS effective"
        " FROM (SELECT *, CommitmentDiscountStatus = 'Used' AS used FROM acme.billing.focus_costs)"
        " WHERE CommitmentDiscountId IS NOT NULL GROUP BY ALL)"
        " WHERE NOT COALESCE(cost > 0 AND listed >= contracted AND contracted >= effective, FALSE)",
    )

    assert wrong == []


def test_effective_cost_of_a_year_is_near_the_billed_cost(year: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        year,
        "SELECT x_source, SUM(EffectiveCost) / SUM(BilledCost) AS ratio FROM acme.billing.focus_costs"
        " GROUP BY x_source",
    )

    ratios = {row["x_source"]: Decimal(row["ratio"]) for row in found}
    assert set(ratios) == set(FORMATS)
    assert all(abs(ratio - 1) < Decimal("0.03") for ratio in ratios.values()), ratios


def test_no_month_of_a_year_breaks_a_quality_rule(year: duckdb.DuckDBPyConnection) -> None:
    query = translated(quality_query("acme.billing.focus_costs", []))

    assert rows(year, f"SELECT source, month, code, broken FROM ({query})") == []
