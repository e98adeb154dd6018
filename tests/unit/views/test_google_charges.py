"""What each kind of charge at Google Cloud becomes in `focus_costs`, as a specification.

B is BilledCost: what the invoice has. E is EffectiveCost: the cost with commitments spread over their usage.
L is ListCost, C is ContractedCost: the cost without a commitment, at public prices and at your prices.
The charges of spend-based commitments are Google's own example of its data model before and after 2025
(cloud.google.com/docs/cuds-multiprice-datamodel).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import duckdb
import pytest

from billing.columns.field import Field
from tests.unit.views.bigquery_sql import rows
from tests.unit.views.charges_spec import Charge, Export, Row, expected_facts, focus_facts, focus_of

RECORDS = {
    "consumption_model": "STRUCT(id VARCHAR, description VARCHAR)",
    "credits": "STRUCT(amount DOUBLE, type VARCHAR, id VARCHAR, name VARCHAR, full_name VARCHAR)[]",
    "invoice": 'STRUCT("month" VARCHAR)',
    "sku": "STRUCT(id VARCHAR, description VARCHAR)",
    "subscription": "STRUCT(instance_id VARCHAR)",
    "usage": "STRUCT(amount DOUBLE, unit VARCHAR, amount_in_pricing_units DOUBLE, pricing_unit VARCHAR)",
}
SCALARS = {
    "billing_account_id": "STRING", "cost": "FLOAT", "cost_at_effective_price_default": "FLOAT",
    "cost_at_list": "FLOAT", "cost_type": "STRING", "currency": "STRING", "transaction_type": "STRING",
}  # fmt: skip
DETAILED = Export(
    "detailed export",
    "google_billing",
    "google",
    (*(Field(name, kind) for name, kind in SCALARS.items()), *(Field(name, "RECORD") for name in RECORDS)),
    {"invoice": {"month": "202509"}, "currency": "USD", "billing_account_id": "0A-1", "cost_type": "regular"},
    RECORDS,
)
STANDARD_EXPORT = DETAILED.without("subscription")
BEFORE_2025 = STANDARD_EXPORT.without("consumption_model", "cost_at_effective_price_default")
FLEX = "Compute Flexible CUDs 1 Year"
FEE = "Compute Flexible Committed Use Discounts - 1 Year"
OLD_FEE = "Commitment - dollar based v1: GCE for 1 year"
RESOURCE_FEE = "Commitment v1: N2 Cpu in Americas for 1 Year"
COMMITMENT = "subscriptions/1fd3"


def shown(category: str, billed: object, effective: object, listed: object, contracted: object, **more: object) -> Row:
    """Return one row of `focus_costs`."""
    costs = {"BilledCost": billed, "EffectiveCost": effective, "ListCost": listed, "ContractedCost": contracted}
    priced = {"PricingCurrency": "USD", "PricingCurrencyEffectiveCost": effective}
    return {"ChargeCategory": category, **costs, **priced, **more}


def charged(cost: float, *credited: Row, sku: str = "N2 core", units: float = 8, **more: object) -> Row:
    """Return a row of the export. Its prices are list prices, and a consumption model is the default one."""
    quantities = {"amount": units * 3600, "unit": "seconds", "amount_in_pricing_units": units, "pricing_unit": "hour"}
    described = {"sku": {"id": f"id of {sku}", "description": sku}, "consumption_model": model("Default")}
    given = [{"id": None, "name": None, "full_name": None, **one} for one in credited]
    return {"cost": cost, "cost_at_list": cost, "credits": given, "usage": quantities, **described, **more}


def model(name: str) -> Row:
    return {"id": f"id of {name}", "description": name}


def credit(kind: str, amount: float, name: str = "") -> Row:
    return {"type": kind, "amount": amount, "id": name or None, "full_name": name or None}


def offset(amount: float) -> Row:
    return credit("FEE_UTILIZATION_OFFSET", amount)


def at_flex_price(cost: float, default: float, listed: float) -> Row:
    """Return usage at the price of a commitment."""
    amounts = {"cost_at_effective_price_default": default, "cost_at_list": listed, "subscription": OWNED}
    return {**charged(cost), **amounts, "consumption_model": model(FLEX)}


def spend(quantity: object, commitment: str = COMMITMENT, name: str = FEE, **more: object) -> dict[str, object]:
    """Return the columns that name a spend-based commitment."""
    amount = {"CommitmentDiscountQuantity": quantity, "CommitmentDiscountUnit": "USD"} if quantity is not None else {}
    kind = {"CommitmentDiscountCategory": "Spend", "CommitmentDiscountType": "Spend-Based CUD"}
    return {"CommitmentDiscountId": commitment, "CommitmentDiscountName": name, **kind, **amount, **more}


def resource(hours: object, commitment: str, name: str, **more: object) -> dict[str, object]:
    """Return the columns that name a resource-based commitment."""
    amount = {"CommitmentDiscountQuantity": hours, "CommitmentDiscountUnit": "hour"}
    kind = {"CommitmentDiscountCategory": "Usage", "CommitmentDiscountType": "Resource-Based CUD"}
    return {"CommitmentDiscountId": commitment, "CommitmentDiscountName": name, **kind, **amount, **more}


OWNED = {"instance_id": COMMITMENT}
STANDARD = {"PricingCategory": "Standard"}
NO_SKU = dict.fromkeys(("SkuId", "SkuMeter", "SkuPriceId", "PricingQuantity", "PricingUnit"))
USED = {"CommitmentDiscountStatus": "Used", "PricingCategory": "Committed"}
UNUSED = {"CommitmentDiscountStatus": "Unused", "PricingCategory": "Committed"}
PROMOTION_OF_FEE = credit("PROMOTION", -0.025)
OLD_CREDIT, RESOURCE_CREDIT = "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", "COMMITTED_USAGE_DISCOUNT"
CHARGES = [
    # kind, rows of the export (cost, credits), rows of focus_costs (category, B, E, L, C)
    Charge(
        "usage at list price",
        [charged(10)],
        [shown("Usage", 10, 10, 10, 10, **STANDARD, SkuId="id of N2 core", SkuMeter="N2 core",
               SkuPriceId="id of N2 core")],
    ),
    Charge("usage at a negotiated price", [charged(9, cost_at_list=10)], [shown("Usage", 9, 9, 10, 9, **STANDARD)]),
    Charge(
        "usage with a sustained use discount",
        [charged(10, credit("SUSTAINED_USAGE_DISCOUNT", -2))],
        [shown("Usage", 8, 8, 10, 10, **STANDARD)],
    ),
    Charge(
        "usage that promotions and the free tier pay",
        [charged(10, credit("PROMOTION", -6), credit("FREE_TIER", -4))],
        [shown("Usage", 0, 0, 10, 10, **STANDARD)],
    ),
    Charge("spot usage", [charged(3, sku="Spot Preemptible N2 Instance Core", cost_at_list=3)],
           [shown("Usage", 3, 3, 3, 3, PricingCategory="Dynamic")]),
    Charge("Marketplace usage without a list price", [charged(20, cost_at_list=0, seller_name="Contoso")],
           [shown("Usage", 20, 20, 20, 20)]),
    Charge("tax", [charged(1.9, cost_type="tax", sku="Tax", cost_at_list=None)],
           [shown("Tax", 1.9, 1.9, 1.9, 1.9, **NO_SKU)]),
    Charge("adjustment", [charged(-5, cost_type="adjustment", cost_at_list=None)],
           [shown("Adjustment", -5, -5, -5, -5)]),
    Charge("rounding", [charged(0.01, cost_type="rounding_error", cost_at_list=None)],
           [shown("Adjustment", "0.01", "0.01", "0.01", "0.01")]),
    Charge(
        "since 2025: all of the commitment is used, and some usage is over it",
        [
            charged(0.046868, offset(-0.046868), sku=FEE, subscription=OWNED),
            charged(0.109398),
            at_flex_price(0.046868, 0.065095, 0.07),
        ],
        [
            shown("Purchase", 0, 0, "0.046868", "0.046868", **spend("0.046868"), **STANDARD),
            shown("Usage", "0.109398", "0.109398", "0.109398", "0.109398", **STANDARD),
            shown("Usage", "0.046868", "0.046868", "0.07", "0.065095", **spend("0.046868", name=FLEX), **USED),
        ],
    ),
    Charge(
        "since 2025: the fee that no usage cancels is the unused part of the commitment",
        [
            charged(0.022994, sku=FEE, units=0.022994, subscription=OWNED),
            charged(0.125, offset(-0.1), sku=FEE, units=0.125, subscription=OWNED),
        ],
        [
            shown("Purchase", "0.022994", 0, "0.022994", "0.022994", **spend("0.022994"), **STANDARD,
                  PricingQuantity="0.022994"),
            shown("Usage", 0, "0.022994", 0, 0, **spend("0.022994"), **UNUSED, PricingQuantity="0.022994"),
            shown("Purchase", "0.025", 0, "0.125", "0.125", **spend("0.125"), **STANDARD, PricingQuantity="0.125"),
            shown("Usage", 0, "0.025", 0, 0, **spend("0.025"), **UNUSED, PricingQuantity="0.025"),
        ],
    ),
    Charge(
        "since 2025: a promotion pays the unused part and the usage, and the commitment is used for 80 %",
        [
            charged(0.125, offset(-0.1), PROMOTION_OF_FEE, sku=FEE, units=0.125, subscription=OWNED),
            {**at_flex_price(0.1, 0.15, 0.2), "credits": [{"name": None, **credit("PROMOTION", -0.1)}]},
        ],
        [
            shown("Purchase", 0, 0, "0.125", "0.125", **spend("0.125"), **STANDARD, PricingQuantity="0.125"),
            shown("Usage", 0, 0, 0, 0, **spend("0.025"), **UNUSED, PricingQuantity="0.025"),
            shown("Usage", 0, 0, "0.2", "0.15", **spend("0.1", name=FLEX), **USED),
        ],
    ),
    Charge(
        "since 2025: all of the commitment is used, and a promotion reduces the bill below it",
        [charged(0.125, offset(-0.125), PROMOTION_OF_FEE, sku=FEE, units=0.125, subscription=OWNED)],
        [
            shown("Purchase", "-0.025", 0, "0.125", "0.125", **spend("0.125"), **STANDARD),
            shown("Usage", 0, "-0.025", 0, 0, **spend(0), **UNUSED, PricingQuantity=0),
        ],
    ),
    Charge(
        "before: spend-based commitment, whose credit covers a part of the usage",
        [
            charged(0.072, sku=OLD_FEE, subscription=OWNED),
            charged(4, credit(OLD_CREDIT, -1, "GCE Commitments"), cost_at_list=5),
        ],
        [
            shown("Purchase", "0.072", "0.072", "0.072", "0.072", **spend(None, name=OLD_FEE), **STANDARD),
            shown("Usage", 0, 0, "1.25", 1, **spend(1, "GCE Commitments", "GCE Commitments"), **USED,
                  ConsumedQuantity=7200),
            shown("Usage", 3, 3, "3.75", 3, **STANDARD, ConsumedQuantity=21600),
        ],
    ),
    Charge(
        "resource-based commitment, whose credit covers all of the usage",
        [
            charged(6, sku=RESOURCE_FEE, subscription=OWNED),
            charged(10, credit(RESOURCE_CREDIT, -10, "Committed Usage Discount: CPU"), cost_at_list=11),
        ],
        [
            shown("Purchase", 6, 6, 6, 6, **resource(8, COMMITMENT, RESOURCE_FEE), **STANDARD),
            shown("Usage", 0, 0, 11, 10, **USED,
                  **resource(8, "Committed Usage Discount: CPU", "Committed Usage Discount: CPU")),
        ],
    ),
    Charge(
        "resource-based commitment and a sustained use discount on one row",
        [charged(10, credit(RESOURCE_CREDIT, -5, "CPU"), credit("SUSTAINED_USAGE_DISCOUNT", -1))],
        [
            shown("Usage", 0, 0, 5, 5, **USED, **resource(4, "CPU", "CPU")),
            shown("Usage", 4, 4, 5, 5, **STANDARD),
        ],
    ),
]  # fmt: skip
OLD_CHARGES = [charge for charge in CHARGES if not re.match("since 2025", charge.kind)]


@pytest.mark.parametrize("charge", CHARGES, ids=lambda charge: charge.kind)
def test_charge_of_the_detailed_export_becomes(acme: duckdb.DuckDBPyConnection, charge: Charge) -> None:
    assert focus_facts(acme, DETAILED, charge) == expected_facts(charge)


@pytest.mark.parametrize("export", [STANDARD_EXPORT, BEFORE_2025], ids=["standard export", "export before 2025"])
@pytest.mark.parametrize("charge", OLD_CHARGES, ids=lambda charge: charge.kind)
def test_charge_without_the_newer_columns_becomes(
    acme: duckdb.DuckDBPyConnection, export: Export, charge: Charge
) -> None:
    """Without subscriptions, the SKU of the fee is its id."""
    focus = [
        {**row, "CommitmentDiscountId": f"id of {row['CommitmentDiscountName']}"}
        if row.get("CommitmentDiscountId") == COMMITMENT
        else row
        for row in charge.focus
    ]

    assert focus_facts(acme, export, charge) == expected_facts(Charge(charge.kind, charge.exported, focus))


def test_standard_export_names_a_new_commitment_by_its_model(acme: duckdb.DuckDBPyConnection) -> None:
    fee = charged(0.5, offset(-0.25), sku=FEE)

    found = focus_of(acme, STANDARD_EXPORT, [fee, at_flex_price(0.25, 0.5, 0.5)])

    named = sorted((row["ChargeCategory"], row["CommitmentDiscountStatus"], row["CommitmentDiscountId"],
                    row["EffectiveCost"]) for row in found if row["CommitmentDiscountStatus"])  # fmt: skip
    assert named == [
        ("Usage", "Unused", f"id of {FEE}", Decimal("0.25")),
        ("Usage", "Used", f"id of {FLEX}", Decimal("0.25")),
    ]


def every_row(charges: Sequence[Charge]) -> list[Row]:
    return [row for charge in charges for row in charge.exported]


@pytest.mark.parametrize("export", [DETAILED, STANDARD_EXPORT, BEFORE_2025], ids=lambda export: export.name)
def test_sum_of_billed_cost_is_the_invoice(acme: duckdb.DuckDBPyConnection, export: Export) -> None:
    exported = every_row(CHARGES)
    amounts = [row["cost"] for row in exported] + [one["amount"] for row in exported for one in row["credits"]]

    found = focus_of(acme, export, exported)

    invoice = sum(Decimal(str(amount)) for amount in amounts)
    assert sum(row["BilledCost"] for row in found) == invoice
    assert sum(row["EffectiveCost"] for row in found) == invoice


def test_commitment_since_2025_costs_its_fees(acme: duckdb.DuckDBPyConnection) -> None:
    """The used part and the unused part are together what the commitment costs, and less than without it."""
    focus_of(
        acme,
        DETAILED,
        [row for row in every_row(CHARGES) if "subscription" in row and not re.search("v1|PROMOTION", str(row))],
    )

    found = rows(
        acme,
        "SELECT SUM(EffectiveCost) AS effective, SUM(BilledCost) AS billed, MIN(EffectiveCost) >= 0 AS is_cost,"
        " SUM(IF(CommitmentDiscountStatus = 'Used', ContractedCost - EffectiveCost, 0)) AS saved,"
        " SUM(IF(CommitmentDiscountStatus = 'Used', ListCost - ContractedCost, 0)) AS negotiated"
        " FROM acme.billing.focus_costs",
    )

    cost = Decimal("0.046868") + Decimal("0.022994") + Decimal("0.025")
    assert found == [
        {"effective": cost, "billed": cost, "is_cost": True, "saved": Decimal("0.018227"),
         "negotiated": Decimal("0.004905")}
    ]  # fmt: skip
