"""The report of a sweep."""

from __future__ import annotations

from billing.workflows.sweep_report import SweepReport


def test_report_is_sorted_and_has_no_lock() -> None:
    report = SweepReport(months=3)
    report.add("loaded", "aws_cur 2025-09")
    report.add("loaded", "aws_cur 2025-08")
    report.add("deferred", "azure_billing 2025-09")

    assert report.as_json(12.34) == {
        "loaded": ["aws_cur 2025-08", "aws_cur 2025-09"],
        "rejected": [],
        "waiting": [],
        "mismatched": [],
        "deferred": ["azure_billing 2025-09"],
        "months": 3,
        "seconds": 12.3,
    }


def test_touched_sources_are_those_with_a_record() -> None:
    report = SweepReport()
    report.add("loaded", "a 2025-09")
    report.add("rejected", "b 2025-09")
    report.add("waiting", "c 2025-09")
    report.add("deferred", "d 2025-09")
    report.add("mismatched", "e 2025-09")

    assert report.touched_sources == {"a", "b", "c"}
