"""F2, F16 and F23: objects of several deliveries in any order, with an event after each.

The scenario runner plays every order on the fakes, and a sample on the emulator (FAULTS=long: every order).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from tests.faults.conftest import LONG
from tests.simulation.backends import Backend
from tests.simulation.provider import StreamName
from tests.simulation.runner import run
from tests.simulation.steps import Copy, CopyDelivery, Deliver, Event, History, Write

NEWEST = Event(-1)
DATA, MANIFEST = (0, 1), (-1,)  # indexes of objects in a delivery
_EXECUTIONS = 20


@dataclass(frozen=True)
class Orders:
    scenario: str
    name: str
    histories: Sequence[History]
    sample: slice  # of the histories, on the emulator in the short form


def _with_events(copies: Sequence[CopyDelivery | Copy]) -> History:
    return [step for copy in copies for step in (copy, NEWEST)]


def _two_runs(stream: StreamName) -> list[History]:
    """The 24 orders of {A data, A manifest, B data, B manifest}. B is the newer run."""
    objects = [CopyDelivery(stream, run_index, part) for run_index in (0, 1) for part in (DATA, MANIFEST)]
    return [[Write(stream), Write(stream), *_with_events(order)] for order in itertools.permutations(objects)]


def _overwritten() -> list[History]:
    """The 24 orders of three files and the manifest, over a loaded delivery with the same names."""
    objects = [CopyDelivery("aws over", 1, (index,)) for index in range(4)]
    first: History = [Deliver("aws over"), NEWEST, Write("aws over")]
    return [[*first, *_with_events(order)] for order in itertools.permutations(objects)]


def _first_transfer(stream: StreamName) -> list[History]:
    """Twenty executions of one month, copied in random orders. AWS has one manifest, that of the newest."""
    orders = [random.Random(seed) for seed in range(5)]
    writes: History = [Write(stream) for _ in range(_EXECUTIONS)]
    return [[*writes, *_with_events([Copy((dice.randrange(100),)) for _ in range(4 * _EXECUTIONS)])] for dice in orders]


ORDERS = [
    Orders("F2", "two runs of AWS", _two_runs("aws new"), slice(5, None, 11)),
    Orders("F2", "two runs of Azure", _two_runs("azure"), slice(5, None, 11)),
    Orders("F16", "overwritten files of AWS", _overwritten(), slice(4, None, 10)),
    Orders("F23", "first transfer from AWS", _first_transfer("aws new"), slice(1)),
    Orders("F23", "first transfer from Azure", _first_transfer("azure"), slice(1)),
]
each_order = pytest.mark.parametrize(
    "orders", [pytest.param(one, marks=pytest.mark.fault(one.scenario), id=one.name) for one in ORDERS]
)


@each_order
def test_newest_delivery_loads_after_any_order(orders: Orders) -> None:
    for history in orders.histories:
        run(history)


@pytest.mark.timeout(1800 if LONG else 300)
@each_order
def test_newest_delivery_loads_after_any_order_on_the_emulator(
    emulator_backend: Callable[[], Backend], orders: Orders
) -> None:
    for history in orders.histories if LONG else orders.histories[orders.sample]:
        run(history, emulator_backend())
