"""A delivery that is much smaller than the loaded one is reported, or held."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.decisions.billed import Billed, CurrencyCost, costs_as_text
from billing.decisions.decide import decide
from billing.decisions.decision import Load, Reject, Skip
from billing.decisions.delivery import Delivery
from billing.decisions.policy import Override, Policy
from billing.decisions.record import Finding, LoadResult
from billing.decisions.shrinkage import check_shrinkage
from billing.decisions.snapshot import MonthSnapshot
from billing.decisions.state import LoadedDelivery, MonthState, job_time
from billing.decisions.table import Table
from tests.unit.decisions.examples import DELIVERY, NOW, TABLE
from tests.unit.decisions.test_record import POLICY

ALERT = replace(POLICY, shrink_percent=20)
HOLD = replace(ALERT, holds_shrinking=True)
KNOWN_TABLE = Table(TABLE, (), None)
CHECK = "SHRINK_PERCENT is 20. Check the delivery at the provider."


def loaded(rows: int = 100, byte_count: int | None = 1000, **costs: str) -> LoadedDelivery:
    """Return the recorded load of an older delivery, with its cost by currency."""
    entries = [CurrencyCost(currency, 1, Decimal(cost)) for currency, cost in costs.items()]
    return LoadedDelivery(
        execution="run-1",
        order_key="1",
        content="older",
        covers_until=None,
        rows=rows,
        job_id="job-0",
        table=TABLE.name,
        table_created=TABLE.created,
        ended=job_time(NOW),
        byte_count=byte_count,
        costs=costs_as_text(entries) if entries else None,
    )


def load_after(before: LoadedDelivery | None) -> Load:
    return Load(DELIVERY, MonthState(loaded=before), KNOWN_TABLE)


def billed(**costs: str | None) -> Billed:
    return Billed(tuple(CurrencyCost(name, 1, Decimal(cost) if cost else None) for name, cost in costs.items()))


@pytest.mark.parametrize(
    ("before", "rows", "after", "message"),
    [
        (None, 1, billed(USD="1"), None),
        (loaded(rows=100), 80, Billed(), None),
        (loaded(rows=100), 79, Billed(), f"2025-10 has 79 rows after 100: {CHECK}"),
        (loaded(rows=0), 0, Billed(), None),
        (loaded(rows=1, USD="100"), 1, billed(USD="80"), None),
        (loaded(rows=1, USD="100"), 1, billed(USD="79.99"), f"2025-10 has a cost of 79.99 USD after 100: {CHECK}"),
        (loaded(rows=1, USD="100"), 1, billed(USD="-5"), f"2025-10 has a cost of -5 USD after 100: {CHECK}"),
        (loaded(rows=1, USD="-100"), 1, billed(USD="-500"), None),  # credits
        (loaded(rows=1, USD="0"), 1, billed(USD="-1"), None),
        (loaded(rows=1, USD="9", CNY="300"), 1, billed(USD="9"), f"2025-10 has a cost of 0 CNY after 300: {CHECK}"),
        (loaded(rows=1, X_X="9.50"), 1, billed(X_X="1.00"), f"2025-10 has a cost of 1 'X_X' after 9.5: {CHECK}"),
        (loaded(rows=1, USD="100"), 1, billed(USD=None), f"2025-10 has a cost of 0 USD after 100: {CHECK}"),
        (loaded(rows=1, USD="100"), 1, Billed(failure="no answer"), None),
        (loaded(rows=1, USD="100"), 1, billed(USD="1e30"), None),
        (
            loaded(rows=100, USD="100"),
            1,
            billed(USD="1"),
            f"2025-10 has 1 rows after 100, and a cost of 1 USD after 100: {CHECK}",
        ),
    ],
)
def test_month_that_shrank_is_a_finding(
    before: LoadedDelivery | None, rows: int, after: Billed, message: str | None
) -> None:
    finding = check_shrinkage(load_after(before), LoadResult("job-1", rows, NOW), after, ALERT)

    assert finding == (message and Finding("MONTH_SHRANK", message, "WARNING"))


@pytest.mark.parametrize(
    ("policy", "before"),
    [
        (replace(ALERT, shrink_percent=100), loaded(USD="100")),
        (replace(ALERT, override=Override.EVERYTHING), loaded(USD="100")),
        (ALERT, replace(loaded(USD="100"), table_created="before the table was recreated")),
    ],
    ids=["turned off", "replay", "another table"],
)
def test_month_may_shrink(policy: Policy, before: LoadedDelivery) -> None:
    assert check_shrinkage(load_after(before), LoadResult("job-1", 0, NOW), billed(USD="-1"), policy) is None


def snapshot_of(before: LoadedDelivery, *, rows: int | None) -> MonthSnapshot:
    """Return the delivery of 30 bytes, whose manifest counts these rows, over that load."""
    delivery = Delivery(replace(DELIVERY.export, rows=rows), DELIVERY.manifest, DELIVERY.objects)
    return MonthSnapshot(delivery, MonthState(loaded=before), KNOWN_TABLE)


@pytest.mark.parametrize(
    ("before", "rows", "message"),
    [
        (loaded(rows=100), 80, None),
        (loaded(rows=100), 79, "Execution run-2 has 79 rows, but run-1 has 100, and SHRINK_PERCENT is 20."),
        (loaded(rows=100, byte_count=37), None, None),
        (
            loaded(rows=100, byte_count=38),
            None,
            "Execution run-2 has 30 bytes, but run-1 has 38, and SHRINK_PERCENT is 20.",
        ),
        (loaded(rows=100, byte_count=None), None, None),  # recorded without it
    ],
)
def test_smaller_delivery_is_held(before: LoadedDelivery, rows: int | None, message: str | None) -> None:
    decision = decide(snapshot_of(before, rows=rows), HOLD, NOW)

    assert isinstance(decision, Load) if message is None else decision == Reject("MONTH_WOULD_SHRINK", message)


@pytest.mark.parametrize(
    "policy", [ALERT, replace(HOLD, shrink_percent=100), replace(HOLD, override=Override.EVERYTHING)]
)
def test_smaller_delivery_is_loaded_by_default_and_by_a_replay(policy: Policy) -> None:
    assert isinstance(decide(snapshot_of(loaded(), rows=1), policy, NOW), Load)


def test_older_delivery_is_superseded_and_not_held() -> None:
    newer = replace(loaded(), order_key="9")

    decision = decide(snapshot_of(newer, rows=1), HOLD, NOW)

    assert isinstance(decision, Skip)
    assert decision.code == "SUPERSEDED"
