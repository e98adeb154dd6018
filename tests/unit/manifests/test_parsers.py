"""What every parser must fulfil: it is independent of the others, and the path of its manifests shows the month."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import cast

import pytest

from billing import manifests
from billing.formats import FORMATS
from tests.samples.catalogue import sample_delivery
from tests.samples.model import Mode
from tests.support.paths import FUNCTIONS, ROOT

SHARED = {"__init__", "model"}  # every parser uses these
MONTH = "2025-09"


def test_every_parser_is_in_the_contract_of_import_linter() -> None:
    parsers = {path.stem for path in (FUNCTIONS / "billing" / "manifests").glob("*.py")} - SHARED
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

    [listed] = [one["modules"] for one in settings["contracts"] if one["name"].startswith("Manifest parsers")]

    assert set(listed) == {f"billing.manifests.{parser}" for parser in parsers}
    assert {one.parser for one in FORMATS.values()} == parsers


@pytest.mark.parametrize(
    ("format_name", "layout"), [(name, layout) for name, one in FORMATS.items() for layout in one.layouts]
)
def test_path_of_a_manifest_shows_its_month(tmp_path: Path, format_name: str, layout: str) -> None:
    """The loader needs it to record a manifest that it cannot read."""
    version = (FORMATS[format_name].versions or ("",))[-1]

    delivery = sample_delivery(format_name, tmp_path, MONTH, layout=cast(Mode, layout), rows=2, version=version)

    assert {manifests.month_in(one.name) for one in delivery.manifests} == {MONTH}
