"""The same usage gives the same rows in `focus_costs`, from whatever export: services, accounts and tags."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pytest

from billing.formats import FORMATS, SCHEMAS
from billing.views.focus import FOCUS_COLUMNS, Lookup, mapping_of
from billing.views.quality import quality_query
from tests.unit.views.bigquery_sql import rows, translated

AWS = {name for name, export_format in FORMATS.items() if export_format.provider == "aws"}
AZURE_FOCUS, AZURE_ACTUAL, AZURE_AMORTIZED = (
    {name for name in FORMATS if name.startswith(f"azure_{kind}_")} for kind in ("focus", "actual", "amortized")
)
Costs = Mapping[str, Mapping[tuple[object, ...], Decimal]]


def costs_by(database: duckdb.DuckDBPyConnection, cost: str, *by: str, where: str = "TRUE") -> Costs:
    """Return source to the costs by these expressions. Nine decimals are kept, because some sources have DOUBLE."""
    found: dict[str, dict[tuple[object, ...], Decimal]] = defaultdict(dict)
    named = ", ".join(f"{expression} AS by_{number}" for number, expression in enumerate(by))
    query = f"SELECT x_source, ROUND(SUM({cost}), 9) AS cost, {named} FROM acme.billing.focus_costs"
    for row in rows(database, f"{query} WHERE {where} GROUP BY ALL"):
        found[row["x_source"]][tuple(row[f"by_{number}"] for number in range(len(by)))] = row["cost"]
    return found


def has_one_amount(name: str) -> bool:
    """Return whether an export has one amount per charge, so its effective cost is its billed cost."""
    rules = mapping_of(FORMATS[name].focus).focus
    return rules["EffectiveCost"].expression == rules["BilledCost"].expression


def without_zeros(costs: Mapping[tuple[object, ...], Decimal]) -> dict[tuple[object, ...], Decimal]:
    return {key: cost for key, cost in costs.items() if cost}


def test_billing_period_of_every_row_starts_on_the_first(exported: duckdb.DuckDBPyConnection) -> None:
    """The column `partition` of a format is BillingPeriodStart, so it must have this value in every row."""
    found = rows(exported, "SELECT DISTINCT x_source, BillingPeriodStart FROM acme.billing.focus_costs")

    first = datetime(2025, 9, 1, tzinfo=UTC)
    assert sorted((row["x_source"], row["BillingPeriodStart"]) for row in found) == [
        (name, first) for name in sorted(FORMATS)
    ]


def test_generated_month_breaks_no_quality_rule(exported: duckdb.DuckDBPyConnection) -> None:
    query = translated(quality_query("acme.billing.focus_costs", []))

    broken = rows(exported, f"SELECT source, code, broken FROM ({query})")

    assert broken == []


@pytest.mark.parametrize(
    ("cost", "mapped"), [("BilledCost", AZURE_ACTUAL), ("EffectiveCost", AZURE_AMORTIZED), ("ListCost", AZURE_ACTUAL)]
)
@pytest.mark.parametrize("by", ["ServiceName", "ServiceCategory"])
def test_azure_resources_cost_the_same_from_every_export(
    exported: duckdb.DuckDBPyConnection, cost: str, mapped: set[str], by: str
) -> None:
    costs = costs_by(exported, cost, by, where="ResourceId IS NOT NULL")

    expected = costs["azure_focus_csv"]
    sources = AZURE_FOCUS | mapped
    assert len(expected) > 5
    assert {source: costs[source] for source in sources} == dict.fromkeys(sources, expected)


@pytest.mark.parametrize(("cost", "mapped"), [("BilledCost", AZURE_ACTUAL), ("EffectiveCost", AZURE_AMORTIZED)])
def test_azure_purchases_cost_the_same_by_category(
    exported: duckdb.DuckDBPyConnection, cost: str, mapped: set[str]
) -> None:
    """Purchases, refunds and roundings have no resource. For these, actual cost names a meter but no service."""
    by = ("ChargeCategory", "ChargeClass", "CommitmentDiscountStatus")

    costs = costs_by(exported, cost, *by, where="ResourceId IS NULL")

    expected = without_zeros(costs["azure_focus_csv"])
    assert {key[0] for key in expected} >= {"Purchase", "Credit"}
    assert {source: without_zeros(costs[source]) for source in mapped} == dict.fromkeys(mapped, expected)


def test_commitment_of_azure_costs_less_than_what_it_replaces(exported: duckdb.DuckDBPyConnection) -> None:
    """Of every commitment: its cost in the month is not negative, and list, contracted and effective cost decrease."""
    query = (
        "SELECT x_source, SUM(EffectiveCost) AS effective, SUM(ListCost) AS listed, SUM(ContractedCost) AS contracted,"
        " SUM(IF(CommitmentDiscountStatus = 'Used', EffectiveCost, 0)) AS used FROM acme.billing.focus_costs"
        " WHERE x_provider = 'azure' AND CommitmentDiscountStatus IS NOT NULL GROUP BY x_source, CommitmentDiscountId"
    )

    found = rows(exported, query)

    assert {row["x_source"] for row in found} == AZURE_FOCUS | AZURE_ACTUAL | AZURE_AMORTIZED
    assert [row for row in found if not row["listed"] >= row["contracted"] >= row["used"] >= 0] == []
    assert [row for row in found if row["effective"] < row["used"]] == []


@pytest.mark.parametrize("source", sorted(AZURE_FOCUS | AZURE_ACTUAL))
def test_billed_cost_of_azure_is_the_invoice(exported: duckdb.DuckDBPyConnection, source: str) -> None:
    cost = FORMATS[source].cost

    found = rows(
        exported,
        f"SELECT (SELECT SUM({cost}) FROM acme.billing.{source}) AS invoice, SUM(BilledCost) AS billed"
        " FROM acme.billing.focus_costs WHERE x_source = ?",
        [source],
    )

    assert [row["billed"] for row in found] == [row["invoice"] for row in found]
    assert found[0]["invoice"]


def test_list_of_azure_services_has_no_duplicates() -> None:
    listed = json.loads((SCHEMAS / "azure_services.json").read_text())
    [categories] = [column.allowed for column in FOCUS_COLUMNS if column.name == "ServiceCategory"]

    names = [name for services in listed.values() for name in services]
    types = [one for services in listed.values() for types in services.values() for one in types]

    assert set(listed) <= set(categories)
    assert len(set(names)) == len(names)
    assert len(set(types)) == len(types)
    assert [one for one in types if one != one.lower() or one.count("/") != 1] == []


def test_azure_mapping_looks_up_category_and_service() -> None:
    steps = mapping_of("azure_actual").steps

    assert [name for name, step in steps.items() if isinstance(step, Lookup)] == ["listed_category", "listed_service"]


@pytest.mark.parametrize("name", sorted(AWS))
def test_aws_billed_cost_adds_up_to_the_invoice(exported: duckdb.DuckDBPyConnection, name: str) -> None:
    [invoice] = rows(exported, f"SELECT ROUND(SUM({FORMATS[name].cost}), 9) AS cost FROM acme.billing.{name}")

    costs = costs_by(exported, "BilledCost", "BillingCurrency")

    assert costs[name] == {("USD",): Decimal(str(invoice["cost"]))}


def test_effective_cost_of_a_commitment_is_never_negative(exported: duckdb.DuckDBPyConnection) -> None:
    costs = costs_by(exported, "EffectiveCost", "CommitmentDiscountId", where="CommitmentDiscountId IS NOT NULL")

    assert set(costs) >= AWS
    assert [(source, costs[source]) for source in AWS if min(costs[source].values()) < 0] == []


@pytest.mark.parametrize("cost", ["BilledCost", "EffectiveCost"])
@pytest.mark.parametrize("by", ["ServiceName", "SubAccountId"])
def test_aws_usage_costs_the_same_from_every_export(exported: duckdb.DuckDBPyConnection, cost: str, by: str) -> None:
    costs = costs_by(exported, cost, by, where="x_provider = 'aws'")

    sources = {name for name in AWS if cost == "BilledCost" or not has_one_amount(name)}
    assert len(costs["aws_cur_v1_csv"]) >= 5
    assert {source: costs[source] for source in sources} == dict.fromkeys(sources, costs["aws_cur_v1_csv"])


def test_aws_usage_costs_the_same_by_tag_from_every_export(exported: duckdb.DuckDBPyConnection) -> None:
    """In CUR 2.0 and Parquet keys have lower case, so AWS makes one key of Team and team."""
    team, name = "COALESCE(Tags->>'Team', Tags->>'team')", "COALESCE(Tags->>'Name', Tags->>'name')"

    costs = costs_by(exported, "BilledCost", team, name, where="x_provider = 'aws'")

    assert costs == dict.fromkeys(AWS, costs["aws_cur_v1_csv"])
    assert {"ops", "data", None} < {key[0] for key in costs["aws_cur_v1_csv"]}


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        ("aws_cur_v1_csv", {"Name", "Team", "acme:department", "aws:createdBy", "cost-center", "größe", "team"}),
        ("aws_cur_v1_parquet", {"acme_department", "aws_created_by", "cost_center", "gr_e", "name", "team"}),
        ("aws_cur_v2_csv", {"aws_created_by", "name", "team"}),
        ("aws_cur_v2_parquet", {"aws_created_by", "name", "team"}),
        ("aws_focus_csv", {"Team", "name", "team"}),
        ("aws_focus_parquet", {"Team", "name", "team"}),
    ],
)
def test_tag_of_a_user_has_its_own_key(exported: duckdb.DuckDBPyConnection, source: str, keys: set[str]) -> None:
    query = "SELECT DISTINCT UNNEST(json_keys(Tags)) AS name FROM acme.billing.focus_costs WHERE x_source = ?"

    found = {row["name"] for row in rows(exported, query, [source])}

    assert {name for name in found if not name.startswith("costCategory/")} == keys


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        ("aws_cur_v1_csv", {"Business Unit", "Charge type", "CostCenter"}),
        ("aws_cur_v1_parquet", {"business_unit", "charge_type", "cost_center"}),
        ("aws_cur_v2_csv", {"business_unit", "charge_type", "cost_center"}),
        ("aws_cur_v2_parquet", {"business_unit", "charge_type", "cost_center"}),
    ],
)
def test_cost_category_has_a_key_of_its_own(exported: duckdb.DuckDBPyConnection, source: str, keys: set[str]) -> None:
    query = "SELECT DISTINCT UNNEST(json_keys(Tags)) AS name FROM acme.billing.focus_costs WHERE x_source = ?"

    found = {row["name"].partition("costCategory/")[2] for row in rows(exported, query, [source])}

    assert found - {""} == keys
