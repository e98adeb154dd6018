"""Compare a delivery with what is loaded: a much smaller one may be a part of its month.

A provider may correct a month, and credits lower its cost. So a smaller delivery is loaded and reported, unless the
source holds such deliveries.
"""

from decimal import Decimal

from billing.decisions.billed import Billed, costs_in, plain
from billing.decisions.decision import Load, Reject
from billing.decisions.delivery import Delivery
from billing.decisions.policy import Override, Policy
from billing.decisions.record import Finding, LoadResult
from billing.decisions.state import LoadedDelivery


def held_delivery(delivery: Delivery, loaded: LoadedDelivery | None, policy: Policy) -> Reject | None:
    """Reject a delivery that would shrink the month, if the source holds those.

    Before a load, only the rows that the manifest counts are known, or else the size of the files.
    """
    if loaded is None or not policy.holds_shrinking:
        return None
    rows = delivery.export.rows
    unit, before, after = (
        ("rows", loaded.rows, rows) if rows is not None else ("bytes", loaded.byte_count, delivery.byte_count)
    )
    if before is None or not _is_shrunk(before, after, policy.shrink_percent):
        return None
    sentence = f"Execution {delivery.export.execution} has {after} {unit}, but {loaded.execution} has {before}"
    return Reject("MONTH_WOULD_SHRINK", f"{sentence}, and SHRINK_PERCENT is {policy.shrink_percent:g}.")


def check_shrinkage(load: Load, result: LoadResult, billed: Billed, policy: Policy) -> Finding | None:
    """Return a finding if the month has much fewer rows or a much lower cost than its last load. A replay has none."""
    before = load.state.loaded_into(load.table.identity)
    if before is None or policy.override is Override.EVERYTHING:
        return None
    falls = _falls_of_cost(before, billed, policy.shrink_percent)
    if _is_shrunk(before.rows, result.rows, policy.shrink_percent):
        falls.insert(0, f"{result.rows} rows after {before.rows}")
    if not falls:
        return None
    changed = f"{load.month} has {', and '.join(falls)}: SHRINK_PERCENT is {policy.shrink_percent:g}."
    return Finding("MONTH_SHRANK", f"{changed} Check the delivery at the provider.", "WARNING")


def _falls_of_cost(before: LoadedDelivery, billed: Billed, percent: float) -> list[str]:
    """Describe each currency whose cost fell too much. One that is gone has a cost of 0."""
    if billed.costs is None:
        return []
    after = {one.currency: one.cost or Decimal(0) for one in billed.costs}
    changes = [(name, cost, after.get(name, Decimal(0))) for name, cost in costs_in(before.costs).items()]
    return [
        f"a cost of {plain(now)}{_named(name)} after {plain(cost)}"
        for name, cost, now in changes
        if _is_shrunk(cost, now, percent)
    ]


def _named(currency: str | None) -> str:
    """Return a currency with a space before it. It is text of the files, and may be anything."""
    if currency is None:
        return ""
    return f" {currency if currency.isalnum() else ascii(currency)}"


def _is_shrunk(before: Decimal | int, after: Decimal | int, percent: float) -> bool:
    """Return whether a positive number fell by more than so many percent. 100 turns the check off."""
    return percent < 100 and before > 0 and (before - after) * 100 > before * Decimal(str(percent))
