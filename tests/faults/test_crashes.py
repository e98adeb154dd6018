"""F3 and F9: whatever request goes wrong, and however, the month ends as it does when nothing goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.faults import invariants
from tests.faults.conftest import LONG
from tests.generated import ROOT

CASES = [("aws", "crash after"), ("azure", "crash before"), ("azure", "lost answer")]
ALL = [
    (provider, fault)
    for provider in ("aws", "azure")
    for fault in ("crash after", "crash before", "lost answer", "503", "429")
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("provider", "fault"),
    [
        pytest.param(provider, fault, marks=pytest.mark.fault("F3" if fault.startswith("crash") else "F9"))
        for provider, fault in (ALL if LONG else CASES)
    ],
)
def test_a_fault_at_any_request_leaves_what_none_would(provider: str, fault: str) -> None:
    command = [sys.executable, "-m", "tests.faults.crashes", provider, fault, "1" if LONG else "2"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'functions'}"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500, check=False)

    assert run.returncode == 0, run.stderr[-4000:]
    checked = json.loads(run.stdout.splitlines()[-1])
    assert len(checked) > 20
    invariants.checks.extend(checked)
