"""Every format in every layout, end to end: export, transfer, events, functions, load."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.emulator import Emulator
from tests.samples import Delivery
from tests.samples.catalogue import SAMPLES, sample_delivery
from tests.samples.model import Mode
from tests.support.paths import SCHEMAS
from tests.support.terraform_deployment import TerraformDeployment

FORMATS: Mapping[str, Mapping[str, Any]] = json.loads((SCHEMAS / "formats.json").read_text())
MONTH = "2025-09"


Held = tuple[str, int, Decimal]  # month, rows, cost


@dataclass(frozen=True)
class Combination:
    """One source: a format in a layout."""

    format: str
    layout: Mode
    version: str  # the newest

    @property
    def name(self) -> str:
        return f"{self.format}_{self.layout}"

    @property
    def path(self) -> str:
        return f"exports/{self.name}/"

    @property
    def provider(self) -> str:
        return str(FORMATS[self.format]["provider"])

    @property
    def kind(self) -> str:
        """Formats of a kind become FOCUS by the same mapping."""
        mapping = str(FORMATS[self.format]["focus"])
        return mapping if mapping.startswith(self.provider) else f"{self.provider}_{mapping}"

    @property
    def holds_doubles(self) -> bool:
        shape = FORMATS[self.format]
        schema = json.loads((SCHEMAS / f"{shape['table_schema'].format(version=self.version)}.json").read_text())
        return any(column["type"] == "FLOAT" for column in schema if column["name"] == shape["cost"])

    def terraform(self) -> dict[str, Any]:
        """Its entry in `aws_sources` or `azure_sources`. A further provider delivers to an S3 bucket."""
        common = {
            "path": self.path,
            "export_name": "acme-export",
            "format": self.format,
            "dataset_id": self.format,  # first loads create all views of a dataset: the fewer the faster
            "table_name": self.name,
        }
        if self.provider != "azure":
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
PROVIDERS = sorted({combination.provider for combination in COMBINATIONS})
KINDS = {
    kind: [combination for combination in COMBINATIONS if combination.kind == kind]
    for kind in sorted({combination.kind for combination in COMBINATIONS})
}


def test_every_format_has_a_sample_and_every_layout_is_known() -> None:
    assert set(SAMPLES) == set(FORMATS), "each format needs a generator in tests/samples/catalogue.py"
    assert {combination.layout for combination in COMBINATIONS} <= set(get_args(Mode))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_every_format_and_layout_is_transferred_and_loaded(emulator: Emulator, tmp_path: Path, kind: str) -> None:
    combinations = KINDS[kind]
    sources: dict[str, Any] = {f"{provider}_sources": {} for provider in PROVIDERS}
    for number, combination in enumerate(combinations):
        sources[f"{combination.provider}_sources"][f"s{number}"] = combination.terraform()
    prefix = f"formats-{list(KINDS).index(kind)}"  # the name of a mapping may be too long for a prefix
    with TerraformDeployment(
        emulator, tmp_path / "deployment", prefix=prefix, most_instances=2, **sources
    ) as deployment:
        deployment.apply()
        expected: dict[str, Held] = {}
        for number, combination in enumerate(combinations):
            delivery = _exported(combination, tmp_path / "made")
            deployment.deliver(f"{combination.provider}_s{number}", delivery)
            expected[combination.name] = (MONTH, delivery.totals.rows, _money(combination, delivery.totals.cost))
        emulator.events.settle(800)

        found = {combination.name: _held(emulator, combination) for combination in combinations}
        assert found == expected, _problems(deployment, {combination.provider for combination in combinations})


def _exported(combination: Combination, folder: Path) -> Delivery:
    return sample_delivery(
        combination.format,
        folder / combination.name,
        MONTH,
        layout=combination.layout,
        path=combination.path,
        version=combination.version,
    )


def _problems(deployment: TerraformDeployment, providers: Iterable[str]) -> str:
    """Return what the functions logged about deliveries that they did not load."""
    lines = [line for one in providers for line in deployment.function(f"load_{one}").log_lines()]
    unloaded = [line for line in lines if isinstance(line, dict) and _is_problem(line)]
    return "\n".join(f"{line.get('source')} {line.get('code')}: {line.get('message')}" for line in unloaded)


def _is_problem(line: Mapping[str, Any]) -> bool:
    return line.get("severity") in ("WARNING", "ERROR", "CRITICAL") or line.get("action") == "waiting"


def _held(emulator: Emulator, combination: Combination) -> Held:
    shape = FORMATS[combination.format]
    [row] = emulator.bigquery.query_and_wait(
        f"SELECT FORMAT_DATE('%Y-%m', DATE(MAX({shape['partition']}))) AS month, COUNT(*) AS n,"
        f" SUM({shape['cost']}) AS cost FROM `{emulator.project}.{combination.format}.{combination.name}`"
    )
    return row["month"], row["n"], _money(combination, row["cost"] or 0)


def _money(combination: Combination, cost: Decimal | float) -> Decimal:
    """Round to nine decimals if the table holds DOUBLE, whose sums are not exact."""
    return round(Decimal(cost), 9) if combination.holds_doubles else Decimal(cost)
