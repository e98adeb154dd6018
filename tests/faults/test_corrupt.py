"""F6, F11, F17, F21 and F22: files that cannot be loaded, belong to another month, or have no rows.

On the harness and not on the scenario runner: the files are whole sample exports.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.faults.conftest import GENERATORS, LONG, with_file
from tests.faults.invariants import check_invariants
from tests.faults.transport import wire
from tests.samples import azure_focus_delivery
from tests.support.harness import Harness, log_lines
from tests.support.pages import DOCS
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
Change = Callable[[bytes], bytes]


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
# damage of the second file; code of the rejection, part of its message, and the load jobs that it takes
DAMAGES = [
    pytest.param(AWS, _cut, "VALUE_DOES_NOT_FIT", _AWS_FILE, 1, id="aws cut gzip"),
    pytest.param(AWS, lambda _: b"no gzip at all", "HEADER_UNREADABLE", _AWS_FILE, 0, id="aws no gzip"),
    pytest.param(AWS, _other_month, "ROWS_OUTSIDE_MONTH", " in 2025-08. In 0 rows", 2, id="aws other month"),
    pytest.param(AWS, _flip, "VALUE_DOES_NOT_FIT", _AWS_FILE, 1, id="aws flipped bytes"),
    pytest.param(AWS, lambda _: b"", "HEADER_UNREADABLE", _AWS_FILE, 0, id="aws zero bytes"),
    pytest.param(AWS, _rename_column, "HEADERS_DIFFER", _AWS_FILE, 0, id="aws other header"),
    pytest.param(AWS, _text_for_a_number, "VALUE_DOES_NOT_FIT", "line_item_unblended_cost", 1, id="aws text"),
    pytest.param(AZURE, lambda file: file[:-4] + b"XXXX", "HEADER_UNREADABLE", _AZURE_FILE, 0, id="azure no footer"),
    pytest.param(AZURE, _cut, "HEADER_UNREADABLE", _AZURE_FILE, 0, id="azure cut"),
    pytest.param(AZURE, lambda _: b"", "HEADER_UNREADABLE", _AZURE_FILE, 0, id="azure zero bytes"),
    pytest.param(AZURE, _flip, "VALUE_DOES_NOT_FIT", _AZURE_FILE, 1, id="azure flipped bytes"),
]


@pytest.mark.fault("F6", "F17")
@pytest.mark.parametrize(("spec", "damage", "code", "named", "jobs"), DAMAGES if LONG else DAMAGES[:3])
def test_corrupt_file_is_rejected_once_and_the_next_run_loads(
    harness: Harness, tmp_path: Path, spec: SourceSpec, damage: Change, code: str, named: str, jobs: int
) -> None:
    first, newer, last = (GENERATORS[spec](tmp_path, MONTH, rows=400, files=2, revision=number) for number in (1, 2, 3))
    corrupt = with_file(newer, 1, damage(newer.data[1].path.read_bytes()))
    harness.load(spec, first)
    harness.deployment.deliver(spec, corrupt)

    with wire() as sent:
        outcome, again = harness.handle_manifest(spec, corrupt), harness.handle_manifest(spec, corrupt)
        report, held = harness.sweep(), harness.rows_and_cost(spec, MONTH)
    next_run = harness.load(spec, last)

    assert (outcome.action, outcome.code, outcome.error) == ("rejected", code, True)
    assert named in outcome.message
    assert (again.action, again.code) == ("skipped", "ALREADY_REJECTED")
    assert (report["loaded"], report["rejected"], report["mismatched"]) == ([], [], [])
    assert len(sent.jobs) == jobs
    assert held == (first.totals.rows, first.totals.cost)
    assert next_run.action == "loaded"
    check_invariants(harness, {(spec, MONTH): last})


@pytest.mark.fault("F17")
def test_parquet_of_another_month_is_rejected_and_documented(harness: Harness, tmp_path: Path) -> None:
    first, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=number) for number in (1, 2))
    other = azure_focus_delivery(tmp_path, "2025-08", rows=20)
    notes = re.findall(r"^- (.*(?:\n  .*)*)", (DOCS / "formats.md").read_text(), re.MULTILINE)
    harness.load(AZURE, first)

    outcome = harness.load(AZURE, with_file(newer, 1, other.data[1].path.read_bytes()))

    assert (outcome.action, outcome.code) == ("rejected", "ROWS_OUTSIDE_MONTH")
    assert [note for note in notes if "Azure account" in note and "`ROWS_OUTSIDE_MONTH`" in note] != []
    check_invariants(harness, {(AZURE, MONTH): first})


def _csv_header(file: Path) -> bytes:
    return gzip.compress(gzip.decompress(file.read_bytes()).partition(b"\n")[0] + b"\n")


def _parquet_schema(file: Path) -> bytes:
    target = file.with_suffix(".empty")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM read_parquet('{file}') LIMIT 0) TO '{target}' (FORMAT parquet)")
    return target.read_bytes()


WITHOUT_ROWS = [pytest.param(AWS, _csv_header, id="aws"), pytest.param(AZURE, _parquet_schema, id="azure")]


@pytest.mark.fault("F22", "F11")
@pytest.mark.parametrize(("spec", "without_rows"), WITHOUT_ROWS if LONG else WITHOUT_ROWS[:1])
def test_run_without_rows_never_replaces_a_month(
    harness: Harness, tmp_path: Path, spec: SourceSpec, without_rows: Callable[[Path], bytes]
) -> None:
    """The manifest of Azure still counts rows."""
    first, newer = (GENERATORS[spec](tmp_path, MONTH, rows=30, files=1, revision=number) for number in (1, 2))
    harness.load(spec, first)

    outcome = harness.load(spec, with_file(newer, 0, without_rows(newer.data[0].path)))

    assert (outcome.action, outcome.code) == ("rejected", "EMPTY_DELIVERY")
    check_invariants(harness, {(spec, MONTH): first})


@pytest.mark.fault("F21")
@pytest.mark.timeout(240)
def test_sweeps_reject_a_month_once_and_load_a_valid_older_run(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One job, one row and one alert, however many sweeps. The valid run is older, but arrives last."""
    valid, newer = (azure_focus_delivery(tmp_path, MONTH, rows=400, revision=number) for number in (1, 2))
    harness.deployment.deliver(AZURE, with_file(newer, 1, _flip(newer.data[1].path.read_bytes())))

    with wire() as sent:
        for _ in range(24 if LONG else 2):
            harness.sweep()
    errors = [line["code"] for line in log_lines(capsys.readouterr().out) if line["severity"] == "ERROR"]
    rows = harness.tracking(AZURE)
    outcome = harness.load(AZURE, valid)

    assert len(sent.jobs) == 1
    assert [row["code"] for row in rows] == ["VALUE_DOES_NOT_FIT"]
    assert errors == ["VALUE_DOES_NOT_FIT"]
    assert outcome.action == "loaded"
    check_invariants(harness, {(AZURE, MONTH): valid})
