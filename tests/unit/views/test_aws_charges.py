"""What each kind of charge at AWS becomes in `focus_costs`. A FinOps person can read the table as a specification."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest

from billing.columns.field import Field
from tests.unit.views.charges_spec import Charge, Export, expected_facts, focus_facts
from tests.unit.views.focus_rows import fields_of

CUR = Export(
    "CUR v1, CSV",
    "aws_cur",
    "aws",
    tuple(fields_of("aws_cur")),
    {"bill_billing_period_start_date": datetime(2025, 9, 1, tzinfo=UTC)},
)
PARQUET = Export(
    "CUR v1, Parquet",
    "aws_cur",
    "aws",
    tuple(Field(one.name, "FLOAT" if one.type == "BIGNUMERIC" else one.type) for one in CUR.fields),
    CUR.always,
)
EXPORTS = [CUR, PARQUET]
CHARGES = [
    Charge(
        "usage on demand",
        [{"line_item_line_item_type": "Usage", "line_item_unblended_cost": 3, "pricing_public_on_demand_cost": 4}],
        [{"ChargeCategory": "Usage", "BilledCost": 3, "EffectiveCost": 3, "ListCost": 4, "ContractedCost": 3}],
    ),
]


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
@pytest.mark.parametrize("charge", CHARGES, ids=lambda charge: charge.kind)
def test_charge_becomes(acme: duckdb.DuckDBPyConnection, export: Export, charge: Charge) -> None:
    assert focus_facts(acme, export, charge) == expected_facts(charge)
