"""The workflows of GitHub Actions: valid YAML, existing make targets, pinned actions, few permissions."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

CI = ROOT / ".github" / "workflows" / "ci.yml"
DEPENDENCIES = ROOT / ".github" / "workflows" / "dependencies.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
BIN = Path(sys.executable).parent
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


def audit(*workflows: Path) -> str:
    """Return what zizmor finds without a network: injected templates, kept credentials, too many permissions."""
    options = ("--offline", "--persona=pedantic", "--no-progress", "--quiet", "--format=plain")
    command = [str(BIN / "zizmor"), *options, *map(str, workflows)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def differences(*workflows: Path) -> str:
    """Return what the schema of GitHub's workflows does not have."""
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, workflows)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def mistakes(*workflows: Path) -> str:
    """Return what actionlint finds: expressions, outputs, events, permissions and inputs that GitHub does not have.

    shellcheck and pyflakes would be used if they were on the PATH. So that all machines judge alike, they are not.
    """
    command = [str(BIN / "actionlint"), "-shellcheck=", "-pyflakes=", "-no-color", "-oneline", *map(str, workflows)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_actionlint_finds_nothing_in_the_workflows() -> None:
    assert mistakes(*WORKFLOWS) == ""


def test_zizmor_finds_nothing_in_the_workflows() -> None:
    assert audit(*WORKFLOWS) == ""


def test_the_workflows_follow_the_schema_of_github() -> None:
    assert differences(*WORKFLOWS) == ""


@pytest.mark.parametrize(
    ("judge", "before", "after", "finding"),
    [
        (audit, "run: make lint", "run: echo ${{ github.head_ref }}", "template-injection"),
        (audit, "persist-credentials: false", "fetch-depth: 1", "artipacked"),
        (audit, "contents: read", "contents: write", "excessive-permissions"),
        (mistakes, "matrix.python }}", "matrix.pyhton }}", 'property "pyhton" is not defined'),
        (mistakes, "ubuntu-24.04", "ubuntu-24.40", 'label "ubuntu-24.40" is unknown'),
        (mistakes, "contents: read", "content: read", 'unknown permission scope "content"'),
        (mistakes, "github.ref }}", "github.reff }}", 'property "reff" is not defined'),
        (differences, "runs-on:", "run-on:", "run-on"),
        (differences, "timeout-minutes: 45", "timeout-minutes: long", "timeout-minutes"),
        (differences, "pull_request:", "pull_requests:", "pull_requests"),
    ],
)
def test_a_wrong_workflow_is_found(
    tmp_path: Path, judge: Callable[[Path], str], before: str, after: str, finding: str
) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    text = CI.read_text(encoding="utf-8")

    (folder / "ci.yml").write_text(text.replace(before, after), encoding="utf-8")

    assert before in text
    assert finding in judge(folder / "ci.yml")
