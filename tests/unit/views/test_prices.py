"""Unit prices and amounts in the pricing currency that an export lacks."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from billing.views.prices import with_prices
from tests.unit.views.bigquery_sql import rows, translated

CHARGE = {
    "ChargeCategory": "'Usage'", "ChargeClass": "NULL", "PricingQuantity": "4",
    "CommitmentDiscountStatus": "NULL", "ListCost": "12", "ContractedCost": "10", "EffectiveCost": "8",
    "ListUnitPrice": "NULL", "ContractedUnitPrice": "NULL", "PricingCurrencyListUnitPrice": "NULL",
    "PricingCurrencyContractedUnitPrice": "NULL", "PricingCurrencyEffectiveCost": "NULL",
    "BillingCurrency": "'EUR'", "PricingCurrency": "'EUR'", "exchange_rate": "NULL",
}  # fmt: skip
TEXT = ("ChargeCategory", "ChargeClass", "CommitmentDiscountStatus", "BillingCurrency", "PricingCurrency")
IN_DOLLARS = {"PricingCurrency": "'USD'", "exchange_rate": "0.5"}
NONE = (None, None)


@pytest.mark.parametrize(
    ("charge", "billing", "pricing"),
    [
        pytest.param({}, (3, "2.5"), (3, "2.5", 8), id="usage"),
        pytest.param({"ChargeCategory": "'Purchase'"}, (3, "2.5"), (3, "2.5", 8), id="purchase"),
        pytest.param({"ChargeCategory": "'Tax'"}, NONE, (*NONE, 8), id="tax"),
        pytest.param({"ChargeClass": "'Correction'"}, NONE, (*NONE, 8), id="correction"),
        pytest.param({"PricingQuantity": "0"}, NONE, (*NONE, 8), id="no quantity"),
        pytest.param({"PricingQuantity": "NULL"}, NONE, (*NONE, 8), id="unknown quantity"),
        pytest.param(
            {"PricingQuantity": "-4", "ListCost": "-12", "ContractedCost": "-10", "EffectiveCost": "-8"},
            (3, "2.5"), (3, "2.5", -8), id="taken back",
        ),
        pytest.param({"ListCost": "-12"}, (None, "2.5"), (None, "2.5", 8), id="negative cost"),
        pytest.param({"ListCost": "0"}, (0, "2.5"), (0, "2.5", 8), id="free"),
        pytest.param({"CommitmentDiscountStatus": "'Used'"}, (3, "2.5"), (3, "2.5", 8), id="covered usage"),
        pytest.param(
            {"CommitmentDiscountStatus": "'Used'", "ContractedCost": "8"}, (3, None), (3, None, 8), id="unknown price"
        ),
        pytest.param({"CommitmentDiscountStatus": "'Unused'"}, NONE, (*NONE, 8), id="unused part"),
        pytest.param({"ListUnitPrice": "7"}, (7, "2.5"), (7, "2.5", 8), id="price of the export"),
        pytest.param(IN_DOLLARS, (3, "2.5"), (6, 5, 16), id="other pricing currency"),
        pytest.param(
            {**IN_DOLLARS, "exchange_rate": "NULL"}, (3, "2.5"), (*NONE, None), id="without an exchange rate"
        ),
        pytest.param({**IN_DOLLARS, "exchange_rate": "0"}, (3, "2.5"), (*NONE, None), id="exchange rate of 0"),
        pytest.param(
            {**IN_DOLLARS, "PricingCurrencyListUnitPrice": "9", "PricingCurrencyEffectiveCost": "20"},
            (3, "2.5"), (9, 5, 20), id="amounts of the export",
        ),
    ],
)  # fmt: skip
def test_export_lacks_a_price(
    acme: duckdb.DuckDBPyConnection, charge: dict[str, str], billing: tuple[object, ...], pricing: tuple[object, ...]
) -> None:
    charge = {**CHARGE, **charge}
    columns = [
        f"{value if name in TEXT else f'CAST({value} AS BIGNUMERIC)'} AS {name}" for name, value in charge.items()
    ]

    [row] = rows(acme, translated(with_prices(f"(SELECT {', '.join(columns)})")))

    names = ("ListUnitPrice", "ContractedUnitPrice")
    amounts = (*(f"PricingCurrency{name}" for name in names), "PricingCurrencyEffectiveCost")
    assert [row[name] for name in (*names, *amounts)] == [
        None if one is None else Decimal(str(one)) for one in (*billing, *pricing)
    ]
    assert "exchange_rate" not in row
