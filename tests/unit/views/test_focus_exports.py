"""The same usage is the same in `focus_costs`, whatever way it is exported: services and tags."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

import duckdb
import pytest

from billing.formats import FORMATS, SCHEMAS
from billing.views.focus import FOCUS_COLUMNS, Lookup, mapping_of
from tests.unit.views.bigquery_sql import rows

AWS = {name for name, export_format in FORMATS.items() if export_format.provider == "aws"}
FOCUS, ACTUAL, AMORTIZED = (
    {name for name in FORMATS if name.startswith(f"azure_{kind}_")} for kind in ("focus", "actual", "amortized")
)
Costs = Mapping[str, Mapping[tuple[object, ...], Decimal]]


def costs(database: duckdb.DuckDBPyConnection, cost: str, *by: str, where: str = "TRUE") -> Costs:
    """By source and these, to nine decimals: where a side is DOUBLE, a sum has no more."""
    found: dict[str, dict[tuple[object, ...], Decimal]] = defaultdict(dict)
    named = ", ".join(f"{expression} AS by_{number}" for number, expression in enumerate(by))
    query = f"SELECT x_source, ROUND(SUM({cost}), 9) AS cost, {named} FROM acme.billing.focus_costs"
    for row in rows(database, f"{query} WHERE {where} GROUP BY ALL"):
        found[row["x_source"]][tuple(row[f"by_{number}"] for number in range(len(by)))] = row["cost"]
    return found


@pytest.mark.parametrize(
    ("cost", "mapped"), [("BilledCost", ACTUAL), ("EffectiveCost", AMORTIZED), ("ListCost", ACTUAL)]
)
@pytest.mark.parametrize("by", ["ServiceName", "ServiceCategory"])
def test_a_resource_of_azure_costs_the_same_by_service_from_focus_and_from_what_is_mapped(
    exported: duckdb.DuckDBPyConnection, cost: str, mapped: set[str], by: str
) -> None:
    found = costs(exported, cost, by, where="ResourceId IS NOT NULL")
    expected = found["azure_focus_csv"]
    assert len(expected) > 5
    assert {source: found[source] for source in FOCUS | mapped} == dict.fromkeys(FOCUS | mapped, expected)


@pytest.mark.parametrize(("cost", "mapped"), [("BilledCost", ACTUAL), ("EffectiveCost", AMORTIZED)])
def test_what_has_no_resource_costs_the_same_by_category(
    exported: duckdb.DuckDBPyConnection, cost: str, mapped: set[str]
) -> None:
    """Purchases, refunds and roundings: of these, actual cost names no service, but the category of a meter."""
    by = ("ChargeCategory", "ChargeClass", "CommitmentDiscountStatus")
    found = costs(exported, cost, *by, where="ResourceId IS NULL")
    expected = {what: sum_ for what, sum_ in found["azure_focus_csv"].items() if sum_}
    assert {what[0] for what in expected} >= {"Purchase", "Credit"}
    for source in mapped:
        assert {what: sum_ for what, sum_ in found[source].items() if sum_} == expected


def test_what_microsoft_lists_is_said_once_and_in_focus_s_own_categories() -> None:
    listed = json.loads((SCHEMAS / "azure_services.json").read_text())
    [categories] = [column.allowed for column in FOCUS_COLUMNS if column.name == "ServiceCategory"]
    kinds = [kind for services in listed.values() for kinds in services.values() for kind in kinds]
    names = [name for services in listed.values() for name in services]
    assert set(listed) <= set(categories)
    assert len(set(kinds)) == len(kinds)
    assert len(set(names)) == len(names)
    assert [kind for kind in kinds if kind != kind.lower() or kind.count("/") != 1] == []
    assert [name for name, step in mapping_of("azure_actual").steps.items() if isinstance(step, Lookup)] == [
        "listed_category",
        "listed_service",
    ]


@pytest.mark.parametrize("cost", ["BilledCost", "EffectiveCost"])
@pytest.mark.parametrize("by", ["ServiceName", "SubAccountId"])
def test_aws_usage_costs_the_same_by_service_and_account_from_every_export(
    exported: duckdb.DuckDBPyConnection, cost: str, by: str
) -> None:
    found = costs(exported, cost, by, where="x_provider = 'aws'")
    assert len(found["aws_cur_v1_csv"]) >= 5
    assert found == dict.fromkeys(AWS, found["aws_cur_v1_csv"])


def test_aws_usage_costs_the_same_by_tag_from_every_export(exported: duckdb.DuckDBPyConnection) -> None:
    """CUR 2.0 and Parquet know a key in lower case only, where AWS has made one of Team and team."""
    team, name = "COALESCE(Tags->>'Team', Tags->>'team')", "COALESCE(Tags->>'Name', Tags->>'name')"
    found = costs(exported, "BilledCost", team, name, where="x_provider = 'aws'")
    assert found == dict.fromkeys(AWS, found["aws_cur_v1_csv"])
    assert {"ops", "data", None} < {key[0] for key in found["aws_cur_v1_csv"]}


@pytest.mark.parametrize(
    ("formats", "keys"),
    [
        ({"aws_cur_v1_csv"}, {"Name", "Team", "acme:department", "aws:createdBy", "cost-center", "größe", "team"}),
        ({"aws_cur_v1_parquet"}, {"acme_department", "aws_created_by", "cost_center", "gr_e", "name", "team"}),
        ({"aws_cur_v2_csv", "aws_cur_v2_parquet"}, {"aws_created_by", "name", "team"}),
        ({"aws_focus_csv", "aws_focus_parquet"}, {"Team", "name", "team"}),
    ],
)
def test_a_user_s_tag_bears_its_own_key_as_far_as_the_export_has_it(
    exported: duckdb.DuckDBPyConnection, formats: set[str], keys: set[str]
) -> None:
    query = "SELECT DISTINCT UNNEST(json_keys(Tags)) AS name FROM acme.billing.focus_costs WHERE x_source = ?"
    assert {source: {row["name"] for row in rows(exported, query, [source])} for source in formats} == dict.fromkeys(
        formats, keys
    )
