"""`make status`, `sweep`, `replay` and `report` are calls of the command, with their variables as options."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest

from tests.support.paths import ROOT

HOSTILE = "$(shell touch pwned)`touch pwned`$$(touch pwned)'; touch pwned #"
REPORT = ["TAG=my team", "MONTHS=2", "SOURCES=aws_cur,azure_focus", "REPORT=cost.html"]


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        (["status"], ["status"]),
        (["sweep"], ["sweep"]),
        (["replay", "SOURCE=aws_cur", "MONTH=2025-09"], ["replay", "aws_cur", "2025-09"]),
        (
            ["replay", "SOURCE=aws_cur", "MONTH=2025-09", "EXECUTION=run-1"],
            ["replay", "aws_cur", "2025-09", "--execution", "run-1"],
        ),
        (
            ["replay", "SOURCE=aws_cur", "MONTH=2025-09", f"EXECUTION={HOSTILE}"],
            ["replay", "aws_cur", "2025-09", "--execution", HOSTILE],
        ),
        (["report"], ["report", "--tag", "", "--sources", ""]),
        (
            ["report", *REPORT],
            [
                *("report", "--months", "2", "--tag", "my team"),
                *("--sources", "aws_cur,azure_focus", "--output", "cost.html"),
            ],
        ),
    ],
    ids=lambda words: " ".join(words),
)
def test_make_target_calls_the_command(target: list[str], arguments: list[str]) -> None:
    command = ["make", "--dry-run", "--no-print-directory", *target]

    done = subprocess.run(
        command, env={"PATH": os.environ["PATH"]}, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    last_line = done.stdout.splitlines()[-1]
    assert not (ROOT / "pwned").exists()
    assert shlex.split(last_line) == ["PYTHONPATH=functions", ".venv/bin/python", "-m", "billing_cli", *arguments]
