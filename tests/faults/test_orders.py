"""F2, F16 and F23: objects of several deliveries in any order, an event after each; the newest delivery stands."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants
from tests.samples import Delivery, SampleObject, aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

SPECS = [AWS, AZURE] if LONG else [AZURE]


def _month(index: int) -> str:
    return f"{2020 + index // 12}-{index % 12 + 1:02d}"


@pytest.mark.fault("F2")
@pytest.mark.timeout(900 if LONG else 300)
@pytest.mark.parametrize("spec", [AWS, AZURE], ids=["aws", "azure"])
def test_of_two_runs_in_any_order_of_their_objects_the_newer_stands(
    harness: Harness, tmp_path: Path, spec: SourceSpec
) -> None:
    """The 24 orders of {A data, A manifest, B data, B manifest}, each in a month of its own."""
    orders = list(itertools.permutations(range(4)))
    expected = {}
    for index, order in enumerate(orders if LONG else orders[5::11]):
        older, newer = (_run(tmp_path, spec, index, revision) for revision in (1, 2))
        ends = _in_order(harness, spec, older, newer, order)
        assert set(ends) <= {"loaded", "waiting", "skipped"}, order
        assert _loaded(harness, spec, newer.month) in ([older.execution, newer.execution], [newer.execution]), order
        expected[spec, newer.month] = newer
    check_invariants(harness, expected)


def _run(folder: Path, spec: SourceSpec, index: int, revision: int) -> Delivery:
    generate = aws_cur_delivery if spec is AWS else azure_focus_delivery
    return generate(folder, _month(index), rows=3, files=1, revision=revision)


def _in_order(harness: Harness, spec: SourceSpec, older: Delivery, newer: Delivery, order: Sequence[int]) -> list[str]:
    """An event after each object. AWS keeps one manifest a month: once it is the newer run's, the older's is an event
    that comes late, and no object."""
    ends = []
    for position in order:
        delivery, is_data = ((older, True), (older, False), (newer, True), (newer, False))[position]
        if spec is AWS and position == 1 and order.index(3) < order.index(1):
            ends.append(harness.handle_manifest(spec, older))
        else:
            ends += harness.deliver_each(spec, delivery.data[0] if is_data else delivery.manifests[-1])
    return [outcome.action for outcome in ends]


def _loaded(harness: Harness, spec: SourceSpec, month: str) -> list[str]:
    execution = harness.source(spec).format.execution_column
    booked = f"SELECT {execution} AS id FROM `{{dataset}}.{spec.table}_loads` WHERE billing_month = '{month}'"
    return [row["id"] for row in harness.rows(f"{booked} ORDER BY loaded_at")]


@pytest.mark.fault("F16")
@pytest.mark.timeout(900 if LONG else 300)
def test_overwritten_files_in_any_order_are_never_mixed(harness: Harness, tmp_path: Path) -> None:
    """Every order of {f1, f2, f3, manifest} over a loaded delivery with the same names, each in a month of its own."""
    orders = list(itertools.permutations(range(4)))
    expected = {}
    for index, order in enumerate(orders if LONG else orders[4::10]):
        first, second = (
            aws_cur_delivery(tmp_path, _month(index), rows=6, files=3, mode="overwrite", revision=revision)
            for revision in (1, 2)
        )
        harness.load(AWS, first)
        items = (*second.data, *second.manifests)
        for position in order:
            harness.deliver_each(AWS, items[position])
            held = harness.rows_and_cost(AWS, first.month)
            assert held in (_held(first), _held(second)), f"a mix of two deliveries: {order}"
        expected[AWS, first.month] = second
    harness.clock.step(hours=4)
    harness.sweep()
    check_invariants(harness, expected)


def _held(delivery: Delivery) -> tuple[int, object]:
    return delivery.totals.rows, delivery.totals.cost


@pytest.mark.fault("F23")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_of_twenty_executions_in_random_order_the_newest_stands(
    harness: Harness, tmp_path: Path, spec: SourceSpec
) -> None:
    """A first transfer: AWS's newest is the one that its one manifest names, Azure's the last submitted."""
    number = 20 if LONG else 5
    generate = aws_cur_delivery if spec is AWS else azure_focus_delivery
    deliveries = [
        generate(tmp_path, "2025-09", rows=3, files=1, revision=revision) for revision in range(1, number + 1)
    ]
    newest = deliveries[-1]
    harness.deliver_each(spec, *_shuffled(spec, deliveries))
    check_invariants(harness, {(spec, "2025-09"): newest})


def _shuffled(spec: SourceSpec, deliveries: Sequence[Delivery]) -> list[SampleObject]:
    """Data and manifests in one random order; of AWS only the newest's manifest stands at the source."""
    manifests = [item for one in (deliveries if spec is AZURE else deliveries[-1:]) for item in one.manifests]
    items = [*(item for one in deliveries for item in one.data), *manifests]
    random.Random(1).shuffle(items)
    return items
