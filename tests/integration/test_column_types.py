"""The type of a column, from the list of the provider or from the manifest. And files that have nothing to load."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.support.harness import Harness, log_lines
from tests.support.small_exports import (
    AWS_CHARGE,
    AZURE_CHARGE,
    AZURE_COLUMNS,
    COST,
    COST_PARQUET,
    CUR,
    CUR_PARQUET,
    SmallExport,
    azure_run,
    csv_file,
    cur_of,
    cur_report,
    parquet_file,
)
from tests.support.sources import SourceSpec

HarnessOf = Callable[..., Harness]
AWS_TEXTS = {
    "resourceTags/user:team": "a",
    "costCategory/Team": "b",
    "product/isshadow": "c",
    "product/comments": "d",
}


def column_types(harness: Harness, spec: SourceSpec) -> Mapping[str, str]:
    table = harness.emulator.bigquery.get_table(harness.source(spec).destination)
    return {field.name: field.field_type for field in table.schema}


def notes(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the lines about columns since the last call."""
    return [
        line for line in log_lines(capsys.readouterr().out) if line.get("code") in ("UNKNOWN_COLUMN", "TYPE_DIFFERS")
    ]


def test_tags_categories_and_product_attributes_need_no_type(
    harness_of: HarnessOf, capsys: pytest.CaptureFixture[str]
) -> None:
    """A manifest of 2018 has no types."""
    harness = harness_of(CUR)

    outcome = cur_of({**AWS_CHARGE, **AWS_TEXTS}).load(harness, CUR)

    assert (outcome.action, outcome.rows) == ("loaded", 1)
    types = column_types(harness, CUR)
    assert types["line_item_unblended_cost"] == "BIGNUMERIC"
    names = ("resource_tags_user_team", "cost_category_team", "product_isshadow", "product_comments")
    assert [types[name] for name in names] == ["STRING"] * 4
    assert notes(capsys) == []


def test_columns_that_nobody_knows_are_text_and_told_once(
    harness_of: HarnessOf, capsys: pytest.CaptureFixture[str]
) -> None:
    harness = harness_of(CUR)
    charge = {**AWS_CHARGE, "lineItem/New": "1", "lineItem/Newer": "many"}

    outcomes = [cur_of(charge, types={"lineItem/New": "Mystery"}, number=n).load(harness, CUR) for n in (1, 2)]

    assert [outcome.action for outcome in outcomes] == ["loaded", "loaded"]
    types = column_types(harness, CUR)
    assert (types["line_item_new"], types["line_item_newer"]) == ("STRING", "STRING")
    [line] = notes(capsys)
    assert (line["severity"], line["code"], line["month"]) == ("INFO", "UNKNOWN_COLUMN", "2025-09")
    assert "lineItem/New, lineItem/Newer" in line["message"]


def test_published_type_holds_against_the_manifest_and_is_told(
    harness_of: HarnessOf, capsys: pytest.CaptureFixture[str]
) -> None:
    harness = harness_of(CUR)
    charge = {**AWS_CHARGE, "reservation/EffectiveCost": "0.5"}

    for number in (1, 2):
        outcome = cur_of(charge, types={"reservation/EffectiveCost": "String"}, number=number).load(harness, CUR)
        assert outcome.action == "loaded"

    assert column_types(harness, CUR)["reservation_effective_cost"] == "BIGNUMERIC"
    [line] = notes(capsys)
    assert (line["severity"], line["code"]) == ("INFO", "TYPE_DIFFERS")
    assert "reservation/EffectiveCost (manifest: STRING, loaded: BIGNUMERIC)" in line["message"]


@pytest.mark.parametrize("spec", [COST, COST_PARQUET], ids=["csv", "parquet"])
def test_override_that_has_no_effect_is_told(
    harness_of: HarnessOf, capsys: pytest.CaptureFixture[str], spec: SourceSpec
) -> None:
    harness = harness_of(spec)
    harness.configure(replace(spec, type_overrides={"Date": "STRING"}))
    is_csv = spec is COST
    columns = f"{AZURE_COLUMNS}, TIMESTAMPTZ '2025-09-13' AS Date"
    file = csv_file(AZURE_CHARGE) if is_csv else parquet_file(columns)

    outcome = azure_run(file, suffix="csv" if is_csv else "parquet").load(harness, spec)

    assert outcome.action == "loaded"
    [line] = notes(capsys)
    assert line["code"] == "TYPE_DIFFERS"
    assert "Date (TYPE_OVERRIDES: STRING, loaded: TIMESTAMP)" in line["message"]
    assert "TABLE_NAME" in line["message"]


