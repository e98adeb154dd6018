"""Actual and amortized cost: column names and date spellings of all accounts, in one table."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.samples import ACTUAL, AMORTIZED, Delivery, azure_cost_delivery, azure_focus_delivery
from tests.samples.azure_sample import Headers
from tests.samples.model import with_manifest
from tests.support.harness import Harness
from tests.support.small_exports import AZURE_CHARGE, COST, azure_run, csv_file
from tests.support.sources import AZURE

MONTH = "2025-09"
CSV = replace(AZURE, key="CSV", format="azure_actual_csv", prefix="csv/", table="actual_csv", version="")
SPREAD = replace(CSV, key="SPREAD", format="azure_amortized_csv", prefix="spread/", table="amortized")
PARQUET = replace(CSV, key="PARQUET", format="azure_actual_parquet", prefix="parquet/", table="actual_parquet")


@pytest.fixture
def costs(harness_of: Callable[..., Harness]) -> Harness:
    return harness_of(CSV, SPREAD, PARQUET)


def actual(folder: Path, month: str = MONTH, headers: Headers = "pascal", revision: int = 1) -> Delivery:
    return azure_cost_delivery(
        ACTUAL, folder, month, rows=100, files=1, form="csv.gz", headers=headers, revision=revision
    )


def with_text(delivery: Delivery, change: Callable[[str], str]) -> Delivery:
    """Return the delivery with the text of its only file changed."""
    [file] = delivery.data
    path = file.path.with_name("changed.csv.gz")
    with gzip.open(file.path, "rt", newline="") as text:
        path.write_bytes(gzip.compress(change(text.read()).encode()))
    size = path.stat().st_size
    changed = replace(delivery, objects=(replace(file, path=path), *delivery.objects[1:]))
    return with_manifest(changed, lambda manifest: manifest["blobs"][0].update(byteCount=size))


def test_actual_and_amortized_cost_sum_up_as_focus_does(costs: Harness, tmp_path: Path) -> None:
    focus = azure_focus_delivery(tmp_path, MONTH, rows=100).totals
    rows = {}
    for source, dataset in ((CSV, ACTUAL), (SPREAD, AMORTIZED)):
        delivery = azure_cost_delivery(dataset, tmp_path, MONTH, rows=100, form="csv")
        outcome = costs.load(source, delivery)
        assert (outcome.action, outcome.code) == ("loaded", None)
        rows[source] = delivery.totals.rows
    costs.load(PARQUET, azure_cost_delivery(ACTUAL, tmp_path / "parquet", MONTH, rows=100))

    assert costs.rows_and_cost(CSV, MONTH) == costs.rows_and_cost(PARQUET, MONTH) == (rows[CSV], focus.cost)
    assert costs.rows_and_cost(SPREAD, MONTH) == (rows[SPREAD], focus.effective_cost)
    assert [(row["cost"], row["invoiced"]) for row in costs.tracking(CSV)] == [(focus.cost, False)]
    query = "SELECT DISTINCT ChargeType FROM `{dataset}.%s` WHERE ReservationId <> ''"
    of_reservations = [{row["ChargeType"] for row in costs.rows(query % source.table)} for source in (CSV, SPREAD)]
    assert of_reservations == [{"Purchase", "Usage"}, {"UnusedReservation", "Usage"}]


def test_headers_and_dates_of_all_accounts_share_the_columns(costs: Harness, tmp_path: Path) -> None:
    before = {field.name for field in costs.emulator.bigquery.get_table(costs.source(CSV).destination).schema}
    spellings: tuple[Headers, ...] = ("pascal", "camel", "german")
    for month, headers in zip(("2025-01", "2025-08", "2025-09"), spellings, strict=True):
        assert costs.load(CSV, actual(tmp_path, month, headers)).action == "loaded"

    assert {field.name for field in costs.emulator.bigquery.get_table(costs.source(CSV).destination).schema} == before
    rows = costs.rows(
        "SELECT DISTINCT FORMAT_TIMESTAMP('%F %T', BillingPeriodStartDate) AS first,"
        " FORMAT_TIMESTAMP('%F %T', BillingPeriodEndDate) AS last"
        f" FROM `{{dataset}}.{CSV.table}` ORDER BY 1"
    )
    assert [(row["first"], row["last"]) for row in rows] == [
        ("2025-01-01 00:00:00", "2025-01-31 00:00:00"),
        ("2025-08-01 00:00:00", "2025-08-31 00:00:00"),
        ("2025-09-01 00:00:00", "2025-09-30 00:00:00"),
    ]
    tags = {row["Tags"] for row in costs.rows(f"SELECT Tags FROM `{{dataset}}.{CSV.table}`")}
    assert '"env":"prod","team":"platform"' in tags  # as delivered: without braces


def test_changed_date_spelling_never_loads_as_another_day(costs: Harness, tmp_path: Path) -> None:
    kept = actual(tmp_path)
    first = costs.load(CSV, kept)
    british = with_text(actual(tmp_path, revision=2), lambda text: text.replace("09/01/2025", "01/09/2025", 1))
    iso = with_text(actual(tmp_path, revision=3), lambda text: text.replace("09/01/2025", "2025-09-01", 1))
    late = with_text(actual(tmp_path, revision=4), lambda text: "2025-09-01".join(text.rsplit("09/01/2025", 1)))

    assert first.action == "loaded"
    for delivery in (british, iso):
        outcome = costs.load(CSV, delivery)
        assert (outcome.action, outcome.code) in (("rejected", "DATES_UNCLEAR"), ("rejected", "ROWS_OUTSIDE_MONTH"))
    assert costs.load(CSV, late).code in ("DATES_UNCLEAR", "VALUE_DOES_NOT_FIT")
    assert costs.rows_and_cost(CSV, MONTH) == (kept.totals.rows, kept.totals.cost)


def test_iso_dates_and_later_column_names_keep_the_table(costs: Harness, tmp_path: Path) -> None:
    def later(text: str) -> str:
        return re.sub(r"(\d\d)/(\d\d)/(\d{4})", r"\3-\1-\2", text).replace(",Cost,", ",CostInBillingCurrency,")

    delivery = actual(tmp_path)

    assert costs.load(CSV, with_text(delivery, later)).action == "loaded"
    assert costs.rows_and_cost(CSV, MONTH) == (delivery.totals.rows, delivery.totals.cost)


@pytest.mark.parametrize(
    "folder", ["費用 €/ü", "it's (1)!", "a#b?c[d]", "100% & more", 'quote"d', "a+b=c;d,e", "\u202edir", "😀"]
)
def test_export_in_a_folder_of_any_name_loads(harness_of: Callable[..., Harness], folder: str) -> None:
    harness = harness_of(COST)
    run = azure_run(csv_file(AZURE_CHARGE), root=f"exports/{folder}")

    outcome = run.load(harness, COST)

    assert (outcome.action, outcome.code, outcome.rows) == ("loaded", None, 1)
