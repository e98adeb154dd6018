"""A month without billing periods in its rows: the manifest says the month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import pytest

from tests.support.harness import Harness, log_lines
from tests.support.small_exports import (
    AWS_CHARGE,
    AZURE_CHARGE,
    AZURE_COLUMNS,
    COST,
    COST_PARQUET,
    CUR,
    SmallExport,
    azure_run,
    csv_file,
    cur_of,
    parquet_file,
)
from tests.support.sources import SourceSpec

HarnessOf = Callable[..., Harness]
PERIOD = "BillingPeriodStartDate"
BLANK = {**AZURE_CHARGE, PERIOD: "", "BillingPeriodEndDate": ""}
AUGUST = {**AZURE_CHARGE, PERIOD: "08/01/2025", "BillingPeriodEndDate": "08/31/2025"}
BLANK_COLUMN = f"NULL::TIMESTAMPTZ AS {PERIOD}"
COST_COLUMN = "1.5::DECIMAL(38, 18) AS Cost"


def without(charge: Mapping[str, str], part: str) -> dict[str, str]:
    return {name: value for name, value in charge.items() if part not in name}


def parquet(*files: str) -> SmallExport:
    return azure_run(*(parquet_file(columns) for columns in files), suffix="parquet")


def months(harness: Harness, spec: SourceSpec) -> list[tuple[str, int, Decimal]]:
    shape = harness.source(spec).format
    rows = harness.rows(
        f"SELECT FORMAT_TIMESTAMP('%F %T', {shape.partition}) AS start, COUNT(*) AS n, SUM({shape.cost}) AS cost"
        f" FROM `{{dataset}}.{spec.table}` GROUP BY 1 ORDER BY 1"
    )
    return [(row["start"], row["n"], row["cost"]) for row in rows]


def staging_tables(harness: Harness) -> list[str]:
    tables = harness.emulator.bigquery.list_tables(harness.deployment.dataset)
    return [table.table_id for table in tables if "_staging_" in table.table_id]


@pytest.mark.parametrize(
    ("spec", "delivery", "rows", "blank"),
    [
        pytest.param(COST, azure_run(csv_file(BLANK, BLANK)), 2, 2, id="blank in CSV"),
        pytest.param(COST, azure_run(csv_file(AZURE_CHARGE), csv_file(BLANK)), 2, 1, id="blank in one of two rows"),
        pytest.param(COST, azure_run(csv_file(without(AZURE_CHARGE, "Period"))), 1, 1, id="no column in CSV"),
        pytest.param(CUR, cur_of(without(AWS_CHARGE, "Period")), 1, 1, id="no column in gzip CSV"),
        pytest.param(COST_PARQUET, parquet(f"{BLANK_COLUMN}, {COST_COLUMN}"), 1, 1, id="no value in Parquet"),
        pytest.param(COST_PARQUET, parquet(COST_COLUMN), 1, 1, id="no column in Parquet"),
        pytest.param(
            COST_PARQUET,
            parquet(
                f"{BLANK_COLUMN}, {COST_COLUMN}", f"TIMESTAMPTZ '2025-09-01 00:00:00+00' AS {PERIOD}, {COST_COLUMN}"
            ),
            2,
            1,
            id="blank in one of two Parquet files",
        ),
    ],
)
def test_rows_without_a_period_are_loaded_into_the_month_of_the_manifest(
    harness_of: HarnessOf,
    capsys: pytest.CaptureFixture[str],
    spec: SourceSpec,
    delivery: SmallExport,
    rows: int,
    blank: int,
) -> None:
    harness = harness_of(spec)

    outcome = delivery.load(harness, spec)

    assert (outcome.action, outcome.code, outcome.rows) == ("loaded", None, rows), outcome.message
    assert months(harness, spec) == [("2025-09-01 00:00:00", rows, Decimal("1.5") * rows)]
    assert [(row["row_count"], row["cost"]) for row in harness.tracking(spec)] == [(rows, Decimal("1.5") * rows)]
    told = [line["message"] for line in log_lines(capsys.readouterr().out) if line.get("code") == "PERIOD_FILLED"]
    assert len(told) == 1
    assert told[0].startswith(f"{blank} of {rows} rows have no {harness.source(spec).format.partition}. ")
    assert staging_tables(harness) == []


@pytest.mark.parametrize("blanks", [[], [BLANK]], ids=["no blank", "a blank"])
def test_rows_of_another_month_are_named_and_keep_the_old_month(
    harness_of: HarnessOf, blanks: Sequence[Mapping[str, str]]
) -> None:
    harness = harness_of(COST)
    azure_run(csv_file(AZURE_CHARGE)).load(harness, COST)

    outcome = azure_run(csv_file(AZURE_CHARGE, AUGUST, *blanks), number=2).load(harness, COST)

    assert (outcome.action, outcome.code) == ("rejected", "ROWS_OUTSIDE_MONTH")
    assert outcome.message == (
        f"Of {2 + len(blanks)} rows, 1 have a {PERIOD} outside 2025-09: 1 in 2025-08. In {len(blanks)} rows it is"
        " blank. Deliver the month again."
    )
    assert months(harness, COST) == [("2025-09-01 00:00:00", 1, Decimal("1.5"))]
    assert staging_tables(harness) == []


def test_column_that_the_delivery_lacks_stays_in_the_table(harness_of: HarnessOf) -> None:
    harness = harness_of(COST)
    azure_run(csv_file({**AZURE_CHARGE, "Own": "x"})).load(harness, COST)

    azure_run(csv_file(BLANK), number=2).load(harness, COST)

    [row] = harness.rows(f"SELECT * FROM `{{dataset}}.{COST.table}`")
    assert (row["Own"], row["ResourceId"], row["Cost"]) == (None, "r1", Decimal("1.5"))
    fields = harness.emulator.bigquery.get_table(harness.source(COST).destination).schema
    assert next(field.description for field in fields if field.name == "Own") == "source: Own"


def test_month_without_periods_is_audited_replaced_and_repeated_as_any_other(harness_of: HarnessOf) -> None:
    harness = harness_of(COST)
    azure_run(csv_file(AZURE_CHARGE, AZURE_CHARGE)).load(harness, COST)
    delivery = azure_run(csv_file(BLANK), number=2)
    loaded = delivery.load(harness, COST)

    again, swept = delivery.load(harness, COST), harness.sweep()

    assert (loaded.action, loaded.rows, again.code) == ("loaded", 1, "DUPLICATE")
    assert (swept["loaded"], swept["mismatched"], swept["rejected"]) == ([], [], [])
    assert months(harness, COST) == [("2025-09-01 00:00:00", 1, Decimal("1.5"))]


def test_british_dates_without_a_period_are_read_by_their_charges(harness_of: HarnessOf) -> None:
    harness = harness_of(COST)
    british = {**BLANK, "Date": "05/09/2025"}

    outcome = azure_run(csv_file({**BLANK, "Date": "09/09/2025"}, british)).load(harness, COST)

    assert (outcome.action, outcome.code) == ("loaded", None)
    [first, last] = harness.rows(f"SELECT DATE(Date) AS day FROM `{{dataset}}.{COST.table}` ORDER BY 1")
    assert [f"{row['day']}" for row in (first, last)] == ["2025-09-05", "2025-09-09"]


NO_PERIOD = "no column bill/BillingPeriodStartDate (bill_billing_period_start_date in the table)"
NO_COST = "no column lineItem/UnblendedCost (line_item_unblended_cost in the table)"
OLDER_NAME = parquet(AZURE_COLUMNS.replace(" AS Cost", " AS costInBillingCurrency"))


@pytest.mark.parametrize(
    ("spec", "export", "missing", "fix"),
    [
        (
            *(CUR, cur_of({"identity/LineItemId": "i1"}), f"{NO_PERIOD} and {NO_COST}"),
            "Deliver the month again with these columns.",
        ),
        (
            *(CUR, cur_of(without(AWS_CHARGE, "UnblendedCost")), NO_COST),
            "Deliver the month again with this column.",
        ),
        (
            *(COST_PARQUET, OLDER_NAME, "no column Cost"),
            "They have costInBillingCurrency: choose a newer version of the dataset, or CSV, where this name is known.",
        ),
    ],
    ids=["neither period nor cost", "no cost", "another name in Parquet"],
)
def test_files_without_a_cost_are_rejected(
    harness_of: HarnessOf, spec: SourceSpec, export: SmallExport, missing: str, fix: str
) -> None:
    outcome = export.load(harness_of(spec), spec)

    assert (outcome.action, outcome.code) == ("rejected", "MISSING_COLUMN")
    assert outcome.message.startswith(f"The files have {missing}: ")
    assert outcome.message.endswith(f" {fix}")


def test_month_in_which_no_row_has_a_cost_is_told(harness_of: HarnessOf) -> None:
    outcome = azure_run(csv_file({**AZURE_CHARGE, "Cost": ""})).load(harness_of(COST), COST)

    assert (outcome.action, outcome.code, outcome.error) == ("loaded", "COST_UNREADABLE", True)
