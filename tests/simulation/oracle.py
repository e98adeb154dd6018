"""What a month must hold, from DESIGN.md's I2 and the record of what was delivered: not from the product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.simulation.provider import Delivery


def stands(delivery: Delivery, landed: Mapping[str, bytes]) -> bool:
    """Its own manifest is in the bucket, and every file that it names is there as its provider wrote it."""
    return landed.get(delivery.manifest) == delivery.manifest_bytes and all(
        landed.get(name) == data for name, data in delivery.files.items()
    )


def expected(deliveries: Iterable[Delivery], landed: Mapping[str, bytes], refused: set[str]) -> Delivery | None:
    """The newest of a month's complete and accepted deliveries whose manifest stands in the bucket.

    Where one manifest serves the month, only the delivery that it names has its manifest there. `refused` are runs
    that covered less than what was loaded when they came.
    """
    accepted = (one for one in deliveries if one.is_good and one.execution not in refused and stands(one, landed))
    return max(accepted, key=lambda one: one.rank, default=None)


REFUSALS: Mapping[str, frozenset[str]] = {
    "corrupt": frozenset({"HEADER_UNREADABLE", "VALUE_DOES_NOT_FIT"}),
    "empty": frozenset({"EMPTY_DELIVERY"}),
    "hostile": frozenset({"PATH_OUTSIDE_PREFIX"}),
    "narrow": frozenset({"COVERS_FEWER_DAYS"}),
    "outside": frozenset({"ROWS_OUTSIDE_MONTH"}),
}
