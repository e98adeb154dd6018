"""F2, F16 and F23: objects of several deliveries in any order, an event after each; the newest delivery stands."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from billing import exports
from billing.clock import Timer
from billing.load import process
from billing.look import Visit
from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants
from tests.harness import Harness, SteppedClock
from tests.samples import Delivery, SampleObject, aws_cur_delivery, azure_focus_delivery
from tests.stack import AWS, AZURE, SourceSpec


def nudge(harness: Harness, spec: SourceSpec, item: SampleObject) -> str:
    """The object arrives, and its event is handled: how it ended."""
    name = harness.stack.deliver_object(spec, item)
    source = harness.source(spec)
    manifest = exports.manifest_name(source, name)
    assert manifest is not None
    return process(Visit(harness.cloud, source, manifest, Timer(harness.clock))).action


def _month(index: int) -> str:
    return f"{2020 + index // 12}-{index % 12 + 1:02d}"


@pytest.mark.fault("F2")
@pytest.mark.timeout(300)
def test_of_two_runs_in_any_order_of_their_objects_the_newer_stands(harness: Harness, tmp_path: Path) -> None:
    """The 24 orders of {A data, A manifest, B data, B manifest}, each in a month of its own."""
    orders = list(itertools.permutations(range(4)))
    expected = {}
    for index, order in enumerate(orders if LONG else orders[::2]):
        older, newer = (
            azure_focus_delivery(tmp_path, _month(index), rows=3, files=1, revision=revision) for revision in (1, 2)
        )
        items = (older.data[0], older.manifests[0], newer.data[0], newer.manifests[0])
        ends = [nudge(harness, AZURE, items[position]) for position in order]
        expected[AZURE, newer.month] = newer
        assert set(ends) <= {"loaded", "waiting", "skipped"}, order
        newer_stood = False
        booked = f"SELECT run_id FROM `{{dataset}}.{AZURE.table}_loads` WHERE billing_month = '{newer.month}'"
        for row in harness.rows(f"{booked} ORDER BY loaded_at"):
            assert not (newer_stood and row["run_id"] == older.execution), f"the older run over the newer: {order}"
            newer_stood = newer_stood or row["run_id"] == newer.execution
    check_invariants(harness, expected)


@pytest.mark.fault("F16")
@pytest.mark.timeout(300)
def test_overwritten_files_in_any_order_are_never_mixed(harness: Harness, tmp_path: Path) -> None:
    """Every order of {f1, f2, f3, manifest} over a loaded delivery with the same names, each in a month of its own."""
    assert isinstance(harness.clock, SteppedClock)
    orders = list(itertools.permutations(range(4)))
    expected = {}
    for index, order in enumerate(orders if LONG else orders[::5]):
        first, second = (
            aws_cur_delivery(tmp_path, _month(index), rows=6, files=3, mode="overwrite", revision=revision)
            for revision in (1, 2)
        )
        harness.load(AWS, first)
        items = (*second.data, *second.manifests)
        for position in order:
            nudge(harness, AWS, items[position])
            held = harness.month(AWS, first.month)
            assert held in (_held(first), _held(second)), f"a mix of two deliveries: {order}"
        expected[AWS, first.month] = second
    harness.clock.step(hours=4)
    harness.sweep()
    check_invariants(harness, expected)


def _held(delivery: Delivery) -> tuple[int, object]:
    return delivery.totals.rows, delivery.totals.cost


@pytest.mark.fault("F23")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("spec", [AWS, AZURE], ids=["aws", "azure"])
def test_of_twenty_executions_in_random_order_the_newest_stands(
    harness: Harness, tmp_path: Path, spec: SourceSpec
) -> None:
    """A first transfer: AWS's newest is the one that its one manifest names, Azure's the last submitted."""
    number = 20 if LONG else 8
    generate = aws_cur_delivery if spec is AWS else azure_focus_delivery
    deliveries = [
        generate(tmp_path, "2025-09", rows=3, files=1, revision=revision) for revision in range(1, number + 1)
    ]
    newest = deliveries[-1]
    for item in _shuffled(spec, deliveries):
        nudge(harness, spec, item)
    check_invariants(harness, {(spec, "2025-09"): newest})


def _shuffled(spec: SourceSpec, deliveries: Sequence[Delivery]) -> list[SampleObject]:
    """Data and manifests in one random order; of AWS only the newest's manifest stands at the source."""
    manifests = [item for one in (deliveries if spec is AZURE else deliveries[-1:]) for item in one.manifests]
    items = [*(item for one in deliveries for item in one.data), *manifests]
    random.Random(1).shuffle(items)
    return items
