"""F5 and F12: a file that comes late or never, an event that is lost, a provider that falls silent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness, log_lines
from tests.support.paths import ROOT
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
SPECS = [AWS, AZURE] if LONG else [AZURE]


@pytest.mark.fault("F5")
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_whichever_file_is_held_back_the_old_month_is_served_and_the_sweep_names_it(
    harness: Harness, tmp_path: Path, spec: SourceSpec
) -> None:
    generate = aws_cur_delivery if spec is AWS else azure_focus_delivery
    standing = generate(tmp_path, MONTH, rows=12, files=3)
    harness.load(spec, standing)
    for held in range(3) if LONG else (0, 2):
        newer = generate(tmp_path, MONTH, rows=12, files=3, revision=held + 2)
        name = newer.data[held].name.removeprefix(spec.source_path)
        harness.deployment.deliver(spec, newer, "manifest")
        ends = harness.deliver_each(spec, *(item for item in newer.data if item is not newer.data[held]))
        assert {(one.action, one.code) for one in ends} == {("waiting", "WAITING_FOR_FILES")}
        assert f"first {spec.prefix}{name}" in ends[-1].message
        if LONG or held == 2:
            assert harness.sweep()["waiting"] == [f"{spec.key.lower()} {MONTH}"]
            assert name in harness.tracking(spec)[-1]["message"]
        check_invariants(harness, {(spec, MONTH): standing})

        [loaded] = harness.deliver_each(spec, newer.data[held])
        assert loaded.action == "loaded"
        check_invariants(harness, {(spec, MONTH): newer})
        standing = newer


@pytest.mark.fault("F12")
def test_the_sweep_loads_what_no_event_told_and_the_age_line_passes_the_alert_s_bound_and_comes_back(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """36 silent hours and a little more meet the condition of the freshness alert; the next load clears it."""
    bound = _default("freshness_hours")
    first, second = (azure_focus_delivery(tmp_path, MONTH, rows=6, revision=revision) for revision in (1, 2))
    harness.deployment.deliver(AZURE, first)
    assert harness.sweep()["loaded"] == [f"azure_billing {MONTH}"]
    fresh = _age(capsys)
    harness.clock.step(hours=bound + 0.1)
    harness.sweep()
    silent = _age(capsys)
    check_invariants(harness, {(AZURE, MONTH): first})
    harness.deployment.deliver(AZURE, second)
    harness.sweep()

    assert (fresh < bound, silent > bound, _age(capsys) < bound) == (True, True, True)
    check_invariants(harness, {(AZURE, MONTH): second})


def _age(capsys: pytest.CaptureFixture[str]) -> float:
    lines: list[dict[str, Any]] = log_lines(capsys.readouterr().out)
    [age] = [line["age_hours"] for line in lines if line.get("action") == "age" and line["source"] == "azure_billing"]
    return float(age)


def _default(name: str) -> float:
    """Of a variable of the Terraform root."""
    text = (ROOT / "terraform" / "variables.tf").read_text()
    match = re.search(rf'variable "{name}" \{{.*?default\s+= (\d+)', text, re.DOTALL)
    assert match is not None
    return float(match[1])
