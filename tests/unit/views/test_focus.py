"""`focus_costs`: what each kind of row becomes, with the fewest columns and with all, asked of DuckDB."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from billing.columns.field import Field
from billing.formats import FORMATS, SCHEMAS
from billing.views.focus import (
    FOCUS_COLUMNS,
    FocusSource,
    mapping_decisions,
    mapping_of,
    source_query,
    text,
    union_query,
)
from tests.unit.views.bigquery_sql import PHYSICAL, create_table, insert, rows, translated
from tests.unit.views.test_views import RESERVED

MAPPINGS = ("aws_cur", "azure_actual", "azure_amortized", "google_billing", "native")
MONTH = datetime(2025, 9, 1, tzinfo=UTC)
PARTITION = {
    "aws_cur": "bill_billing_period_start_date",
    "azure_actual": "BillingPeriodStartDate",
    "azure_amortized": "BillingPeriodStartDate",
    "native": "BillingPeriodStart",
}
MAX_VIEW = 256 * 1024  # characters: docs.cloud.google.com/bigquery/quotas#view_limits
TAGS = {
    "resource_tags_user_team": "source: resourceTags/user:team",
    "resource_tags_user_owner": "source: resource_tags_user_owner",  # Parquet: nothing says how AWS spells it
    "resource_tags_aws_created_by": "source: resourceTags/aws:createdBy",
    "resource_tags_user_odd": 'source: resourceTags/user:it\'s a \\ and "größe"',
}


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("ATTACH ':memory:' AS acme")
        connection.execute("CREATE SCHEMA acme.billing")
        yield connection


def full(mapping: str) -> list[Field]:
    """All columns that a mapping reads, each of its own type; those of Google's are paths, and are its test's."""
    kinds = mapping_of(mapping).columns.items()
    return [Field(name, "JSON" if kind == "TAGS" else kind) for name, kind in kinds if kind in PHYSICAL]


def cur(*more: Field) -> list[Field]:
    tags = [Field(name, "STRING", description) for name, description in TAGS.items()]
    return [*(field for field in full("aws_cur") if field.type not in ("JSON", "TAGS")), *tags, *more]


def ask(
    database: duckdb.DuckDBPyConnection,
    mapping: str,
    fields: Sequence[Field],
    *lines: Mapping[str, object],
    provider: str = "aws",
) -> list[dict[str, Any]]:
    """The FOCUS rows of these rows."""
    create_table(database, "acme.billing.charges", {field.name: field.type for field in fields})
    insert(database, "acme.billing.charges", *lines)
    query = source_query(FocusSource("mine", provider, mapping, "acme.billing.charges"), fields)
    database.execute(f"CREATE OR REPLACE VIEW acme.billing.focus_costs AS {translated(query)}")
    return rows(database, "SELECT * FROM acme.billing.focus_costs")


def test_a_mapping_has_every_column_of_focus_and_reads_what_it_declares() -> None:
    for name in MAPPINGS:
        mapping = mapping_of(name)
        expressions = [text(rule.expression) for rule in mapping.focus.values()]
        expressions += [*map(text, mapping.steps.values()), mapping.parts or "NULL"]
        read = {
            column.sql("bigquery").replace("`", "")
            for sql in expressions
            for column in sqlglot.parse_one(f"SELECT {sql}", read="bigquery").find_all(exp.Column)
            if not {"credit", "label", "credits", "labels"} & set(column.sql("bigquery").split("."))
        }
        declared = {path.replace(".", "_") for path, kind in mapping.columns.items() if kind in PHYSICAL}
        assert set(mapping.focus) == {column.name for column in FOCUS_COLUMNS}
        assert read - set(mapping.steps) - {"part"} == declared, name
        assert all(rule.note for rule in mapping.focus.values() if rule.judgement)


@pytest.mark.parametrize("mapping", PARTITION)
def test_it_answers_in_its_types_with_the_fewest_columns_and_with_all(
    database: duckdb.DuckDBPyConnection, mapping: str
) -> None:
    start = PARTITION[mapping]
    types = [(column.name, PHYSICAL[column.type]) for column in FOCUS_COLUMNS]
    for fields in ([Field(start, "TIMESTAMP")], full(mapping)):
        [row] = ask(database, mapping, fields, {start: MONTH})
        described = database.execute("DESCRIBE acme.billing.focus_costs").fetchall()
        kinds = {name: kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") for name, kind, *_ in described}
        money = {name for name, kind in types if kind.startswith("DECIMAL")}
        assert {name: kind for name, kind in kinds.items() if name not in money} == {
            **{name: kind.replace("(38, 18)", "(38,18)") for name, kind in types if name not in money},
            "x_source": "VARCHAR",
            "x_provider": "VARCHAR",
        }
        assert all(kinds[name].startswith("DECIMAL(38,") for name in money)
        assert (row["BillingPeriodStart"], row["BilledCost"]) == (MONTH, None)
        assert (row["x_source"], row["x_provider"]) == ("mine", "aws")


USAGE = {"line_item_usage_amount": "2", "line_item_unblended_cost": "3", "pricing_public_on_demand_cost": "4"}
RI = {"reservation_reservation_a_r_n": "arn:ri"}
SP = {"savings_plan_savings_plan_a_r_n": "arn:sp"}
WHAT = (
    "ChargeCategory", "ChargeClass", "ChargeFrequency", "BilledCost", "EffectiveCost", "ContractedCost", "ListCost",
    "CommitmentDiscountStatus", "PricingCategory", "ConsumedQuantity",
)  # fmt: skip


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
            {**RI, "line_item_unblended_cost": "0", "reservation_effective_cost": "1.5"},
            [("Usage", None, "Usage-Based", 0, Decimal("1.5"), 4, 4, "Used", "Committed", 2)],
        ),
        (
            "SavingsPlanCoveredUsage",
            {**SP, "savings_plan_savings_plan_effective_cost": "2.5"},
            [("Usage", None, "Usage-Based", 0, Decimal("2.5"), 3, 4, "Used", "Committed", 2)],
        ),
        (
            "SavingsPlanNegation",
            {**SP, "line_item_unblended_cost": "-3"},
            [("Adjustment", None, "One-Time", 0, 0, 0, 0, None, None, None)],
        ),
        ("SavingsPlanUpfrontFee", SP, [("Purchase", None, "One-Time", 3, 0, 3, 3, None, "Standard", None)]),
        (
            "SavingsPlanRecurringFee",
            {**SP, "savings_plan_total_commitment_to_date": "3", "savings_plan_used_commitment": "2.75"},
            [
                ("Purchase", None, "Recurring", 3, 0, 3, 3, None, "Standard", None),
                ("Usage", None, "Usage-Based", 0, Decimal("0.25"), 0, 0, "Unused", "Committed", None),
            ],
        ),
        (
            "RIFee",
            {
                **RI,
                "reservation_unused_amortized_upfront_fee_for_billing_period": "0.5",
                "reservation_unused_recurring_fee": "0.25",
            },
            [
                ("Purchase", None, "Recurring", 3, 0, 3, 3, None, "Standard", None),
                ("Usage", None, "Usage-Based", 0, Decimal("0.75"), 0, 0, "Unused", "Committed", None),
            ],
        ),
        ("Fee", RI, [("Purchase", None, "One-Time", 3, 0, 3, 3, None, "Standard", None)]),
        ("Fee", {}, [("Purchase", None, "One-Time", 3, 3, 3, 3, None, "Standard", None)]),
        ("Tax", {}, [("Tax", None, "One-Time", 3, 3, 3, 3, None, None, None)]),
        ("Credit", {}, [("Credit", None, "One-Time", 3, 3, 3, 3, None, None, None)]),
        ("Refund", {}, [("Credit", "Correction", "One-Time", 3, 3, 3, 3, None, None, None)]),
        ("EdpDiscount", {}, [("Adjustment", None, "One-Time", 3, 3, 3, 3, None, None, None)]),
        ("", {}, [("Usage", None, "Usage-Based", 3, 3, 3, 4, None, "Standard", 2)]),
    ],
)
def test_a_line_item_of_aws_becomes(
    database: duckdb.DuckDBPyConnection,
    line_type: str,
    values: Mapping[str, str],
    expected: list[tuple[object, ...]],
) -> None:
    line = {"bill_billing_period_start_date": MONTH, "line_item_line_item_type": line_type, **USAGE, **values}
    found = [tuple(row[name] for name in WHAT) for row in ask(database, "aws_cur", cur(), line)]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_a_commitment_costs_over_its_life_what_its_purchase_cost(database: duckdb.DuckDBPyConnection) -> None:
    """A reservation paid in part upfront, and a Savings Plan, over two months, never wholly used."""
    both = [datetime(2025, month, 1, tzinfo=UTC) for month in (9, 10)]
    fee = {"reservation_unused_amortized_upfront_fee_for_billing_period": "6.123456789012345678"}
    reservation = [
        line
        for start, upfront in zip(both, ("100.5", "0"), strict=True)
        for line in (
            {**RI, "bill_billing_period_start_date": start, "line_item_line_item_type": "Fee",
             "line_item_unblended_cost": upfront},
            {**RI, "bill_billing_period_start_date": start, "line_item_line_item_type": "RIFee",
             "line_item_unblended_cost": "20", **fee, "reservation_unused_recurring_fee": "1.5"},
            {**RI, "bill_billing_period_start_date": start, "line_item_line_item_type": "DiscountedUsage",
             "line_item_unblended_cost": "0", "reservation_effective_cost": "62.626543210987654322"},
        )
    ]  # fmt: skip
    plan = [
        {**SP, "bill_billing_period_start_date": start, **line}
        for start in both
        for line in (
            {"line_item_line_item_type": "SavingsPlanRecurringFee", "line_item_unblended_cost": "744",
             "savings_plan_total_commitment_to_date": "744", "savings_plan_used_commitment": "731.8812345678"},
            {"line_item_line_item_type": "SavingsPlanCoveredUsage", "line_item_unblended_cost": "1100.25",
             "savings_plan_savings_plan_effective_cost": "731.8812345678"},
            {"line_item_line_item_type": "SavingsPlanNegation", "line_item_unblended_cost": "-1100.25"},
        )
    ]  # fmt: skip
    ask(database, "aws_cur", cur(), *reservation, *plan)
    found = rows(
        database,
        "SELECT CommitmentDiscountType AS kind, SUM(BilledCost) AS billed, SUM(EffectiveCost) AS effective,"
        " SUM(IF(CommitmentDiscountStatus = 'Unused', EffectiveCost, 0)) AS unused"
        " FROM acme.billing.focus_costs GROUP BY ALL ORDER BY kind",
    )
    assert [tuple(row.values()) for row in found] == [
        ("Reserved Instance", Decimal("140.5"), Decimal("140.5"), Decimal("15.246913578024691356")),
        ("Savings Plan", Decimal(1488), Decimal(1488), Decimal("24.2375308644")),
    ]


def test_empty_text_is_null_wherever_focus_has_text(database: duckdb.DuckDBPyConnection) -> None:
    empty = {column.name: "" for column in FOCUS_COLUMNS if column.type == "STRING"}
    fields = [Field(column.name, "STRING" if column.type == "JSON" else column.type) for column in FOCUS_COLUMNS]
    [row] = ask(database, "native", fields, {"BillingPeriodStart": MONTH, **empty, "Tags": ""})
    assert sorted(name for name, value in row.items() if value is not None) == [
        "BillingPeriodStart",
        "x_provider",
        "x_source",
    ]


def test_tags_of_columns_bear_their_own_keys(database: duckdb.DuckDBPyConnection) -> None:
    values = dict(zip(TAGS, ("a", "", "Root", "ü"), strict=True))
    [row] = ask(database, "aws_cur", cur(), {"bill_billing_period_start_date": MONTH, **values})
    database.execute("CREATE TABLE tags AS SELECT ?::JSON AS tags", [row["Tags"]])
    assert rows(database, "SELECT unnest(json_keys(tags)) AS name FROM tags ORDER BY name") == [
        {"name": "aws:createdBy"},
        {"name": 'it\'s a \\ and "größe"'},
        {"name": "team"},
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{"team":"a"}', '{"team":"a"}'),
        ('"team":"a"', '{"team":"a"}'),  # Azure's EA accounts leave out the braces
        ('{"user_team":"a"}', '{"user_team":"a"}'),  # its user's own key
        ("", None),
        (None, None),
        ("team=a", None),
    ],
)
def test_tags_of_text_are_parsed(database: duckdb.DuckDBPyConnection, given: str | None, expected: str | None) -> None:
    fields = [Field("BillingPeriodStart", "TIMESTAMP"), Field("Tags", "STRING")]
    [row] = ask(database, "native", fields, {"BillingPeriodStart": MONTH, "Tags": given}, provider="azure")
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
def test_tags_of_aws_lose_its_prefix_and_nothing_else(
    database: duckdb.DuckDBPyConnection, kind: str, given: str | None, expected: str | None
) -> None:
    fields = [Field("BillingPeriodStart", "TIMESTAMP"), Field("Tags", kind)]
    [row] = ask(database, "native", fields, {"BillingPeriodStart": MONTH, "Tags": given})
    assert json.loads(row["Tags"] or "null") == json.loads(expected or "null")


def test_cur_2_0_may_have_the_one_column_of_tags_or_the_other(database: duckdb.DuckDBPyConnection) -> None:
    fields = [Field("bill_billing_period_start_date", "TIMESTAMP")]
    line = {"bill_billing_period_start_date": MONTH}
    all_of_them = '{"resourceTags/team":"a","resourceTags/user:x":"y","accountTag/team":"b","costCategory/unit":"c"}'
    [only] = ask(database, "aws_cur", [*fields, Field("tags", "JSON")], {**line, "tags": all_of_them})
    assert json.loads(only["Tags"]) == {"team": "a", "x": "y", "accountTag/team": "b", "costCategory/unit": "c"}
    both = [*fields, Field("resource_tags", "JSON"), Field("tags", "JSON")]
    [first] = ask(database, "aws_cur", both, {**line, "resource_tags": '{"user_team":"a"}', "tags": all_of_them})
    assert json.loads(first["Tags"]) == {"team": "a"}


def test_what_azure_calls_otherwise_is_found(database: duckdb.DuckDBPyConnection) -> None:
    names = {
        "x_InvoiceId": "InvoiceId",
        "x_PricingCurrency": "PricingCurrency",
        "x_SkuMeterCategory": "ServiceName",
        "x_SkuMeterName": "SkuMeter",
    }
    fields = [Field("BillingPeriodStart", "TIMESTAMP"), *(Field(name, "STRING") for name in names)]
    [row] = ask(database, "native", fields, {"BillingPeriodStart": MONTH, **dict.fromkeys(names, "x")})
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
def test_a_price_of_azure_is_for_a_block_of_units_and_in_its_pricing_currency(
    database: duckdb.DuckDBPyConnection, unit: str | None, block: int, consumed: str | None
) -> None:
    """MCA prices in dollars what it bills in euros; EA has no exchange rate, for its two currencies are one."""
    line = {
        "BillingPeriodStartDate": MONTH, "ChargeType": "Usage", "BenefitId": "/reservation", "UnitOfMeasure": unit,
        "Cost": "0", "Quantity": str(4 * block), "UnitPrice": "2", "PayGPrice": "3", "PricingCurrency": "USD",
    }  # fmt: skip
    names = (
        *("PricingQuantity", "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ListCost"),
        *("ContractedUnitPrice", "ListUnitPrice", "PricingCurrencyContractedUnitPrice"),
    )
    fields = full("azure_actual")
    rated = {**line, "ExchangeRatePricingToBilling": "0.5"}
    found = [[row[name] for name in names] for row in ask(database, "azure_actual", fields, line, rated)]
    assert found == [[4, 4 * block, consumed, 8, 8, 2, 3, 2], [4, 4 * block, consumed, 4, 4, 1, Decimal("1.5"), 2]]


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
def test_what_amortized_cost_prices_on_demand_is_billed_whatever_commitment_it_names(
    database: duckdb.DuckDBPyConnection, model: str | None, billed: int, status: str | None, category: str
) -> None:
    line = {"BillingPeriodStartDate": MONTH, "ChargeType": "Usage", "PricingModel": model, "ReservationId": "r"}
    cost = {"ReservationName": "n", "Cost": "7", "Quantity": "1", "UnitPrice": "9"}
    [row] = ask(database, "azure_amortized", full("azure_amortized"), {**line, **cost}, provider="azure")
    names = ("BilledCost", "EffectiveCost", "CommitmentDiscountStatus", "PricingCategory", "CommitmentDiscountName")
    assert [row[name] for name in names] == [billed, 7, status, category, "n" if status else None]


def test_google_s_own_export_is_read_net_of_its_credits(database: duckdb.DuckDBPyConnection) -> None:
    database.execute(
        "CREATE TABLE acme.billing.gcp AS SELECT 'A-1' AS billing_account_id, 1.25::DOUBLE AS cost,"
        " 'regular' AS cost_type,"
        " [{'amount': -0.25}, {'amount': -0.5}] AS credits, 'EUR' AS currency, {'month': '202509'} AS invoice,"
        " [{'key': 'team', 'value': 'a'}] AS labels, {'id': 'p-1', 'name': 'One'} AS project,"
        " {'description': 'Compute Engine'} AS service, {'id': 'S-1', 'description': 'N1 core'} AS sku,"
        " {'amount': 2.0, 'unit': 'seconds', 'amount_in_pricing_units': 0.5, 'pricing_unit': 'hour'} AS usage,"
        " {'region': 'europe-west1', 'zone': ''} AS location,"
        " TIMESTAMPTZ '2025-09-03' AS usage_start_time, TIMESTAMPTZ '2025-09-04' AS usage_end_time"
        " UNION ALL SELECT 'A-1', 0.01, 'tax', [], 'EUR', {'month': '202509'}, [], NULL, NULL, NULL, NULL, NULL,"
        " NULL, NULL"
    )
    types = {"credits": "RECORD", "labels": "RECORD", "cost": "FLOAT"}
    records = ("invoice", "project", "service", "sku", "usage", "location")
    plain = ("billing_account_id", "cost_type", "currency")
    fields = [*(Field(name, kind) for name, kind in types.items()), *(Field(name, "RECORD") for name in records)]
    fields += [*(Field(name, "STRING") for name in plain)]
    fields += [Field(f"usage_{edge}_time", "TIMESTAMP") for edge in ("start", "end")]
    query = source_query(FocusSource("google_billing", "google", "google_billing", "acme.billing.gcp"), fields)
    usage, tax = sorted(rows(database, translated(query)), key=lambda row: str(row["ChargeCategory"]), reverse=True)
    assert (usage["BilledCost"], usage["ListCost"], usage["Tags"]) == (Decimal("0.5"), Decimal("1.25"), '{"team":"a"}')
    assert (usage["BillingPeriodStart"], usage["BillingPeriodEnd"]) == (MONTH, datetime(2025, 10, 1, tzinfo=UTC))
    assert (usage["SubAccountId"], usage["ServiceCategory"], usage["AvailabilityZone"]) == ("p-1", "Compute", None)
    assert (tax["ChargeCategory"], tax["BilledCost"], tax["PricingQuantity"]) == ("Tax", Decimal("0.01"), None)


@pytest.mark.parametrize("name", FORMATS)
def test_the_month_is_the_bare_partition_column_through_every_step(name: str) -> None:
    """BigQuery prunes partitions by a filter on the column itself, and does not say that it does by one over a cast."""
    export_format = FORMATS[name]
    partition = export_format.partition
    names = {f"{export_format.table_schema.format(version=version)}.json" for version in export_format.versions or [""]}
    columns = [column for schema in names for column in json.loads((SCHEMAS / schema).read_text())]
    [kind] = {column["type"] for column in columns if column["name"] == partition}
    mapped = FocusSource("mine", export_format.provider, export_format.focus, "acme.billing.charges")
    tree = sqlglot.parse_one(source_query(mapped, [Field(partition, kind)]), read="bigquery")
    steps = [
        {one.alias_or_name: one.unalias().sql("bigquery") for one in select.selects}
        for select in tree.find_all(exp.Select)
        if select.args["from_"].this.find(exp.Select) or select.args["from_"].this.name == "charges"  # else an array's
    ]
    month = [steps[0]["BillingPeriodStart"], *(step[partition] for step in steps[1:] if "*" not in step)]
    assert len(month) > 1
    assert set(month) == {partition}


def test_the_union_keeps_no_month_from_its_partition() -> None:
    [select] = sqlglot.parse_one(union_query(["acme.billing.focus_costs_mine"]), read="bigquery").find_all(exp.Select)
    assert all(isinstance(one, exp.Column) for one in select.selects)


def test_what_is_a_judgement_says_so_in_the_view() -> None:
    query = source_query(FocusSource("mine", "aws", "aws_cur", "acme.billing.charges"), cur())
    marked = {line.split()[1] for line in query.splitlines() if "is a judgement" in line}
    assert marked == set(mapping_decisions()["aws_cur"])


def test_a_view_has_room_for_every_tag_and_the_union_for_a_hundred_sources() -> None:
    tags = [Field(f"resource_tags_user_{'k' * 100}_{number}", "STRING") for number in range(500)]
    assert len(source_query(FocusSource("mine", "aws", "aws_cur", "acme.billing.charges"), cur(*tags))) < MAX_VIEW
    assert len(union_query([f"a-project-of-mine-123456.billing_focus.focus_costs_{'k' * 30}"] * 100)) < MAX_VIEW


def test_the_view_over_all_unites_those_of_the_sources(database: duckdb.DuckDBPyConnection) -> None:
    for key in ("one", "two"):
        create_table(
            database, f"acme.billing.of_{key}", {"BillingPeriodStart": "TIMESTAMP", "BilledCost": "BIGNUMERIC"}
        )
        insert(database, f"acme.billing.of_{key}", {"BillingPeriodStart": MONTH, "BilledCost": "1.5"})
        fields = [Field("BillingPeriodStart", "TIMESTAMP"), Field("BilledCost", "BIGNUMERIC")]
        query = source_query(FocusSource(key, "azure", "native", f"acme.billing.of_{key}"), fields)
        database.execute(f"CREATE VIEW acme.billing.{key} AS {translated(query)}")
    found = rows(database, translated(union_query(["acme.billing.one", "acme.billing.two"])))
    assert [(row["x_source"], row["BilledCost"]) for row in found] == [("one", Decimal("1.5")), ("two", Decimal("1.5"))]
    assert list(found[0]) == [*(column.name for column in FOCUS_COLUMNS), "x_source", "x_provider"]


def test_a_view_takes_no_reserved_word_for_a_name() -> None:
    query = source_query(FocusSource("mine", "aws", "aws_cur", "acme.billing.charges"), cur())
    aliases = {
        alias.lower()
        for one in sqlglot.parse_one(query, read="bigquery").find_all(exp.Alias, exp.TableAlias)
        for alias in [one.alias_or_name, *(column.name for column in one.args.get("columns") or [])]
    }
    assert {"line", "part", "category"} <= aliases
    assert aliases & set(RESERVED.split()) == set()
