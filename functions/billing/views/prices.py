"""The SQL of unit prices and of amounts in the pricing currency that an export lacks.

FOCUS wants both unit prices of all usage and purchases, except corrections, and the effective cost in the pricing
currency of every charge (focus.finops.org/focus-specification/v1-2).
"""

from textwrap import indent

from billing.views.casts import bounded
from billing.views.read_column import listed

EXCHANGE_RATE = "exchange_rate"  # a column of the rows: what one unit of the pricing currency is worth, or NULL
_KINDS = ("List", "Contracted")
_PRICED = "ChargeCategory IN ('Usage', 'Purchase') AND ChargeClass IS NULL"


def with_prices(rows: str) -> str:
    """Return the query of FOCUS rows without the exchange rate. `rows` is SQL of a table with it."""
    prices = [f"COALESCE({kind}UnitPrice, {_unit_price(f'{kind}Cost')}) AS {kind}UnitPrice" for kind in _KINDS]
    amounts = [_in_pricing_currency(name) for name in ("EffectiveCost", *(f"{kind}UnitPrice" for kind in _KINDS))]
    priced = f"(\nSELECT\n  * REPLACE (\n{indent(listed(prices), '    ')}\n  )\nFROM {rows}\n)"
    return f"SELECT\n  * EXCEPT ({EXCHANGE_RATE}) REPLACE (\n{indent(listed(amounts), '    ')}\n  )\nFROM {priced}"


def _unit_price(cost: str) -> str:
    """Return SQL of a cost for one unit.

    The unused part of a commitment has no price. Usage that a commitment covers has none if its cost is its effective
    cost: this is so where no price is known.
    """
    known = f"CommitmentDiscountStatus IS NULL OR CommitmentDiscountStatus = 'Used' AND {cost} != EffectiveCost"
    price = f"SAFE_DIVIDE({cost}, PricingQuantity) >= 0"
    return f"IF({_PRICED} AND {price} AND ({known}), {_quotient(cost, 'PricingQuantity')}, NULL)"


def _in_pricing_currency(name: str) -> str:
    """Return SQL of what the export has, else of the amount in the billing currency at the exchange rate."""
    amount = f"IF(PricingCurrency = BillingCurrency, {name}, {_quotient(name, EXCHANGE_RATE)})"
    return f"COALESCE(PricingCurrency{name}, {amount}) AS PricingCurrency{name}"


def _quotient(number: str, divisor: str) -> str:
    return bounded(f"SAFE_CAST(SAFE_DIVIDE({number}, {divisor}) AS BIGNUMERIC)")
