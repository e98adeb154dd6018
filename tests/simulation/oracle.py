"""What a month must hold (I2), by the record of what was delivered and not by the product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.simulation.provider import Delivery

# by kind of delivery, the codes that it may be rejected with
REJECTION_CODES: Mapping[str, frozenset[str]] = {
    "corrupt": frozenset({"HEADER_UNREADABLE", "VALUE_DOES_NOT_FIT"}),
    "empty": frozenset({"EMPTY_DELIVERY"}),
    "hostile": frozenset({"PATH_OUTSIDE_PREFIX"}),
    "narrow": frozenset({"COVERS_FEWER_DAYS"}),
    "outside": frozenset({"ROWS_OUTSIDE_MONTH"}),
}


def is_whole(delivery: Delivery, landed: Mapping[str, bytes]) -> bool:
    """Return whether the bucket has its manifest and all its files as the provider wrote them."""
    return landed.get(delivery.manifest) == delivery.manifest_bytes and all(
        landed.get(name) == data for name, data in delivery.files.items()
    )


def expected(deliveries: Iterable[Delivery], landed: Mapping[str, bytes]) -> Delivery | None:
    """Return the best of a month's complete and acceptable deliveries."""
    accepted = (one for one in deliveries if one.is_good and is_whole(one, landed))
    return max(accepted, key=lambda one: one.rank, default=None)
