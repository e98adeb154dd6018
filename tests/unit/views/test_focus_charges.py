"""What each kind of charge becomes in `focus_costs`. DuckDB runs the SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from billing.columns.field import Field
from billing.views.focus import FOCUS_COLUMNS
from tests.unit.views.bigquery_sql import rows, translated
from tests.unit.views.focus_rows import MONTH, TAG_COLUMNS, cur_fields, fields_of, focus_rows, query_of

NATIVE_MONTH = Field("BillingPeriodStart", "TIMESTAMP")
CUR_MONTH = Field("bill_billing_period_start_date", "TIMESTAMP")
USAGE = {"line_item_usage_amount": "2", "line_item_unblended_cost": "3", "pricing_public_on_demand_cost": "4"}
RESERVATION = {"reservation_reservation_a_r_n": "arn:ri"}
PLAN = {"savings_plan_savings_plan_a_r_n": "arn:sp"}
SHOWN = (
    "ChargeCategory", "ChargeClass", "ChargeFrequency", "BilledCost", "EffectiveCost", "ContractedCost", "ListCost",
    "CommitmentDiscountStatus", "PricingCategory", "ConsumedQuantity",
)  # fmt: skip


def cur_charge(line_type: str, values: Mapping[str, str], month: datetime = MONTH) -> dict[str, Any]:
    return {"bill_billing_period_start_date": month, "line_item_line_item_type": line_type, **values}


@pytest.mark.parametrize(
    ("line_type", "values", "expected"),
    [
        ("Usage", {}, [("Usage", None, "Usage-Based", 3, 3, 3, 4, None, "Standard", 2)]),
        (
            "Usage",
            {"line_item_usage_type": "EU-SpotUsage:m5"},
            [("Usage", None, "Usage-Based", 3, 3, 3, 4, None, "Dynamic", 2)],
        ),
        (
            "DiscountedUsage",
            {**RESERVATION, "line_item_unblended_cost": "0", "reservation_effective_cost": "1.5"},
            [("Usage", None, "Usage-Based", 0, Decimal("1.5"), 4, 4, "Used", "Committed", 2)],
        ),
        (
            "SavingsPlanCoveredUsage",
            {**PLAN, "savings_plan_savings_plan_effective_cost": "2.5"},
            [("Usage", None, "Usage-Based", 0, Decimal("2.5"), 3, 4, "Used", "Committed", 2)],
        ),
        (
            "SavingsPlanNegation",
            {**PLAN, "line_item_unblended_cost": "-3"},
            [("Adjustment", None, "One-Time", 0, 0, 0, 0, None, None, None)],
        ),
        ("SavingsPlanUpfrontFee", PLAN, [("Purchase", None, "One-Time", 3, 3, 3, 3, None, "Standard", None)]),
        (
            "SavingsPlanRecurringFee",
            {**PLAN, "savings_plan_total_commitment_to_date": "3", "savings_plan_used_commitment": "0"},
            [
                ("Purchase", None, "Recurring", 3, 0, 3, 3, None, "Standard", None),
                ("Usage", None, "Usage-Based", 0, 3, 0, 0, "Unused", "Committed", None),
            ],
        ),
        (
            "RIFee",
            {
                **RESERVATION,
                "reservation_unused_amortized_upfront_fee_for_billing_period": "0.5",
                "reservation_unused_recurring_fee": "0.25",
            },
            [
                ("Purchase", None, "Recurring", 3, 0, 3, 3, None, "Standard", None),
                ("Usage", None, "Usage-Based", 0, Decimal("0.75"), 0, 0, "Unused", "Committed", None),
            ],
        ),
        ("Fee", RESERVATION, [("Purchase", None, "One-Time", 3, 3, 3, 3, None, "Standard", None)]),
        ("Fee", {}, [("Purchase", None, "One-Time", 3, 3, 3, 3, None, "Standard", None)]),
        ("Tax", {}, [("Tax", None, "One-Time", 3, 3, 3, 3, None, None, None)]),
        ("Credit", {}, [("Credit", None, "One-Time", 3, 3, 3, 3, None, None, None)]),
        ("Refund", {}, [("Usage", "Correction", "Usage-Based", 3, 3, 3, 3, None, "Standard", None)]),
        ("EdpDiscount", {}, [("Adjustment", None, "One-Time", 3, 3, 3, 0, None, None, None)]),
        ("", {}, [("Usage", None, "Usage-Based", 3, 3, 3, 4, None, "Standard", 2)]),
    ],
)
def test_aws_line_item_becomes(
    acme: duckdb.DuckDBPyConnection, line_type: str, values: Mapping[str, str], expected: list[tuple[object, ...]]
) -> None:
    charge = cur_charge(line_type, {**USAGE, **values})

    found = focus_rows(acme, "aws_cur", cur_fields(), charge)

    assert sorted((tuple(row[name] for name in SHOWN) for row in found), key=str) == sorted(expected, key=str)


def reservation_in(month: datetime, upfront: str) -> list[dict[str, Any]]:
    """Return one month of a reservation that is paid in part upfront, and never wholly used."""
    unused = {
        "reservation_unused_amortized_upfront_fee_for_billing_period": "6.123456789012345678",
        "reservation_unused_recurring_fee": "1.5",
    }
    used = {"line_item_unblended_cost": "0", "reservation_effective_cost": "62.626543210987654322"}
    return [
        cur_charge("Fee", {**RESERVATION, "line_item_unblended_cost": upfront}, month),
        cur_charge("RIFee", {**RESERVATION, "line_item_unblended_cost": "20", **unused}, month),
        cur_charge("DiscountedUsage", {**RESERVATION, **used}, month),
    ]


def savings_plan_in(month: datetime) -> list[dict[str, Any]]:
    """Return one month of a Savings Plan that is never wholly used."""
    fee = {
        "line_item_unblended_cost": "744",
        "savings_plan_total_commitment_to_date": "744",
        "savings_plan_used_commitment": "731.8812345678",
    }
    used = {"line_item_unblended_cost": "1100.25", "savings_plan_savings_plan_effective_cost": "731.8812345678"}
    return [
        cur_charge("SavingsPlanRecurringFee", {**PLAN, **fee}, month),
        cur_charge("SavingsPlanCoveredUsage", {**PLAN, **used}, month),
        cur_charge("SavingsPlanNegation", {**PLAN, "line_item_unblended_cost": "-1100.25"}, month),
    ]


def test_effective_cost_of_a_commitment_equals_its_price(acme: duckdb.DuckDBPyConnection) -> None:
    october = datetime(2025, 10, 1, tzinfo=UTC)
    reservation = [*reservation_in(MONTH, upfront="100.5"), *reservation_in(october, upfront="0")]
    plan = [*savings_plan_in(MONTH), *savings_plan_in(october)]
    focus_rows(acme, "aws_cur", cur_fields(), *reservation, *plan)

    found = rows(
        acme,
        "SELECT CommitmentDiscountType AS kind, SUM(BilledCost) AS billed, SUM(EffectiveCost) AS effective,"
        " SUM(IF(CommitmentDiscountStatus = 'Unused', EffectiveCost, 0)) AS unused"
        " FROM acme.billing.focus_costs GROUP BY ALL ORDER BY kind",
    )

    assert [tuple(row.values()) for row in found] == [
        ("Reserved Instance", Decimal("140.5"), Decimal("140.5"), Decimal("15.246913578024691356")),
        ("Savings Plan", Decimal(1488), Decimal(1488), Decimal("24.2375308644")),
    ]


def test_empty_text_is_null(acme: duckdb.DuckDBPyConnection) -> None:
    empty = {column.name: "" for column in FOCUS_COLUMNS if column.type == "STRING"}
    fields = [Field(column.name, "STRING" if column.type == "JSON" else column.type) for column in FOCUS_COLUMNS]

    [row] = focus_rows(acme, "native", fields, {"BillingPeriodStart": MONTH, **empty, "Tags": ""})

    assert {name for name, value in row.items() if value is not None} == {
        "BillingPeriodStart",
        "x_provider",
        "x_source",
    }


def test_tag_columns_have_the_keys_of_their_sources(acme: duckdb.DuckDBPyConnection) -> None:
    values = dict(zip(TAG_COLUMNS, ("a", "", "Root", "ü"), strict=True))

    [row] = focus_rows(acme, "aws_cur", cur_fields(), {"bill_billing_period_start_date": MONTH, **values})

    assert json.loads(row["Tags"]) == {"team": "a", "aws:createdBy": "Root", 'it\'s a \\ and "größe"': "ü"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{"team":"a"}', '{"team":"a"}'),
        ('"team":"a"', '{"team":"a"}'),  # Azure's EA accounts omit the braces
        ('{"user_team":"a"}', '{"user_team":"a"}'),  # the user's own key
        ("", None),
        (None, None),
        ("team=a", None),
    ],
)
def test_tags_of_azure_are_parsed(acme: duckdb.DuckDBPyConnection, given: str | None, expected: str | None) -> None:
    charge = {"BillingPeriodStart": MONTH, "Tags": given}

    [row] = focus_rows(acme, "native", [NATIVE_MONTH, Field("Tags", "STRING")], charge, provider="azure")

    assert row["Tags"] == expected


@pytest.mark.parametrize("kind", ["JSON", "STRING"])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            r'{"user_team":"a","aws_x":"user_b","user_user_x":"say, \"user_y\":"}',
            r'{"team":"a","aws_x":"user_b","user_x":"say, \"user_y\":"}',
        ),
        ('{"a":"b", "user:team":"c"}', '{"a":"b", "team":"c"}'),
        ("{}", "{}"),
        (None, None),
    ],
)
def test_tags_of_aws_lose_only_their_prefix(
    acme: duckdb.DuckDBPyConnection, kind: str, given: str | None, expected: str | None
) -> None:
    charge = {"BillingPeriodStart": MONTH, "Tags": given}

    [row] = focus_rows(acme, "native", [NATIVE_MONTH, Field("Tags", kind)], charge)

    assert json.loads(row["Tags"] or "null") == json.loads(expected or "null")


ALL_TAGS = '{"resourceTags/team":"a","resourceTags/user:x":"y","accountTag/team":"b","costCategory/unit":"c"}'


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"tags": ALL_TAGS}, {"team": "a", "x": "y", "accountTag/team": "b", "costCategory/unit": "c"}),
        ({"resource_tags": '{"user_team":"a"}', "tags": ALL_TAGS}, {"team": "a"}),
    ],
    ids=["tags only", "resource_tags first"],
)
def test_cur_2_has_tags_in_one_of_two_columns(
    acme: duckdb.DuckDBPyConnection, columns: Mapping[str, str], expected: Mapping[str, str]
) -> None:
    fields = [CUR_MONTH, *(Field(name, "JSON") for name in columns)]

    [row] = focus_rows(acme, "aws_cur", fields, {"bill_billing_period_start_date": MONTH, **columns})

    assert json.loads(row["Tags"]) == expected


@pytest.mark.parametrize(
    ("kind", "categories"),
    [("JSON", '{"unit":"c","Charge type":"a, \\"b\\":"}'), ("STRING", '{"unit":"c","Charge type":"a, \\"b\\":"}')],
)
@pytest.mark.parametrize(
    ("mapping", "month", "tags", "named"),
    [("native", NATIVE_MONTH, "Tags", "x_CostCategories"), ("aws_cur", CUR_MONTH, "resource_tags", "cost_category")],
)
@pytest.mark.parametrize("own", ['{"unit":"t"}', "{}", None])
def test_cost_categories_are_beside_the_tags(
    acme: duckdb.DuckDBPyConnection,
    kind: str,
    categories: str,
    mapping: str,
    month: Field,
    tags: str,
    named: str,
    own: str | None,
) -> None:
    fields = [month, Field(tags, kind), Field(named, kind)]

    [row] = focus_rows(acme, mapping, fields, {month.name: MONTH, tags: own, named: categories})

    added = {"costCategory/unit": "c", "costCategory/Charge type": 'a, "b":'}
    assert json.loads(row["Tags"]) == {**json.loads(own or "{}"), **added}


@pytest.mark.parametrize("categories", ["{}", None])
def test_tags_without_cost_categories_do_not_change(acme: duckdb.DuckDBPyConnection, categories: str | None) -> None:
    fields = [NATIVE_MONTH, Field("Tags", "JSON"), Field("x_CostCategories", "JSON")]

    [row] = focus_rows(
        acme, "native", fields, {NATIVE_MONTH.name: MONTH, "Tags": '{"team":"a"}', "x_CostCategories": categories}
    )

    assert row["Tags"] == '{"team":"a"}'


def test_cost_category_columns_have_the_keys_of_their_sources(acme: duckdb.DuckDBPyConnection) -> None:
    named = {"cost_category_charge_type": "source: costCategory/Charge type", "cost_category_unit": ""}
    fields = cur_fields(*(Field(name, "STRING", description) for name, description in named.items()))
    values = {"cost_category_charge_type": "a", "cost_category_unit": "b", "resource_tags_user_team": "c"}

    [row] = focus_rows(acme, "aws_cur", fields, {"bill_billing_period_start_date": MONTH, **values})

    assert json.loads(row["Tags"]) == {"team": "c", "costCategory/Charge type": "a", "costCategory/unit": "b"}


@pytest.mark.parametrize(
    ("given", "named"), [("x_UsageType", "SkuMeter"), ("x_ServiceCode", "ServiceName"), ("x_SkuMeterName", "SkuMeter")]
)
def test_own_columns_of_awss_focus_export_are_read(acme: duckdb.DuckDBPyConnection, given: str, named: str) -> None:
    fields = [NATIVE_MONTH, Field(given, "STRING"), Field(named, "STRING")]
    month = {"BillingPeriodStart": MONTH}

    found = focus_rows(acme, "native", fields, {**month, given: "x"}, {**month, given: "x", named: "y"})

    assert [row[named] for row in found] == ["x", "y"]


@pytest.mark.parametrize(("category", "is_shown"), [("Tax", False), ("Usage", True), (None, True)])
def test_tax_of_awss_focus_export_has_no_sku_and_no_price(
    acme: duckdb.DuckDBPyConnection, category: str | None, is_shown: bool
) -> None:
    named = {"SkuId": "s", "SkuMeter": "m", "SkuPriceId": "p", "PricingQuantity": "1", "PricingUnit": "Hours",
             "ListUnitPrice": "1", "ContractedUnitPrice": "1", "PricingCurrencyListUnitPrice": "1",
             "PricingCurrencyContractedUnitPrice": "1"}  # fmt: skip
    charge = {"BillingPeriodStart": MONTH, "ChargeCategory": category, "SkuPriceDetails": "{}", **named}

    [row] = focus_rows(acme, "native", fields_of("native"), charge)

    assert {name for name in (*named, "SkuPriceDetails") if row[name] is not None} == (
        {*named, "SkuPriceDetails"} if is_shown else set()
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"PricingCurrency": "USD"}, ("USD", 70)),
        ({"PricingCurrency": ""}, ("USD", 70)),  # AWS leaves it blank for taxes
        ({"PricingCurrency": "CNY"}, ("CNY", None)),  # AWS gives no exchange rate
        ({"PricingCurrency": "CNY", "PricingCurrencyEffectiveCost": "500"}, ("CNY", 500)),
    ],
    ids=["same currency", "blank", "another currency", "AWS's own amount"],
)
def test_cost_in_the_pricing_currency_of_awss_focus_export(
    acme: duckdb.DuckDBPyConnection, given: Mapping[str, str], expected: tuple[object, ...]
) -> None:
    charge = {"BillingPeriodStart": MONTH, "BillingCurrency": "USD", "EffectiveCost": "70", **given}

    [row] = focus_rows(acme, "native", fields_of("native"), charge)

    assert (row["PricingCurrency"], row["PricingCurrencyEffectiveCost"]) == expected


def test_azures_earlier_names_are_read(acme: duckdb.DuckDBPyConnection) -> None:
    names = {
        "x_InvoiceId": "InvoiceId",
        "x_PricingCurrency": "PricingCurrency",
        "x_SkuMeterCategory": "ServiceName",
        "x_SkuMeterName": "SkuMeter",
    }
    fields = [NATIVE_MONTH, *(Field(name, "STRING") for name in names)]

    [row] = focus_rows(acme, "azure_focus", fields, {"BillingPeriodStart": MONTH, **dict.fromkeys(names, "x")})

    assert {row[name] for name in names.values()} == {"x"}


@pytest.mark.parametrize(
    ("unit", "block", "consumed"),
    [
        ("1 Hour", 1, "Hour"),
        ("100 Hours", 100, "Hours"),
        ("10K", 10_000, "Units"),
        ("1,000 Calls", 1000, "Calls"),
        ("1M", 1_000_000, "Units"),
        ("1 MB", 1, "MB"),
        ("1/Month", 1, "Month"),
        ("Hours", 1, "Hours"),
        (None, 1, None),
    ],
)
@pytest.mark.parametrize(
    ("rate", "costs_and_prices"),
    [
        (None, [8, 12, 2, 3]),  # EA has one currency and no exchange rate
        ("0.5", [4, 6, 1, Decimal("1.5")]),  # MCA prices in dollars and bills in euros
    ],
    ids=["EA", "MCA"],
)
def test_azure_price_is_for_a_block_of_units(
    acme: duckdb.DuckDBPyConnection,
    unit: str | None,
    block: int,
    consumed: str | None,
    rate: str | None,
    costs_and_prices: list[int | Decimal],
) -> None:
    charge = {
        "BillingPeriodStartDate": MONTH, "ChargeType": "Usage", "BenefitId": "/reservation", "UnitOfMeasure": unit,
        "Cost": "0", "Quantity": str(4 * block), "UnitPrice": "2", "PayGPrice": "3", "PricingCurrency": "USD",
        "BillingCurrency": "EUR" if rate else "USD", "ExchangeRatePricingToBilling": rate,
    }  # fmt: skip

    [row] = focus_rows(acme, "azure_actual", fields_of("azure_actual"), charge)

    in_billing_currency = ("ContractedCost", "ListCost", "ContractedUnitPrice", "ListUnitPrice")
    assert [row[name] for name in in_billing_currency] == costs_and_prices
    assert [row[name] for name in ("PricingQuantity", "ConsumedQuantity", "ConsumedUnit")] == [4, 4 * block, consumed]
    assert row["PricingCurrencyContractedUnitPrice"] == 2


@pytest.mark.parametrize(
    ("model", "billed", "status", "category"),
    [
        ("Reservation", 0, "Used", "Committed"),
        ("SavingsPlan", 0, "Used", "Committed"),
        (None, 0, "Used", "Committed"),
        ("OnDemand", 7, None, "Standard"),  # such as the Windows licence of a reserved machine
        ("Spot", 7, None, "Dynamic"),
    ],
)
def test_on_demand_usage_in_amortized_cost_is_billed(
    acme: duckdb.DuckDBPyConnection, model: str | None, billed: int, status: str | None, category: str
) -> None:
    """Such a row may name a reservation, too."""
    charge = {
        "BillingPeriodStartDate": MONTH, "ChargeType": "Usage", "PricingModel": model, "ReservationId": "r",
        "ReservationName": "n", "Cost": "7", "Quantity": "1", "UnitPrice": "9",
    }  # fmt: skip

    [row] = focus_rows(acme, "azure_amortized", fields_of("azure_amortized"), charge, provider="azure")

    names = ("BilledCost", "EffectiveCost", "CommitmentDiscountStatus", "PricingCategory", "CommitmentDiscountName")
    assert [row[name] for name in names] == [billed, 7, status, category, "n" if status else None]


GOOGLE_CHARGES = """
    CREATE TABLE acme.billing.charges AS SELECT
      'A-1' AS billing_account_id, 1.25::DOUBLE AS cost, 'regular' AS cost_type,
      [{'amount': -0.25, 'type': 'PROMOTION', 'id': '', 'name': '', 'full_name': ''},
       {'amount': -0.5, 'type': 'FREE_TIER', 'id': '', 'name': '', 'full_name': ''}] AS credits,
      'EUR' AS currency, {'month': '202509'} AS invoice,
      [{'key': 'team', 'value': 'a'}] AS labels, {'id': 'p-1', 'name': 'One'} AS project,
      {'description': 'Compute Engine'} AS service, {'id': 'S-1', 'description': 'N1 core'} AS sku,
      {'amount': 2.0, 'unit': 'seconds', 'amount_in_pricing_units': 0.5, 'pricing_unit': 'hour'} AS usage,
      {'region': 'europe-west1', 'zone': ''} AS location,
      TIMESTAMPTZ '2025-09-03' AS usage_start_time, TIMESTAMPTZ '2025-09-04' AS usage_end_time
    UNION ALL SELECT
      'A-1', 0.01, 'tax', [], 'EUR', {'month': '202509'}, [], NULL, NULL, NULL, NULL, NULL, NULL, NULL
