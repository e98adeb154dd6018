"""`make status`, `sweep`, `replay` and `report` are calls of the command, with their variables as options.

The other targets that run Python start: their modules can be imported with the target's own PYTHONPATH.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

HOSTILE = "$(shell touch pwned)`touch pwned`$$(touch pwned)'; touch pwned #"
IMPORT = """
import importlib, importlib.util, sys
package = importlib.util.find_spec(sys.argv[1]).submodule_search_locations
importlib.import_module(sys.argv[1] + ".__main__" if package else sys.argv[1])
"""
MODULE = re.compile(r"^\t@?(PYTHONPATH=functions )?\$\(BIN\)/python -m (tests\.[\w.]+)", re.MULTILINE)
MODULES = sorted(set(MODULE.findall((ROOT / "Makefile").read_text())))
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
    assert words_of(target) == ["billing_cli", *arguments]
    assert not (ROOT / "pwned").exists()


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        (["conform"], ["", ""]),
        (["conform", "PROJECT=my-project", "LOCATION=EU"], ["my-project", "EU"]),
        (["conform", f"PROJECT={HOSTILE}", "LOCATION=EU", f"RULES={HOSTILE}"], [HOSTILE, "EU", "-k", HOSTILE]),
        (["conform-clean", "PROJECT=my-project", "LOCATION=EU"], ["--clean", "my-project", "EU"]),
    ],
    ids=lambda words: " ".join(words),
)
def test_make_conform_passes_its_variables_on(target: list[str], arguments: list[str]) -> None:
    assert words_of(target) == ["tests.conform", *arguments]
    assert not (ROOT / "pwned").exists()


def words_of(target: list[str]) -> list[str]:
    """Return what make would run: the module and its arguments."""
    command, environment = ["make", "--dry-run", "--no-print-directory", *target], {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    start, words = ["PYTHONPATH=functions", ".venv/bin/python", "-m"], shlex.split(done.stdout.splitlines()[-1])
    assert words[:3] == start
    return words[3:]


@pytest.mark.parametrize(("python_path", "module"), MODULES, ids=[module for _, module in MODULES])
def test_module_of_a_make_target_can_be_imported(python_path: str, module: str) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": python_path.strip().removeprefix("PYTHONPATH=")}

    done = subprocess.run(
        [sys.executable, "-c", IMPORT, module],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_every_module_that_make_runs_is_imported() -> None:
    started = (ROOT / "Makefile").read_text().count("/python -m tests.")

    assert len(MODULE.findall((ROOT / "Makefile").read_text())) == started
