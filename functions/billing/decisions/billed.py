"""What a month costs, in each currency. It is measured after a load, and recorded with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

# limits of what is recorded: a month has one or two currencies, of three letters each
MAX_CURRENCIES = 100
MAX_CURRENCY_CHARACTERS = 40


@dataclass(frozen=True)
class CurrencyCost:
    """The rows in one currency. `cost` is None if no row has a cost that can be read."""

    currency: str | None
    rows: int
    cost: Decimal | None


@dataclass(frozen=True)
class Billed:
    """The measured month. `costs` is None if it could not be measured, and `failure` then says why."""

    costs: tuple[CurrencyCost, ...] | None = None
    invoiced: bool | None = None  # whether every row with a cost has an invoice; None if the table has no such column
    unreadable: int = 0  # rows whose cost is not a number, infinite or too large
    failure: str = ""
    bad_rows: int = 0  # rows with text that has U+FFFD or NUL
    bad_columns: tuple[str, ...] = ()  # where they have it

    @property
    def columns(self) -> Mapping[str, object]:
        """The columns of a tracking row. Costs in two currencies have no sum, so `cost` is then NULL."""
        costs = self.costs or ()
        found = {
            "cost": costs[0].cost if len(costs) == 1 else None,
            "costs": costs_as_text(self.costs) if self.costs is not None else None,
            "invoiced": self.invoiced,
        }
        return {name: value for name, value in found.items() if value is not None}


def costs_as_text(costs: Sequence[CurrencyCost]) -> str:
    """Return JSON that `billing_status` reads. Equal costs give equal text."""
    entries = [
        {"currency": one.currency, "rows": one.rows, "cost": plain(one.cost) if one.cost is not None else None}
        for one in sorted(costs, key=lambda one: one.currency or "")
    ]
    return json.dumps(entries, separators=(",", ":"))


def costs_in(text: str | None) -> dict[str | None, Decimal]:
    """Return the recorded cost by currency. Nothing if none was recorded."""
    entries = json.loads(text) if text else []
    return {one["currency"]: Decimal(one["cost"]) for one in entries if one["cost"] is not None}


def plain(cost: Decimal) -> str:
    """Return all digits, without an exponent and without zeros at the end: they differ between clients."""
    text = f"{cost:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
