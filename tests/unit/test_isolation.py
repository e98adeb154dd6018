"""What is deployed knows nothing of the laptop: no word of it stands under functions/ or terraform/."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

LAPTOP = re.compile(
    r"emulat|local_cloud|localhost|127\.0\.0\.1|bqemulator|fake.?gcs|pubsub_emulator|\btests?[./]|\bmock|\bpytest\b",
    re.IGNORECASE,
)
ALLOWED = ("terraform/tests/", "functions/docs/")  # Terraform's own tests mock its provider; pages are not deployed
ORIGIN = "#   -c tests/requirements.txt"  # the compiler's note on a pin that the tests share


def deployed() -> list[Path]:
    """Everything that git knows, or would add, under the two folders."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "functions", "terraform"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in listed if not name.startswith(ALLOWED) and (ROOT / name).is_file()]


def laptop_words(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if LAPTOP.search(line) and line.strip() != ORIGIN]


def test_nothing_that_is_deployed_names_the_laptop_s_cloud() -> None:
    files = deployed()
    assert ROOT / "functions" / "main.py" in files
    found = {str(file.relative_to(ROOT)): laptop_words(file.read_text()) for file in files}
    assert {name: words for name, words in found.items() if words} == {}


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
def test_the_words_that_are_looked_for_are_found(line: str) -> None:
    assert laptop_words(f"a\n  {line}\nb") == [line]


@pytest.mark.parametrize("line", ["the latest.status = 'loaded'", "greatest/least", "contest.x"])
def test_words_that_only_look_alike_are_not(line: str) -> None:
    assert laptop_words(line) == []
