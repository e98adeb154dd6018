"""The cost must be in every file of a delivery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.columns.header import Header
from billing.columns.load_schema import load_schema
from billing.errors import BillingError
from billing.manifests import Column, Export
from tests.unit.values import azure

SOURCE = replace(azure(), format_name="azure_actual_parquet")
EXPORT = Export("cost", "run-1", "2025-09", "1", (), (), overwrites=False, covers_until=None, rows=None)
PERIOD, COST = Column("BillingPeriodStartDate", "TIMESTAMP"), Column("Cost", "BIGNUMERIC")
OLDER = Column("costInBillingCurrency", "BIGNUMERIC")


def header(*columns: Column) -> Header:
    return Header((PERIOD, *columns), has_rows=True)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        pytest.param(
            [("a", header(COST)), ("b", header(OLDER))],
            "The files have no column Cost: b. Deliver the month again with this column.",
            id="one of two files lacks it",
        ),
        pytest.param(
            [("a", header(replace(COST, has_values=False)))],
            "Column Cost has no value in a, nor in any other file. Deliver the month again with its values.",
            id="no file has a value",
        ),
    ],
)
def test_parquet_files_without_a_cost_are_rejected(headers: list[tuple[str, Header]], message: str) -> None:
    with pytest.raises(BillingError) as raised:
        load_schema(headers, EXPORT, SOURCE, ())

    assert str(raised.value) == f"MISSING_COLUMN: {message}"


def test_file_may_have_no_value_beside_one_that_has_some() -> None:
    schema = load_schema([("a", header(replace(COST, has_values=False))), ("b", header(COST))], EXPORT, SOURCE, ())

    assert [field.name for field in schema.plan.schema] == ["BillingPeriodStartDate", "Cost"]
