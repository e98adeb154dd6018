"""F16 by decisions alone: two overwrite deliveries arrive interleaved in every way, and each step is decided.

Without the scenario runner: 2,520 orders need neither storage nor load jobs.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from billing.decisions.decide import decide
from billing.decisions.decision import Load
from billing.decisions.delivery import Delivery, StoredObject, name_digest
from billing.decisions.policy import Policy
from billing.decisions.snapshot import MonthSnapshot
from billing.decisions.state import LoadedDelivery, MonthState
from billing.decisions.table import Table, TableIdentity
from billing.manifests import DataFile, Export
from tests.faults.conftest import LONG

FILES, MANIFEST = ("cur/f1", "cur/f2", "cur/f3"), "cur/manifest"
NAMES = (*FILES, MANIFEST)
TABLE = Table(TableIdentity("p.d.t", "2025-01-01"), (), None)
POLICY = Policy(timedelta(hours=3), "v1")
ARRIVES = datetime(2025, 9, 20, 20, tzinfo=UTC)
WRITTEN = {0: ARRIVES - timedelta(hours=18), 1: ARRIVES - timedelta(hours=8), 2: ARRIVES - timedelta(hours=2)}


@dataclass
class Bucket:
    """One overwritten month: the object that each name holds now, and what was recorded."""

    holds: dict[str, StoredObject] = field(default_factory=dict)
    state: MonthState = field(default_factory=MonthState)
    arrivals: int = 0
    loads: list[set[str]] = field(default_factory=list)  # the contents of the manifest and files of each load

    def arrive(self, name: str, delivery: int) -> None:
        """Copy an object as Storage Transfer does: a second after the one before, with its time at the provider."""
        self.arrivals += 1
        minute = NAMES.index(name)  # the provider writes the manifest last
        self.holds[name] = StoredObject(
            name,
            100 + delivery,
            f"content of {delivery}",
            self.arrivals,
            ARRIVES + timedelta(seconds=self.arrivals),
            WRITTEN[delivery] + timedelta(minutes=minute),
        )

    def decide(self, now: datetime) -> None:
        """Handle one event, and record what it loads."""
        manifest = self.holds.get(MANIFEST)
        if manifest is None:
            return
        delivery = Delivery(_export(manifest), MANIFEST, dict(self.holds))
        if not isinstance(decide(MonthSnapshot(delivery, self.state, TABLE), POLICY, now), Load):
            return
        self.loads.append({manifest.crc32c, *(file.crc32c for file in delivery.files)})
        contents = {name_digest(name): file.content for name, file in self.holds.items() if name != MANIFEST}
        export = delivery.export
        loaded = LoadedDelivery(
            export.execution,
            export.order_key,
            delivery.content,
            None,
            1,
            "job",
            "p.d.t",
            "2025-01-01",
            "2025-10-01",
            files=contents,
        )
        self.state = self.state.with_load(loaded)


def _export(manifest: StoredObject) -> Export:
    return Export(
        name="cur",
        execution=manifest.crc32c,
        month="2025-09",
        order_key=f"{manifest.generation:020d}",
        files=tuple(DataFile(name, None, None) for name in FILES),
        columns=(),
        overwrites=True,
        covers_until=None,
        rows=None,
    )


@pytest.mark.fault("F16")
@pytest.mark.parametrize("is_loaded", [False, True], ids=["first load", "over a loaded delivery"])
def test_no_interleaving_is_loaded_as_a_mix(*, is_loaded: bool) -> None:
    orders = sorted(set(itertools.permutations(NAMES * 2)))

    loads = {order: _loads_of(order, is_loaded=is_loaded) for order in (orders if LONG else orders[::5])}

    assert len(orders) == 2520
    assert [order for order, contents in loads.items() if any(len(one) > 1 for one in contents)] == []
    assert [order for order, contents in loads.items() if contents[-1:] != [{"content of 2"}]] == []


def _loads_of(order: Sequence[str], *, is_loaded: bool) -> list[set[str]]:
    """Copy the objects in that order, and decide after each. The sweep decides last, when all has settled."""
    bucket = Bucket()
    if is_loaded:
        for name in NAMES:
            bucket.arrive(name, 0)
        bucket.decide(ARRIVES + timedelta(minutes=1))
    for position, name in enumerate(order):
        bucket.arrive(name, 1 + order[:position].count(name))  # first from delivery 1, then from delivery 2
        bucket.decide(ARRIVES + timedelta(minutes=1))
    bucket.decide(ARRIVES + timedelta(hours=4))
    return bucket.loads
