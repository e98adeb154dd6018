"""What FOCUS shows of each kind of charge at AWS: a specification that a FinOps person can read and check.

A charge has rows of the export, and below them the rows of `focus_costs`. `cur` names the columns of a Cost and Usage
Report by the short names in `CUR_NAMES`. `focus` has the category, then the costs in the order Billed, Effective, List,
Contracted, then the commitment. All amounts are in USD.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.unit.views.charges_spec import Charge

SEPTEMBER, OCTOBER = datetime(2025, 9, 1, tzinfo=UTC), datetime(2025, 10, 1, tzinfo=UTC)
RI_ARN, SP_ARN, HOST_ARN = "arn:ri", "arn:sp", "arn:host"
CUR_NAMES = {
    "month": "bill_billing_period_start_date", "payer": "bill_payer_account_id", "bill": "bill_bill_type",
    "product": "line_item_product_code", "about": "line_item_line_item_description", "usage": "line_item_usage_type",
    "amount": "line_item_usage_amount", "normalized": "line_item_normalized_usage_amount", "unit": "pricing_unit",
    "cost": "line_item_unblended_cost", "net": "line_item_net_unblended_cost",
    "currency": "line_item_currency_code", "prices": "pricing_currency",
    "public": "pricing_public_on_demand_cost", "rate": "pricing_public_on_demand_rate",
    # a reservation: the amortized cost of its usage, and of its unused part
    "ri": "reservation_reservation_a_r_n",
    "ri_cost": "reservation_effective_cost", "ri_net": "reservation_net_effective_cost",
    "idle_upfront": "reservation_unused_amortized_upfront_fee_for_billing_period",
    "idle_upfront_net": "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "idle_recurring": "reservation_unused_recurring_fee", "idle_recurring_net": "reservation_net_unused_recurring_fee",
    "idle_units": "reservation_unused_quantity", "units": "reservation_total_reserved_units",
    "normalized_units": "reservation_total_reserved_normalized_units",
    # a Savings Plan: the amortized cost of its usage, what is committed, and what of it is used
    "sp": "savings_plan_savings_plan_a_r_n",
    "sp_cost": "savings_plan_savings_plan_effective_cost", "sp_net": "savings_plan_net_savings_plan_effective_cost",
    "committed": "savings_plan_total_commitment_to_date", "used": "savings_plan_used_commitment",
    "recurring": "savings_plan_recurring_commitment_for_billing_period",
    "recurring_net": "savings_plan_net_recurring_commitment_for_billing_period",
    "upfront": "savings_plan_amortized_upfront_commitment_for_billing_period",
    "upfront_net": "savings_plan_net_amortized_upfront_commitment_for_billing_period",
}  # fmt: skip
SHORT_COMMITMENT = {
    "RI": ("Usage", RI_ARN, "Reserved Instance"),
    "SP": ("Spend", SP_ARN, "Savings Plan"),
    "HOST": ("Usage", HOST_ARN, "Reserved Instance"),
}


def cur(line_type: str, **values: object) -> dict[str, object]:
    """Return a row of a Cost and Usage Report."""
    row = {CUR_NAMES[name]: value for name, value in values.items()}
    return {"line_item_line_item_type": line_type, **row}


def focus(
    category: str,
    billed: object,
    effective: object,
    listed: object,
    contracted: object,
    commitment: str = "",
    quantity: object = None,
    unit: str | None = None,
    status: str | None = None,
    **more: object,
) -> dict[str, Any]:
    """Return a row of `focus_costs`."""
    costs = dict(
        zip(("Billed", "Effective", "List", "Contracted"), (billed, effective, listed, contracted), strict=True)
    )
    row: dict[str, Any] = {"ChargeCategory": category, **{f"{name}Cost": cost for name, cost in costs.items()}, **more}
    if commitment:
        kind, arn, named = SHORT_COMMITMENT[commitment]
        given = {"Category": kind, "Id": arn, "Type": named, "Quantity": quantity, "Unit": unit, "Status": status}
        row |= {f"CommitmentDiscount{name}": value for name, value in given.items()}
    return row


def correction(category: str, *costs: object, **more: object) -> dict[str, Any]:
    return {**focus(category, *costs, **more), "ChargeClass": "Correction"}  # type: ignore[arg-type]


def sample(kind: str, *rows: Mapping[str, Any]) -> Charge:
    """Return a charge from rows of both kinds: what is exported, then what `focus_costs` shows."""
    exported = [row for row in rows if "line_item_line_item_type" in row]
    return Charge(kind, exported, [row for row in rows if "line_item_line_item_type" not in row])


ON_DEMAND = [
    sample(
        "on demand",
        cur("Usage", amount=10, cost=3, public=4, unit="Hrs"),
        focus("Usage", 3, 3, 4, 3, PricingCategory="Standard", ConsumedQuantity=10, PricingUnit="Hrs"),
    ),
    sample(
        "usage without a quantity has no unit",
        cur("Usage", cost=3, public=4, unit="Hrs"),
        focus("Usage", 3, 3, 4, 3, PricingQuantity=None, PricingUnit=None, ConsumedQuantity=None, ConsumedUnit=None),
    ),
    sample(
        "usage without a line item type",
        cur("", amount=10, cost=3, public=4),
        focus("Usage", 3, 3, 4, 3),
    ),
    sample(
        "spot: the discount of spot is in the price",
        cur("Usage", usage="EUC1-SpotUsage:m5.large", cost=1, public=4),
        focus("Usage", 1, 1, 4, 1, PricingCategory="Dynamic"),
    ),
    sample(
        "tiered: each tier is a row with its own price",
        cur("Usage", amount=100, cost=10, public=10, rate="0.1"),
        cur("Usage", amount=50, cost=4, public=4, rate="0.08"),
        focus("Usage", 10, 10, 10, 10, ListUnitPrice="0.1", PricingCurrencyListUnitPrice="0.1"),
        focus("Usage", 4, 4, 4, 4, ListUnitPrice="0.08"),
    ),
    sample(
        "free tier",
        cur("Usage", amount=10, cost=0, public=0, rate=0),
        focus("Usage", 0, 0, 0, 0, ListUnitPrice=0),
    ),
    sample(
        "split cost of a container: the instance has the cost",
        cur("Usage", cost=0, public=0, usage="EUC1-ECS-EC2-vCPU-Hours"),
        focus("Usage", 0, 0, 0, 0),
    ),
    sample(
        "marketplace: the public cost is 0, so the list cost is the cost",
        cur("Usage", amount=10, cost=5, public=0, rate=0),
        focus("Usage", 5, 5, 5, 5, ListUnitPrice="0.5"),
    ),
    sample(
        "new service: the public cost is absent, so the list cost is the cost",
        cur("Usage", amount=10, cost=5),
        focus("Usage", 5, 5, 5, 5, ListUnitPrice="0.5"),
    ),
    sample(
        "public price in another currency: it is no price in this one, so the list cost is the cost",
        cur("Usage", amount=10, cost=30, public=4, rate="0.4", currency="CNY", prices="USD"),
        focus("Usage", 30, 30, 30, 30, ListUnitPrice=3, PricingCurrency="USD", PricingCurrencyListUnitPrice=None),
    ),
    sample(
        "corrected usage: a negative amount with a cost is no price",
        cur("Usage", amount=-30, cost=9),
        focus("Usage", 9, 9, 9, 9, ListUnitPrice=None, PricingCurrencyListUnitPrice=None),
    ),
    sample(
        "fee of a marketplace contract",
        cur("Fee", cost=500),
        focus("Purchase", 500, 500, 500, 500, ChargeFrequency="One-Time"),
    ),
    sample(
        "flat-rate subscription",
        cur("FlatRateSubscription", cost=15),
        focus("Purchase", 15, 15, 15, 15, ChargeFrequency="Recurring"),
    ),
    sample("tax", cur("Tax", cost=19), focus("Tax", 19, 19, 19, 19)),
    sample("credit", cur("Credit", cost=-5), focus("Credit", -5, -5, -5, -5)),
    sample(
        "refund of usage",
        cur("Refund", cost=-3, amount=10),
        correction("Usage", -3, -3, -3, -3, ConsumedQuantity=None, ChargeFrequency="Usage-Based"),
    ),
    sample(
        "tax in a bill of refunds",
        cur("Tax", bill="Refund", cost=-1),
        correction("Tax", -1, -1, -1, -1),
    ),
]
RESERVATIONS = [
    sample(
        "reservation, no upfront: 700 of 730 hours used",
        cur("RIFee", ri=RI_ARN, cost=73, units=730, unit="Hrs", idle_upfront=0, idle_recurring=3, idle_units=30),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, public=140, amount=700, unit="Hrs", ri_cost=70),
        focus("Purchase", 73, 0, 73, 73, "RI", 730, "Hrs", ChargeFrequency="Recurring"),
        focus("Usage", 0, 3, 0, 0, "RI", 30, "Hrs", "Unused", PricingCategory="Committed"),
        focus("Usage", 0, 70, 140, 140, "RI", 700, "Hrs", "Used", PricingCategory="Committed"),
    ),
    sample(
        "reservation, partial upfront: the one-time fee has no hours of its own",
        cur("Fee", ri=RI_ARN, cost=438, amount=1, units=8760, unit="Quantity"),
        cur("RIFee", ri=RI_ARN, cost="36.5", units=730, unit="Hrs", idle_upfront=0, idle_recurring=0, idle_units=0),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, public=140, amount=730, unit="Hrs", ri_cost=73),
        focus("Purchase", 438, 0, 438, 438, "RI", 0, "Hrs", ChargeFrequency="One-Time"),
        focus("Purchase", "36.5", 0, "36.5", "36.5", "RI", 730, "Hrs"),
        focus("Usage", 0, 0, 0, 0, "RI", 0, "Hrs", "Unused"),
        focus("Usage", 0, 73, 140, 140, "RI", 730, "Hrs", "Used"),
    ),
    sample(
        "reservation, all upfront, whole term in one fee: no monthly fee, so the fee has the hours of the term",
        cur("Fee", ri=RI_ARN, cost=876, amount=1, units=8760, unit="Quantity"),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, public=140, amount=730, unit="Hrs", ri_cost=73),
        focus("Purchase", 876, 0, 876, 876, "RI", 8760, "Hrs"),
        focus("Usage", 0, 73, 140, 140, "RI", 730, "Hrs", "Used"),
    ),
    sample(
        "reservation, all upfront, refunded after a month: what is left is what was used",
        cur("Fee", ri=RI_ARN, cost=876, amount=1, units=8760, unit="Quantity"),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, public=140, amount=730, unit="Hrs", ri_cost=73),
        cur("Refund", ri=RI_ARN, cost=-803, month=OCTOBER),
        focus("Purchase", 876, 0, 876, 876, "RI", 8760, "Hrs"),
        focus("Usage", 0, 73, 140, 140, "RI", 730, "Hrs", "Used"),
        correction("Purchase", -803, 0, -803, -803, commitment="RI"),
    ),
    sample(
        "reservation that is never used",
        cur("RIFee", ri=RI_ARN, cost=73, units=730, unit="Hrs", idle_upfront=10, idle_recurring=73, idle_units=730),
        focus("Purchase", 73, 0, 73, 73, "RI", 730, "Hrs"),
        focus("Usage", 0, 83, 0, 0, "RI", 730, "Hrs", "Unused"),
    ),
    sample(
        "reservation of flexible size: its usage counts in units of the reserved size",
        cur("RIFee", ri=RI_ARN, cost=73, units=730, normalized_units=5840, unit="Hrs", idle_recurring=0, idle_units=0),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, public=140, amount=1460, normalized=5840, unit="Hrs", ri_cost=73),
        focus("Purchase", 73, 0, 73, 73, "RI", 730, "Hrs"),
        focus("Usage", 0, 0, 0, 0, "RI", 0, "Hrs", "Unused"),
        focus("Usage", 0, 73, 140, 140, "RI", 730, "Hrs", "Used", ConsumedQuantity=1460),
    ),
    sample(
        "reservation without a public price: the list cost is the amortized cost",
        cur("DiscountedUsage", ri=RI_ARN, cost=0, amount=730, unit="Hrs", ri_cost=73),
        focus("Usage", 0, 73, 73, 73, "RI", 730, "Hrs", "Used"),
    ),
    sample(
        "reservation with unknown unused costs: they are 0, and the quantity says that they are unknown",
        cur("RIFee", ri=RI_ARN, cost=73, units=730, unit="Hrs"),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, public=140, amount=700, unit="Hrs", ri_cost=70),
        focus("Purchase", 73, 0, 73, 73, "RI", 730, "Hrs"),
        focus("Usage", 0, 0, 0, 0, "RI", None, None, "Unused"),
        focus("Usage", 0, 70, 140, 140, "RI", 700, "Hrs", "Used"),
    ),
    sample(
        "Dedicated Host reservation, all upfront: AWS gives no amortized cost, so the fee keeps its cost",
        cur("Fee", ri=HOST_ARN, cost=8760, amount=1, units=8760, unit="Hrs"),
        cur("DiscountedUsage", ri=HOST_ARN, cost=0, public=1000, amount=730, unit="Hrs", ri_cost=0),
        focus("Purchase", 8760, 8760, 8760, 8760, "HOST", 8760, "Hrs"),
        focus("Usage", 0, 0, 1000, 1000, "HOST", 730, "Hrs", "Used"),
    ),
    sample(
        "Dedicated Host reservation whose amortized cost is empty: its usage costs 0",
        cur("Fee", ri=HOST_ARN, cost=8760, amount=1, units=8760, unit="Hrs"),
        cur("DiscountedUsage", ri=HOST_ARN, cost=0, public=1000, amount=730, unit="Hrs"),
        focus("Purchase", 8760, 8760, 8760, 8760, "HOST", 8760, "Hrs"),
        focus("Usage", 0, 0, 1000, 1000, "HOST", 730, "Hrs", "Used"),
    ),
    sample(
        "reservation whose unused cost alone is exported: the fee keeps its cost, so the unused part is 0",
        cur("RIFee", ri=RI_ARN, cost=73, units=730, unit="Hrs", idle_upfront=0, idle_recurring=3, idle_units=30),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, public=140, amount=700, unit="Hrs"),
        focus("Purchase", 73, 73, 73, 73, "RI", 730, "Hrs"),
        focus("Usage", 0, 0, 0, 0, "RI", 30, "Hrs", "Unused"),
        focus("Usage", 0, 0, 140, 140, "RI", 700, "Hrs", "Used"),
    ),
    sample(
        "Dedicated Host reservation, no upfront",
        cur("RIFee", ri=HOST_ARN, cost=730, units=730, unit="Hrs"),
        focus("Purchase", 730, 730, 730, 730, "HOST", 730, "Hrs"),
        focus("Usage", 0, 0, 0, 0, "HOST", None, None, "Unused"),
    ),
    sample(
        "Dedicated Host reservation, refunded",
        cur("Fee", ri=HOST_ARN, cost=8760, amount=1, units=8760, unit="Hrs"),
        cur("Refund", ri=HOST_ARN, cost=-8030),
        focus("Purchase", 8760, 8760, 8760, 8760, "HOST", 8760, "Hrs"),
        correction("Purchase", -8030, -8030, -8030, -8030, commitment="HOST"),
    ),
    sample(
        "refund of a reservation whose purchase is not in the table",
        cur("Refund", ri=RI_ARN, cost=-803),
        correction("Purchase", -803, 0, -803, -803, commitment="RI"),
    ),
    sample(
        "amortized costs in another month belong to the same reservation",
        cur("Fee", ri=RI_ARN, cost=876, amount=1, units=8760, unit="Hrs"),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, public=140, amount=730, unit="Hrs", ri_cost=73, month=OCTOBER),
        focus("Purchase", 876, 0, 876, 876, "RI", 8760, "Hrs"),
        focus("Usage", 0, 73, 140, 140, "RI", 730, "Hrs", "Used"),
    ),
    sample(
        "discount for a volume of reservations: it belongs to no reservation",
        cur("RiVolumeDiscount", ri=RI_ARN, cost=-10),
        focus("Adjustment", -10, -10, 0, -10),
    ),
]
SAVINGS_PLANS = [
    sample(
        "Savings Plan, no upfront: 70 of 72 used",
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72, committed=72, used=70),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=100, public=110, sp_cost=70),
        cur("SavingsPlanNegation", sp=SP_ARN, cost=-100),
        focus("Purchase", 72, 0, 72, 72, "SP", 72, "USD", ChargeFrequency="Recurring"),
        focus("Usage", 0, 2, 0, 0, "SP", 2, "USD", "Unused"),
        focus("Usage", 0, 70, 110, 100, "SP", 70, "USD", "Used"),
        focus("Adjustment", 0, 0, 0, 0, "SP"),
    ),
    sample(
        "Savings Plan, partial upfront",
        cur("SavingsPlanUpfrontFee", sp=SP_ARN, cost=432),
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=36, committed=72, used=72, recurring=36, upfront=36),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=100, public=110, sp_cost=72),
        focus("Purchase", 432, 0, 432, 432, "SP", 432, "USD", ChargeFrequency="One-Time"),
        focus("Purchase", 36, 0, 36, 36, "SP", 36, "USD"),
        focus("Usage", 0, 0, 0, 0, "SP", 0, "USD", "Unused"),
        focus("Usage", 0, 72, 110, 100, "SP", 72, "USD", "Used"),
    ),
    sample(
        "Savings Plan, all upfront: its monthly row costs nothing",
        cur("SavingsPlanUpfrontFee", sp=SP_ARN, cost=864),
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=0, committed=72, used=70, recurring=0, upfront=72),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=100, public=110, sp_cost=70),
        focus("Purchase", 864, 0, 864, 864, "SP", 864, "USD"),
        focus("Purchase", 0, 0, 0, 0, "SP", 0, "USD"),
        focus("Usage", 0, 2, 0, 0, "SP", 2, "USD", "Unused"),
        focus("Usage", 0, 70, 110, 100, "SP", 70, "USD", "Used"),
    ),
    *(
        sample(
            f"fee of {product} is {category}",
            cur("SavingsPlanUpfrontFee", sp=SP_ARN, cost=864, product=product),
            focus("Purchase", 864, 864, 864, 864, "SP", 864, "USD", ServiceCategory=category),
        )
        for product, category in (
            ("ComputeSavingsPlans", "Compute"),
            ("MachineLearningSavingsPlans", "AI and Machine Learning"),
            ("DatabaseSavingsPlans", "Databases"),
        )
    ),
    sample(
        "Savings Plan that is never used",
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72, committed=72, used=0),
        focus("Purchase", 72, 0, 72, 72, "SP", 72, "USD"),
        focus("Usage", 0, 72, 0, 0, "SP", 72, "USD", "Unused"),
    ),
    sample(
        "Savings Plan, returned within 7 days",
        cur("SavingsPlanUpfrontFee", sp=SP_ARN, cost=864),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=3, public=4, sp_cost=2),
        cur("Refund", sp=SP_ARN, cost=-862, product="ComputeSavingsPlans"),
        focus("Purchase", 864, 0, 864, 864, "SP", 864, "USD"),
        focus("Usage", 0, 2, 4, 3, "SP", 2, "USD", "Used"),
        correction("Purchase", -862, 0, -862, -862, commitment="SP", quantity=-862, unit="USD"),
    ),
    sample(
        "refund of a Savings Plan that only the description names",
        cur("Refund", cost=-862, product="ComputeSavingsPlans", about="Refund for one-time fee for Savings Plan ID: 1"),
        correction("Purchase", -862, 0, -862, -862),
    ),
    sample(
        "refund of a private discount on Savings Plans: it takes back no purchase",
        cur("Refund", cost=-9, product="ComputeSavingsPlans", about="Enterprise Program Discount"),
        correction("Purchase", -9, -9, -9, -9),
    ),
    sample(
        "Savings Plan whose used part is not exported: never counted twice",
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72, committed=72),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=100, public=110, sp_cost=71),
        focus("Purchase", 72, 0, 72, 72, "SP", 72, "USD"),
        focus("Usage", 0, 0, 0, 0, "SP", None, None, "Unused"),
        focus("Usage", 0, 71, 110, 100, "SP", 71, "USD", "Used"),
    ),
    sample(
        "Savings Plan whose commitment is not exported: never counted twice",
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72, used=70),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=100, public=110, sp_cost=70),
        focus("Purchase", 72, 0, 72, 72, "SP", 72, "USD"),
        focus("Usage", 0, 0, 0, 0, "SP", None, None, "Unused"),
        focus("Usage", 0, 70, 110, 100, "SP", 70, "USD", "Used"),
    ),
    sample(
        "Savings Plan whose usage has no amortized cost: the fee keeps its cost, so the unused part is 0",
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72, committed=72, used=70),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=100, public=110),
        cur("SavingsPlanNegation", sp=SP_ARN, cost=-100),
        focus("Purchase", 72, 72, 72, 72, "SP", 72, "USD"),
        focus("Usage", 0, 0, 0, 0, "SP", 2, "USD", "Unused"),
        focus("Usage", 0, 0, 110, 100, "SP", None, None, "Used"),
        focus("Adjustment", 0, 0, 0, 0, "SP"),
    ),
    sample(
        "Savings Plan whose usage has no amortized cost, and that is not used in another month",
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72, committed=72, used=70),
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72, committed=72, used=0, month=OCTOBER),
        focus("Purchase", 72, 72, 72, 72, "SP", 72, "USD"),
        focus("Usage", 0, 0, 0, 0, "SP", 2, "USD", "Unused"),
        focus("Purchase", 72, 72, 72, 72, "SP", 72, "USD"),
        focus("Usage", 0, 0, 0, 0, "SP", 72, "USD", "Unused"),
    ),
    sample(
        "Savings Plan without any amortized cost: the fee keeps its cost",
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72),
        focus("Purchase", 72, 72, 72, 72, "SP", 72, "USD"),
        focus("Usage", 0, 0, 0, 0, "SP", None, None, "Unused"),
    ),
]
DISCOUNT_ROWS = [
    cur("EdpDiscount", cost=-9),
    cur("PrivateRateDiscount", cost=-5),
    cur("BundledDiscount", cost=-6),
]
DISCOUNTS_SHOWN = [focus("Adjustment", cost, cost, 0, cost) for cost in (-9, -5, -6)]
# CUR 2.0 has only the columns that you choose
NOT_NAMED = [
    sample(
        "report without columns of commitments: fees keep their cost",
        cur("RIFee", cost=73),
        cur("DiscountedUsage", cost=0, public=140),
        cur("SavingsPlanRecurringFee", cost=72),
        cur("SavingsPlanCoveredUsage", cost=100, public=110),
        cur("SavingsPlanNegation", cost=-100),
        focus("Purchase", 73, 73, 73, 73),
        focus("Usage", 0, 0, 0, 0),
        focus("Usage", 0, 0, 140, 140),
        focus("Purchase", 72, 72, 72, 72),
        focus("Usage", 0, 0, 0, 0),
        focus("Usage", 0, 0, 110, 100),
        focus("Adjustment", 0, 0, 0, 0),
    ),
    sample(
        "report without columns of commitments: the refund of a Savings Plan keeps its cost as the fee does",
        cur("SavingsPlanUpfrontFee", cost=864),
        cur("Refund", cost=-862, product="ComputeSavingsPlans", about="Refund for one-time fee for Savings Plan ID: 1"),
        focus("Purchase", 864, 864, 864, 864),
        correction("Purchase", -862, -862, -862, -862),
    ),
]
NO_ARNS = [
    sample(
        "report with amortized costs but without the ARNs of commitments: never counted twice",
        cur("RIFee", cost=73, idle_recurring=3, idle_units=30),
        cur("DiscountedUsage", cost=0, public=140, ri_cost=70),
        cur("SavingsPlanRecurringFee", cost=72, committed=72, used=70),
        cur("SavingsPlanCoveredUsage", cost=100, public=110, sp_cost=70),
        focus("Purchase", 73, 0, 73, 73),
        focus("Usage", 0, 3, 0, 0),
        focus("Usage", 0, 70, 140, 140),
        focus("Purchase", 72, 0, 72, 72),
        focus("Usage", 0, 2, 0, 0),
        focus("Usage", 0, 70, 110, 100),
    ),
    sample(
        "report without the ARNs of commitments: the one-time fee of a reservation is in its usage, another fee is not",
        cur("Fee", cost=876, usage="EUC1-HeavyUsage:db.r6g.large"),
        cur("DiscountedUsage", cost=0, public=140, ri_cost=73),
        cur("Fee", cost=100),
        focus("Purchase", 876, 0, 876, 876),
        focus("Usage", 0, 73, 140, 140),
        focus("Purchase", 100, 100, 100, 100),
    ),
]
# AWS's own FOCUS export keeps its values. Its 1.0 has some columns of later versions under other names
NATIVE = [
    Charge(
        "FOCUS 1.0 names the meter, the service and the cost categories in columns of its own",
        [{**focus("Usage", 3, 2, 4, 3), "x_UsageType": "BoxUsage", "x_ServiceCode": "AmazonEC2"}],
        [focus("Usage", 3, 2, 4, 3, SkuMeter="BoxUsage", ServiceName="AmazonEC2")],
    ),
    Charge(
        "FOCUS 1.2 has a meter and a service",
        [{**focus("Usage", 3, 2, 4, 3), "SkuMeter": "a", "ServiceName": "b", "x_UsageType": "c", "x_ServiceCode": "d"}],
        [focus("Usage", 3, 2, 4, 3, SkuMeter="a", ServiceName="b")],
    ),
    Charge(
        "purchase and usage of a commitment",
        [focus("Purchase", 72, 0, 72, 72, "SP", 72, "USD"), focus("Usage", 0, 70, 110, 100, "SP", 70, "USD", "Used")],
        [focus("Purchase", 72, 0, 72, 72, "SP", 72, "USD"), focus("Usage", 0, 70, 110, 100, "SP", 70, "USD", "Used")],
    ),
]
ROWS_COUNT, COLUMNS_COUNT = "the rows count", "the net columns count"
# a private agreement: AWS writes its discounts as rows, into net columns, or both. The sum of Billed is the invoice
DISCOUNTS_AS_ROWS = [
    sample(
        "private discounts as rows: list 100, paid 80",
        cur("Usage", cost=100, public=100),
        *DISCOUNT_ROWS,
        focus("Usage", 100, 100, 100, 100),
        *({**row, "x_DiscountSource": "Rows"} for row in DISCOUNTS_SHOWN),
    ),
    *(
        sample(
            f"{line_type} is a discount",
            cur(line_type, cost=-9),
            focus("Adjustment", -9, -9, 0, -9, ChargeFrequency="One-Time"),
        )
        for line_type in ("Discount", "DistributorDiscount", "SppDiscount")
    ),
]
DISCOUNTS_AS_COLUMNS = [
    sample(
        "private discount of 9 % in net columns: an invoice of 212.03",
        cur("Usage", cost=100, net=91, public=100),
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72, net="65.52", committed=72, used=70, recurring_net="65.52"),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=95, net="86.45", public=100, sp_cost=70, sp_net="63.7"),
        cur("SavingsPlanNegation", sp=SP_ARN, cost=-95, net="-86.45"),
        cur(
            "RIFee",
            ri=RI_ARN,
            cost=61,
            net="55.51",
            units=730,
            unit="Hrs",
            idle_units=12,
            idle_upfront=0,
            idle_upfront_net=0,
            idle_recurring=1,
            idle_recurring_net="0.91",
        ),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, net=0, public=120, amount=718, unit="Hrs", ri_cost=60, ri_net="54.6"),
        focus("Usage", 91, 91, 100, 91, x_DiscountSource="Columns"),
        focus("Purchase", "65.52", 0, 72, "65.52", "SP", 72, "USD", x_DiscountSource="Columns"),
        focus("Usage", 0, "1.82", 0, 0, "SP", 2, "USD", "Unused", x_DiscountSource="Columns"),
        focus("Usage", 0, "63.7", 100, "86.45", "SP", 70, "USD", "Used", x_DiscountSource="Columns"),
        focus("Adjustment", 0, 0, 0, 0, "SP", x_DiscountSource="Columns"),
        focus("Purchase", "55.51", 0, 61, "55.51", "RI", 730, "Hrs", x_DiscountSource="Columns"),
        focus("Usage", 0, "0.91", 0, 0, "RI", 12, "Hrs", "Unused", x_DiscountSource="Columns"),
        focus("Usage", 0, "54.6", 120, 120, "RI", 718, "Hrs", "Used", x_DiscountSource="Columns"),
    ),
    sample(
        "only the cost has a net column: the fee's discount holds for its amortized costs",
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=72, net="65.52", committed=72, used=70),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=95, net="86.45", public=100, sp_cost=70),
        cur("RIFee", ri=RI_ARN, cost=61, net="55.51", units=730, unit="Hrs", idle_recurring=1, idle_units=12),
        focus("Purchase", "65.52", 0, 72, "65.52", "SP", 72, "USD"),
        focus("Usage", 0, "1.82", 0, 0, "SP", 2, "USD", "Unused"),
        focus("Usage", 0, "63.7", 100, "86.45", "SP", 70, "USD", "Used"),
        focus("Purchase", "55.51", 0, 61, "55.51", "RI", 730, "Hrs"),
        focus("Usage", 0, "0.91", 0, 0, "RI", 12, "Hrs", "Unused"),
    ),
    sample(
        "only the cost has a net column: the fee's discount holds for reserved usage, too",
        cur("RIFee", ri=RI_ARN, cost=61, net="55.51", units=730, unit="Hrs", idle_recurring=1, idle_units=12),
        cur("DiscountedUsage", ri=RI_ARN, cost=0, net=0, public=120, amount=718, unit="Hrs", ri_cost=60),
        focus("Purchase", "55.51", 0, 61, "55.51", "RI", 730, "Hrs"),
        focus("Usage", 0, "0.91", 0, 0, "RI", 12, "Hrs", "Unused"),
        focus("Usage", 0, "54.6", 120, 120, "RI", 718, "Hrs", "Used"),
    ),
    sample(
        "only the cost has a net column: the fee upfront tells the discount",
        cur("SavingsPlanUpfrontFee", sp=SP_ARN, cost=864, net="786.24"),
        cur("SavingsPlanRecurringFee", sp=SP_ARN, cost=0, net=0, committed=72, used=0),
        focus("Purchase", "786.24", 0, 864, "786.24", "SP", 864, "USD"),
        focus("Purchase", 0, 0, 0, 0, "SP", 0, "USD"),
        focus("Usage", 0, "65.52", 0, 0, "SP", 72, "USD", "Unused"),
    ),
    sample(
        "Savings Plan, all upfront, in net columns",
        cur("SavingsPlanUpfrontFee", sp=SP_ARN, cost=864, net="786.24"),
        cur(
            "SavingsPlanRecurringFee", sp=SP_ARN, cost=0, net=0, committed=72, used=70, upfront=72, upfront_net="65.52"
        ),
        cur("SavingsPlanCoveredUsage", sp=SP_ARN, cost=95, net="86.45", public=100, sp_cost=70, sp_net="63.7"),
        focus("Purchase", "786.24", 0, 864, "786.24", "SP", 864, "USD"),
        focus("Purchase", 0, 0, 0, 0, "SP", 0, "USD"),
        focus("Usage", 0, "1.82", 0, 0, "SP", 2, "USD", "Unused"),
        focus("Usage", 0, "63.7", 100, "86.45", "SP", 70, "USD", "Used"),
    ),
    sample(
        "a row without a net cost keeps its cost",
        cur("Usage", cost=100, net=91, public=100),
        cur("Tax", cost=19),
        focus("Usage", 91, 91, 100, 91),
        focus("Tax", 19, 19, 19, 19),
    ),
    sample(
        "the net column is 0 in every row: it says nothing, so the unblended cost counts",
        cur("Usage", cost=100, net=0, public=100),
        cur("Tax", cost=19, net=0),
        focus("Usage", 100, 100, 100, 100, x_DiscountSource=None),
        focus("Tax", 19, 19, 19, 19, x_DiscountSource=None),
    ),
    sample(
        "credits pay for all of a month in net columns",
        cur("Usage", cost=100, net=91, public=100),
        cur("Credit", cost=-91, net=-91),
        focus("Usage", 91, 91, 100, 91, x_DiscountSource="Columns"),
        focus("Credit", -91, -91, -91, -91, x_DiscountSource="Columns"),
    ),
    sample(
        "marketplace usage in net columns: the list cost is the cost before the discount",
        cur("Usage", cost=100, net=91, public=0),
        focus("Usage", 91, 91, 100, 91),
    ),
    sample(
        "refund of a reservation in net columns",
        cur("Fee", ri=RI_ARN, cost=876, net="797.16", units=8760, unit="Hrs"),
        cur(
            "DiscountedUsage", ri=RI_ARN, cost=0, net=0, public=140, amount=730, unit="Hrs", ri_cost=73, ri_net="66.43"
        ),
        cur("Refund", ri=RI_ARN, cost=-803, net="-730.73"),
        focus("Purchase", "797.16", 0, 876, "797.16", "RI", 8760, "Hrs"),
        focus("Usage", 0, "66.43", 140, 140, "RI", 730, "Hrs", "Used"),
        correction("Purchase", "-730.73", 0, -803, "-730.73", commitment="RI"),
    ),
]
DISCOUNTS_AS_BOTH = [
    *(
        sample(
            f"rows and net columns have the same discounts, {named}: {ROWS_COUNT}",
            cur("Usage", cost=100, net=80, public=100),
            *(
                {**row, **({CUR_NAMES["net"]: net or row[CUR_NAMES["cost"]]} if net != "" else {})}
                for row in DISCOUNT_ROWS
            ),
            focus("Usage", 100, 100, 100, 100, x_DiscountSource="Both"),
            *({**row, "x_DiscountSource": "Both"} for row in DISCOUNTS_SHOWN),
        )
        for named, net in (("net of rows empty", ""), ("net of rows 0", "0.0"), ("net of rows as their cost", None))
    ),
    sample(
        f"a bundled discount is a row, and an agreement is in net columns with it: {COLUMNS_COUNT}",
        cur("Usage", cost=100, net=85, public=100),
        cur("BundledDiscount", cost=-6),
        focus("Usage", 85, 85, 100, 85, x_DiscountSource="Both"),
        focus("Adjustment", 0, 0, 0, 0, x_DiscountSource="Both"),
    ),
    sample(
        f"a bundled discount is only a row, and an agreement only in net columns: {COLUMNS_COUNT}",
        cur("Usage", cost=100, net=91, public=100),
        cur("BundledDiscount", cost=-6, net=-6),
        focus("Usage", 91, 91, 100, 91, x_DiscountSource="Both"),
        focus("Adjustment", -6, -6, 0, -6, x_DiscountSource="Both"),
    ),
    sample(
        "another payer and another month have an agreement of their own",
        cur("Usage", payer="1", cost=100, net=91, public=100),
        cur("Usage", payer="2", cost=100, public=100),
        cur("EdpDiscount", payer="2", cost=-9),
        cur("Usage", payer="1", cost=100, net=100, public=100, month=OCTOBER),
        focus("Usage", 91, 91, 100, 91, x_DiscountSource="Columns"),
        focus("Usage", 100, 100, 100, 100),
        focus("Adjustment", -9, -9, 0, -9, x_DiscountSource="Rows"),
        focus("Usage", 100, 100, 100, 100),
    ),
]
# what the invoice says, in the order of the charges of a private agreement
INVOICES: dict[str, tuple[list[Charge], list[int | str]]] = {
    "DISCOUNTS_AS_ROWS": (DISCOUNTS_AS_ROWS, [80, -9, -9, -9]),
    "DISCOUNTS_AS_COLUMNS": (
        DISCOUNTS_AS_COLUMNS,
        ["212.03", "121.03", "55.51", "786.24", "786.24", 110, 119, 0, 91, "66.43"],
    ),
    "DISCOUNTS_AS_BOTH": (DISCOUNTS_AS_BOTH, [80, 80, 80, 85, 85, 282]),
}
WITHOUT_NET = [*ON_DEMAND, *RESERVATIONS, *SAVINGS_PLANS, *NO_ARNS, *DISCOUNTS_AS_ROWS]
WITH_NET = [*DISCOUNTS_AS_COLUMNS, *DISCOUNTS_AS_BOTH]
