"""The queries in the pages return the right sums, for both providers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness
from tests.support.pages import DOCS, README, Page
from tests.support.sources import AWS, AZURE

PAGES = (README, DOCS / "tables.md", DOCS / "focus.md")


@pytest.mark.focus_views
def test_queries_of_the_pages_return_the_right_sums(harness: Harness, tmp_path: Path) -> None:
    aws = aws_cur_delivery(tmp_path, "2025-09", rows=300)
    azure = azure_focus_delivery(tmp_path, "2025-09", rows=300)
    harness.load(AWS, aws)
    harness.load(AZURE, azure)
    harness.deployment.deliver(AWS, aws_cur_delivery(tmp_path, "2025-10", rows=10), "manifest")
    harness.sweep()

    answers = [_answer(harness, query) for path in PAGES for query in Page(path).queries()]
    by_month, wrong, by_account, by_subscription, invoices, teams, commitments, coverage, units = answers

    assert [(row["source"], row["month"], row["code"]) for row in wrong] == [
        ("aws_cur", "2025-10", "WAITING_FOR_FILES")
    ]
    assert sum(row["cost"] for row in by_account) == aws.totals.cost
    assert {row["service"] for row in by_account} == set(aws.totals.by_service)
    without, used, committed = _reserved(azure)
    [reservations] = [row for row in commitments if row["source"] == "azure_billing"]
    assert (reservations["used"], reservations["committed"]) == (used, committed)
    assert sum(row["with_them"] for row in by_subscription) == reservations["committed"]
    assert sum(row["without_them"] for row in by_subscription) == without
    assert sum(row["saved"] for row in by_subscription) == without - reservations["committed"]
    costs = {(row["month"], row["currency"]): (row["aws"], row["azure"]) for row in by_month}
    assert costs["2025-09", "USD"] == (aws.totals.cost, 0)
    assert costs["2025-09", "EUR"] == (0, azure.totals.cost)
    billed = {"USD": 0, "EUR": 0}
    for row in invoices:
        billed[row["currency"]] += row["billed"]
    assert billed == {"USD": aws.totals.cost, "EUR": azure.totals.cost}
    assert all(row["invoice"] for row in invoices)
    assert sum(row["cost"] for row in teams if row["currency"] == "EUR") == azure.totals.effective_cost
    assert {row["kind"] for row in commitments} == {"Reservation", "Reserved Instance", "Savings Plan"}
    assert all(0 < row["used"] <= row["committed"] for row in commitments)
    assert all(0 <= row["coverage"] <= 1 for row in coverage)
    assert {row["source"] for row in coverage if 0 < row["coverage"] < 1} == {"aws_cur", "azure_billing"}
    assert sum(row["covered"] for row in coverage if row["source"] == "azure_billing") == without
    assert units
    assert all(row["unit"] for row in units)


def test_no_other_page_has_a_query() -> None:
    assert [path.name for path in DOCS.glob("*.md") if Page(path).queries() and path not in PAGES] == []


def _reserved(azure: Delivery) -> tuple[Decimal, Decimal, Decimal]:
    """Return what reserved usage costs without reservations, what it costs, and that with the unused part."""
    files = [str(item.path) for item in azure.data]
    [(without, used, committed)] = duckdb.sql(
        "SELECT sum(ContractedCost) FILTER (CommitmentDiscountStatus = 'Used'),"
        " sum(EffectiveCost) FILTER (CommitmentDiscountStatus = 'Used'), sum(EffectiveCost)"
        f" FROM read_parquet({files}) WHERE CommitmentDiscountStatus <> ''"
    ).fetchall()
    return without, used, committed


def _answer(harness: Harness, query: str) -> list[dict[str, Any]]:
    return harness.rows(query.replace("billing_focus.", "{dataset}_focus.").replace("billing.", "{dataset}.", 1))
