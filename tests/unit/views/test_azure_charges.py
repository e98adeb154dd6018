"""What each kind of charge at Azure becomes in `focus_costs`. A FinOps person can read the tables as a specification.

B is BilledCost: what the invoice has. E is EffectiveCost: the cost with commitments spread over their usage.
L is ListCost, C is ContractedCost: the cost without a commitment, at public prices and at your prices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from billing.columns.field import Field
from billing.formats import FORMATS, SCHEMAS
from billing.views.quality import charge_rules
from tests.unit.views.bigquery_sql import rows, translated
from tests.unit.views.charges_spec import Charge, Export, Row, expected_facts, focus_facts, focus_of
from tests.unit.views.focus_rows import fields_of

SEPTEMBER = datetime(2025, 9, 1, tzinfo=UTC)
ORDER = "/providers/Microsoft.Capacity/reservationOrders/AAAA"
RESERVATION = f"{ORDER}/reservations/BBBB"
PLAN = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/CCCC/savingsPlans/DDDD"
HOURS = {"PricingUnit": "Hours", "ConsumedUnit": "Hours", "SkuPriceId": "D4-eu", "BillingCurrency": "EUR"}
WORDS = {"Standard": "On-Demand", "Committed": "Commitment-Based"}  # PricingCategory in 1.0-preview(v1)


def shown(category: str, billed: object, effective: object, listed: object, contracted: object, **more: object) -> Row:
    """Return one row of `focus_costs`."""
    costs = {"BilledCost": billed, "EffectiveCost": effective, "ListCost": listed, "ContractedCost": contracted}
    return {"ChargeCategory": category, **costs, **more}


def under(commitment: str, **more: object) -> dict[str, object]:
    """Return the columns that name a commitment."""
    category, kind = ("Spend", "Savings Plan") if commitment == PLAN else ("Usage", "Reservation")
    named = {"CommitmentDiscountCategory": category, "CommitmentDiscountType": kind}
    return {"CommitmentDiscountId": commitment.lower(), **named, **more}


def used(quantity: object, unit: str = "Hours", commitment: str = RESERVATION) -> dict[str, object]:
    amount = {"CommitmentDiscountQuantity": quantity, "CommitmentDiscountUnit": unit}
    return under(commitment, **amount, CommitmentDiscountStatus="Used", PricingCategory="Committed")


def unused(quantity: object, unit: str = "Hours", commitment: str = RESERVATION) -> dict[str, object]:
    return {**used(quantity, unit, commitment), "CommitmentDiscountStatus": "Unused"}


# The FOCUS export. A row has the names of version 1.2, and `spelled` writes it in the others.
def usage(
    billed: object, effective: object, listed: object, contracted: object, hours: int = 10, **more: object
) -> Row:
    prices = {"ListUnitPrice": _price(listed, hours), "ContractedUnitPrice": _price(contracted, hours)}
    quantities = {"PricingQuantity": hours, "ConsumedQuantity": hours, "PricingCategory": "Standard"}
    costs = shown("Usage", billed, effective, listed, contracted)
    return {**HOURS, **costs, **prices, **quantities, "ChargeFrequency": "Usage-Based", **more}


def _price(cost: object, hours: int) -> Decimal:
    return Decimal(str(cost)) / hours


COVERED: dict[str, Any] = {
    "CommitmentDiscountId": RESERVATION, "CommitmentDiscountCategory": "Usage", "CommitmentDiscountType": "Reservation",
    "CommitmentDiscountStatus": "Used", "PricingCategory": "Committed",
}  # fmt: skip
PLANNED = {**COVERED, "CommitmentDiscountId": PLAN, "CommitmentDiscountCategory": "Spend",
           "CommitmentDiscountType": "Savings Plan"}  # fmt: skip
WASTED: dict[str, Any] = {"CommitmentDiscountStatus": "Unused", "ConsumedQuantity": None, "ConsumedUnit": None}
OF_RESERVATION = {name: COVERED[name] for name in list(COVERED)[:3]}
OF_PLAN = {name: PLANNED[name] for name in list(COVERED)[:3]}


def bought(billed: object, effective: object, frequency: str = "One-Time", **more: object) -> Row:
    costs = shown("Purchase", billed, effective, billed, billed)
    return {**costs, "ChargeFrequency": frequency, "PricingCategory": "Standard", "BillingCurrency": "EUR", **more}


STANDARD = {"PricingCategory": "Standard"}
NO_PRICE = dict.fromkeys(("ListUnitPrice", "ContractedUnitPrice", "PricingCurrencyListUnitPrice",
                          "PricingCurrencyContractedUnitPrice"))  # fmt: skip
NAMED_SKU = {"SkuId": "D4", "SkuMeter": "D4", "SkuPriceId": "D4-eu"}
NO_SKU = dict.fromkeys(("SkuId", "SkuMeter", "SkuPriceId", "SkuPriceDetails", "PricingQuantity", "PricingUnit"))
INSTALMENT = {**STANDARD, "ChargeFrequency": "Recurring"}
ONCE = {**STANDARD, "ChargeFrequency": "One-Time"}


def in_billing_currency(listed: str, contracted: str) -> dict[str, object]:
    """Return the unit prices, where the pricing currency is that of the bill."""
    prices = {"ListUnitPrice": listed, "ContractedUnitPrice": contracted}
    return {**prices, **{f"PricingCurrency{name}": price for name, price in prices.items()}}


# kind, columns of a row, PricingCurrency, the cost of 70 in this currency
PRICED: Sequence[tuple[str, Row, str, object]] = [
    ("prices in the billing currency", {"PricingCurrency": "EUR", "x_BillingExchangeRate": 1}, "EUR", 70),
    ("prices in another currency", {"PricingCurrency": "USD", "x_BillingExchangeRate": "0.875"}, "USD", 80),
    ("prices in another currency without a rate", {"PricingCurrency": "USD"}, "USD", None),
    ("no pricing currency", {"PricingCurrency": "", "x_BillingExchangeRate": "0.875"}, "EUR", 70),
]
# frequency in the export, ChargeFrequency of a purchase and of its refund
FREQUENCIES = (
    ("Usage-Based", "Recurring", "One-Time"),
    ("", "Recurring", "One-Time"),
    ("One-Time", "One-Time", "One-Time"),
    ("Recurring", "Recurring", "Recurring"),
)
FOCUS_CHARGES = [
    # kind, rows of the export (B, E, L, C), rows of focus_costs (category, B, E, L, C)
    Charge(
        "EA: usage at a negotiated price",
        [usage(9, 9, 12, 9)],
        [shown("Usage", 9, 9, 12, 9, **STANDARD, **in_billing_currency("1.2", "0.9"))],
    ),
    Charge(
        "MCA: usage at prices in another currency",
        [usage(9, 9, 12, 9, PricingCurrency="USD")],
        [shown("Usage", 9, 9, 12, 9, **{**NO_PRICE, "ListUnitPrice": "1.2", "ContractedUnitPrice": "0.9"})],
    ),
    Charge("pay as you go: usage", [usage(12, 12, 12, 12)], [shown("Usage", 12, 12, 12, 12, **STANDARD)]),
    Charge(
        "CSP: usage that a partner bills",
        [usage(11, 11, 12, 11, InvoiceIssuerName="Contoso")],
        [shown("Usage", 11, 11, 12, 11, InvoiceIssuerName="Contoso")],
    ),
    Charge("EA: dev/test usage", [usage(7, 7, 7, 7)], [shown("Usage", 7, 7, 7, 7, **STANDARD)]),
    Charge(
        "spot usage",
        [usage(3, 3, 12, 3, PricingCategory="Dynamic")],
        [shown("Usage", 3, 3, 12, 3, PricingCategory="Dynamic")],
    ),
    Charge(
        "free grant, whose row has the price without it",
        [usage(0, 0, 0, 0, ListUnitPrice="1.2")],
        [shown("Usage", 0, 0, 0, 0, **STANDARD, ListUnitPrice="1.2")],
    ),
    Charge(
        "EA: reservation used, with the price that you agreed on and no list price",
        [usage(0, 6, 0, 9, **COVERED)],
        [shown("Usage", 0, 6, 9, 9, **used(10))],
    ),
    Charge(
        "EA: reservation used, and usage on demand of the same SKU in the month",
        [usage(0, 6, 0, 9, **COVERED), usage(9, 9, 12, 9)],
        [shown("Usage", 0, 6, 12, 9, **used(10)), shown("Usage", 9, 9, 12, 9, **STANDARD)],
    ),
    Charge(
        "MCA: reservation used, with unit prices but without costs",
        [{**usage(0, 7, 12, 10, **COVERED), "ListCost": 0, "ContractedCost": 0}],
        [shown("Usage", 0, 7, 12, 10, **used(10))],
    ),
    Charge(
        "MCA: reservation used, without prices, and usage on demand of the same SKU in the month",
        [usage(0, 7, 0, 0, **COVERED), usage(10, 10, 12, 10)],
        [shown("Usage", 0, 7, 12, 10, **used(10)), shown("Usage", 10, 10, 12, 10, **STANDARD)],
    ),
    Charge(
        "MCA: reservation used, with no price in the whole month (COMMITMENT_PRICE)",
        [usage(0, 7, 0, 0, **COVERED), usage(10, 10, 12, 10, SkuPriceId="another"), usage(2, 2, 2, 2, SkuPriceId=None)],
        [
            shown("Usage", 0, 7, 7, 7, ContractedUnitPrice=None, **used(10)),
            shown("Usage", 10, 10, 12, 10, ContractedUnitPrice=1, **STANDARD),
            shown("Usage", 2, 2, 2, 2, ContractedUnitPrice="0.2", **STANDARD),
        ],
    ),
    Charge(
        "MCA: reservation used, whose SkuPriceId says nothing",
        [usage(0, 7, 0, 0, **COVERED, SkuPriceId="-2"), usage(10, 10, 12, 10, SkuPriceId="-2")],
        [shown("Usage", 0, 7, 7, 7, **used(10)), shown("Usage", 10, 10, 12, 10, **STANDARD)],
    ),
    Charge(
        "reservation unused: nothing was used, so it has no list price",
        [usage(0, 4, 0, 0, **{**COVERED, **WASTED})],
        [shown("Usage", 0, 4, 0, 0, **unused(10))],
    ),
    Charge(
        "reservation unused, whose row has the costs and prices of usage",
        [usage(0, 4, 9, 8, **{**COVERED, **WASTED})],
        [shown("Usage", 0, 4, 0, 0, **unused(10), **NO_PRICE, PricingQuantity=10)],
    ),
    Charge(
        "reservation bought upfront",
        [bought(876, 0, **OF_RESERVATION)],
        [shown("Purchase", 876, 0, 876, 876, **under(RESERVATION), **ONCE)],
    ),
    Charge(
        "MCA, 1.0-preview(v1): reservation bought, and its EffectiveCost repeats the bill",
        [bought(110, 110, **OF_RESERVATION), usage(0, 70, 100, 90, 100, **COVERED)],
        [
            shown("Purchase", 110, 0, 110, 110, **under(RESERVATION), PricingCategory="Standard"),
            shown("Usage", 0, 70, 100, 90, **used(100)),
        ],
    ),
    Charge(
        "reservation paid monthly",
        [bought(73, 73, "Usage-Based", **OF_RESERVATION)],
        [shown("Purchase", 73, 0, 73, 73, **under(RESERVATION), **INSTALMENT)],
    ),
    Charge(
        "MCA: reservation bought, and the row names only the order",
        [bought(73, 73, "Usage-Based", ResourceId=RESERVATION)],
        [shown("Purchase", 73, 0, 73, 73, **under(RESERVATION), **INSTALMENT)],
    ),
    Charge(
        "reservation refunded",
        [bought(-803, -803, **OF_RESERVATION, ChargeClass="Correction")],
        [shown("Purchase", -803, 0, -803, -803, ChargeClass="Correction", **under(RESERVATION), **ONCE)],
    ),
    Charge(
        "reservation exchanged: the old one is refunded, a new one bought",
        [bought(-60, -60, **OF_RESERVATION, ChargeClass="Correction"), bought(90, 90, **OF_PLAN)],
        [
            shown("Purchase", -60, 0, -60, -60, ChargeClass="Correction", **under(RESERVATION)),
            shown(
                "Purchase", 90, 0, 90, 90,
                **under(PLAN, CommitmentDiscountQuantity=90, CommitmentDiscountUnit="EUR"),
            ),
        ],
    ),
    Charge(
        "savings plan: the hourly commitment is bought, used and in part unused",
        [
            bought(72, 72, "Usage-Based", **OF_PLAN),
            usage(0, 70, 120, 100, 100, **PLANNED),
            usage(0, 2, 0, 0, 1, **{**PLANNED, **WASTED}),
        ],
        [
            shown(
                "Purchase", 72, 0, 72, 72, **INSTALMENT,
                **under(PLAN, CommitmentDiscountQuantity=72, CommitmentDiscountUnit="EUR"),
            ),
            shown("Usage", 0, 70, 120, 100, **used(70, "EUR", PLAN), ChargeFrequency="Usage-Based"),
            shown("Usage", 0, 2, 0, 0, **unused(2, "EUR", PLAN), ChargeFrequency="Usage-Based"),
        ],
    ),
    Charge(
        "reservation of a block of units: 100 hours are one unit of the price",
        [{**usage(0, 60, 120, 90, 10, **COVERED, x_PricingBlockSize=100), "ConsumedQuantity": 1000}],
        [shown("Usage", 0, 60, 120, 90, **used(1000), ConsumedQuantity=1000)],
    ),
    Charge(
        "Marketplace usage and purchase: Azure writes 0 for both prices",
        [
            usage(20, 20, 0, 0, PublisherName="Contoso", x_PublisherCategory="Vendor"),
            {**bought(30, 30, PublisherName="Contoso"), "ListCost": 0, "ContractedCost": 0},
        ],
        [
            shown("Usage", 20, 20, 20, 20, PublisherName="Contoso", ListUnitPrice=2, ContractedUnitPrice=2),
            shown("Purchase", 30, 30, 30, 30, PublisherName="Contoso"),
        ],
    ),
    *(
        Charge(
            f"Marketplace purchase and its refund, whose frequency is {written or 'blank'}",
            [bought(30, 30, written), bought(-30, -30, written, ChargeClass="Correction")],
            [
                shown("Purchase", 30, 30, 30, 30, ChargeFrequency=frequency),
                shown("Purchase", -30, -30, -30, -30, ChargeClass="Correction", ChargeFrequency=of_refund),
            ],
        )
        for written, frequency, of_refund in FREQUENCIES
    ),
    Charge("credit", [shown("Credit", -50, -50, -50, -50)], [shown("Credit", -50, -50, -50, -50)]),
    Charge(
        "tax, whose row names a SKU",
        [{**HOURS, **shown("Tax", 19, 19, 19, 19), **NAMED_SKU, "x_SkuDetails": '{"a":1}', "PricingQuantity": 1}],
        [shown("Tax", 19, 19, 19, 19, **NO_SKU)],
    ),
    Charge("MCA: rounding", [shown("Adjustment", "0.004", "0.004", 0, 0)],
           [shown("Adjustment", "0.004", "0.004", 0, 0)]),
    Charge(
        "ids in two cases, and two names of one publisher",
        [
            usage(1, 1, 1, 1, SubAccountId=f"/subscriptions/{name}", PublisherName=publisher, BillingAccountId=name)
            for name, publisher in (("ABC", "Microsoft Corporation"), ("abc", "Microsoft"), ("Abc", None))
        ],
        [
            shown("Usage", 1, 1, 1, 1, SubAccountId="/subscriptions/abc", PublisherName="Microsoft",
                  BillingAccountId="abc")
        ] * 3,
    ),
    Charge(
        "MCA: the account is above the billing profile",
        [usage(1, 1, 1, 1, BillingAccountId="/accounts/A/billingProfiles/P", x_BillingAccountId="A:1")],
        [shown("Usage", 1, 1, 1, 1, BillingAccountId="/accounts/a/billingprofiles/p", x_BillingAccountId="a:1")],
    ),
    *(
        Charge(
            f"reservation bought, used and refunded: {kind}",
            [
                {**bought(110, 110, **OF_RESERVATION), **priced},
                {**usage(0, 70, 100, 90, 100, **COVERED), **priced},
                {**bought(-20, -20, **OF_RESERVATION, ChargeClass="Correction"), **priced},
            ],
            [
                shown("Purchase", 110, 0, 110, 110, **under(RESERVATION), PricingCurrency=currency,
                      PricingCurrencyEffectiveCost=0),
                shown("Usage", 0, 70, 100, 90, **used(100), PricingCurrency=currency,
                      PricingCurrencyEffectiveCost=cost),
                shown("Purchase", -20, 0, -20, -20, **under(RESERVATION), ChargeClass="Correction",
                      PricingCurrency=currency, PricingCurrencyEffectiveCost=0),
            ],
        )
        for kind, priced, currency, cost in PRICED
    ),
    Charge(
        "columns that earlier versions have under other names",
        [usage(1, 1, 1, 1, InvoiceId="G1", PricingCurrency="USD", SkuMeter="D4", RegionId="westeurope",
               RegionName="West Europe")],
        [shown("Usage", 1, 1, 1, 1, InvoiceId="G1", PricingCurrency="USD", SkuMeter="D4", RegionId="westeurope",
               RegionName="West Europe", ConsumedQuantity=10, ConsumedUnit="Hours")],
    ),
]  # fmt: skip


def focus_export(version: str) -> Export:
    stored = json.loads((SCHEMAS / f"azure_focus_{version}.json").read_text())
    fields = tuple(Field(column["name"], column["type"]) for column in stored)
    return Export(version, "azure_focus", "azure", fields, {"BillingPeriodStart": SEPTEMBER})


def spelled(row: Row, version: str) -> Row:
    """Return a row of version 1.2 as an earlier version writes it. A table drops what its version does not have."""
    earlier = {"InvoiceId": "x_InvoiceId", "PricingCurrency": "x_PricingCurrency", "SkuMeter": "x_SkuMeterName"}
    preview = {
        "ContractedCost": "x_OnDemandCost", "ContractedUnitPrice": "x_OnDemandUnitPrice", "RegionName": "Region",
        "ConsumedQuantity": "UsageQuantity", "ConsumedUnit": "UsageUnit",
    }  # fmt: skip
    names = {**earlier, **preview} if version == "1.0-preview(v1)" else earlier if version.startswith("1.0") else {}
    renamed = {**row, **{names[name]: value for name, value in row.items() if name in names}}
    return {**renamed, **_preview_words(row)} if version == "1.0-preview(v1)" else renamed


def _preview_words(row: Row) -> dict[str, Any]:
    """Return the columns whose values are other words in version 1.0-preview(v1)."""
    status = {"Used": "Used Commitment", "Unused": "Unused Commitment"}.get(row.get("CommitmentDiscountStatus") or "")
    subcategory = {"Credit": "Credit"}.get(row["ChargeCategory"], status)
    refund = {"ChargeCategory": "Adjustment", "ChargeSubcategory": "Refund"} if row.get("ChargeClass") else {}
    pricing = row.get("PricingCategory")
    return {
        "PricingCategory": WORDS.get(pricing, pricing) if pricing else None,
        "ChargeSubcategory": subcategory,
        "ChargeCategory": "Adjustment" if row["ChargeCategory"] == "Credit" else row["ChargeCategory"],
        **refund,
    }


VERSIONS = FORMATS["azure_focus_csv"].versions


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("charge", FOCUS_CHARGES, ids=lambda charge: charge.kind)
def test_charge_of_the_focus_export_becomes(acme: duckdb.DuckDBPyConnection, version: str, charge: Charge) -> None:
    written = Charge(charge.kind, [spelled(row, version) for row in charge.exported], charge.focus)

    found = focus_facts(acme, focus_export(version), written)

    assert found == expected_facts(charge)


def test_details_of_a_sku_have_the_prefix_of_focus(acme: duckdb.DuckDBPyConnection) -> None:
    details = '{"ServiceType":"D4","AHB":"say, \\"x\\":"}'

    [row] = focus_of(acme, focus_export("1.0"), [{"x_SkuDetails": details}])

    assert json.loads(row["SkuPriceDetails"]) == {"x_ServiceType": "D4", "x_AHB": 'say, "x":'}


# Actual cost and amortized cost. EA has no PayGPrice; MCA prices in dollars, here at 1 EUR.
def line(kind: str, cost: object, model: str | None, price: object = 0, hours: int = 10, **more: object) -> Row:
    """Return a row of actual or amortized cost."""
    quantities = {"Quantity": hours, "UnitOfMeasure": "1 Hour", "UnitPrice": price, "MeterId": "D4"}
    return {"ChargeType": kind, "Cost": cost, "PricingModel": model, "BillingCurrency": "EUR", **quantities, **more}


BY_RESERVATION: dict[str, Any] = {"ReservationId": RESERVATION}
BY_PLAN: dict[str, Any] = {"BenefitId": PLAN}
IN_DOLLARS: dict[str, Any] = {"PricingCurrency": "USD", "ExchangeRatePricingToBilling": "0.875"}
SAME = [
    *(
        Charge(f"usage: {kind}",
               [line("Usage", 70, "OnDemand", PricingCurrency=row["PricingCurrency"],
                     ExchangeRatePricingToBilling=row.get("x_BillingExchangeRate"))],
               [shown("Usage", 70, 70, 70, 70, PricingCurrency=currency, PricingCurrencyEffectiveCost=cost)])
        for kind, row, currency, cost in PRICED
    ),
    Charge("MCA: usage with Azure's own amount in the pricing currency",
           [line("Usage", 70, "OnDemand", **IN_DOLLARS, CostInPricingCurrency=81)],
           [shown("Usage", 70, 70, 70, 70, PricingCurrency="USD", PricingCurrencyEffectiveCost=81)]),
    # kinds of charge that actual and amortized cost have in common
    Charge("EA: usage at a negotiated price", [line("Usage", 9, "OnDemand", "0.9")],
           [shown("Usage", 9, 9, 9, 9, **STANDARD)]),
    Charge("MCA: usage, with its pay-as-you-go cost",
           [line("Usage", 9, "OnDemand", "0.9", PayGPrice="1.2", PaygCostInBillingCurrency=12)],
           [shown("Usage", 9, 9, 12, 9, **STANDARD)]),
    Charge("pay as you go: usage, with its price but not its cost at list",
           [line("Usage", 9, "OnDemand", "0.9", PayGPrice="1.2")],
           [shown("Usage", 9, 9, 12, 9, **STANDARD, **in_billing_currency("1.2", "0.9"))]),
    Charge("plan of Azure's support",
           [line("Purchase", 30, None, Frequency="Recurring", ServiceFamily="Azure Support")],
           [shown("Purchase", 30, 30, 30, 30, ServiceCategory="Management and Governance",
                  ServiceSubcategory="Other (Management and Governance)")]),
    Charge("MCA: rounding", [line("RoundingAdjustment", "0.004", None)],
           [shown("Adjustment", "0.004", "0.004", "0.004", "0.004")]),
    Charge("CSP: usage that a partner bills", [line("Usage", 9, "OnDemand", "0.9", PartnerName="Contoso")],
           [shown("Usage", 9, 9, 9, 9, InvoiceIssuerName="Contoso")]),
    Charge("EA: dev/test usage", [line("Usage", 7, "OnDemand", "0.7", OfferId="MS-AZR-0148P")],
           [shown("Usage", 7, 7, 7, 7, **STANDARD)]),
    Charge("spot usage, whose row names a reservation", [line("Usage", 3, "Spot", "0.3", **BY_RESERVATION)],
           [shown("Usage", 3, 3, 3, 3, PricingCategory="Dynamic")]),
    Charge("licence on demand of a reserved machine", [line("Usage", 3, "OnDemand", "0.3", **BY_RESERVATION)],
           [shown("Usage", 3, 3, 3, 3, **STANDARD)]),
    Charge("free grant, whose row has the price without it",
           [line("Usage", 0, "OnDemand", 0, PayGPrice="1.2", PaygCostInBillingCurrency=0)],
           [shown("Usage", 0, 0, 0, 0, **STANDARD, ListUnitPrice="1.2")]),
    Charge("MCA: Marketplace usage, whose pay-as-you-go cost is 0",
           [line("Usage", 20, "OnDemand", 2, MeterId="M", PayGPrice=0, PaygCostInBillingCurrency=0)],
           [shown("Usage", 20, 20, 20, 20, **STANDARD, ListUnitPrice=2)]),
    Charge("Marketplace purchase", [line("Purchase", 30, "OnDemand", 30, 1, Frequency="OneTime")],
           [shown("Purchase", 30, 30, 30, 30, **ONCE)]),
    *(
        Charge(f"purchase and its refund, whose frequency is {written or 'blank'}",
               [line("Purchase", 30, "OnDemand", 30, 1, Frequency=written.replace("-", "")),
                line("Refund", -30, "OnDemand", -30, 1, Frequency=written.replace("-", ""))],
               [shown("Purchase", 30, 30, 30, 30, ChargeFrequency=frequency),
                shown("Purchase", -30, -30, -30, -30, ChargeClass="Correction", ChargeFrequency=of_refund)])
        for written, frequency, of_refund in FREQUENCIES
    ),
    Charge("refund of usage", [line("Refund", -5, "OnDemand")],
           [shown("Purchase", -5, -5, -5, -5, ChargeClass="Correction")]),
    Charge("credit", [line("Credit", -50, None)], [shown("Credit", -50, -50, -50, -50)]),
    Charge("tax, whose row names a SKU", [line("Tax", 19, None, ProductId="P", PartNumber="N", MeterName="M")],
           [shown("Tax", 19, 19, 19, 19, **NO_SKU)]),
    Charge("usage, whose row names a SKU", [line("Usage", 9, "OnDemand", "0.9", ProductId="P", MeterName="M")],
           [shown("Usage", 9, 9, 9, 9, SkuId="P", SkuMeter="M", SkuPriceId="D4", PricingQuantity=10)]),
    Charge(
        "MCA: an invoice is for a billing profile, and x_BillingAccountId is the account",
        [line("Usage", 1, "OnDemand", BillingAccountId="ACC:1", BillingProfileId="P-1", BillingProfileName="One")],
        [shown("Usage", 1, 1, 1, 1, BillingAccountId="p-1", BillingAccountName="One",
               BillingAccountType="Billing Profile", x_BillingAccountId="acc:1")],
    ),
    Charge(
        "EA: profile and account are one enrolment",
        [line("Usage", 1, "OnDemand", BillingAccountId="861", BillingProfileId="861")],
        [shown("Usage", 1, 1, 1, 1, BillingAccountId="861", BillingAccountType="Billing Account",
               x_BillingAccountId="861")],
    ),
    Charge(
        "ids in two cases, and two names of one publisher",
        [
            line("Usage", 1, "OnDemand", SubscriptionId=name, PublisherName=publisher, ResourceId=f"/{name}")
            for name, publisher in (("ABC", "Microsoft Corporation"), ("abc", "Microsoft"), ("Abc", None))
        ],
        [shown("Usage", 1, 1, 1, 1, SubAccountId="/subscriptions/abc", PublisherName="Microsoft", ResourceId="/abc")]
        * 3,
    ),
]  # fmt: skip
IN_HOURS = {"CommitmentDiscountUnit": "Hour"}
ACTUAL_CHARGES = [
    *SAME,
    Charge("reservation used: it was billed with the purchase",
           [line("Usage", 0, "Reservation", "0.9", **BY_RESERVATION)],
           [shown("Usage", 0, 0, 9, 9, **{**used(10), **IN_HOURS})]),
    Charge("savings plan used: actual cost does not say how much of the plan",
           [line("Usage", 0, "SavingsPlan", "0.9", **BY_PLAN, PayGPrice="1.2")],
           [shown("Usage", 0, 0, 12, 9, **under(PLAN, CommitmentDiscountStatus="Used", PricingCategory="Committed"))]),
    Charge("reservation bought upfront", [line("Purchase", 876, "Reservation", 876, 1, Frequency="OneTime",
                                               **BY_RESERVATION)],
           [shown("Purchase", 876, 876, 876, 876, **under(RESERVATION), **ONCE)]),
    Charge("MCA: reservation bought, and the row has only the order",
           [line("Purchase", 73, "Reservation", 73, 1, Frequency="Recurring", ProductOrderId="O-1")],
           [shown("Purchase", 73, 73, 73, 73, **under("O-1"), **INSTALMENT)]),
    Charge("savings plan bought", [line("Purchase", 72, "SavingsPlan", 72, 1, Frequency="Recurring", **BY_PLAN)],
           [shown("Purchase", 72, 72, 72, 72, **INSTALMENT,
                  **under(PLAN, CommitmentDiscountQuantity=72, CommitmentDiscountUnit="EUR"))]),
    Charge("reservation refunded", [line("Refund", -803, "Reservation", -803, 1, Frequency="OneTime",
                                         **BY_RESERVATION)],
           [shown("Purchase", -803, -803, -803, -803, ChargeClass="Correction", **under(RESERVATION), **ONCE)]),
]  # fmt: skip
AMORTIZED_CHARGES = [
    *SAME,
    Charge("EA: reservation used", [line("Usage", 6, "Reservation", "0.9", **BY_RESERVATION)],
           [shown("Usage", 0, 6, 9, 9, **{**used(10), **IN_HOURS})]),
    Charge("reservation used, and the row names no reservation",
           [line("Usage", "0.6", "Reservation", "0.9")],
           [shown("Usage", 0, "0.6", 9, 9, CommitmentDiscountCategory="Usage", CommitmentDiscountType="Reservation",
                  CommitmentDiscountStatus="Used", CommitmentDiscountQuantity=10, **IN_HOURS,
                  PricingCategory="Committed")]),
    Charge("MCA: reservation used without prices, and usage on demand of the same product in the month",
           [line("Usage", 7, "Reservation", 0, **BY_RESERVATION, PayGPrice=0, PaygCostInBillingCurrency=0),
            line("Usage", 10, "OnDemand", 1, PayGPrice="1.2", PaygCostInBillingCurrency=12)],
           [shown("Usage", 0, 7, 12, 10, **{**used(10), **IN_HOURS}), shown("Usage", 10, 10, 12, 10, **STANDARD)]),
    Charge("MCA: reservation used, with no price in the whole month (COMMITMENT_PRICE)",
           [line("Usage", 7, "Reservation", 0, **BY_RESERVATION), line("Usage", 1, "OnDemand", 1, 1, MeterId="other"),
            line("Usage", 1, "OnDemand", 1, 1, MeterId=None)],
           [shown("Usage", 0, 7, 7, 7, **{**used(10), **IN_HOURS}), shown("Usage", 1, 1, 1, 1, **STANDARD),
            shown("Usage", 1, 1, 1, 1, **STANDARD)]),
    Charge("reservation unused, whose row has the prices of usage",
           [line("UnusedReservation", 4, "Reservation", "0.9", PayGPrice="1.2", PricingCurrency="EUR",
                 **BY_RESERVATION)],
           [shown("Usage", 0, 4, 0, 0, **{**unused(10), **IN_HOURS}, **NO_PRICE, PricingQuantity=10)]),
    Charge("savings plan used and in part unused",
           [line("Usage", 70, "SavingsPlan", 1, 99, **BY_PLAN), line("UnusedSavingsPlan", 2, "SavingsPlan", **BY_PLAN)],
           [shown("Usage", 0, 70, 99, 99, **used(70, "EUR", PLAN)),
            shown("Usage", 0, 2, 0, 0, **unused(2, "EUR", PLAN))]),
    Charge("reservation refunded: its cost is in the usage",
           [line("Refund", -803, "Reservation", -803, 1, Frequency="OneTime", **BY_RESERVATION)],
           [shown("Purchase", -803, 0, -803, -803, ChargeClass="Correction", **under(RESERVATION), **ONCE)]),
    Charge("reservation used and refunded: prices in another currency, and Azure's own amount of it",
           [line("Usage", 70, "Reservation", 1, 100, **BY_RESERVATION, **IN_DOLLARS, CostInPricingCurrency=81),
            line("Refund", -20, "Reservation", -20, 1, **BY_RESERVATION, **IN_DOLLARS, CostInPricingCurrency=-24)],
           [shown("Usage", 0, 70, "87.5", "87.5", **{**used(100), **IN_HOURS}, PricingCurrency="USD",
                  PricingCurrencyEffectiveCost=81),
            shown("Purchase", -20, 0, -20, -20, ChargeClass="Correction", **under(RESERVATION),
                  PricingCurrency="USD", PricingCurrencyEffectiveCost=0)]),
    Charge("reservation in two cases", [line("Usage", 6, "Reservation", "0.9", ReservationId=name)
                                        for name in ("ABC", "abc")],
           [shown("Usage", 0, 6, 9, 9, **{**used(10, commitment="abc"), **IN_HOURS})] * 2),
]  # fmt: skip


def cost_export(name: str) -> Export:
    always = {"BillingPeriodStartDate": SEPTEMBER}
    return Export(name, f"azure_{name}", "azure", tuple(fields_of(f"azure_{name}")), always)


COST_CHARGES: Sequence[tuple[str, Charge]] = [
    *(("actual", charge) for charge in ACTUAL_CHARGES),
    *(("amortized", charge) for charge in AMORTIZED_CHARGES),
]


@pytest.mark.parametrize(
    ("name", "charge"), COST_CHARGES, ids=[f"{name}: {charge.kind}" for name, charge in COST_CHARGES]
)
def test_charge_of_actual_or_amortized_cost_becomes(acme: duckdb.DuckDBPyConnection, name: str, charge: Charge) -> None:
    assert focus_facts(acme, cost_export(name), charge) == expected_facts(charge)


EVERY_CHARGE: Mapping[str, tuple[Export, Sequence[Charge]]] = {
    "FOCUS": (focus_export("1.2"), FOCUS_CHARGES),
    "actual": (cost_export("actual"), ACTUAL_CHARGES),
    "amortized": (cost_export("amortized"), AMORTIZED_CHARGES),
}


@pytest.mark.parametrize("name", ["FOCUS", "actual"])
def test_sum_of_billed_cost_is_the_invoice(acme: duckdb.DuckDBPyConnection, name: str) -> None:
    export, charges = EVERY_CHARGE[name]
    exported = [row for charge in charges for row in charge.exported]
    invoice = sum(Decimal(str(row["BilledCost" if name == "FOCUS" else "Cost"])) for row in exported)

    found = focus_of(acme, export, exported)

    assert sum(row["BilledCost"] for row in found) == invoice


@pytest.mark.parametrize("code", ["LIST_PRICE", "PURCHASE_FREQUENCY", "TAX_QUANTITY", "TAX_SKU"])
@pytest.mark.parametrize("name", EVERY_CHARGE)
def test_no_charge_breaks_a_rule_about_prices_and_frequencies(
    acme: duckdb.DuckDBPyConnection, name: str, code: str
) -> None:
    export, charges = EVERY_CHARGE[name]
    [count] = [rule.count for rule in charge_rules() if rule.code == code]
    focus_of(acme, export, [row for charge in charges for row in charge.exported])

    found = rows(acme, translated(f"SELECT {count} AS broken FROM acme.billing.focus_costs"))

    assert found == [{"broken": 0}]


@pytest.mark.parametrize("name", EVERY_CHARGE)
def test_commitment_never_looks_like_a_loss(acme: duckdb.DuckDBPyConnection, name: str) -> None:
    """A commitment costs less than the prices that it replaces, and its cost in a month is never negative."""
    export, charges = EVERY_CHARGE[name]
    focus_of(acme, export, [row for charge in charges for row in charge.exported])

    found = rows(
        acme,
        "SELECT SUM(EffectiveCost) >= 0 AS is_cost,"
        " SUM(IF(CommitmentDiscountStatus = 'Used', ListCost - ContractedCost, 0)) >= 0 AS is_list_higher,"
        " SUM(IF(CommitmentDiscountStatus = 'Used', ContractedCost - EffectiveCost, 0)) >= 0 AS is_cheaper"
        " FROM acme.billing.focus_costs WHERE PricingCategory = 'Committed' GROUP BY CommitmentDiscountId",
    )

    assert found
    assert {tuple(row.values()) for row in found} == {(True, True, True)}


def test_effective_cost_over_the_life_of_a_commitment_is_its_price(acme: duckdb.DuckDBPyConnection) -> None:
    """A reservation of two months: bought upfront, used, in part unused, and its second half refunded at once."""
    october = {"BillingPeriodStart": datetime(2025, 10, 1, tzinfo=UTC)}
    months = [
        bought(100, 100, **OF_RESERVATION),
        usage(0, "44.5", 60, 55, **COVERED),
        usage(0, "5.5", 0, 0, **{**COVERED, **WASTED}),
        {**bought(-20, -20, **OF_RESERVATION, ChargeClass="Correction"), **october},
        {**usage(0, 30, 60, 55, **COVERED), **october},
    ]

    found = focus_of(acme, focus_export("1.0"), months)

    bills, costs = (sum(row[name] for row in found) for name in ("BilledCost", "EffectiveCost"))
    assert (bills, costs) == (80, 80)
