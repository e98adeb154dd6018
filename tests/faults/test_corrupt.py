"""F6, F17 and F22: files that cannot be loaded, are of another month, or hold nothing."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants
from tests.faults.transport import wire
from tests.samples import Delivery, SampleObject, aws_cur_delivery, azure_focus_delivery, with_manifest
from tests.samples.model import beside
from tests.support.harness import Harness, log_lines
from tests.support.pages import DOCS
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
SPECS = [AZURE, AWS] if LONG else [AWS]  # AWS's files can be wrong in more ways
Damage = Callable[[bytes], bytes]
GENERATE: Mapping[SourceSpec, Callable[..., Delivery]] = {AWS: aws_cur_delivery, AZURE: azure_focus_delivery}


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 64]) + content[middle + 64 :]


def _other_month(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content).replace(b"2025-09-01T00:00:00", b"2025-08-01T00:00:00"))


def _text_for_a_number(content: bytes) -> bytes:
    records = list(csv.reader(io.StringIO(gzip.decompress(content).decode(), newline="")))
    records[1][records[0].index("lineItem/UnblendedCost")] = "a lot"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(records)
    return gzip.compress(text.getvalue().encode())


def _renamed_column(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content).replace(b"lineItem/UsageType", b"lineItem/UsageKind", 1))


# damage, code, what the sentence names, load jobs that it takes to see it
DAMAGES: Mapping[SourceSpec, Mapping[str, tuple[Damage, str, str, int]]] = {
    AWS: {
        "cut gzip": (_cut, "VALUE_DOES_NOT_FIT", "acme-cur-2.csv.gz", 1),
        "flipped bytes": (_flipped, "VALUE_DOES_NOT_FIT", "acme-cur-2.csv.gz", 1),
        "zero bytes": (lambda _: b"", "HEADER_UNREADABLE", "acme-cur-2.csv.gz", 0),
        "no gzip": (lambda _: b"no gzip at all", "HEADER_UNREADABLE", "acme-cur-2.csv.gz", 0),
        "other header": (_renamed_column, "HEADERS_DIFFER", "acme-cur-2.csv.gz", 0),
        "text for a number": (_text_for_a_number, "VALUE_DOES_NOT_FIT", "line_item_unblended_cost", 1),
        "other month": (_other_month, "ROWS_OUTSIDE_MONTH", "different partitions", 1),
    },
    AZURE: {
        "no footer": (lambda content: content[:-4] + b"XXXX", "HEADER_UNREADABLE", "part_1_0001", 0),
        "cut": (_cut, "HEADER_UNREADABLE", "part_1_0001", 0),
        "zero bytes": (lambda _: b"", "HEADER_UNREADABLE", "part_1_0001", 0),
        "flipped bytes": (_flipped, "VALUE_DOES_NOT_FIT", "part_1_0001", 1),
    },
}


@pytest.mark.fault("F6", "F17")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_a_corrupt_file_is_refused_once_by_name_and_the_next_good_run_clears_it(
    harness: Harness, tmp_path: Path, spec: SourceSpec
) -> None:
    good = GENERATE[spec](tmp_path, MONTH, rows=400, files=2)
    harness.load(spec, good)
    damages = list(DAMAGES[spec].items())
    for revision, (name, (damage, code, named, jobs)) in enumerate(damages if LONG else damages[::3], 2):
        newer = GENERATE[spec](tmp_path, MONTH, rows=400, files=2, revision=revision)
        bad = _replaced(newer, 1, damage(newer.data[1].path.read_bytes()))
        harness.deployment.deliver(spec, bad)
        with wire() as sent:
            outcome, again = harness.handle_manifest(spec, bad), harness.handle_manifest(spec, bad)

        assert (name, outcome.action, outcome.code, outcome.error) == (name, "rejected", code, True)
        assert named in outcome.message
        assert (again.action, again.code) == ("skipped", "ALREADY_REJECTED")
        assert len(sent.jobs) == jobs, f"{name}: an endless retry"
        check_invariants(harness, {(spec, MONTH): good})

    report = harness.sweep()
    assert (report["loaded"], report["rejected"], report["mismatched"]) == ([], [], [])
    last = GENERATE[spec](tmp_path, MONTH, rows=400, files=2, revision=revision + 1)
    assert harness.load(spec, last).action == "loaded"
    check_invariants(harness, {(spec, MONTH): last})


def _replaced(delivery: Delivery, index: int, content: bytes) -> Delivery:
    """That file with other bytes; a manifest that counts bytes counts these."""
    old = delivery.data[index]
    new = SampleObject(old.name, beside(old.path, content), "data")
    changed = replace(delivery, objects=tuple(new if item is old else item for item in delivery.objects))

    def recount(manifest: dict[str, Any]) -> None:
        if "blobs" in manifest:
            manifest["blobs"][index]["byteCount"] = len(content)

    return with_manifest(changed, recount)


@pytest.mark.fault("F17")
def test_a_parquet_file_of_another_month_is_refused_and_the_page_says_which_accounts(
    harness: Harness, tmp_path: Path
) -> None:
    good, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    other = azure_focus_delivery(tmp_path, "2025-08", rows=20)
    harness.load(AZURE, good)

    outcome = harness.load(AZURE, _replaced(newer, 1, other.data[1].path.read_bytes()))

    assert (outcome.action, outcome.code) == ("rejected", "ROWS_OUTSIDE_MONTH")
    check_invariants(harness, {(AZURE, MONTH): good})
    traps = re.findall(r"^- (.*(?:\n  .*)*)", (DOCS / "formats.md").read_text(), re.MULTILINE)
    assert any("Azure account" in trap and "`ROWS_OUTSIDE_MONTH`" in trap for trap in traps)


@pytest.mark.fault("F22", "F11")
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_a_run_without_a_row_never_replaces_a_month(harness: Harness, tmp_path: Path, spec: SourceSpec) -> None:
    """Header-only CSV files; Parquet files with a footer that counts no row, whatever their manifest counts."""
    good = GENERATE[spec](tmp_path, MONTH, rows=30)
    harness.load(spec, good)
    empty = GENERATE[spec](tmp_path, MONTH, rows=0, revision=2)
    if spec is AZURE:
        newer = azure_focus_delivery(tmp_path, MONTH, rows=30, files=1, revision=2)
        empty = _replaced(newer, 0, _without_rows(newer.data[0].path))

    outcome = harness.load(spec, empty)

    assert (outcome.action, outcome.code) == ("rejected", "EMPTY_DELIVERY")
    check_invariants(harness, {(spec, MONTH): good})


def _without_rows(path: Path) -> bytes:
    import duckdb

    target = path.with_suffix(".empty")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM read_parquet('{path}') LIMIT 0) TO '{target}' (FORMAT parquet)")
    return target.read_bytes()


@pytest.mark.fault("F21")
@pytest.mark.timeout(240)
def test_sweeps_over_a_month_that_bigquery_refuses_are_one_job_one_row_and_one_alert(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a valid run that is older than the refused one, but arrives last, is loaded."""
    valid, newer = (azure_focus_delivery(tmp_path, MONTH, rows=400, revision=revision) for revision in (1, 2))
    harness.deployment.deliver(AZURE, _replaced(newer, 1, _flipped(newer.data[1].path.read_bytes())))
    with wire() as sent:
        for _ in range(24 if LONG else 2):
            harness.sweep()
    lines = log_lines(capsys.readouterr().out)

    assert len(sent.jobs) == 1
    assert [row["code"] for row in harness.tracking(AZURE)] == ["VALUE_DOES_NOT_FIT"]
    assert [line["code"] for line in lines if line["severity"] == "ERROR"] == ["VALUE_DOES_NOT_FIT"]
    harness.deployment.deliver(AZURE, valid)
    assert harness.handle_manifest(AZURE, valid).action == "loaded"
    check_invariants(harness, {(AZURE, MONTH): valid})
