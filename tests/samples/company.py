"""The company that the samples bill: how fast it grows, what it has committed to, and how its rows divide up.

Everything depends on the number of rows, so months of equal size fit together: a commitment of one month is the same in
the next, and what its purchases cost is what its usage costs over its life.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count
from math import ceil, floor, gcd

from tests.samples import engine
from tests.samples.model import month_end, month_start

HOURS = 24
SMALLEST = 180  # rows of a month below which the company has no commitments, because no row would be left for usage
_GROWTH = Decimal("1.03")  # a month
_LEAST, _MOST = Decimal("0.85"), Decimal("0.97")  # utilization of a commitment


def growth(month: str) -> Decimal:
    """Return usage relative to that of January 2025."""
    start = month_start(month)
    return round(_GROWTH ** (12 * (start.year - 2025) + start.month - 1), 6)


def days_of(month: str) -> int:
    return (month_end(month) - month_start(month)).days


def stride(rows: int) -> int:
    """Return the step that visits every row once, so that kinds of charges mix. Row i is the charge i * step % rows."""
    return next(step for step in count(max(1, rows * 618 // 1000)) if gcd(step, rows) == 1)


def counted(rows: int, share: str, least: int) -> int:
    return max(least, round(rows * Decimal(share)))


@dataclass(frozen=True)
class Term:
    """The year of a commitment: it is bought again in the same month of each year."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, month: str, bought: int) -> Term:
        now = month_start(month)
        start = now.replace(year=now.year if now.month >= bought else now.year - 1, month=bought)
        return cls(start, start.replace(year=start.year + 1))

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def begins_in(self, month: str) -> bool:
        return self.start == month_start(month)


def used_slots(granted: Decimal, *seed: object) -> int:
    """Return how many of the granted slots are used. A slot is one instance for one day."""
    least, most = ceil(granted * _LEAST), floor(granted * _MOST)
    return least + engine.key(*seed) % max(most - least + 1, 1)


def edges(sizes: Sequence[int]) -> list[int]:
    """Return the row after the last of each segment."""
    return [sum(sizes[: n + 1]) for n in range(len(sizes))]
