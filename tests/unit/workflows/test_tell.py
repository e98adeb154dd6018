"""What a sweep tells when Google's services fail: the ages, and what has been left over for long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, InternalServerError, TooManyRequests

from billing.workflows.sweep import sweep
from tests.fakes.bigquery import FakeBigQuery
from tests.fakes.deployment import FakeDeployment
from tests.fakes.storage import FakeBlob
from tests.fakes.wire import FailingWire
from tests.simulation.provider import STREAMS, deliver
from tests.unit.workflows.september import azure_run, log_lines, run_sweep, upload, upload_objects

QUOTA = Forbidden("Quota exceeded", errors=[{"reason": "quotaExceeded"}])
# The requests of the fakes that are queries of BigQuery at Google
QUERIES = ("query", "read history", "read newest load")
LISTS = ("list objects",)
INSERTS = ("insert job",)
NOTES = "sweeps/notes.json"
AWS_OCTOBER = deliver(STREAMS["aws over"], 1, "good", None)


def sweep_with(
    deployment: FakeDeployment, failing: Mapping[str, Exception], slow: Mapping[str, float] | None = None
) -> dict[str, Any]:
    return sweep(deployment.settings, deployment.services(FailingWire(deployment.clock, failing, slow)))


def hourly_sweeps(
    deployment: FakeDeployment, sweeps: int, failing: Mapping[str, Exception], slow: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    reports = []
    for _ in range(sweeps):
        reports.append(sweep_with(deployment, failing, slow))
        deployment.clock.step(minutes=60, seconds=-float(str(reports[-1]["seconds"])))
    return reports


def errors(lines: list[dict[str, Any]]) -> list[tuple[str | None, str]]:
    return [(line.get("source"), line["code"]) for line in lines if line["severity"] == "ERROR"]


@pytest.mark.parametrize(
    "failing",
    [
        pytest.param(dict.fromkeys(QUERIES, QUOTA), id="quota on every query"),
        pytest.param(dict.fromkeys(QUERIES, TooManyRequests("Rate")), id="429 on every query"),
        pytest.param(dict.fromkeys(QUERIES, InternalServerError("Oops")), id="500 on every query"),
        pytest.param(dict.fromkeys(LISTS, InternalServerError("Oops")), id="500 on every list"),
        pytest.param(dict.fromkeys(INSERTS, QUOTA), id="quota on every insert"),
    ],
)
def test_fourth_sweep_with_a_temporary_error_is_an_error(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str], failing: Mapping[str, Exception]
) -> None:
    upload(deployment, azure_run(1))

    reports = hourly_sweeps(deployment, 3, failing)
    early = errors(log_lines(capsys))
    [late] = hourly_sweeps(deployment, 1, failing)
    told = errors(log_lines(capsys))

    assert early == []
    assert ("azure_billing", "TRANSIENT") in told
    assert late["left_long"] == late["deferred"] != []
    assert [report["stalled"] for report in (*reports, late)] == [True] * 4


def test_stalled_sweep_does_not_say_that_it_finished(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep_with(deployment, dict.fromkeys(QUERIES, QUOTA))

    last = log_lines(capsys)[-1]
    assert (last["severity"], last["action"]) == ("WARNING", "stalled")
    assert last["message"] == "The sweep achieved nothing. The next one tries again."


def test_ages_are_told_when_no_query_is_answered(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    upload(deployment, azure_run(1))
    run_sweep(deployment)
    log_lines(capsys)
    deployment.clock.step(hours=40)

    sweep_with(deployment, dict.fromkeys(("get table", *QUERIES), QUOTA))

    ages = {line["source"]: line for line in log_lines(capsys) if line.get("action") == "age"}
    assert {key: line["age_hours"] for key, line in ages.items()} == pytest.approx(
        {"azure_billing": 40, "aws_cur": 40}, abs=0.1
    )
    assert ages["azure_billing"]["message"] == f"The newest load is at most {ages['azure_billing']['age_hours']} h old."


def test_months_without_time_are_an_error_of_the_fourth_sweep(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each listing takes five minutes, so no time is left for a load."""
    upload(deployment, azure_run(1))

    reports = hourly_sweeps(deployment, 4, {}, slow={"list objects": 300})

    assert [report["stalled"] for report in reports] == [True] * 4
    assert [report["left_long"] for report in reports] == [[], [], [], ["azure_billing 2025-09"]]
    assert errors(log_lines(capsys)) == [("azure_billing", "DEADLINE")]


