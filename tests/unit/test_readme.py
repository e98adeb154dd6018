"""The README keeps its promises: its error table, its settings and its commands are the code's."""

import re
import subprocess

from billing import config
from tests.generated import README, ROOT, readmes


def test_the_generated_parts_are_the_code_s() -> None:
    for path, text in readmes().items():
        assert path.read_text() == text, "run: .venv/bin/python -m tests.generated"


def test_every_setting_of_a_source_is_in_the_table() -> None:
    described = set(re.findall(r"`SOURCES__<KEY>__([A-Z_]+)`", README.read_text()))

    assert described == config._FIELDS


def test_every_format_is_in_the_table() -> None:
    assert set(re.findall(r"^\| `([a-z0-9_]+)` \| (?:AWS|Azure) ", README.read_text(), re.MULTILINE)) == set(
        config.FORMATS
    )


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"`?(?:^|[ `])make ([a-z]+)", README.read_text(), re.MULTILINE))
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout

    assert {"demo", "test", "sweep", "status"} <= targets
    assert targets <= set(re.findall(r"make ([a-z]+)", listed)) | {"at"}
