"""README.md and ERRORS.md keep their promises: their tables, settings and commands are the code's."""

import re
import subprocess

from billing.settings import _FIELDS
from tests.generated import ERRORS, README, ROOT, documents


def test_the_generated_parts_are_the_code_s() -> None:
    for path, text in documents().items():
        assert path.read_text() == text, "run: .venv/bin/python -m tests.generated"


def test_every_setting_of_a_source_is_in_the_table() -> None:
    described = set(re.findall(r"`SOURCES__<KEY>__([A-Z_]+)`", README.read_text()))

    assert described == _FIELDS


def test_every_make_target_that_is_named_exists() -> None:
    text = README.read_text() + ERRORS.read_text()
    targets = set(re.findall(r"`?(?:^|[ `])make ([a-z]+)", text, re.MULTILINE))
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout

    assert {"demo", "test", "sweep", "status"} <= targets
    assert targets <= set(re.findall(r"make ([a-z]+)", listed)) | {"at"}


def test_no_query_adds_up_currencies() -> None:
    queries = [text for text in re.findall(r"```sql\n(.*?)```", README.read_text(), re.DOTALL) if "SUM(" in text]
    groups = [re.search(r"^GROUP BY (.*)$", text, re.MULTILINE) for text in queries]

    assert len(queries) == 8
    assert all(group and "currency" in group[1].split(", ") for group in groups)


def test_every_code_that_is_logged_is_on_the_page_of_errors() -> None:
    source = "".join(path.read_text() for path in (ROOT / "functions" / "billing").rglob("*.py"))
    logged = re.findall(r'(?:(?:Skip|Wait)\(\s*|code=|return )"([A-Z_]+)"', source)
    described = set(re.findall(r"`([A-Z_]+)`", ERRORS.read_text()))

    assert {"WAITING_TO_SETTLE", "ROWS_DIFFER", "BUG", "VIEW_FAILED"} <= set(logged) <= described
