"""The same usage, whatever way it is exported, is the same in `focus_costs`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.samples.catalogue import sample_delivery
from tests.support.emulator_deployment import EmulatorDeployment
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
SERVICE = "IF(ResourceId IS NULL, NULL, ServiceName)"  # what has no resource has no service in actual cost
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


def exported(emulator: Emulator, folder: Path, formats: tuple[str, ...]) -> Harness:
    """The same usage of one month, loaded from each of these formats."""
    specs = tuple(map(spec, formats))
    harness = Harness(EmulatorDeployment(emulator, specs, focus=True).create())
    for source in specs:
        delivery = sample_delivery(
            source.format, folder / source.format, MONTH, path="exports/", rows=200, version=source.version
        )
        outcomes = harness.deliver_each(source, *delivery.data, *delivery.manifests)
        assert "loaded" in [outcome.action for outcome in outcomes], outcomes
    return harness


def totals(harness: Harness, formats: tuple[str, ...], column: str, by: str) -> Totals:
    """By source and service, to nine decimals: where a side is DOUBLE, a sum has no more."""
    found: Totals = {name: {} for name in formats}
    for row in harness.rows(
        f"SELECT x_source, {by} AS service, ROUND(SUM({column}), 9) AS cost FROM `{{dataset}}_focus.focus_costs`"
        f" WHERE BillingPeriodStart = '{MONTH}-01' AND x_source IN {formats} GROUP BY x_source, service"
    ):
        found[row["x_source"]][row["service"]] = row["cost"]
    return found


@pytest.mark.timeout(180)
def test_aws_cost_by_service_is_the_same_in_every_format(
    emulator: Emulator, emulator_environment: None, tmp_path: Path
) -> None:
    found = totals(exported(emulator, tmp_path, AWS), AWS, "BilledCost", "ServiceName")
    first = found[AWS[0]]
    assert len(first) > 5
    assert found == dict.fromkeys(AWS, first)


@pytest.mark.timeout(180)
def test_azure_cost_by_service_is_the_same_in_every_format(
    emulator: Emulator, emulator_environment: None, tmp_path: Path
) -> None:
    harness = exported(emulator, tmp_path, (*FOCUS, *ACTUAL, *AMORTIZED))
    for formats, column in (((*FOCUS, *ACTUAL), "BilledCost"), ((*FOCUS, *AMORTIZED), "EffectiveCost")):
        found = totals(harness, formats, column, SERVICE)
        first = found[FOCUS[0]]
        assert len(first) > 5
        assert found == dict.fromkeys(formats, first)
