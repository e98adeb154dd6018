"""The order in which the sweep and a replay take the manifests of a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from billing.decisions.candidates import (
    ReadableCandidate,
    UnreadableCandidate,
    best_first,
    in_order_of_trial,
    with_execution,
)
from billing.decisions.delivery import StoredObject
from billing.manifests import Export

STORED = StoredObject("manifest.json", 1, "crc", 1, datetime(2025, 10, 20, tzinfo=UTC))
EXPORT = Export("cur", "run-1", "2025-10", "1", (), (), False, None, None)
OLD, NEW = (ReadableCandidate(STORED, replace(EXPORT, execution=f"run-{run}", order_key=run)) for run in "12")
CUT = UnreadableCandidate(replace(STORED, name="cut.json"))


def test_newest_comes_first_and_unreadable_last() -> None:
    assert best_first([OLD, CUT, NEW]) == [NEW, OLD, CUT]


def test_sweep_tries_unreadable_manifests_first() -> None:
    assert in_order_of_trial([NEW, OLD, CUT]) == [CUT, NEW, OLD]


def test_deliveries_are_selected_by_execution() -> None:
    assert with_execution([NEW, CUT, OLD], "run-1") == [OLD]
    assert with_execution([NEW, CUT, OLD], "run-3") == []