def test_override_works_in_a_table_that_is_new(harness_of: HarnessOf, capsys: pytest.CaptureFixture[str]) -> None:
    spec = replace(COST, type_overrides={"date": "STRING", "BillingPeriodStartDate": "STRING"})
    harness = harness_of(spec)

    outcome = azure_run(csv_file({**AZURE_CHARGE, "Date": "9/13/2025"})).load(harness, spec)

    assert outcome.action == "loaded"
    [row] = harness.rows(f"SELECT Date FROM `{{dataset}}.{spec.table}`")
    assert row["Date"] == "9/13/2025"
    [line] = notes(capsys)  # the column of the partition keeps its type
    assert "BillingPeriodStartDate (TYPE_OVERRIDES: STRING, loaded: TIMESTAMP)" in line["message"]


@pytest.mark.parametrize(
    ("renamed", "names"),
    [
        ({"ResourceId": "InstanceName"}, {"InstanceName"}),
        ({"ResourceId": "InstanceId"}, {"InstanceId"}),
        ({"Cost": "PreTaxCost", "Date": "UsageDateTime", "BillingCurrency": "Currency"}, set()),
    ],
    ids=["MCA of 2019", "EA of 2019", "pay-as-you-go"],
)
def test_columns_of_older_agreements_keep_their_meaning(
    harness_of: HarnessOf, capsys: pytest.CaptureFixture[str], renamed: Mapping[str, str], names: set[str]
) -> None:
    harness = harness_of(COST, focus=True)
    before = set(column_types(harness, COST))
    more = {"DepartmentName": "d", "ResourceType": "Microsoft.Storage/storageAccounts"}
    charge = {renamed.get(name, name): value for name, value in AZURE_CHARGE.items()}

    outcome = azure_run(csv_file({**charge, **more})).load(harness, COST)

    assert outcome.action == "loaded"
    assert set(column_types(harness, COST)) - before == {*names, *more}
    assert notes(capsys) == []
    [row] = harness.rows(
        "SELECT ResourceId AS id, ResourceType AS kind, BilledCost AS cost, BillingCurrency AS currency,"
        " FORMAT_TIMESTAMP('%F', ChargePeriodStart) AS day"
        " FROM `{dataset}_focus.focus_costs`"
    )
    assert row == {
        "id": "r1",
        "kind": "Microsoft.Storage/storageAccounts",
        "cost": Decimal("1.5"),
        "currency": "EUR",
        "day": "2025-09-13",
    }


@pytest.mark.parametrize(
    "cost", ["0.00011886691674590113", f"1234567890.{'1' * 38}", f"-{10**27}.{'0' * 37}1"], ids=["azure", "38", "large"]
)
def test_month_with_38_decimals_keeps_them_all(harness_of: HarnessOf, cost: str) -> None:
    harness = harness_of(COST, focus=True)

    outcome = azure_run(csv_file({**AZURE_CHARGE, "Cost": cost})).load(harness, COST)

    assert (outcome.action, outcome.code) == ("loaded", None)
    found = [
        harness.rows("SELECT cost FROM `{dataset}.billing_status`"),
        harness.rows(f"SELECT cost FROM `{{dataset}}.{COST.table}_loads`"),
        harness.rows("SELECT SUM(BilledCost) AS cost FROM `{dataset}_focus.focus_costs`"),
    ]
    assert found == [[{"cost": Decimal(cost)}]] * 3


NO_VALUE, TEXT = "NULL", "'a'"


def cur_month(month: str, tag: str, more: str = "NULL") -> SmallExport:
    """Return a month of a Parquet report, with a tag and a column that no list has."""
    period = f"TIMESTAMP '{month}-01 00:00:00' AS bill_billing_period_start_date, 1.5 AS line_item_unblended_cost"
    text = f"{tag} AS resource_tags_user_team, {more} AS line_item_new"
    file = parquet_file(period.replace("1.5", "1.5::DOUBLE") + f", 'USD' AS line_item_currency_code, {text}")
    return cur_report(file, columns=[], month=month, parquet=True)


