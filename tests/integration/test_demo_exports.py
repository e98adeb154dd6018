"""`make demo EXPORTS=<dir>` recognises and loads every format, and names what it cannot load."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from billing.formats import FORMATS
from tests.demo.dry_run import plan_source
from tests.demo.exports_folder import FoundExports, find_exports
from tests.demo.folder_settings import UnusableError
from tests.demo.output import FunctionLog
from tests.demo.patience import settle
from tests.emulator import Backoff
from tests.emulator.events import Events
from tests.emulator.terraform_provider.transfers import names_in
from tests.samples import Delivery, azure_focus_delivery, place
from tests.samples.catalogue import SAMPLES, sample_delivery
from tests.samples.model import Mode
from tests.support.paths import ROOT
from tests.support.small_exports import (
    AWS_CHARGE,
    AZURE_CHARGE,
    SmallExport,
    azure_run,
    csv_file,
    cur_of,
    cur_report,
    parquet_file,
)

MONTH = "2025-09"
NOW = datetime(2025, 11, 20, tzinfo=UTC)
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


def problem_of(folder: Path) -> str:
    """Return why the only folder in it is no source."""
    found = find_exports(folder)
    [problem] = found.problems
    assert found.sources == []
    return problem


def place_objects(export: SmallExport, bucket: Path) -> None:
    for name, data in export.objects.items():
        file = bucket / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def planned(found: FoundExports) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """Return source, month and reasons of the dry run."""
    plans = [plan_source(source, NOW) for source in found.sources]
    return [(plan.found.name, one.month, one.reasons) for plan in plans for one in plan.months]


def test_every_format_is_recognised_by_its_own_manifests(samples: Mapping[str, Delivery], tmp_path: Path) -> None:
    assert set(samples) == set(SAMPLES)
    for name, delivery in samples.items():
        place(delivery, tmp_path / name.replace("_", "-"), "data", "manifest")

    exports = find_exports(tmp_path)

    found = {one.source.format_name: one for one in exports.sources}
    assert set(found) == set(FORMATS)
    for name, one in found.items():
        assert (one.key, one.source.export_name) == (name, "acme-export")
        assert one.version == (FORMATS[name].versions or ("",))[0]
    assert planned(exports) == [(one.name, MONTH, ()) for one in exports.sources]


def test_two_exports_in_one_bucket_are_two_sources(samples: Mapping[str, Delivery], tmp_path: Path) -> None:
    bucket = tmp_path / "9 Acme Billing"
    place(samples["azure_actual_csv"], bucket)  # beside another export's manifest, which does not name these files
    place(azure_focus_delivery(tmp_path / "made", MONTH, rows=10, export_name="focus"), bucket, "data", "manifest")
    shutil.rmtree(tmp_path / "made")

    found = {(one.key, one.source.format_name, one.source.export_name) for one in find_exports(tmp_path).sources}
    assert {
        ("source_9_acme_billing_acme_exp", "azure_actual_csv", "acme-export"),
        ("source_9_acme_billing_focus", "azure_focus_parquet", "focus"),
    } <= found

    bucket.with_name("9 Acme Billing.toml").write_text('export_name = "focus"\nsettle_hours = 1\n')
    [one] = find_exports(tmp_path).sources
    assert (one.key, one.source.export_name, one.settings) == ("source_9_acme_billing", "focus", {"settle_hours": 1})


def test_settings_file_can_set_everything(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine.toml").write_text(
        'format = "azure_focus_csv"\nexport_name = "costs"\npath = "exports/"\nfocus_version = "1.0"\n'
    )

    [one] = find_exports(tmp_path).sources

    assert (one.source.format_name, one.source.export_name, one.source.source_path, one.version) == (
        "azure_focus_csv",
        "costs",
        "exports/",
        "1.0",
    )


@pytest.mark.parametrize(
    ("folder", "message"), [("none", "{folder} is not a folder"), ("", "{folder} holds no folder")]
)
def test_place_without_a_folder_is_named(tmp_path: Path, folder: str, message: str) -> None:
    with pytest.raises(UnusableError) as raised:
        find_exports(tmp_path / folder)

    assert str(raised.value).startswith(message.format(folder=tmp_path / folder))


def test_unrecognised_folder_is_named_with_every_reason(tmp_path: Path) -> None:
    classic = tmp_path / "classic" / CLASSIC
    classic.parent.mkdir(parents=True)
    classic.write_text("date,cost\n")
    legacy = (ROOT / "tests" / "unit" / "manifests" / "golden" / "azure_legacy_2021.json").read_text()
    for number in range(5):
        folder = classic.parent / str(number)
        folder.mkdir()
        (folder / "manifest.json").write_text(legacy)

    problem = problem_of(tmp_path)

    assert f"holds no export that is recognised (6 files searched for a manifest of {next(iter(FORMATS))}" in problem
    assert "a classic export writes no manifest" in problem
    assert [f"LEGACY_MANIFEST: daily/20250901-20250930/{number}/manifest.json" in problem for number in range(5)] == [
        True
    ] * 5


def test_folder_without_a_manifest_is_told_to_copy_it(tmp_path: Path) -> None:
    data = tmp_path / "acme" / "cost" / "part_0.csv"
    data.parent.mkdir(parents=True)
    data.write_text("Date,Cost\n")

    problem = problem_of(tmp_path)

    assert "It has no manifest: copy it too (Azure: manifest.json, AWS: " in problem
    assert ".toml" not in problem


def test_format_that_comes_closest_gives_the_reason(tmp_path: Path) -> None:
    """Of twelve formats one reads the manifest, and lacks only the columns of period and cost."""
    place_objects(azure_run(csv_file({"Date": "09/13/2025"})), tmp_path / "mine")

    problem = problem_of(tmp_path)

    found = "The files have no column BillingPeriodStartDate and no column Cost: exports/cost/20250901-20250930/"
    assert f"MISSING_COLUMN: {found}" in problem
    assert "FORMAT_UNSUPPORTED" not in problem


def test_folder_that_is_not_recognised_stops_no_other(tmp_path: Path) -> None:
    place_objects(azure_run(csv_file(AZURE_CHARGE)), tmp_path / "good")
    place_objects(azure_run(csv_file({"Date": "09/13/2025"})), tmp_path / "bad")
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong.toml").write_text('format = ["a"]')

    found = find_exports(tmp_path)

    assert [one.name for one in found.sources] == ["azure_good"]
    assert [problem.split(" ", 1)[0] for problem in found.problems] == [
        f"{tmp_path / 'bad'}",
        f"{tmp_path / 'wrong.toml'}:",
    ]


def cur_of_account(account: str, assembly: int, root: str) -> SmallExport:
    """Return a report of this account, which is called as every other one, in a folder of its own."""
    made = cur_of(AWS_CHARGE, number=assembly)
    renamed = {name.replace("exports/cur/", root): data for name, data in made.objects.items()}
    *_, manifest = renamed
    tree = json.loads(renamed[manifest])
    tree |= {"account": account, "reportKeys": [key.replace("exports/cur/", root) for key in tree["reportKeys"]]}
    copy = f"{tree['reportKeys'][0].rpartition('/')[0]}/cur-Manifest.json"  # AWS writes each manifest twice
    return SmallExport({**renamed, manifest: json.dumps(tree).encode(), copy: json.dumps(tree).encode()})


def test_two_accounts_with_one_report_name_are_two_sources(tmp_path: Path) -> None:
    place_objects(cur_of_account("111111111111", 1, "a/cur/"), tmp_path / "aws")
    place_objects(cur_of_account("222222222222", 2, "b/cur/"), tmp_path / "aws")

    found = find_exports(tmp_path)

    assert [(one.name, one.scope) for one in found.sources] == [
        ("aws_aws_111111111111", "account 111111111111"),
        ("aws_aws_222222222222", "account 222222222222"),
    ]
    assert planned(found) == [(one.name, MONTH, ()) for one in found.sources]
    names = sorted(path.relative_to(tmp_path / "aws").as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert [one.own_names(names) for one in found.sources] == [names[:3], names[3:]]
    assert "2 accounts or scopes use the export name cur" in found.notes[0]


def test_two_subscriptions_in_one_directory_are_two_sources(tmp_path: Path) -> None:
    for number, subscription in enumerate(("s1", "s2"), 1):
        config = {"resourceId": f"/subscriptions/{subscription}"}
        place_objects(azure_run(csv_file(AZURE_CHARGE), number=number, exportConfig=config), tmp_path / "azure")

    found = find_exports(tmp_path)

    assert planned(found) == [("azure_azure_s1", MONTH, ()), ("azure_azure_s2", MONTH, ())]


def test_dry_run_gives_all_reasons_at_once(tmp_path: Path) -> None:
    """A file is missing, two have no readable header, and a month has data but no manifest."""
    run = azure_run(b'"a', gzip.compress(b"a,b")[:9], csv_file(AZURE_CHARGE), suffix="csv.gz")
    first, second, third, _ = run.objects
    lone = {"exports/cost/20251001-20251031/202511050000/run/part_0_0001.csv.gz": b"1"}
    place_objects(
        SmallExport({name: data for name, data in run.objects.items() if name != third} | lone), tmp_path / "a"
    )
    place_objects(azure_run(csv_file(AZURE_CHARGE), number=2, root="exports/other"), tmp_path / "b")
    (tmp_path / "a.toml").write_text('format = "azure_actual_csv"\nexport_name = "cost"\n')

    [missing, *headers], [orphan], good = (reasons for _, _, reasons in planned(find_exports(tmp_path)))

    assert missing.startswith(f"WAITING_FOR_FILES: 1 of 3 files missing, first {third}")
    assert [reason.split(" ")[:2] for reason in headers] == [
        ["HEADER_UNREADABLE:", first],
        ["HEADER_UNREADABLE:", second],
    ]
    assert orphan.startswith("exports/cost/20251001-20251031/202511050000/run/manifest.json does not exist: its data")
    assert good == ()


def test_dry_run_plans_columns_over_the_months(tmp_path: Path) -> None:
    """The first month makes the column, and the type of the second one does not fit it."""
    period = "TIMESTAMPTZ '{}-01 00:00:00+00' AS bill_billing_period_start_date"
    for number, (month, kind) in enumerate([("2025-09", "'x'"), ("2025-10", "1::BIGINT")], 1):
        columns = f"{period.format(month)}, 1.5::DOUBLE AS line_item_unblended_cost, {kind} AS resource_tags_team"
        names = ("bill_billing_period_start_date", "line_item_unblended_cost", "resource_tags_team")
        report = cur_report(
            parquet_file(columns), columns=[(name, None) for name in names], number=number, month=month, parquet=True
        )
        place_objects(report, tmp_path / "aws")

    [(_, _, september), (_, _, [october])] = planned(find_exports(tmp_path))

    assert september == ()
    assert october.startswith(
        "TYPE_CHANGED: Column resource_tags_team is INTEGER in the files, but STRING in the table"
    )


def test_names_that_cloud_storage_does_not_allow_are_told(tmp_path: Path) -> None:
    place_objects(azure_run(csv_file(AZURE_CHARGE)), tmp_path / "azure")
    (tmp_path / "azure" / "line\nbreak.csv").write_text("x")
    Path(os.fsdecode(os.fsencode(tmp_path / "azure") + b"/\xff.csv")).write_text("x")
    (tmp_path / "azure" / "費用 €.csv").write_text("x")
    [one] = find_exports(tmp_path).sources

    notes = plan_source(one, NOW).notes

    others, unusable = notes
    assert others == "azure_azure: files of no export: 1, first 費用 €.csv."
    found = "azure_azure: files whose names Cloud Storage does not allow: 2, first 'line\\nbreak.csv'."
    assert unusable == f"{found} They are not copied: a name is UTF-8 without line breaks."


def test_only_files_of_the_export_are_copied(tmp_path: Path) -> None:
    run = azure_run(csv_file(AZURE_CHARGE))
    place_objects(run, tmp_path / "azure")
    others = {"logs/large.bin": b"1", "exports/readme.json": b"{}", CLASSIC: b"a,b"}
    place_objects(SmallExport(others), tmp_path / "azure")
    (tmp_path / "azure.toml").write_text('path = "exports/"')
    [one] = find_exports(tmp_path).sources
    names = names_in(tmp_path / "azure")

    assert one.needed_names(names) == sorted(run.objects)


def test_dry_run_changes_and_copies_nothing(samples: Mapping[str, Delivery], tmp_path: Path) -> None:
    place(samples["aws_cur_v1_csv"], tmp_path / "aws")
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(tmp_path.rglob("*"))}

    planned(find_exports(tmp_path))

    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(tmp_path.rglob("*"))} == before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = ", "is not valid TOML"),
        ("buckets = 1", "has the unknown setting buckets: use export_name, "),
        ('format = "zip"', f"has the unknown format zip: use one of {next(iter(FORMATS))}, "),
        ('export_name = "other"', "with export_name = other"),
        ('format = ["a"]', "format is ['a']: write text in quotes"),
        ("export_name = 7", "export_name is 7: write text in quotes"),
        ("path = true", "path is True: write text in quotes"),
        ("focus_version = 1.2", "focus_version is 1.2: write text in quotes"),
        ('focus_version = "9"', "has focus_version 9: use one of 1.0-preview(v1), 1.0, 1.0r2, 1.2-preview, 1.2."),
        ('path = "exports"', "path must end in '/' and not begin with it, but is 'exports'"),
        ("settle_hours = true", "settle_hours must be hours from 0 to 168, but is 'true'"),
        ('settle_hours = ["a"]', "settle_hours must be hours from 0 to 168, but is '[\"a\"]'"),
        ("type_overrides = [1]", 'type_overrides is [1]: write a table like { "product/ECU" = "STRING" }.'),
        ("type_overrides = { a = 5 }", 'type_overrides is {"a": 5}: write a table like { "product/ECU" = "STRING" }.'),
        ('type_overrides = { a = "MONEY" }', "type_overrides: 'MONEY' of a is not one of "),
        ("x = " + "[" * 100_000, "is not valid TOML"),
    ],
)
def test_invalid_settings_file_is_named(
    samples: Mapping[str, Delivery], tmp_path: Path, text: str, sentence: str
) -> None:
    place(samples["azure_focus_parquet"], tmp_path / "mine", "data", "manifest")

    (tmp_path / "mine.toml").write_text(text)

    problem = problem_of(tmp_path)
    assert sentence in problem
    assert "mine.toml" in problem


@pytest.mark.timeout(600)
def test_recognised_exports_load_and_a_corrupt_one_is_named(
    samples: Mapping[str, Delivery], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    deliveries = {name: samples[name] for name in LOADED}
    for name, delivery in deliveries.items():
        place(delivery, tmp_path / name, "data", "manifest")
        for item in delivery.manifests:
            os.utime(tmp_path / name / item.name, (0, 0))  # a download may not keep the provider's times
    broken = azure_focus_delivery(tmp_path / "made", MONTH, rows=10, files=1, export_name="broken")
    place(broken, tmp_path / "broken", "data", "manifest")
    shutil.rmtree(tmp_path / "made")
    [part] = (tmp_path / "broken").rglob("*.parquet")
    part.write_bytes(part.read_bytes()[:-20] + bytes(20))
    bucket = tmp_path / "aws_cur_v1_csv"
    [period] = {path.parents[1] for path in bucket.rglob("*-1.csv.gz")}
    lone = period.with_name("20251001-20251101") / "assembly" / "acme-export-1.csv.gz"
    lone.parent.mkdir(parents=True)
    lone.write_bytes(gzip.compress(b"a,b"))
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
    loaded = {(row[0], row[1]): row[3:7] for row in rows if row[2:3] == ["loaded"]}
    for name, delivery in deliveries.items():
        finality, count, cost, currency = loaded[f"{FORMATS[name].provider}_{name}", MONTH]
        assert (finality in ("open", "closed"), len(currency)) == (True, 3)
        assert int(count) == delivery.totals.rows
        assert round(float(cost), 6) == round(float(delivery.totals.cost), 6)
    dry_run, _, _ = demo.stdout.partition("terraform init and apply")
    assert "azure_broken 2025-09: HEADER_UNREADABLE: exports/" in dry_run
    assert "Rules that billing_quality finds broken" in shown
    problem, orphan = map(str.strip, problems.strip().splitlines())
    assert orphan.startswith("aws_aws_cur_v1_csv 2025-10: ")
    assert orphan.partition(": ")[2].startswith(
        f"{lone.parent.parent.relative_to(bucket).as_posix()}/acme-export-Manif"
    )
    assert problem.startswith("azure_broken 2025-09: rejected, HEADER_UNREADABLE: azure/broken/exports/")
    assert problem.endswith("has no Parquet footer: the file is cut or is not Parquet.")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    html = report.read_text()
    assert all(f">{FORMATS[name].provider}_{name}</td>" in html for name in deliveries)


class BusyReceiver:
    """Answers every event like a function that fails with these codes, one after the other, and then succeeds."""

    name, max_instances = "busy", 1

    def __init__(self, log: FunctionLog, codes: Sequence[str], status: int = 503) -> None:
        self._log, self._codes, self._status = log, list(codes), status

    def deliver(self, headers: Mapping[str, str], body: bytes) -> int:
        if not self._codes:
            return 200
        entry = {"severity": "INFO", "action": "retried", "source": "aws_cur", "message": "gs://b/x is gone."}
        self._log.add("load_aws", json.dumps({**entry, "code": self._codes.pop(0), "object": json.loads(body)["name"]}))
        return self._status


@pytest.mark.parametrize(
    ("codes", "status", "given_up"),
    [
        (["FILE_VANISHED"] * 10_000, 503, ["aws_cur: FILE_VANISHED: gs://b/x is gone. Given up after 2 attempts."]),
        (["TRANSIENT"] * 10_000, 503, ["aws_cur: TRANSIENT: gs://b/x is gone. Given up after 20 attempts."]),
        (["OTHER"] * 10_000, 500, ["費用/manifest.json: the function stopped 5 times or more."]),
        (["MONTH_LOCKED"] * 20, 503, []),
        (["FILE_VANISHED", "TRANSIENT"], 503, []),
    ],
    ids=["missing file", "temporary for ever", "crashes", "busy", "passes"],
)
def test_demo_gives_up_what_no_retry_can_help(codes: list[str], status: int, given_up: list[str]) -> None:
    log, events = FunctionLog(), Events(Backoff(first_seconds=0.01, longest_seconds=0.01))
    events.subscribe("b", BusyReceiver(log, codes, status))
    events.finalized({"bucket": "b", "name": "費用/manifest.json", "generation": "1"})

    found = settle(events, log, 30)

    assert [sentence.partition(" Given up")[0] for sentence in found] == [
        sentence.partition(" Given up")[0] for sentence in given_up
    ]
    assert events.waiting == []
    events.stop()


def test_demo_names_what_takes_too_long() -> None:
    log, events = FunctionLog(), Events(Backoff(first_seconds=0.01, longest_seconds=0.01))
    events.subscribe("b", BusyReceiver(log, ["MONTH_LOCKED"] * 10_000))
    events.finalized({"bucket": "b", "name": "manifest.json", "generation": "1"})

    found = settle(events, log, 0.1)

    assert found == ["manifest.json: not handled within 0 s."]
    events.stop()
