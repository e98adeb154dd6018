"""What the company has committed to at AWS, and how many line items each kind of charge has in a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from tests.samples import engine
from tests.samples.company import HOURS, SMALLEST, Term, counted, days_of, edges, growth, stride, used_slots
from tests.samples.model import month_start

_SPIKE = 11  # in every November, one team leaves debug logs on for three days
_RESERVED, _PLAN, _EC2_PLAN = (
    Decimal(rate) for rate in ("0.1782", "0.1656", "0.07935")
)  # per hour; on demand 34 to 28 % more
_ENTRIES = ("support", "tax", "credit", "subscription", "vat", "rounding")


@dataclass(frozen=True)
class Commitment:
    """A reservation of instances, or the money of a Savings Plan. Both are granted for every hour."""

    number: int
    term: Term
    unit_rate: Decimal  # what an hour of an instance costs with it
    upfront_share: Decimal
    days: int
    instances: int  # that it covers
    hourly: Decimal  # what it costs in an hour, upfront share included
    granted: int  # hours that are paid: of every instance, or of the plan
    used: int  # slots: an instance for a day

    @property
    def total(self) -> Decimal:
        return self.hourly * HOURS * self.days

    @property
    def spent(self) -> Decimal:
        return self.unit_rate * HOURS * self.used

    def values(self) -> tuple[object, ...]:
        """Return the row of the table `commitment`: what its columns say of this month."""
        upfront = self.hourly * self.upfront_share * HOURS * self.term.days
        amortized = self.total * self.upfront_share
        unit_amortized = self.unit_rate * self.upfront_share
        unused_units = self.granted - HOURS * self.used if self.number == 0 else 0
        hourly = self.hourly * (1 - self.upfront_share) * HOURS * self.days / self.granted
        first, last = (f"{moment:%Y-%m-%d}T00:00:00.000Z" for moment in (self.term.start, self.term.end))
        return (
            self.number, self.arn, first, last, hourly, self.granted, upfront, self.total - amortized, amortized,
            self.total, self.spent, self.unit_rate, unit_amortized, self.instances, unused_units,
            "Partial Upfront" if self.upfront_share else "No Upfront",
        )  # fmt: skip

    @property
    def arn(self) -> str:
        if self.number == 0:
            return f"arn:aws:rds:eu-central-1:100000000000:ri:ri-{self.term.start:%Y-%m-%d}-postgresql"
        plan = engine.identifier("savings plan", self.number, self.term.start)
        return f"arn:aws:savingsplans::100000000000:savingsplan/{plan}"


COLUMNS = (
    "commitment_no, commitment_arn, commitment_start, commitment_end, hourly, granted, upfront, recurring, amortized, "
    "total, spent, unit_rate, unit_amortized, instances, unused_units, payment_option"
)


def reservation(rows: int, month: str, key: int) -> Commitment:
    """Return the reserved database instances, bought partial upfront each March."""
    days, term = days_of(month), Term.of(month, 3)
    instances = counted(rows, "0.002", least=1)
    used = used_slots(Decimal(instances * days), "reservation", month, key)
    share = Decimal("0.5")
    return Commitment(0, term, _RESERVED, share, days, instances, _RESERVED * instances, instances * HOURS * days, used)


def savings_plan(number: int, rows: int, month: str, key: int) -> Commitment:
    """Return the Compute Savings Plan (1), bought without upfront in March, or the EC2 one (2), by half."""
    rate, share, bought = {1: (_PLAN, Decimal(0), 3), 2: (_EC2_PLAN, Decimal("0.5"), 9)}[number]
    days, term = days_of(month), Term.of(month, bought)
    covered = rows * {1: Decimal("0.002"), 2: Decimal("0.0015")}[number]
    hourly = round(covered * rate, 3)
    used = used_slots(hourly * days / rate, "plan", number, month, key)
    return Commitment(number, term, rate, share, days, max(1, ceil(covered)), hourly, HOURS * days, used)


def plan(month: str, rows: int, key: int) -> Mapping[str, object]:
    """Return the values of the `$names` in the SQL files that depend on the size of the month."""
    committed = [reservation(rows, month, key), savings_plan(1, rows, month, key), savings_plan(2, rows, month, key)]
    has_any = rows >= SMALLEST
    entries = _entries(month, committed if has_any else [])[: rows if has_any else rows // 4]
    used = [one.used if has_any else 0 for one in committed]
    discounted = counted(rows, "0.01", least=3) if rows >= 40 else 0
    edge = edges([len(entries), used[0], 2 * used[1], 2 * used[2], 2 * discounted])
    return {
        "base": rows,
        "stride": stride(rows),
        "growth": growth(month),
        "spike": month_start(month).month == _SPIKE,
        "year": month[:4],
        **{f"edge{n}": last for n, last in enumerate(edge)},
        "entries": ", ".join(f"({n}, '{name}')" for n, name in enumerate(entries)) or "(-1, '')",
        "entry_count": max(1, len(entries)),
        "ri_instances": committed[0].instances,
        "sp_instances": committed[1].instances,
        "ec2_sp_instances": committed[2].instances,
        "distributions": max(1, ceil(discounted / 28)),
        "resources": counted(rows, "0.027", least=66),
        "commitments": ", ".join(f"({', '.join(map(_literal, one.values()))})" for one in committed),
        "commitment_columns": COLUMNS,
        "subscription": round(rows * Decimal("0.04"), 2),
        "credit": round(rows * Decimal("0.01"), 2),
        "refund": round(rows * Decimal("0.003"), 2),
    }


def _entries(month: str, committed: list[Commitment]) -> list[str]:
    """Return the charges without a resource. Refunds come every third month, upfront fees with a new term."""
    entries = [*_ENTRIES, *(["refund"] if month_start(month).month % 3 == 0 else [])]
    if committed:
        entries += ["instalment", "plan", "ec2_plan"]
        entries += ["reservation"] if committed[0].term.begins_in(month) else []
        entries += ["ec2_plan_upfront"] if committed[2].term.begins_in(month) else []
    return entries


def _literal(value: object) -> str:
    return (
        f"'{value}'"
        if isinstance(value, str)
        else f"{value}::{'BIGINT' if isinstance(value, int) else 'DECIMAL(28, 10)'}"
    )
