"""The log line of each decision and of each load."""

from __future__ import annotations

import pytest

from billing.clock import Timer
from billing.decisions.decision import Load, Reject, Skip, Wait
from billing.decisions.record import Finding, LoadResult
from billing.decisions.snapshot import (
    IncompleteDelivery,
    MissingManifest,
    MonthSnapshot,
    OtherManifest,
    Snapshot,
    UnplacedManifest,
    UnreadableManifest,
)
from billing.decisions.state import MonthState
from billing.decisions.table import Table
from billing.workflows.outcome import Outcome, loaded_outcome, log_outcome, outcome_of
from tests.fakes.clock import FakeClock
from tests.unit.decisions.examples import DELIVERY, MANIFEST, NOW, TABLE
from tests.unit.values import aws
from tests.unit.workflows.september import log_lines

CUT = Reject("MANIFEST_NOT_JSON", "It is cut.")
WAIT = Wait("WAITING_FOR_FILES", "1 of 3 files missing.")
SKIP = Skip("DUPLICATE", "Already loaded.")
KNOWN_TABLE = Table(TABLE, (), None)
RESULT = LoadResult("job-1", 7, NOW)


@pytest.mark.parametrize(
    ("snapshot", "decision", "outcome"),
    [
        (MissingManifest(MANIFEST), WAIT, Outcome("waiting", WAIT.code, WAIT.message, "2025-10")),
        (OtherManifest(MANIFEST, "usage", "cur"), SKIP, Outcome("skipped", SKIP.code, SKIP.message)),
        (UnplacedManifest(CUT), CUT, Outcome("rejected", CUT.code, CUT.message, error=True)),
        (
            UnreadableManifest("2025-10", 5, CUT, MonthState()),
            CUT,
            Outcome("rejected", CUT.code, CUT.message, "2025-10", "manifest-5", error=True),
        ),
        (
            IncompleteDelivery(DELIVERY, MonthState(), WAIT),
            WAIT,
            Outcome("waiting", WAIT.code, WAIT.message, "2025-10", "run-2", files=3),
        ),
        (
            MonthSnapshot(DELIVERY, MonthState(), KNOWN_TABLE),
            SKIP,
            Outcome("skipped", SKIP.code, SKIP.message, "2025-10", "run-2", files=3),
        ),
    ],
    ids=["missing", "other export", "unplaced", "unreadable", "incomplete", "complete"],
)
def test_outcome_has_what_was_read(snapshot: Snapshot, decision: Skip | Wait | Reject, outcome: Outcome) -> None:
    assert outcome_of(snapshot, decision) == outcome


@pytest.mark.parametrize(
    ("outcome", "is_missing"),
    [
        pytest.param(Outcome("waiting", "WAITING_FOR_MANIFEST", ""), True, id="no manifest"),
        pytest.param(Outcome("waiting", "WAITING_FOR_MANIFEST", "", execution="run-1"), False, id="files changed"),
        pytest.param(Outcome("waiting", "WAITING_FOR_FILES", ""), False, id="no files"),
    ],
)
def test_manifest_is_missing_only_without_an_execution(outcome: Outcome, is_missing: bool) -> None:
    assert outcome.manifest_is_missing is is_missing


def test_load_is_logged_with_its_job(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = loaded_outcome(Load(DELIVERY, MonthState(), KNOWN_TABLE), RESULT, [])

    log_outcome(aws(), outcome, Timer(FakeClock()), MANIFEST)

    assert log_lines(capsys) == [
        {
            "severity": "INFO",
            "message": "loaded: 2025-10 now has 7 rows of run-2.",
            "source": "aws_cur",
            "month": "2025-10",
            "execution": "run-2",
            "action": "loaded",
            "rows": 7,
            "files": 3,
            "bytes": 30,
            "job_id": "job-1",
            "object": MANIFEST,
            "duration_seconds": 0.0,
        }
    ]


def test_load_with_a_finding_is_logged_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding("ROW_COUNT_MISMATCH", "BigQuery loaded 7 rows, but the manifest counts 8.")
    outcome = loaded_outcome(Load(DELIVERY, MonthState(), KNOWN_TABLE), RESULT, [finding])

    log_outcome(aws(), outcome, Timer(FakeClock()), MANIFEST)

    [line] = log_lines(capsys)
    assert (line["severity"], line["action"], line["code"]) == ("ERROR", "loaded", "ROW_COUNT_MISMATCH")
    assert line["message"] == f"loaded: {finding.message}"


def test_each_further_finding_has_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [Finding("COST_UNREADABLE", "3 rows."), Finding("MONTH_SHRANK", "7 rows after 90.", "WARNING")]
    outcome = loaded_outcome(Load(DELIVERY, MonthState(), KNOWN_TABLE), RESULT, findings)

    log_outcome(aws(), outcome, Timer(FakeClock()), MANIFEST)

    first, second = log_lines(capsys)
    assert (first["severity"], first["action"], first["code"]) == ("ERROR", "loaded", "COST_UNREADABLE")
    assert second == {
        "severity": "WARNING",
        "message": "7 rows after 90.",
        "source": "aws_cur",
        "month": "2025-10",
        "execution": "run-2",
        "action": "audited",
        "code": "MONTH_SHRANK",
        "job_id": "job-1",
    }


def test_warning_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [Finding("MONTH_SHRANK", "7 rows after 90.", "WARNING")]
    outcome = loaded_outcome(Load(DELIVERY, MonthState(), KNOWN_TABLE), RESULT, findings)

    log_outcome(aws(), outcome, Timer(FakeClock()), MANIFEST)

    [line] = log_lines(capsys)
    assert (line["severity"], outcome.error) == ("WARNING", False)
