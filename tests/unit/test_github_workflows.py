"""The workflows of GitHub Actions: valid YAML, existing make targets, pinned actions, few permissions."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

CI = ROOT / ".github" / "workflows" / "ci.yml"
DEPENDENCIES = ROOT / ".github" / "workflows" / "dependencies.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
PIN = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def read(workflow: Path) -> dict[str, Any]:
    """Parse the file. All scalars are strings: as YAML 1.1, the key `on` would be True."""
    tree = yaml.load(workflow.read_text(encoding="utf-8"), yaml.BaseLoader)
    assert isinstance(tree, dict)
    return tree


def jobs(workflow: Path) -> dict[str, dict[str, Any]]:
    found = read(workflow)["jobs"]
    assert isinstance(found, dict)
    return found


def commands(workflow: Path) -> Iterator[str]:
    for job in jobs(workflow).values():
        yield from (step["run"] for step in job["steps"] if "run" in step)


def make_targets(workflow: Path) -> list[str]:
    return [target for command in commands(workflow) for target in re.findall(r"\bmake ([\w-]+)", command)]


@pytest.mark.parametrize(
    ("workflow", "targets"), [(CI, ["lint", "types", "test"]), (DEPENDENCIES, ["lock", "test"])], ids=["ci", "pins"]
)
def test_workflow_calls_make_targets_that_exist(workflow: Path, targets: list[str]) -> None:
    called = make_targets(workflow)

    command = ["make", "--dry-run", *called]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert called == targets
    assert done.returncode == 0, done.stderr


def test_ci_runs_on_every_supported_python() -> None:
    job = jobs(CI)["test"]

    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit(workflow: Path) -> None:
    used = re.findall(r"uses: *(.*)", workflow.read_text(encoding="utf-8"))

    assert used
    assert [action for action in used if not PIN.fullmatch(action)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_jobs_have_a_timeout_and_do_not_pile_up(workflow: Path) -> None:
    assert "group" in read(workflow)["concurrency"]
    assert all("timeout-minutes" in job for job in jobs(workflow).values())


def test_only_the_job_without_packages_may_write() -> None:
    granted = {
        (workflow.stem, name): job.get("permissions", read(workflow)["permissions"])
        for workflow in WORKFLOWS
        for name, job in jobs(workflow).items()
    }

    assert granted == {
        ("ci", "test"): {"contents": "read"},
        ("dependencies", "refresh"): {"contents": "read"},
        ("dependencies", "pull-request"): {"contents": "write", "pull-requests": "write"},
    }
