"""F5 and F12: a file that comes late or never, a lost event, a provider that stops delivering.

On the harness and not on the scenario runner: messages and the age in the log are compared.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.conftest import GENERATORS, LONG
from tests.faults.invariants import check_invariants
from tests.samples import azure_focus_delivery
from tests.support.harness import Harness, log_lines
from tests.support.paths import ROOT
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
SPECS = [AWS, AZURE] if LONG else [AZURE]


@pytest.mark.fault("F5")
@pytest.mark.parametrize("held_back", [0, 1, 2] if LONG else [0, 2])
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_missing_file_is_named_and_the_old_month_stays(
    harness: Harness, tmp_path: Path, spec: SourceSpec, held_back: int
) -> None:
    current, newer = (GENERATORS[spec](tmp_path, MONTH, rows=12, files=3, revision=number) for number in (1, 2))
    missing = newer.data[held_back]
    name = spec.prefix + missing.name.removeprefix(spec.source_path)
    harness.load(spec, current)
    harness.deployment.deliver(spec, newer, "manifest")

    ends = harness.deliver_each(spec, *(item for item in newer.data if item is not missing))
    report, held = harness.sweep(), harness.rows_and_cost(spec, MONTH)
    row = harness.tracking(spec)[-1]
    [end_of_missing] = harness.deliver_each(spec, missing)

    assert {(end.action, end.code) for end in ends} == {("waiting", "WAITING_FOR_FILES")}
    assert f"first {name}" in ends[-1].message
    assert report["waiting"] == [f"{spec.key.lower()} {MONTH}"]
    assert name in row["message"]
    assert held == (current.totals.rows, current.totals.cost)
    assert end_of_missing.action == "loaded"
    check_invariants(harness, {(spec, MONTH): newer})


@pytest.mark.fault("F12")
def test_sweep_loads_after_a_lost_event_and_logs_the_age(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An age above the limit meets the condition of the freshness alert. The next load clears it."""
    variables = (ROOT / "terraform" / "variables.tf").read_text()
    [limit] = map(float, re.findall(r'variable "freshness_hours" \{[^}]*?default\s+= (\d+)', variables))
    first, second = (azure_focus_delivery(tmp_path, MONTH, rows=6, revision=number) for number in (1, 2))
    harness.deployment.deliver(AZURE, first)

    reports = [harness.sweep()]
    harness.clock.step(hours=limit + 0.1)
    reports.append(harness.sweep())
    held = harness.rows_and_cost(AZURE, MONTH)
    harness.deployment.deliver(AZURE, second)
    reports.append(harness.sweep())
    lines = log_lines(capsys.readouterr().out)
    ages = [line["age_hours"] for line in lines if line["action"] == "age" and line["source"] == "azure_billing"]

    assert [report["loaded"] for report in reports] == [[f"azure_billing {MONTH}"], [], [f"azure_billing {MONTH}"]]
    assert [age > limit for age in ages] == [False, True, False]
    assert held == (first.totals.rows, first.totals.cost)
    check_invariants(harness, {(AZURE, MONTH): second})
