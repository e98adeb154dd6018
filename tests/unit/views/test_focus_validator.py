"""The FinOps Foundation's own focus-validator looks at `focus_costs`, made of the same charges in every format."""

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
# Its rules for 1.0 ask for names that FOCUS gave up before 1.0; and one for ChargeType, which is ChargeCategory.
OLD_NAMES = {
    "InvoiceIssuerName": "InvoiceIssuer",
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
    "ResourceId": "ResourceID",
}
PHYSICAL = {"BIGNUMERIC": "DOUBLE", "JSON": "VARCHAR", "STRING": "VARCHAR", "TIMESTAMP": "TIMESTAMPTZ"}
POLICY = 133
pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="focus-validator needs numpy 1, which has no wheel for Python 3.13"
)


def test_the_validator_finds_what_the_exports_themselves_lack_and_nothing_else(
    exported: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Neither CUR nor AWS's own FOCUS has a price's id for every purchase."""
    columns = [
        f'CAST({column.name} AS {PHYSICAL[column.type]}) AS "{OLD_NAMES.get(column.name, column.name)}"'
        for column in FOCUS_COLUMNS
    ]
    charges = tmp_path / "charges.parquet"
    columns.append("ChargeCategory AS ChargeType")
    exported.execute(f"COPY (SELECT {', '.join(columns)} FROM acme.billing.focus_costs) TO '{charges}'")
    assert validated(charges) == {"SkuPriceId_Nullable"}
    without = "SkuPriceId IS NULL AND ChargeCategory IN ('Purchase', 'Usage')"
    found = exported.execute(f"SELECT DISTINCT x_provider FROM acme.billing.focus_costs WHERE {without}").fetchall()
    assert found == [("aws",)]


def validated(charges: Path) -> set[str]:
    """The rules that some row breaks."""
    assert VENV.exists(), f"there is no {VENV}: run the tests by `make test`, which makes its environment"
    found = charges.with_suffix(".xml")
    what = ("--data-file", charges, "--validate-version", "1.0", "--output-type", "unittest")
    subprocess.run(
        [VENV / "bin" / "focus-validator", *what, "--output-destination", found],
        cwd=next(VENV.glob("lib/python*/site-packages")),  # it looks for its list of currencies from there
        capture_output=True,
        timeout=60,
        check=True,
    )
    suites = ElementTree.parse(found).getroot()
    assert suites.attrib["tests"] == str(POLICY)
    assert suites.attrib["errors"] == "0"
    return {failure.attrib["name"] for failure in suites.iter("failure")}
