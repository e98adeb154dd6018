"""What must hold after every fault, read from BigQuery alone: the months, the tracking rows and the views over them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal

from tests.faults.transport import BYSTANDER
from tests.harness import Harness
from tests.samples import Delivery
from tests.stack import SourceSpec

Held = tuple[int, Decimal | None]
Expected = Mapping[tuple[SourceSpec, str], Delivery]
checks: list[str] = []  # one entry per invariant checked, for `make faults`


def months_of(harness: Harness, spec: SourceSpec) -> dict[str, Held]:
    """Rows and total cost of every month that the table holds."""
    rows = harness.rows(
        f"SELECT FORMAT_DATE('%Y-%m', DATE({spec.shape['partition']})) AS month, COUNT(*) AS n,"
        f" SUM({spec.shape['cost']}) AS cost"
        f" FROM `{{dataset}}.{spec.table}` GROUP BY 1"
    )
    return {row["month"]: (row["n"], row["cost"]) for row in rows}


def check_invariants(harness: Harness, expected: Expected) -> None:
    """I1, I2 and I6: each table is exactly the expected deliveries, in all months. I4: each load is booked once.

    I3 is `watched`'s; I5 is what the handlers return or raise, which each scenario asserts.
    """
    for spec in harness.stack.sources:
        wanted = {month: delivery for (one, month), delivery in expected.items() if one == spec}
        totals = {month: (delivery.totals.rows, delivery.totals.cost) for month, delivery in wanted.items()}
        assert months_of(harness, spec) == totals, f"I1, I2, I6: {spec.table}"
        if wanted:
            _check_books(harness, spec, wanted)
    checks.extend(("I1", "I2", "I4", "I6"))


def _check_books(harness: Harness, spec: SourceSpec, wanted: Mapping[str, Delivery]) -> None:
    execution = spec.shape["execution_column"]
    loads = harness.rows(
        f"SELECT billing_month AS month, {execution} AS execution, job_id, row_count"
        f" FROM `{{dataset}}.{spec.table}_loads` ORDER BY loaded_at"
    )
    jobs = [row["job_id"] for row in loads]
    assert len(jobs) == len(set(jobs)), "I4: a load job is booked twice"
    newest = {row["month"]: (row["execution"], row["row_count"]) for row in loads}
    booked = {month: (delivery.execution, delivery.totals.rows) for month, delivery in wanted.items()}
    assert newest == booked, f"I4: {spec.table}_loads"


@contextmanager
def watched(harness: Harness, spec: SourceSpec, month: str, *allowed: Delivery) -> Iterator[None]:
    """I3: whoever reads meanwhile sees the month as one of the allowed deliveries left it, never empty or doubled."""
    seen: set[Held] = set()
    problems: list[Exception] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                seen.add(months_of(harness, spec).get(month, (0, None)))
            except Exception as problem:  # noqa: BLE001 - told by the assertion below
                problems.append(problem)
            over.wait(0.3)  # each look takes the emulator as long as a request of the load

    reader = threading.Thread(target=read, name=BYSTANDER, daemon=True)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join(timeout=30)
    assert problems == []
    assert seen <= {(one.totals.rows, one.totals.cost) for one in allowed}, "I3"
    checks.append("I3")
