"""The report runs few queries, and its sums equal what the generators billed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from billing_cli.report import queries
from billing_cli.report.queries import Question, Share, gather
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE


def billed(shares: Sequence[Share], currency: str) -> dict[str, Decimal]:
    return {share.label: share.billed for share in shares if share.currency == currency}


@pytest.mark.focus_views
def test_report_sums_one_source_and_groups_the_smallest_shares(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = azure_focus_delivery(tmp_path, "2025-09", rows=100)
    harness.load(AWS, aws_cur_delivery(tmp_path, "2025-10", rows=100))
    harness.load(AZURE, azure)
    monkeypatch.setattr(queries, "TOP", 3)

    with harness.counting() as requests:
        made = gather(harness.settings, harness.services, Question(months=2, tag="team", sources=("azure_billing",)))

    assert len(requests.matching("POST", "/queries")) <= 6
    assert [(row.currency, row.month, row.provider, row.billed) for row in made.months] == [
        ("EUR", "2025-09", "azure", azure.totals.cost)
    ]
    assert [split.by for split in made.splits] == ["service", "account", "tag team"]
    for split in made.splits:
        assert sum(billed(split.shares, "EUR").values()) == azure.totals.cost
    services = billed(made.splits[0].shares, "EUR")
    assert set(services) - set(azure.totals.by_service) == {f"{len(azure.totals.by_service) - 3} others"}
    assert all(services[name] == cost for name, cost in azure.totals.by_service.items() if name in services)
    assert set(billed(made.splits[2].shares, "EUR")) > {"(none)"}
    assert [(row["source"], row["month"]) for row in made.status] == [("azure_billing", "2025-09")]
    assert made.quality is not None
    assert {row["source"] for row in made.quality} <= {"azure_billing"}
