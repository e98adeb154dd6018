"""What the company has reserved at Azure, and how many charges each kind has in a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.samples import engine
from tests.samples.company import SMALLEST, Term, counted, days_of, edges, growth, stride, used_slots
from tests.samples.model import month_start

EXCHANGE_RATE = Decimal("0.923787528868360277")  # EUR for one USD
_HOURS_PAID = 730  # a monthly instalment is a twelfth of a year of 8,760 hours
COLUMNS = "commitment_no, reservation_id, reservation_name, reserved, instalment"


@dataclass(frozen=True)
class Reservation:
    """Instances reserved for a year and paid in monthly instalments."""

    number: int
    name: str
    bought: int  # the month of each year
    usd: Decimal  # per hour of an instance; on demand about a third more
    instances: int

    @property
    def reserved(self) -> Decimal:
        return round(self.usd * EXCHANGE_RATE, 12)

    def values(self, month: str) -> str:
        order = engine.identifier("reservation", self.number, Term.of(month, self.bought).start)
        instalment = self.reserved * _HOURS_PAID * self.instances
        return f"({self.number}, '{order}', '{self.name}', {self.reserved}, {instalment}::DECIMAL(18, 12))"


def plan(month: str, rows: int, days: int, key: int) -> Mapping[str, object]:
    """Return the values of the `$names` in the SQL files that depend on the size of the month: `days` are delivered."""
    machines = Reservation(0, "vm-reservation-1y", 3, Decimal("0.1472"), counted(rows, "0.003", least=1))
    databases = Reservation(1, "sql-reservation-1y", 10, Decimal("0.1197"), counted(rows, "0.0015", least=1))
    reservations = [(machines, rows >= SMALLEST // 2), (databases, rows >= SMALLEST)]
    slots = [one.instances * days if has else 0 for one, has in reservations]
    entries = _entries(month, [one.name for one, has in reservations if has])
    entries = entries if rows >= SMALLEST // 2 else entries[: rows // 4]
    used = [used_slots(Decimal(n), name, month, key) for n, name in zip(slots, ("vm", "sql"), strict=True)]
    return {
        "base": rows,
        "stride": stride(rows),
        "growth": growth(month),
        "month_days": days_of(month),
        "exchange_rate": EXCHANGE_RATE,
        **{f"edge{n}": last for n, last in enumerate(edges([len(entries), *slots]))},
        "entries": ", ".join(f"({n}, '{name}')" for n, name in enumerate(entries)) or "(-1, '')",
        "entry_count": max(1, len(entries)),
        "vm_instances": machines.instances,
        "sql_instances": databases.instances,
        "vm_used": used[0],
        "sql_used": used[1],
        "vm_stride": stride(max(slots[0], 1)),
        "sql_stride": stride(max(slots[1], 1)),
        "resources": counted(rows, "0.031", least=57),
        "commitments": ", ".join(one.values(month) for one, _ in reservations),
        "commitment_columns": COLUMNS,
        "subscription": round(rows * Decimal("0.03"), 2),
        "refund": round(rows * Decimal("0.004"), 2),
        "credit": round(rows * Decimal("0.008"), 2),
    }


def _entries(month: str, reserved: list[str]) -> list[str]:
    """Return the charges without a resource. Refunds come every third month."""
    purchases = [name for name in ("vm_reservation", "sql_reservation") if f"{name.replace('_', '-')}-1y" in reserved]
    refunds = ["refund"] if month_start(month).month % 3 == 0 else []
    return [*purchases, "support", "credit", "subscription", *refunds, "rounding"]
