"""Every format in every layout, end to end: exported, transferred, its events answered by the functions, loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.local_cloud import LocalCloud
from tests.samples import Delivery
from tests.samples.catalogue import SAMPLES, sample_delivery
from tests.samples.model import Mode
from tests.system import System

FORMATS: Mapping[str, Mapping[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "functions" / "billing" / "schemas" / "formats.json").read_text()
)
MONTHS = ("2025-08", "2025-09")


@dataclass(frozen=True)
class Combination:
    """A source of the one deployment that has them all."""

    format: str
    layout: Mode
    version: str  # the newest, where there are several

    @property
    def name(self) -> str:
        return f"{self.format}_{self.layout}"

    @property
    def path(self) -> str:
        return f"exports/{self.name}/"

    @property
    def provider(self) -> str:
        return str(FORMATS[self.format]["provider"])

    def terraform(self) -> dict[str, Any]:
        """Its entry in `aws_sources` or `azure_sources`."""
        common = {"path": self.path, "export_name": "acme-export", "format": self.format, "table_name": self.name}
        if self.provider == "aws":
            role = "arn:aws:iam::123456789012:role/billing-transfer"
            return {**common, "bucket": "acme-billing-exports", "role_arn": role}
        secret = {"credentials_secret": "projects/123456789012/secrets/azure-sas"}
        version = {"focus_version": self.version} if self.version else {}
        return {**common, "storage_account": "acmebilling", "container": "exports", **secret, **version}


COMBINATIONS = [
    Combination(name, layout, (one["versions"] or [""])[-1])
    for name, one in FORMATS.items()
    for layout in one["layouts"]
]


def test_every_format_has_a_sample_and_every_layout_is_known() -> None:
    assert set(SAMPLES) == set(FORMATS)
    assert {combination.layout for combination in COMBINATIONS} <= set(get_args(Mode))


@pytest.mark.timeout(300)
def test_every_format_in_every_layout_is_transferred_triggered_and_loaded(cloud: LocalCloud, tmp_path: Path) -> None:
    sources: dict[str, dict[str, Any]] = {"aws": {}, "azure": {}}
    for number, combination in enumerate(COMBINATIONS):
        sources[combination.provider][f"s{number}"] = combination.terraform()
    with System(
        cloud,
        tmp_path / "system",
        prefix="formats",
        aws_sources=sources["aws"],
        azure_sources=sources["azure"],
        most_instances=2,
    ) as system:
        system.apply()
        expected: dict[tuple[str, str], tuple[int, Decimal]] = {}
        for number, combination in enumerate(COMBINATIONS):
            for month in MONTHS:
                delivery = _exported(combination, tmp_path / "made", month)
                system.put(f"{combination.provider}_s{number}", delivery)
                expected[combination.name, month] = (delivery.totals.rows, delivery.totals.cost)
            system.transfer(f"{combination.provider}_s{number}").run()
        cloud.events.settle(240)

        assert {
            (combination.name, month): held
            for combination in COMBINATIONS
            for month, held in _held(cloud, combination).items()
        } == expected


def _exported(combination: Combination, folder: Path, month: str) -> Delivery:
    return sample_delivery(
        combination.format,
        folder / combination.name,
        month,
        layout=combination.layout,
        path=combination.path,
        version=combination.version,
    )


def _held(cloud: LocalCloud, combination: Combination) -> dict[str, tuple[int, Decimal]]:
    shape = FORMATS[combination.format]
    rows = cloud.bigquery.query_and_wait(
        f"SELECT FORMAT_DATE('%Y-%m', DATE({shape['partition']})) AS month, COUNT(*) AS n, SUM({shape['cost']}) AS cost"
        f" FROM `{cloud.project}.formats.{combination.name}` GROUP BY 1"
    )
    return {row["month"]: (row["n"], _money(row["cost"])) for row in rows}


def _money(cost: Decimal | float) -> Decimal:
    """Where the physical type is DOUBLE, nine decimals of a sum are exact enough to compare."""
    return cost if isinstance(cost, Decimal) else round(Decimal(cost), 9)