"""
GOOGLE_FIELDS = [
    Field("cost", "FLOAT"),
    *(Field(name, "STRING") for name in ("billing_account_id", "cost_type", "currency")),
    *(Field(f"usage_{edge}_time", "TIMESTAMP") for edge in ("start", "end")),
    *(
        Field(name, "RECORD")
        for name in ("credits", "invoice", "labels", "location", "project", "service", "sku", "usage")
    ),
]


def test_google_export_is_read_with_its_credits(acme: duckdb.DuckDBPyConnection) -> None:
    acme.execute(GOOGLE_CHARGES)

    found = rows(acme, translated(query_of("google_billing", GOOGLE_FIELDS, provider="google")))

    by_category = {row["ChargeCategory"]: row for row in found}
    usage, tax = by_category["Usage"], by_category["Tax"]
    assert len(found) == 2
    assert (usage["BilledCost"], usage["ListCost"], usage["Tags"]) == (Decimal("0.5"), Decimal("1.25"), '{"team":"a"}')
    assert (usage["BillingPeriodStart"], usage["BillingPeriodEnd"]) == (MONTH, datetime(2025, 10, 1, tzinfo=UTC))
    assert (usage["SubAccountId"], usage["ServiceCategory"], usage["AvailabilityZone"]) == ("p-1", "Compute", None)
    assert (tax["BilledCost"], tax["PricingQuantity"]) == (Decimal("0.01"), None)


def test_price_of_0_beside_a_cost_is_unknown_in_every_currency(acme: duckdb.DuckDBPyConnection) -> None:
    charge = {
        "BillingPeriodStart": MONTH, "ChargeCategory": "Usage", "PricingCategory": "Standard", "PricingQuantity": "10",
        "BilledCost": "18", "EffectiveCost": "18", "ListCost": "0", "ContractedCost": "0", "ListUnitPrice": "0",
        "BillingCurrency": "EUR", "PricingCurrency": "USD", "x_BillingExchangeRate": "0.9",
        "PricingCurrencyListUnitPrice": "0", "PricingCurrencyContractedUnitPrice": "0",
    }  # fmt: skip

    [row] = focus_rows(acme, "azure_focus", fields_of("azure_focus"), charge)

    assert [row["ListUnitPrice"], row["ContractedUnitPrice"]] == [Decimal("1.8")] * 2
    assert [row["PricingCurrencyListUnitPrice"], row["PricingCurrencyContractedUnitPrice"]] == [2, 2]


def test_price_in_another_currency_without_a_rate_is_unknown(acme: duckdb.DuckDBPyConnection) -> None:
    charge = {
        "BillingPeriodStartDate": MONTH, "ChargeType": "Usage", "UnitOfMeasure": "1 Hour", "Cost": "2.16",
        "Quantity": "24", "UnitPrice": "0.1", "PayGPrice": "0.1", "BillingCurrency": "EUR", "PricingCurrency": "USD",
    }  # fmt: skip

    [row] = focus_rows(acme, "azure_actual", fields_of("azure_actual"), charge)

    assert [row["ListCost"], row["ContractedCost"]] == [Decimal("2.16")] * 2
    assert [round(row[name], 9) for name in ("ListUnitPrice", "ContractedUnitPrice")] == [Decimal("0.09")] * 2
    assert [row["PricingCurrencyListUnitPrice"], row["PricingCurrencyContractedUnitPrice"]] == [Decimal("0.1")] * 2
