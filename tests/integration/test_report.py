"""The report asks `focus_costs` a bounded number of questions, and adds up to what the generators billed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

import report
from report import Question, Share, gather
from tests.harness import Harness
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.stack import AWS, AZURE


def billed(shares: Sequence[Share], currency: str) -> dict[str, Decimal]:
    return {share.label: share.billed for share in shares if share.currency == currency}


def test_its_sums_are_the_invoices_and_what_is_beyond_the_largest_is_one_row(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws, azure = aws_cur_delivery(tmp_path, "2025-10", rows=100), azure_focus_delivery(tmp_path, "2025-09", rows=100)
    harness.load(AWS, aws)
    harness.load(AZURE, azure)
    monkeypatch.setattr(report, "TOP", 3)

    with harness.counting() as requests:
        made = gather(harness.settings, harness.cloud, Question(months=2, tag="team"))

    assert len(requests.matching("POST", "/queries")) <= 6
    assert {(row.currency, row.month, row.provider): row.billed for row in made.months} == {
        ("USD", "2025-10", "aws"): aws.totals.cost,
        ("EUR", "2025-09", "azure"): azure.totals.cost,
    }
    assert [split.by for split in made.splits] == ["service", "account", "tag team"]
    for split in made.splits:
        assert sum(billed(split.shares, "USD").values()) == aws.totals.cost
        assert sum(billed(split.shares, "EUR").values()) == azure.totals.cost
    services = billed(made.splits[0].shares, "EUR")
    assert set(services) - set(azure.totals.by_service) == {f"{len(azure.totals.by_service) - 3} others"}
    assert all(services[name] == cost for name, cost in azure.totals.by_service.items() if name in services)
    assert set(billed(made.splits[2].shares, "USD")) > {"(none)"}
    assert [(row["source"], row["month"]) for row in made.status] == [
        ("aws_cur", "2025-10"),
        ("azure_billing", "2025-09"),
    ]

    assert made.quality is not None
    assert {row["source"] for row in made.quality} <= {"aws_cur", "azure_billing"}

    of_azure = gather(harness.settings, harness.cloud, Question(months=1, sources=("azure_billing",)))
    assert [(row.month, row.billed) for row in of_azure.months] == [("2025-09", azure.totals.cost)]
    assert [row["source"] for row in of_azure.status] == ["azure_billing"]
    assert [split.by for split in of_azure.splits] == ["service", "account"]
