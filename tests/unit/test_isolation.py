"""What is deployed does not know the tests: no file under functions/ or terraform/ names the local emulator."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

LOCAL = re.compile(
    r"emulat|local_cloud|localhost|127\.0\.0\.1|bqemulator|fake.?gcs|pubsub_emulator|\btests?[./]|\bmock|\bpytest\b",
    re.IGNORECASE,
)
TESTS = ("terraform/tests/", "terraform/source/aws/tests/", "terraform/source/azure/tests/")
ALLOWED = (*TESTS, "functions/docs/")  # Terraform's own tests mock its provider; pages are not deployed
PIN_NOTE = "#   -c tests/requirements.txt"  # the compiler writes this above a pin that the tests share


def deployed_files() -> list[Path]:
    """Return every file under the two folders that git knows, or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "functions", "terraform"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in listed if not name.startswith(ALLOWED) and (ROOT / name).is_file()]


def local_lines(text: str) -> list[str]:
    """Return the lines that name something local."""
    return [line.strip() for line in text.splitlines() if LOCAL.search(line) and line.strip() != PIN_NOTE]


def test_deployed_files_do_not_name_the_emulator() -> None:
    files = deployed_files()

    found = {str(file.relative_to(ROOT)): local_lines(file.read_text()) for file in files}

    assert ROOT / "functions" / "main.py" in files
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        'os.environ["STORAGE_EMULATOR_HOST"]',
        "BIGQUERY_EMULATOR_HOST",
        "from tests.emulator import x",
        'endpoint = "http://localhost:9050"',
        "http://127.0.0.1:4443",
        "import tests.support.deployment",
        "fake-gcs-server",
        'source = "../tests/support/deployment"',
    ],
)
def test_line_about_the_emulator_is_found(line: str) -> None:
    assert local_lines(f"a\n  {line}\nb") == [line]


@pytest.mark.parametrize("line", ["the latest.status = 'loaded'", "greatest/least", "contest.x"])
def test_line_with_a_similar_word_is_not_found(line: str) -> None:
    assert local_lines(line) == []
