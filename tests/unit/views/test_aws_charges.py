"""What each kind of charge at AWS becomes in `focus_costs`: the table in `aws_charges`, in every kind of report."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from billing.columns.field import Field
from tests.unit.views.aws_charges import NATIVE, NO_ARNS, NOT_NAMED, SEPTEMBER, WITH_NET, WITHOUT_NET
from tests.unit.views.charges_spec import Charge, Export, expected_facts, focus_facts
from tests.unit.views.focus_rows import cur_fields, fields_of

EVERY_ROW = {"bill_billing_period_start_date": SEPTEMBER, "line_item_currency_code": "USD"}
NET = tuple(field.name for field in fields_of("aws_cur") if "_net_" in field.name)
V1_CSV = Export("CUR v1 CSV", "aws_cur", "aws", tuple(cur_fields()), EVERY_ROW)
V2_CSV = replace(V1_CSV, name="CUR 2.0 CSV", fields=tuple(fields_of("aws_cur")))
PARQUET = {"BIGNUMERIC": "FLOAT", "JSON": "MAP<STRING, STRING>"}


def in_parquet(export: Export) -> Export:
    """Return the same report as Parquet: numbers are FLOAT64, maps are arrays, and some numbers are text."""
    fields = tuple(
        Field(one.name, "STRING" if "total_reserved" in one.name else PARQUET.get(one.type, one.type), one.description)
        for one in export.fields
    )
    return replace(export, name=export.name.replace("CSV", "Parquet"), fields=fields)


REPORTS = [V1_CSV, in_parquet(V1_CSV), V2_CSV, in_parquet(V2_CSV)]
FOCUS_CSV = Export("FOCUS CSV", "native", "aws", tuple(fields_of("native")), {"BillingPeriodStart": SEPTEMBER})
FOCUS_EXPORTS = [FOCUS_CSV, in_parquet(FOCUS_CSV)]
COMMITMENTS = tuple(
    field.name for field in fields_of("aws_cur") if field.name.startswith(("reservation_", "savings_plan_"))
)
NO_COMMITMENTS = [replace(one.without(*COMMITMENTS), name=f"{one.name} without commitments") for one in REPORTS]
WITHOUT_ARNS = V2_CSV.without("reservation_reservation_a_r_n", "savings_plan_savings_plan_a_r_n")
NO_NET = [replace(one.without(*NET), name=f"{one.name} without net columns") for one in (V1_CSV, in_parquet(V2_CSV))]


@pytest.mark.parametrize("report", [*REPORTS, *NO_NET], ids=lambda report: report.name)
@pytest.mark.parametrize("charge", WITHOUT_NET, ids=lambda charge: charge.kind)
def test_charge_without_net_columns_becomes(acme: duckdb.DuckDBPyConnection, report: Export, charge: Charge) -> None:
    assert focus_facts(acme, report, charge) == expected_facts(charge)


@pytest.mark.parametrize("report", NO_COMMITMENTS, ids=lambda report: report.name)
@pytest.mark.parametrize("charge", NOT_NAMED, ids=lambda charge: charge.kind)
def test_charge_without_columns_of_commitments_becomes(
    acme: duckdb.DuckDBPyConnection, report: Export, charge: Charge
) -> None:
    assert focus_facts(acme, report, charge) == expected_facts(charge)


@pytest.mark.parametrize("charge", NO_ARNS, ids=lambda charge: charge.kind)
def test_charge_without_arns_of_commitments_becomes(acme: duckdb.DuckDBPyConnection, charge: Charge) -> None:
    assert focus_facts(acme, WITHOUT_ARNS, charge) == expected_facts(charge)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
@pytest.mark.parametrize("charge", WITH_NET, ids=lambda charge: charge.kind)
def test_charge_of_a_private_agreement_becomes(acme: duckdb.DuckDBPyConnection, report: Export, charge: Charge) -> None:
    assert focus_facts(acme, report, charge) == expected_facts(charge)


@pytest.mark.parametrize("export", FOCUS_EXPORTS, ids=lambda export: export.name)
@pytest.mark.parametrize("charge", NATIVE, ids=lambda charge: charge.kind)
def test_charge_of_awss_focus_export_becomes(acme: duckdb.DuckDBPyConnection, export: Export, charge: Charge) -> None:
    assert focus_facts(acme, export, charge) == expected_facts(charge)
