"""The commands of `terraform/GETTING_STARTED.md`, and a shell that runs the marked ones on the stand-ins."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.emulator.terraform_provider import Terraform
from tests.emulator.terraform_provider.working_copy import LOCAL_BACKEND
from tests.support.paths import TERRAFORM
from tests.support.source_side import SOURCE_SIDES

PAGE = TERRAFORM / "GETTING_STARTED.md"
_BLOCK = re.compile(r"(<!-- run -->\n)?```(sh|text)\n(.*?)```", re.DOTALL)
_NEXT = "===== block"
# Terraform without questions. The state stays in the folder, so the flags of the bucket are left out.
_TERRAFORM = """#!/bin/bash
words=()
for word; do
  case $word in
    -backend-config=*) ;;
    apply|destroy) words+=("$word" -auto-approve) ;;
    *) words+=("$word") ;;
  esac
done
exec {binary} "${{words[@]}}"
"""
# The programs of the clouds. They write down how they were called.
_RECORDED = """#!/bin/bash
(printf '%s' {name}; printf ' %q' "$@"; echo) >> {log}
"""
# Without this header, Google counts the call for a project of gcloud, in which the API is not enabled:
# https://cloud.google.com/sdk/gcloud/reference/auth/print-access-token
_CURL = """#!/bin/bash
[[ $* == *"x-goog-user-project: acme-billing"* ]] || { echo 'SERVICE_DISABLED'; exit; }
echo '{
  "accountEmail": "project-123456789012@storage-transfer-service.iam.gserviceaccount.com",
  "subjectId": "112233445566778899001"
}'
"""


@dataclass(frozen=True)
class Block:
    """Commands of the page, and what it says that one then sees."""

    commands: str
    is_run: bool
    shown: tuple[str, ...]


def blocks() -> list[Block]:
    found: list[Block] = []
    for marked, kind, text in _BLOCK.findall(PAGE.read_text()):
        if kind == "sh":
            found.append(Block(text, bool(marked), ()))
        else:
            found[-1] = Block(found[-1].commands, found[-1].is_run, tuple(text.splitlines()))
    return found


class Walkthrough:
    """A copy of `terraform/` in which the blocks run, one after the other, in one shell."""

    def __init__(self, terraform: Terraform, folder: Path) -> None:
        self._terraform = terraform
        self._log = folder / "calls.txt"
        self._programs = folder / "bin"
        self._programs.mkdir()
        for side in SOURCE_SIDES:
            (terraform.root / "source" / side / "local_backend_override.tf").write_text(LOCAL_BACKEND)
        self._write("terraform", _TERRAFORM.format(binary=" ".join(terraform.binary.argv)))
        self._write("curl", _CURL)
        for name in ("az", "gcloud"):
            self._write(name, _RECORDED.format(name=name, log=self._log))

    def run(self, commands: list[str]) -> list[str]:
        """Run the blocks. Return the output of each. Raises AssertionError if a command fails."""
        script = "\n".join(["set -e", *(f"echo '{_NEXT}'\n{text}" for text in commands)])
        environment = self._terraform.environment
        run = subprocess.run(
            ["bash", "-c", script],
            cwd=self._terraform.root,
            env={**environment, "PATH": f"{self._programs}:{environment['PATH']}", "TF_CLI_ARGS": "-no-color"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr
        return run.stdout.split(f"{_NEXT}\n")[1:]

    @property
    def calls(self) -> str:
        """The calls of the clouds' programs, one per line."""
        return self._log.read_text()

    def _write(self, name: str, script: str) -> None:
        path = self._programs / name
        path.write_text(script)
        path.chmod(0o755)
