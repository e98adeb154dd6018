"""The same usage has the same cost in `focus_costs`, whatever format it is exported in."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.samples.catalogue import sample_delivery
from tests.support.harness import Harness
from tests.support.sources import SourceSpec

MONTH = "2025-09"
AWS = (
    "aws_cur_v1_csv",
    "aws_cur_v1_parquet",
    "aws_cur_v2_csv",
    "aws_cur_v2_parquet",
    "aws_focus_csv",
    "aws_focus_parquet",
)
FOCUS = ("azure_focus_parquet", "azure_focus_csv")
ACTUAL = ("azure_actual_csv", "azure_actual_parquet")
AMORTIZED = ("azure_amortized_csv", "azure_amortized_parquet")
SERVICE = "IF(ResourceId IS NULL, NULL, ServiceName)"  # charges without a resource have no service in actual cost
Totals = dict[str, dict[str | None, Decimal]]


def spec(export_format: str) -> SourceSpec:
    one = SourceSpec(
        key=export_format.upper(),
        format=export_format,
        export_name="acme-export",
        source_path="exports/",
        prefix=f"in/{export_format}/",
        table=export_format,
    )
    versions = one.shape["versions"]
    return SourceSpec(**{**vars(one), "version": versions[-1]}) if versions else one


def load_all(harness_of: Callable[..., Harness], folder: Path, formats: tuple[str, ...]) -> Harness:
    """Load the same usage of one month from each of these formats."""
    specs = tuple(map(spec, formats))
    harness = harness_of(*specs, focus=True)
    for source in specs:
        delivery = sample_delivery(
            source.format, folder / source.format, MONTH, path="exports/", rows=200, version=source.version
        )
        outcomes = harness.deliver_each(source, *delivery.data, *delivery.manifests)
        assert "loaded" in [outcome.action for outcome in outcomes], outcomes
    return harness


def totals(harness: Harness, formats: tuple[str, ...], column: str, by: str) -> Totals:
    """Return cost by source and service, to nine decimals: sums of DOUBLE have no more."""
    found: Totals = {name: {} for name in formats}
    for row in harness.rows(
        f"SELECT x_source, {by} AS service, ROUND(SUM({column}), 9) AS cost FROM `{{dataset}}_focus.focus_costs`"
        f" WHERE BillingPeriodStart = '{MONTH}-01' AND x_source IN {formats} GROUP BY x_source, service"
    ):
        found[row["x_source"]][row["service"]] = row["cost"]
    return found


@pytest.mark.timeout(900)
def test_aws_cost_by_service_is_the_same_in_every_format(harness_of: Callable[..., Harness], tmp_path: Path) -> None:
    found = totals(load_all(harness_of, tmp_path, AWS), AWS, "BilledCost", "ServiceName")
    first = found[AWS[0]]

    assert len(first) > 5
    assert found == dict.fromkeys(AWS, first)


@pytest.mark.timeout(900)
def test_azure_cost_by_service_is_the_same_in_every_format(harness_of: Callable[..., Harness], tmp_path: Path) -> None:
    harness = load_all(harness_of, tmp_path, (*FOCUS, *ACTUAL, *AMORTIZED))
    for formats, column in (((*FOCUS, *ACTUAL), "BilledCost"), ((*FOCUS, *AMORTIZED), "EffectiveCost")):
        found = totals(harness, formats, column, SERVICE)
        first = found[FOCUS[0]]
        assert len(first) > 5
        assert found == dict.fromkeys(formats, first)
