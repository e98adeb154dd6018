"""The archive stand-in: equal content gives equal bytes, and `excludes` works as in the real provider."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.terraform_provider.archive import archive_file
from tests.emulator.terraform_provider.values import ProviderError


@pytest.fixture
def code(tmp_path: Path) -> Path:
    files = {"main.py": "x = 1", "billing/load.py": "y = 2", "billing/__pycache__/load.pyc": "no", "main.pyc": "no"}
    for name, content in files.items():
        path = tmp_path / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "code"


def archived(code: Path, **config: Any) -> dict[str, Any]:
    output = str(code.parent / "out" / "code.zip")
    return archive_file({"type": "zip", "source_dir": str(code), "output_path": output, **config})


def names(answer: dict[str, Any]) -> list[str]:
    return zipfile.ZipFile(answer["output_path"]).namelist()


def test_bytes_depend_on_content_and_not_on_times_and_modes(code: Path) -> None:
    first = archived(code, output_file_mode="0644")["output_sha256"]
    os.utime(code / "main.py", (0, 0))
    (code / "main.py").chmod(0o600)
    second = archived(code, output_file_mode="0644")["output_sha256"]
    (code / "main.py").write_text("x = 2")
    third = archived(code, output_file_mode="0644")["output_sha256"]

    assert first == second
    assert first != third


def test_entries_have_the_date_of_the_real_provider(code: Path) -> None:
    answer = archived(code, output_file_mode="0644")
    entry = zipfile.ZipFile(answer["output_path"]).getinfo("main.py")

    assert (entry.date_time[0], entry.external_attr >> 16 & 0o777) == (2049, 0o644)


@pytest.mark.parametrize(
    ("excludes", "expected"),
    [
        ([], ["billing/__pycache__/load.pyc", "billing/load.py", "main.py", "main.pyc"]),
        (["**/__pycache__", "*.pyc"], ["billing/load.py", "main.py"]),
        (["**/__pycache__/**", "**/*.pyc"], ["billing/load.py", "main.py"]),
        (["billing"], ["main.py", "main.pyc"]),
        (["main.py"], ["billing/__pycache__/load.pyc", "billing/load.py", "main.pyc"]),
    ],
)
def test_excludes_are_globs_relative_to_the_folder(code: Path, excludes: list[str], expected: list[str]) -> None:
    assert names(archived(code, excludes=excludes)) == expected


def test_sources_can_be_in_the_configuration(tmp_path: Path) -> None:
    sources = [{"filename": "b.txt", "content": "b"}, {"filename": "a.txt", "content": "a"}]
    answer = archive_file({"type": "zip", "source": sources, "output_path": str(tmp_path / "x.zip")})

    assert names(answer) == ["a.txt", "b.txt"]
    assert answer["output_size"] == (tmp_path / "x.zip").stat().st_size


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"type": "tar.gz", "source_dir": "."}, "use zip"),
        ({"type": "zip", "source_dir": "/no/such/folder"}, "Archive creation error"),
        ({"type": "zip"}, "Archive creation error"),
    ],
)
def test_unusable_source_is_an_error(tmp_path: Path, config: dict[str, str], message: str) -> None:
    with pytest.raises(ProviderError, match=message):
        archive_file({**config, "output_path": str(tmp_path / "x.zip")})
