"""F5 and F12: a file that comes late or never, a lost event, a provider that stops delivering.

On the harness and not on the scenario runner: messages and the age in the log are compared.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

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
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_missing_file_is_named_and_the_old_month_stays(harness: Harness, tmp_path: Path, spec: SourceSpec) -> None:
    current, *refreshes = (
        GENERATORS[spec](tmp_path, MONTH, rows=12, files=3, revision=number + 1) for number in range(4)
    )
    harness.load(spec, current)

    for held_back, newer in enumerate(refreshes) if LONG else ((0, refreshes[0]), (2, refreshes[2])):
        missing = newer.data[held_back]
        harness.deployment.deliver(spec, newer, "manifest")
        ends = harness.deliver_each(spec, *(item for item in newer.data if item is not missing))
        name = missing.name.removeprefix(spec.source_path)
        assert {(end.action, end.code) for end in ends} == {("waiting", "WAITING_FOR_FILES")}
        assert f"first {spec.prefix}{name}" in ends[-1].message
        if LONG or held_back == 2:
            assert harness.sweep()["waiting"] == [f"{spec.key.lower()} {MONTH}"]
            assert name in harness.tracking(spec)[-1]["message"]
        check_invariants(harness, {(spec, MONTH): current})

        [loaded] = harness.deliver_each(spec, missing)
        assert loaded.action == "loaded"
        check_invariants(harness, {(spec, MONTH): newer})
        current = newer


@pytest.mark.fault("F12")
def test_sweep_loads_after_a_lost_event_and_logs_the_age(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An age above the limit meets the condition of the freshness alert. The next load clears it."""
    limit = _default("freshness_hours")
    first, second = (azure_focus_delivery(tmp_path, MONTH, rows=6, revision=revision) for revision in (1, 2))

    harness.deployment.deliver(AZURE, first)
    loaded, age = harness.sweep()["loaded"], _age(capsys)
    harness.clock.step(hours=limit + 0.1)
    harness.sweep()
    age_after_silence = _age(capsys)
    check_invariants(harness, {(AZURE, MONTH): first})
    harness.deployment.deliver(AZURE, second)
    harness.sweep()
    age_after_next_load = _age(capsys)

    assert loaded == [f"azure_billing {MONTH}"]
    assert max(age, age_after_next_load) < limit < age_after_silence
    check_invariants(harness, {(AZURE, MONTH): second})


def _age(capsys: pytest.CaptureFixture[str]) -> float:
    lines: list[dict[str, Any]] = log_lines(capsys.readouterr().out)
    [age] = [line["age_hours"] for line in lines if line.get("action") == "age" and line["source"] == "azure_billing"]
    return float(age)


def _default(name: str) -> float:
    """Return the default of a variable of the Terraform root."""
    text = (ROOT / "terraform" / "variables.tf").read_text()
    match = re.search(rf'variable "{name}" \{{.*?default\s+= (\d+)', text, re.DOTALL)
    assert match is not None
    return float(match[1])
