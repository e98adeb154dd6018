"""The focus-validator of the FinOps Foundation checks `focus_costs`: the same charges from every format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from billing.views.focus import FOCUS_COLUMNS
from tests.support.paths import ROOT

VENV = ROOT / ".venv-focus"
# The validator's rules for FOCUS 1.0 use names that FOCUS 1.0 does not have, and ChargeType for ChargeCategory.
OLD_NAMES = {
    "InvoiceIssuerName": "InvoiceIssuer",
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
    "ResourceId": "ResourceID",
}
PHYSICAL = {"BIGNUMERIC": "DOUBLE", "JSON": "VARCHAR", "STRING": "VARCHAR", "TIMESTAMP": "TIMESTAMPTZ"}
RULES = 133
pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="focus-validator needs numpy 1, which has no wheel for Python 3.13"
)


def rules_broken_by(charges: Path) -> set[str]:
    """Run the validator on a Parquet file, and return the rules that some row breaks."""
    assert VENV.exists(), f"{VENV} does not exist: run `make setup`"
    report = charges.with_suffix(".xml")
    options = ("--data-file", charges, "--validate-version", "1.0", "--output-type", "unittest")
    subprocess.run(
        [VENV / "bin" / "focus-validator", *options, "--output-destination", report],
        cwd=next(VENV.glob("lib/python*/site-packages")),  # it finds its list of currencies from there
        capture_output=True,
        timeout=60,
        check=True,
    )
    suites = ElementTree.parse(report).getroot()
    assert suites.attrib["tests"] == str(RULES)
    assert suites.attrib["errors"] == "0"
    return {failure.attrib["name"] for failure in suites.iter("failure")}


def test_validator_finds_only_what_the_exports_lack(exported: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """In CUR and in AWS's own FOCUS export, some purchases have no SkuPriceId."""
    charges = tmp_path / "charges.parquet"
    columns = [
        f'CAST({column.name} AS {PHYSICAL[column.type]}) AS "{OLD_NAMES.get(column.name, column.name)}"'
        for column in FOCUS_COLUMNS
    ]
    columns.append("ChargeCategory AS ChargeType")
    exported.execute(f"COPY (SELECT {', '.join(columns)} FROM acme.billing.focus_costs) TO '{charges}'")

    broken = rules_broken_by(charges)

    lacking = "SkuPriceId IS NULL AND ChargeCategory IN ('Purchase', 'Usage')"
    found = exported.execute(f"SELECT DISTINCT x_provider FROM acme.billing.focus_costs WHERE {lacking}").fetchall()
    assert broken == {"SkuPriceId_Nullable"}
    assert found == [("aws",)]
