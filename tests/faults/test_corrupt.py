"""F6, F11, F17, F21 and F22: files that cannot be loaded, belong to another month, or have no rows.

On the harness and not on the scenario runner: the files are whole sample exports.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import GENERATORS, LONG
from tests.faults.invariants import check_invariants
from tests.faults.transport import wire
from tests.samples import Delivery, SampleObject, azure_focus_delivery, with_manifest
from tests.samples.model import beside
from tests.support.harness import Harness, log_lines
from tests.support.pages import DOCS
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
SPECS = [AZURE, AWS] if LONG else [AWS]  # files of AWS can be wrong in more ways
Change = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Damage:
    """What is wrong with the second file, and how the delivery is rejected. `jobs` are the load jobs that it takes."""

    change: Change
    code: str
    named: str  # in the message
    jobs: int = 0


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flip(content: bytes) -> bytes:
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


def _rename_column(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content).replace(b"lineItem/UsageType", b"lineItem/UsageKind", 1))


_AWS_FILE, _AZURE_FILE = "acme-cur-2.csv.gz", "part_1_0001"
DAMAGES: Mapping[SourceSpec, Mapping[str, Damage]] = {
    AWS: {
        "cut gzip": Damage(_cut, "VALUE_DOES_NOT_FIT", _AWS_FILE, jobs=1),
        "flipped bytes": Damage(_flip, "VALUE_DOES_NOT_FIT", _AWS_FILE, jobs=1),
        "zero bytes": Damage(lambda _: b"", "HEADER_UNREADABLE", _AWS_FILE),
        "no gzip": Damage(lambda _: b"no gzip at all", "HEADER_UNREADABLE", _AWS_FILE),
        "other header": Damage(_rename_column, "HEADERS_DIFFER", _AWS_FILE),
        "text for a number": Damage(_text_for_a_number, "VALUE_DOES_NOT_FIT", "line_item_unblended_cost", jobs=1),
        "other month": Damage(_other_month, "ROWS_OUTSIDE_MONTH", "different partitions", jobs=1),
    },
    AZURE: {
        "no footer": Damage(lambda content: content[:-4] + b"XXXX", "HEADER_UNREADABLE", _AZURE_FILE),
        "cut": Damage(_cut, "HEADER_UNREADABLE", _AZURE_FILE),
        "zero bytes": Damage(lambda _: b"", "HEADER_UNREADABLE", _AZURE_FILE),
        "flipped bytes": Damage(_flip, "VALUE_DOES_NOT_FIT", _AZURE_FILE, jobs=1),
    },
}


@pytest.mark.fault("F6", "F17")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_corrupt_file_is_rejected_once_and_the_next_run_loads(
    harness: Harness, tmp_path: Path, spec: SourceSpec
) -> None:
    good = GENERATORS[spec](tmp_path, MONTH, rows=400, files=2)
    harness.load(spec, good)
    damages = list(DAMAGES[spec].items())

    for revision, (name, damage) in enumerate(damages if LONG else damages[::3], 2):
        newer = GENERATORS[spec](tmp_path, MONTH, rows=400, files=2, revision=revision)
        bad = _with_file(newer, 1, damage.change(newer.data[1].path.read_bytes()))
        harness.deployment.deliver(spec, bad)
        with wire() as sent:
            outcome, again = harness.handle_manifest(spec, bad), harness.handle_manifest(spec, bad)

        assert (outcome.action, outcome.code, outcome.error) == ("rejected", damage.code, True), name
        assert damage.named in outcome.message, name
        assert (again.action, again.code) == ("skipped", "ALREADY_REJECTED"), name
        assert len(sent.jobs) == damage.jobs, name
        check_invariants(harness, {(spec, MONTH): good})

    report = harness.sweep()
    assert (report["loaded"], report["rejected"], report["mismatched"]) == ([], [], [])
    last = GENERATORS[spec](tmp_path, MONTH, rows=400, files=2, revision=revision + 1)
    assert harness.load(spec, last).action == "loaded"
    check_invariants(harness, {(spec, MONTH): last})


def _with_file(delivery: Delivery, index: int, content: bytes) -> Delivery:
    """Return the delivery with other bytes in that file. A manifest that counts bytes counts the new ones."""
    old = delivery.data[index]
    new = SampleObject(old.name, beside(old.path, content), "data")
    changed = replace(delivery, objects=tuple(new if item is old else item for item in delivery.objects))

    def recount(manifest: dict[str, Any]) -> None:
        if "blobs" in manifest:
            manifest["blobs"][index]["byteCount"] = len(content)

    return with_manifest(changed, recount)


@pytest.mark.fault("F17")
def test_parquet_of_another_month_is_rejected_and_documented(harness: Harness, tmp_path: Path) -> None:
    good, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    other = azure_focus_delivery(tmp_path, "2025-08", rows=20)
    harness.load(AZURE, good)

    outcome = harness.load(AZURE, _with_file(newer, 1, other.data[1].path.read_bytes()))

    assert (outcome.action, outcome.code) == ("rejected", "ROWS_OUTSIDE_MONTH")
    check_invariants(harness, {(AZURE, MONTH): good})
    notes = re.findall(r"^- (.*(?:\n  .*)*)", (DOCS / "formats.md").read_text(), re.MULTILINE)
    assert any("Azure account" in note and "`ROWS_OUTSIDE_MONTH`" in note for note in notes)


@pytest.mark.fault("F22", "F11")
@pytest.mark.parametrize("spec", SPECS, ids=[spec.provider for spec in SPECS])
def test_run_without_rows_never_replaces_a_month(harness: Harness, tmp_path: Path, spec: SourceSpec) -> None:
    """CSV files with a header only, and Parquet files with no rows although the manifest counts some."""
    good = GENERATORS[spec](tmp_path, MONTH, rows=30)
    harness.load(spec, good)
    empty = GENERATORS[spec](tmp_path, MONTH, rows=0, revision=2)
    if spec is AZURE:
        newer = azure_focus_delivery(tmp_path, MONTH, rows=30, files=1, revision=2)
        empty = _with_file(newer, 0, _without_rows(newer.data[0].path))

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
def test_sweeps_reject_a_month_once_and_load_a_valid_older_run(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One job, one row and one alert, however many sweeps. The valid run is older, but arrives last."""
    valid, newer = (azure_focus_delivery(tmp_path, MONTH, rows=400, revision=revision) for revision in (1, 2))
    harness.deployment.deliver(AZURE, _with_file(newer, 1, _flip(newer.data[1].path.read_bytes())))
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
