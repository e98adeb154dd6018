"""The report of a sweep."""

from __future__ import annotations

import pytest

from billing.decisions.sweep_notes import Deferral
from billing.workflows.sweep_report import SweepReport


def test_report_is_sorted_and_has_no_lock() -> None:
    report = SweepReport(months={"aws_cur 2025-08", "aws_cur 2025-09", "azure_billing 2025-09"})
    report.add("loaded", "aws_cur 2025-09")
    report.add("loaded", "aws_cur 2025-08")
    report.defer(Deferral("azure_billing", "azure_billing 2025-09"))

    assert report.as_json(12.34) == {
        "loaded": ["aws_cur 2025-08", "aws_cur 2025-09"],
        "rejected": [],
        "waiting": [],
        "mismatched": [],
        "left_long": [],
        "deferred": ["azure_billing 2025-09"],
        "months": 3,
        "checked": 2,
        "stalled": False,
        "seconds": 12.3,
    }


@pytest.mark.parametrize(
    ("months", "deferred", "stalled"),
    [
        pytest.param((), (), False, id="nothing to do"),
        pytest.param(("a 2025-09",), ("a 2025-09",), True, id="every month is left"),
        pytest.param((), ("a as a whole",), True, id="no source could be read"),
        pytest.param(("a 2025-09", "a 2025-08"), ("a 2025-09",), False, id="one month of two is left"),
    ],
)
def test_sweep_is_stalled_if_it_checked_no_month(
    months: tuple[str, ...], deferred: tuple[str, ...], stalled: bool
) -> None:
    report = SweepReport(months=set(months))

    for what in deferred:
        report.defer(Deferral("a", what))

    assert report.stalled is stalled


def test_touched_sources_are_those_with_a_record() -> None:
    report = SweepReport()
    report.add("loaded", "a 2025-09")
    report.add("rejected", "b 2025-09")
    report.add("waiting", "c 2025-09")
    report.add("mismatched", "e 2025-09")
    report.defer(Deferral("d", "d 2025-09"))

    assert report.touched_sources == {"a", "b", "c"}
