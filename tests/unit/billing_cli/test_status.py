"""`billing status`: one query per dataset, printed as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from billing.settings import Settings
from billing_cli.__main__ import main

LOADED = {
    "source": "aws_cur",
    "month": "2025-09",
    "state": "loaded",
    "delivered_at": datetime(2025, 10, 1, 2, 3, 4, tzinfo=UTC),
    "loaded_at": datetime(2025, 10, 1, 2, 5, tzinfo=UTC),
    "row_count": 120,
    "cost": Decimal("1.50"),
    "currency": "USD",
    "finality": "open",
}
REJECTED = {
    "source": "azure_billing",
    "month": "2025-10",
    "state": "rejected",
    "code": "EMPTY_DELIVERY",
    "message": "-",
}


def answer_with(monkeypatch: pytest.MonkeyPatch, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Answer every query with these rows, and return the list that the queries go to."""
    queries: list[str] = []

    def query(sql: str) -> Sequence[Mapping[str, object]]:
        queries.append(sql)
        return rows

    def connect(settings: Settings) -> Any:
        return SimpleNamespace(warehouse=SimpleNamespace(query=query))

    monkeypatch.setattr("billing_cli.status.connect", connect)
    return queries


def test_table_has_a_line_for_each_month(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    answer_with(monkeypatch, [LOADED, REJECTED])

    result = CliRunner().invoke(main, ["status"])

    header, loaded, rejected = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert header.split() == [
        *("source", "month", "state", "delivered_at", "loaded_at"),
        *("row_count", "cost", "currency", "code", "message"),
    ]
    assert loaded.split() == [
        *("aws_cur", "2025-09", "loaded", "2025-10-01", "02:03", "2025-10-01", "02:05", "120", "1.50", "USD"),
    ]
    assert rejected.split() == ["azure_billing", "2025-10", "rejected", "EMPTY_DELIVERY", "-"]


def test_empty_history_is_said(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    answer_with(monkeypatch, [])

    result = CliRunner().invoke(main, ["status"])

    assert (result.exit_code, result.output) == (0, "Nothing is recorded yet.\n")


def test_each_dataset_is_queried_once(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    monkeypatch.setenv("SOURCES__AZURE_BILLING__DATASET", "azure")
    queries = answer_with(monkeypatch, [])

    CliRunner().invoke(main, ["status"])

    assert queries == [
        "SELECT * FROM `example-project.azure.billing_status` ORDER BY source, month",
        "SELECT * FROM `example-project.billing.billing_status` ORDER BY source, month",
    ]