def test_a_good_sweep_in_between_starts_the_count_again(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = dict.fromkeys(QUERIES, QUOTA)
    upload(deployment, azure_run(1))

    hourly_sweeps(deployment, 3, failing)
    hourly_sweeps(deployment, 1, {})
    hourly_sweeps(deployment, 3, failing)

    assert errors(log_lines(capsys)) == []


def test_errors_at_the_source_and_at_its_month_by_turns_are_told(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """No sweep checked the month, so the count goes on."""
    upload(deployment, azure_run(1))

    for failing in (INSERTS, LISTS, INSERTS, LISTS, INSERTS):
        hourly_sweeps(deployment, 1, dict.fromkeys(failing, InternalServerError("Oops")))

    assert errors(log_lines(capsys)) == [("azure_billing", "TRANSIENT")]


@pytest.mark.parametrize("failing", ["read object", "write object"])
def test_notes_that_cannot_be_kept_are_told_at_once(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str], failing: str
) -> None:
    """Without notes, nobody could tell how long an error lasts."""
    report = sweep_with(deployment, {failing: TooManyRequests("Rate")})

    told = [line for line in log_lines(capsys) if line.get("object") == "notes of the sweep"]
    assert [(line["severity"], line["code"]) for line in told] == [("ERROR", "TRANSIENT")]
    assert "notes of the sweep" in report["deferred"]


def test_damaged_notes_are_written_again(deployment: FakeDeployment) -> None:
    bucket = deployment.settings.bookkeeping_bucket
    deployment.put(bucket, NOTES, b'{"left": 3')

    run_sweep(deployment)

    assert b"newest_loads" in deployment.cloud.buckets.of(bucket)[NOTES].data


def missing_table(deployment: FakeDeployment, monkeypatch: pytest.MonkeyPatch) -> None:
    del deployment.cloud.tables.tables[deployment.source("aws_cur").destination]


def unreadable_manifest(deployment: FakeDeployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest of one month cannot be read: its key is disabled."""
    read = FakeBlob.download_as_bytes

    def refuse(blob: FakeBlob, **options: Any) -> bytes:
        if blob.name == AWS_OCTOBER.manifest:
            raise Forbidden("The key is disabled", errors=[{"reason": "cloudKmsDisabledKey"}])
        return read(blob, **options)

    monkeypatch.setattr(FakeBlob, "download_as_bytes", refuse)


def broken_view(deployment: FakeDeployment, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = FakeBigQuery._answer

    def refuse(client: FakeBigQuery, sql: str, options: Mapping[str, Any]) -> Any:
        if sql.startswith("CREATE OR REPLACE VIEW"):
            raise BadRequest("Syntax error")
        return answer(client, sql, options)

    monkeypatch.setattr(FakeBigQuery, "_answer", refuse)
    monkeypatch.setattr(FakeBigQuery, "query", lambda *arguments, **options: None)


@pytest.mark.fault("F33")
@pytest.mark.parametrize("break_source", [missing_table, unreadable_manifest, broken_view])
def test_broken_source_stops_no_other_and_every_age_is_told(
    deployment: FakeDeployment,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    break_source: Callable[[FakeDeployment, pytest.MonkeyPatch], None],
) -> None:
    upload_objects(deployment, AWS_OCTOBER.objects, "aws_cur")
    upload(deployment, azure_run(1))
    break_source(deployment, monkeypatch)

    report = run_sweep(deployment)

    lines = log_lines(capsys)
    assert "azure_billing 2025-09" in report["loaded"]
    assert [line["source"] for line in lines if line.get("action") == "age"][-1] == "azure_billing"
    assert [line for line in lines if line["severity"] == "ERROR"] != []


@pytest.mark.fault("F33")
def test_manifest_that_cannot_be_read_stops_only_its_month(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    september = deliver(STREAMS["aws new"], 1, "good", None)
    upload_objects(deployment, {**AWS_OCTOBER.objects, **september.objects}, "aws_cur")
    unreadable_manifest(deployment, monkeypatch)

    report = run_sweep(deployment)

    assert (report["loaded"], report["deferred"]) == (["aws_cur 2025-09"], ["aws_cur 2025-10"])
    assert errors(log_lines(capsys)) == [("aws_cur", "KEY_UNAVAILABLE")]
