"""What every parser must fulfil: the names of a delivery lead to its manifest, and the manifest to its files."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import cast

import pytest

from billing import manifests
from billing.formats import FORMATS
from billing.manifests import Export, Manifest, OtherExport
from billing.settings import Source
from tests.samples import Delivery, sink_name
from tests.samples.catalogue import sample_delivery
from tests.samples.model import Mode
from tests.support.paths import FUNCTIONS, ROOT
from tests.unit.values import GENERATION, aws

SHARED = {"__init__", "aws_scope", "model"}  # every parser uses these
MONTH = "2025-09"
SOURCE_PATH = "exports/"
# views/status.py reads these times: microseconds since 1970, or UTC as text.
ORDER_KEY = re.compile(r"\d{20}(/.*)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\b.*")
TIME = "begin the order key with a time: see `Export` in manifests/model.py"
LAYOUTS = [(name, cast(Mode, layout)) for name, one in FORMATS.items() for layout in one.layouts]


@dataclass(frozen=True)
class Sample:
    """Two deliveries of one month, in one format and layout."""

    source: Source
    first: Delivery
    second: Delivery


@pytest.fixture(scope="module", params=LAYOUTS, ids=lambda layout: "-".join(layout))
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    name, layout = request.param
    folder, version = tmp_path_factory.mktemp(name), (FORMATS[name].versions or ("",))[-1]
    source = aws(FORMAT=name, EXPORT_NAME="acme-export", SOURCE_PATH=SOURCE_PATH)
    first, second = (
        sample_delivery(
            name, folder / str(revision), MONTH, layout=layout, path=SOURCE_PATH, rows=4, revision=revision,
            version=version,
        )
        for revision in (1, 2)
    )  # fmt: skip
    return Sample(source, first, second)


def landed(name: str, source: Source) -> str:
    return sink_name(name, SOURCE_PATH, source.prefix)


def manifests_in(delivery: Delivery, source: Source, generation: int = GENERATION) -> dict[str, Manifest]:
    """Return the manifests in and beside a delivery that may decide, by their names in the landing bucket."""
    found = {landed(item.name, source): item.path for item in delivery.objects if not item.name.endswith("/")}
    return {
        name: Manifest(name, generation, path.read_bytes())
        for name, path in found.items()
        if manifests.is_manifest(source, name)
    }


def export_of(delivery: Delivery, source: Source, generation: int = GENERATION) -> Export:
    """Return what the parser makes of the first manifest of a delivery that may decide."""
    known = manifests_in(delivery, source, generation)
    name = next((name for item in delivery.manifests if (name := landed(item.name, source)) in known), None)
    assert name is not None, "manifest_names gives () for the manifest of the sample"
    export = manifests.parse(source, known[name])
    assert isinstance(export, Export)
    return export


def test_every_parser_is_in_the_contract_of_import_linter() -> None:
    parsers = {path.stem for path in (FUNCTIONS / "billing" / "manifests").glob("*.py")} - SHARED
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

    [listed] = [one["modules"] for one in settings["contracts"] if one["name"].startswith("Manifest parsers")]

    contract = "list every module in the contract `Manifest parsers do not know each other` in pyproject.toml"
    assert set(listed) == {f"billing.manifests.{parser}" for parser in parsers}, contract
    assert {one.parser for one in FORMATS.values()} == parsers, "a row of formats.json must name each module"


def test_path_of_a_manifest_shows_its_month(sample: Sample) -> None:
    """The loader needs it to record a manifest that it cannot read."""
    months = {one.name: manifests.month_in(one.name) for one in sample.first.manifests}

    missing = "add the spelling of the month to _MONTH_FOLDER in functions/billing/manifests/__init__.py"
    assert months == dict.fromkeys(months, MONTH), missing


def test_manifest_names_the_files_in_the_landing_bucket(sample: Sample) -> None:
    export = export_of(sample.first, sample.source)

    sizes = {landed(item.name, sample.source): item.path.stat().st_size for item in sample.first.data}
    assert (export.name, export.month) == ("acme-export", MONTH)
    assert {file.name for file in export.files} == set(sizes)
    assert [file for file in export.files if file.size not in (None, sizes[file.name])] == []


def test_file_of_a_delivery_leads_to_its_manifest(sample: Sample) -> None:
    known = manifests_in(sample.first, sample.source).keys()

    decisive = known & {landed(item.name, sample.source) for item in sample.first.manifests}

    for item in sample.first.data:
        assert decisive & set(manifests.manifest_names(sample.source, landed(item.name, sample.source))), item.name


def test_object_beside_a_delivery_is_not_of_the_export(sample: Sample) -> None:
    """If a manifest does not name its export, its path does. Otherwise two exports would replace each other."""
    known = manifests_in(sample.first, sample.source)
    own = {landed(item.name, sample.source) for item in sample.first.manifests}

    led = [
        (item.name, name)
        for item in sample.first.ignored
        for name in manifests.manifest_names(sample.source, landed(item.name, sample.source))
    ]

    for item_name, name in led:
        is_other = name not in known or isinstance(manifests.parse(sample.source, known[name]), OtherExport)
        assert name not in own, f"the parser takes {item_name} for a part of the delivery"
        assert is_other, f"the parser takes {item_name} for a part of the export"


def test_order_key_is_a_time_and_grows(sample: Sample) -> None:
    first = export_of(sample.first, sample.source).order_key
    second = export_of(sample.second, sample.source, GENERATION + 1).order_key

    assert [key for key in (first, second) if not ORDER_KEY.fullmatch(key)] == [], TIME
    assert first < second