@pytest.mark.parametrize("months", itertools.permutations([("2025-08", TEXT), ("2025-09", NO_VALUE)]))
def test_column_without_values_never_decides_the_type(
    harness_of: HarnessOf, months: tuple[tuple[str, str], ...]
) -> None:
    harness = harness_of(CUR_PARQUET)

    outcomes = [cur_month(month, value, value).load(harness, CUR_PARQUET) for month, value in months]

    assert [(outcome.action, outcome.rows) for outcome in outcomes] == [("loaded", 1), ("loaded", 1)]
    types = column_types(harness, CUR_PARQUET)
    assert (types["resource_tags_user_team"], types["line_item_new"]) == ("STRING", "STRING")
    rows = harness.rows(f"SELECT resource_tags_user_team, line_item_new FROM `{{dataset}}.{CUR.table}` ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [(None, None), ("a", "a")]


def test_column_that_no_list_has_comes_with_its_first_value(harness_of: HarnessOf) -> None:
    harness = harness_of(CUR_PARQUET)

    cur_month("2025-09", NO_VALUE).load(harness, CUR_PARQUET)

    types = column_types(harness, CUR_PARQUET)
    assert "line_item_new" not in types
    assert types["resource_tags_user_team"] == "STRING"


def test_part_without_values_of_a_column_has_the_type_of_the_others(harness_of: HarnessOf) -> None:
    harness = harness_of(CUR_PARQUET)
    files = [next(iter(cur_month("2025-09", value, value).objects.values())) for value in (NO_VALUE, TEXT, NO_VALUE)]

    outcome = cur_report(*files, columns=[], parquet=True).load(harness, CUR_PARQUET)

    assert (outcome.action, outcome.rows) == ("loaded", 3)
    assert column_types(harness, CUR_PARQUET)["line_item_new"] == "STRING"


BLANK = b"\xef\xbb\xbf\r\n"
HEADER = csv_file(AZURE_CHARGE).splitlines(keepends=True)[0]


@pytest.mark.parametrize("empty", [b"", BLANK, HEADER], ids=["0 bytes", "no text", "header only"])
@pytest.mark.parametrize("position", [0, 1])
def test_part_without_rows_is_left_out_of_the_load_job(harness_of: HarnessOf, empty: bytes, position: int) -> None:
    harness = harness_of(COST)
    full = csv_file(AZURE_CHARGE)
    files, counts = ([empty, full], [0, 1]) if position == 0 else ([full, empty], [1, 0])

    outcome = azure_run(*files, counts=counts).load(harness, COST)

    assert (outcome.action, outcome.code, outcome.rows, outcome.files) == ("loaded", None, 1, 2)
    job = harness.emulator.bigquery.get_job(outcome.job_id, **harness.deployment.job_location)
    assert [uri.rpartition("/")[2] for uri in job.source_uris] == [f"part_{1 - position}_0001.csv"]


def test_empty_parquet_part_is_left_out_of_the_load_job(harness_of: HarnessOf) -> None:
    harness = harness_of(COST_PARQUET)
    file = parquet_file("TIMESTAMPTZ '2025-09-01 00:00:00+00' AS BillingPeriodStartDate, 1.5::DECIMAL(38, 18) AS Cost")

    outcome = azure_run(file, b"", counts=[1, 0], suffix="parquet").load(harness, COST_PARQUET)

    assert (outcome.action, outcome.code, outcome.rows) == ("loaded", None, 1)


def test_delivery_of_empty_parts_is_empty(harness_of: HarnessOf) -> None:
    harness = harness_of(COST)

    outcome = azure_run(b"", BLANK, HEADER, counts=[0, 0, None]).load(harness, COST)

    assert (outcome.action, outcome.code) == ("rejected", "EMPTY_DELIVERY")


@pytest.mark.parametrize("count", [1, None], ids=["counted rows", "no count"])
def test_empty_part_that_the_manifest_does_not_call_empty_is_rejected(harness_of: HarnessOf, count: int | None) -> None:
    """Azure counts the bytes, so only a part with a byte order mark has neither rows nor a count of 0."""
    harness = harness_of(COST)

    outcome = azure_run(csv_file(AZURE_CHARGE), BLANK, counts=[1, count]).load(harness, COST)

    assert (outcome.action, outcome.code) == ("rejected", "HEADER_UNREADABLE")
    assert "part_1_0001.csv" in outcome.message
