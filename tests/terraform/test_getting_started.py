"""The marked commands of GETTING_STARTED.md run in order on the stand-ins, and the others name what exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.emulator.terraform_provider import Terraform
from tests.support.paths import TERRAFORM
from tests.support.walkthrough import PAGE, Block, Walkthrough, blocks

BLOCKS = blocks()
TEXT = PAGE.read_text()
SHELL_VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]+)")
VARIABLE = re.compile(r'^variable "(\w+)"', re.MULTILINE)
OUTPUT = re.compile(r'^output "(\w+)"', re.MULTILINE)


@dataclass(frozen=True)
class Walked:
    outputs: dict[Block, str]
    calls: str


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    folder = tmp_path_factory.mktemp("walk")
    with Terraform(TERRAFORM, folder / "work", {}) as terraform:
        walk = Walkthrough(terraform, folder)
        run = [block for block in BLOCKS if block.is_run]
        outputs = walk.run([block.commands for block in run])
        yield Walked(dict(zip(run, outputs, strict=True)), walk.calls)


def names(pattern: re.Pattern[str], folder: str) -> set[str]:
    return {name for path in (TERRAFORM / folder).glob("*.tf") for name in pattern.findall(path.read_text())}


def test_page_shows_what_its_commands_print(walked: Walked) -> None:
    shown = [(line, output) for block, output in walked.outputs.items() for line in block.shown]

    assert len(shown) == 7
    assert [line for line, output in shown if line not in output] == []


def test_google_side_plans_the_outputs_of_both_sides_without_a_warning(walked: Walked) -> None:
    plan = next(output for block, output in walked.outputs.items() if "terraform plan" in block.commands)

    assert "Warning" not in "".join(walked.outputs.values())
    assert "0 to change, 0 to destroy." in plan
    for value in (
        'SOURCES__AWS_CUR__EXPORT_NAME" = "billing-cur"',
        "arn:aws:iam::123456789012:role/billing-transfer",
        'storage_account = "acmebilling"',
    ):
        assert value in " ".join(plan.split())


def test_runs_of_the_azure_export_name_the_export_that_was_made(walked: Walked) -> None:
    made = re.search(
        r"Creation complete after \w+ \[id=(/subscriptions/\S+/Microsoft.CostManagement/exports/\S+)\]",
        "".join(walked.outputs.values()),
    )
    runs = re.findall(r"^az rest --method post --url (\S+)(.*)$", walked.calls, re.MULTILINE)

    assert made
    assert {url.replace("\\", "") for url, _ in runs} == {
        f"https://management.azure.com{made[1]}/run?api-version=2025-03-01"
    }
    assert [body.replace("\\", "") for _, body in runs] == [
        "",
        ' --body {"timePeriod": {"from": "2026-10-01T00:00:00Z", "to": "2026-10-31T00:00:00Z"}}',
        ' --body {"timePeriod": {"from": "2026-09-01T00:00:00Z", "to": "2026-09-30T00:00:00Z"}}',
    ]


def test_commands_use_only_variables_that_the_page_sets() -> None:
    commands = "\n".join(block.commands for block in BLOCKS)
    spans = "\n".join(re.findall(r"`([^`\n]+)`", TEXT))
    set_here = set(re.findall(r"^(?:export )?([A-Z][A-Z0-9_]+)=", commands, re.MULTILINE))

    assert set(SHELL_VARIABLE.findall(commands + spans)) <= set_here
    assert len(set_here) == 10


def test_outputs_and_folders_in_the_page_exist() -> None:
    commands = TEXT.replace("$side", "aws").replace("${side}", "aws")
    outputs = re.findall(r"terraform (?:-chdir=(\S+) )?output (?:-json )?([a-z_]+)", commands)
    folders = set(re.findall(r"-chdir=([\w/]+)", commands)) | {"source/azure"}

    assert {name for _, name in outputs} == {"aws_sources", "environment", "logs_url", "sink_paths", "transfer_jobs"}
    assert [name for folder, name in outputs if name not in names(OUTPUT, folder or ".")] == []
    assert folders == {"source/aws", "source/azure"}
    assert all((TERRAFORM / folder / "versions.tf").exists() for folder in folders)


def test_output_of_each_side_is_a_variable_of_the_google_side() -> None:
    for side in ("aws", "azure"):
        assert names(OUTPUT, f"source/{side}") == {f"{side}_sources"}
    assert {"aws_sources", "azure_sources", "deletion_protection"} <= names(VARIABLE, ".")
    assert "force_destroy" in names(VARIABLE, "source/aws")


def test_names_in_the_page_are_those_that_terraform_makes(walked: Walked) -> None:
    named = set(re.findall(r"\bbilling[-_](?:cur|focus|transfer)\b", TEXT))
    printed = "".join(walked.outputs.values())

    assert named == {"billing-cur", "billing-focus", "billing-transfer", "billing_focus"}
    assert [name for name in named if name not in printed] == []


def test_every_tool_of_the_commands_is_in_the_table() -> None:
    commands = "\n".join(block.commands for block in BLOCKS)
    used = set(re.findall(r"(?:^|\||\$\()\s*(aws|az|billing|gcloud|jq|terraform|uv) ", commands, re.MULTILINE))
    table = TEXT[TEXT.index("| tool |") : TEXT.index("With OpenTofu")].lower()

    assert used == {"aws", "az", "billing", "gcloud", "jq", "terraform", "uv"}
    assert [tool for tool in used - {"billing"} if not re.search(rf"\b{tool}\b", table)] == []
