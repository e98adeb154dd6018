"""`make demo EXPORTS=<dir>` recognises and loads every format, and names what it cannot load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from billing.formats import FORMATS
from tests.demo.exports_folder import UnusableError, find_sources
from tests.samples import Delivery, azure_focus_delivery, place
from tests.samples.catalogue import SAMPLES, sample_delivery
from tests.samples.model import Mode
from tests.support.paths import ROOT
from tests.support.small_exports import azure_run, csv_file

MONTH = "2025-09"
LOADED = (
    "aws_cur_v1_csv",
    "aws_focus_parquet",
    "azure_actual_csv",
)  # test_formats.py loads them all
CLASSIC = "daily/20250901-20250930/daily_73746dc5-5dcc-4b83-b340-bb1bd2b1ca30.csv"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Delivery]:
    """One delivery of every format."""
    made = tmp_path_factory.mktemp("made")
    return {
        name: sample_delivery(
            name, made / name, MONTH, layout=cast(Mode, one.layouts[-1]), rows=30, version=(one.versions or ("",))[0]
        )
        for name, one in FORMATS.items()
    }


def error_of(folder: Path) -> str:
    with pytest.raises(UnusableError) as raised:
        find_sources(folder)
    return str(raised.value)


def test_every_format_is_recognised_by_its_own_manifests(samples: Mapping[str, Delivery], tmp_path: Path) -> None:
    assert set(samples) == set(SAMPLES)
    for name, delivery in samples.items():
        place(delivery, tmp_path / name.replace("_", "-"), "data", "manifest")

    found = {source.format: source for source in find_sources(tmp_path)}

    assert set(found) == set(FORMATS)
    for name, source in found.items():
        assert (source.key, source.export_name) == (name, "acme-export")
        assert source.version == (FORMATS[name].versions or ("",))[0]


def test_two_exports_in_one_bucket_are_two_sources(samples: Mapping[str, Delivery], tmp_path: Path) -> None:
    bucket = tmp_path / "9 Acme Billing"
    place(samples["azure_actual_csv"], bucket)  # beside another export's manifest, which does not name these files
    place(azure_focus_delivery(tmp_path / "made", MONTH, rows=10, export_name="focus"), bucket, "data", "manifest")
    shutil.rmtree(tmp_path / "made")

    found = {(source.key, source.format, source.export_name) for source in find_sources(tmp_path)}
    assert {
        ("source_9_acme_billing_acme_exp", "azure_actual_csv", "acme-export"),
        ("source_9_acme_billing_focus", "azure_focus_parquet", "focus"),
    } <= found

    bucket.with_name("9 Acme Billing.toml").write_text('export_name = "focus"\nsettle_hours = 1\n')
    [source] = find_sources(tmp_path)
    assert (source.key, source.export_name, source.settings) == ("source_9_acme_billing", "focus", {"settle_hours": 1})


def test_settings_file_can_set_everything(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine.toml").write_text(
        'format = "azure_focus_csv"\nexport_name = "costs"\npath = "exports/"\nfocus_version = "1.0"\n'
    )

    [source] = find_sources(tmp_path)

    assert (source.format, source.export_name, source.path, source.version) == (
        "azure_focus_csv",
        "costs",
        "exports/",
        "1.0",
    )


def test_unusable_folder_is_named_in_one_sentence(tmp_path: Path) -> None:
    assert f"{tmp_path / 'none'} is not a folder" in error_of(tmp_path / "none")
    assert f"{tmp_path} holds no folder" in error_of(tmp_path)
    classic = tmp_path / "classic" / CLASSIC
    classic.parent.mkdir(parents=True)
    classic.write_text("date,cost\n")
    searched = f"1 files searched for a manifest of {next(iter(FORMATS))}"
    assert f"holds no export that is recognised ({searched}" in error_of(tmp_path)
    assert "a classic export writes no manifest" in error_of(tmp_path)
    legacy = json.loads((ROOT / "tests" / "unit" / "manifests" / "golden" / "azure_legacy_2021.json").read_text())

    (classic.parent / "manifest.json").write_text(json.dumps(legacy))

    assert "LEGACY_MANIFEST: daily/20250901-20250930/manifest.json" in error_of(tmp_path)


def test_format_that_comes_closest_gives_the_reason(tmp_path: Path) -> None:
    """Of twelve formats one reads the manifest, and lacks only the columns of period and cost."""
    for name, data in azure_run(csv_file({"Date": "09/13/2025"})).objects.items():
        file = tmp_path / "mine" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    error = error_of(tmp_path)

    found = "The files have no column BillingPeriodStartDate and no column Cost: exports/cost/20250901-20250930/"
    assert f"MISSING_COLUMN: {found}" in error
    assert "FORMAT_UNSUPPORTED" not in error


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = ", "is not valid TOML"),
        ("buckets = 1", "has the unknown setting buckets: use export_name, "),
        ('format = "zip"', f"has the unknown format zip: use one of {next(iter(FORMATS))}, "),
        ('export_name = "other"', "with export_name = other"),
    ],
)
def test_invalid_settings_file_is_named(
    samples: Mapping[str, Delivery], tmp_path: Path, text: str, sentence: str
) -> None:
    place(samples["azure_focus_parquet"], tmp_path / "mine", "data", "manifest")

    (tmp_path / "mine.toml").write_text(text)

    assert sentence in error_of(tmp_path)


@pytest.mark.timeout(600)
def test_recognised_exports_load_and_a_corrupt_one_is_named(
    samples: Mapping[str, Delivery], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    deliveries = {name: samples[name] for name in LOADED}
    for name, delivery in deliveries.items():
        place(delivery, tmp_path / name, "data", "manifest")
    broken = azure_focus_delivery(tmp_path / "made", MONTH, rows=10, files=1, export_name="broken")
    place(broken, tmp_path / "broken", "data", "manifest")
    shutil.rmtree(tmp_path / "made")
    [part] = (tmp_path / "broken").rglob("*.parquet")
    part.write_bytes(part.read_bytes()[:-20] + bytes(20))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    report = tmp_path_factory.mktemp("report") / "report.html"
    demo = subprocess.run(
        [sys.executable, "-m", "tests.demo.exports"],
        cwd=ROOT,
        env={**os.environ, "EXPORTS": str(tmp_path), "PYTHONPATH": "functions", "REPORT": str(report)},
        capture_output=True,
        text=True,
        timeout=570,
        check=False,
    )

    assert demo.returncode == 1, demo.stdout + demo.stderr
    shown, _, problems = demo.stdout.partition("Not loaded, and why")
    rows = [line.split() for line in shown.partition("billing_status")[2].splitlines()]
    loaded = {(row[0], row[1]): row[2:5] for row in rows if row[2:3] == ["loaded"]}
    for name, delivery in deliveries.items():
        _, count, cost = loaded[f"{FORMATS[name].provider}_{name}", MONTH]
        assert int(count) == delivery.totals.rows
        assert round(float(cost), 6) == round(float(delivery.totals.cost), 6)
    [problem] = problems.strip().splitlines()
    assert problem.startswith("azure_broken 2025-09: rejected, HEADER_UNREADABLE: azure/broken/exports/")
    assert problem.endswith("has no Parquet footer: the file is cut or is not Parquet.")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    html = report.read_text()
    assert all(f">{FORMATS[name].provider}_{name}</td>" in html for name in deliveries)
