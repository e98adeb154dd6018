"""The focus-validator of the FinOps Foundation judges `focus_costs` of every format by FOCUS 1.2."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from billing.formats import FORMATS
from billing.views.focus import FOCUS_COLUMNS
from tests.support.paths import ROOT
from tests.unit.views.validator_findings import FINDINGS

PYTHON = ROOT / ".venv-focus" / "bin" / "python"
PHYSICAL = {"BIGNUMERIC": "DOUBLE", "JSON": "VARCHAR", "STRING": "VARCHAR", "TIMESTAMP": "TIMESTAMPTZ"}
RULES, CHECKED_BY_NO_CODE = 578, 210
pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="focus-validator needs Python 3.12: install it, and run `make setup`"
)


@pytest.fixture(scope="module")
def judged(exported: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Write the rows of each format to a file, and return the validator's report about it."""
    folder = tmp_path_factory.mktemp("judged")
    columns = ", ".join(f'CAST({one.name} AS {PHYSICAL[one.type]}) AS "{one.name}"' for one in FOCUS_COLUMNS)
    files = {name: folder / f"{name}.parquet" for name in FORMATS}
    for name, file in files.items():
        exported.execute(f"COPY (SELECT {columns} FROM acme.billing.focus_costs WHERE x_source = '{name}') TO '{file}'")
    ran = subprocess.run(
        [PYTHON, Path(__file__).with_name("run_focus_validator.py"), *files.values()],
        cwd=next(PYTHON.parents[1].glob("lib/python*/site-packages")),  # it finds its list of currencies from there
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return {name: Path(f"{file}.xml") for name, file in files.items()}


def rules_broken_in(report: Path) -> set[str]:
    """Return the rules that some row breaks, without those that only combine others."""
    suites = ElementTree.parse(report).getroot()
    assert (suites.attrib["tests"], suites.attrib["skipped"]) == (str(RULES), str(CHECKED_BY_NO_CODE))
    assert suites.attrib["errors"] == "0"
    failures = [failure.attrib for failure in suites.iter("failure")]
    return {one["name"] for one in failures if not one["message"].startswith("Composite")}


@pytest.mark.parametrize("name", FORMATS)
def test_validator_finds_only_what_the_table_explains(judged: Mapping[str, Path], name: str) -> None:
    broken = rules_broken_in(judged[name])

    assert broken == {rule for rule, finding in FINDINGS.items() if name in finding.formats}


@pytest.mark.parametrize("rule", [rule for rule, finding in FINDINGS.items() if finding.instead])
def test_no_row_breaks_the_rule_that_focus_has(exported: duckdb.DuckDBPyConnection, rule: str) -> None:
    breaking = exported.execute(
        f"SELECT x_source, COUNT(*) FROM acme.billing.focus_costs WHERE {FINDINGS[rule].instead} GROUP BY x_source"
    ).fetchall()

    assert breaking == []
