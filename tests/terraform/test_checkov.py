"""checkov fails exactly for the checks that `terraform/.checkov.yaml` skips, and each skip has a reason."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from tests.support.paths import FUNCTIONS, ROOT, TERRAFORM

CHECKOV = ROOT / ".venv-checkov/bin/checkov"
SKIPPED = re.compile(r"((?:^  #.*\n)*)^  - (CKV\w+)$", re.MULTILINE)


def test_checkov_fails_exactly_where_a_reason_is_given(tmp_path: Path) -> None:
    assert CHECKOV.exists(), f"There is no {CHECKOV}: run `make setup`."

    config = (TERRAFORM / ".checkov.yaml").read_text()
    reasons = {check: reason.strip() for reason, check in SKIPPED.findall(config)}
    copy = tmp_path / "terraform"  # checkov always reads a configuration beside the files that it checks
    shutil.copytree(TERRAFORM, copy, ignore=shutil.ignore_patterns(".checkov.yaml", ".terraform"))
    (tmp_path / "functions").symlink_to(FUNCTIONS)
    (tmp_path / "checkov.yaml").write_text(SKIPPED.sub("", config).replace("skip-check:\n", ""))

    command = [str(CHECKOV), "-d", str(copy), "--config-file", "checkov.yaml", "--output", "json", "--soft-fail"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True, cwd=tmp_path)
    found = json.loads(run.stdout)

    assert found["summary"]["passed"] > 30
    assert found["summary"]["parsing_errors"] == 0
    assert {check["check_id"] for check in found["results"]["failed_checks"]} == set(reasons)
    assert all(reasons.values()), "every skipped check has its reason above it"
