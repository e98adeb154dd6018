"""The wheel holds every file of the two packages, and the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.paths import FUNCTIONS, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel as `uv pip install .` builds it, by the backend of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return ZipFile(next(folder.glob("*.whl")))


def test_wheel_holds_every_file_of_both_packages(wheel: ZipFile) -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "billing", "billing_cli"]

    listed = subprocess.run(command, cwd=FUNCTIONS, capture_output=True, text=True, timeout=30, check=True).stdout

    sources = {name for name in listed.split() if (FUNCTIONS / name).is_file()}
    assert {"billing/schemas/formats.json", "billing_cli/report/page.html"} <= sources
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == sources


def test_wheel_installs_the_command(wheel: ZipFile) -> None:
    [name] = [name for name in wheel.namelist() if Path(name).name == "entry_points.txt"]

    lines = wheel.read(name).decode().split("\n")

    assert lines == ["[console_scripts]", "billing = billing_cli.__main__:main", ""]
