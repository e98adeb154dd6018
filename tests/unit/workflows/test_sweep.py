"""The sweep: load, wait, reject and audit, on fakes of Google Cloud."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from billing.settings import Settings
from billing.workflows.replay import replay
from tests.fakes.deployment import FakeDeployment
from tests.fakes.history import FakeLoadHistory
from tests.simulation.provider import STREAMS, StreamName, deliver
from tests.unit.workflows.september import (
    AZURE,
    SEPTEMBER,
    azure_run,
    log_lines,
    rows_in_september,
    run_sweep,
    tracking_rows,
    upload,
    upload_objects,
)

PLATFORM_LIMIT_SECONDS = 540
COMMIT_SECONDS = 8


def renamed(deployment: FakeDeployment, key: str) -> Settings:
    """The settings with another key for the Azure source. Its table and bucket stay."""
    azure = deployment.source(AZURE)
    others = tuple(source for source in deployment.settings.sources if source is not azure)
    return replace(deployment.settings, sources=(*others, replace(azure, key=key)))


def test_sweep_without_objects_does_nothing(deployment: FakeDeployment) -> None:
    report = run_sweep(deployment)

    seconds = report.pop("seconds")
    lists = ("loaded", "rejected", "waiting", "mismatched", "left_long", "deferred")
    assert report == {**{name: [] for name in lists}, "months": 0, "checked": 0, "stalled": False}
    assert isinstance(seconds, float)


def test_file_that_no_manifest_names_makes_the_sweep_wait_too(deployment: FakeDeployment) -> None:
    """An evaluation reads the whole folder, and so must the sweep: else the wait is neither reported nor recorded."""
    older, newer = (deliver(STREAMS["aws over"], number, "good", None) for number in (1, 2))
    bucket, changed = deployment.source("aws_cur").bucket, next(iter(newer.files))
    upload_objects(deployment, older.objects, "aws_cur")
    run_sweep(deployment)
    deployment.clock.step(hours=1)
    upload_objects(deployment, {changed: newer.files[changed], newer.manifest: newer.manifest_bytes}, "aws_cur")
    deployment.clock.step(hours=4)
    deployment.put(bucket, f"{changed}.copy", b"somebody's own file")

    report = run_sweep(deployment)

    assert (report["loaded"], report["waiting"]) == ([], ["aws_cur 2025-10"])
    assert tracking_rows(deployment)[-1]["code"] == "WAITING_TO_SETTLE"


def test_sweep_loads_the_newest_run_once(deployment: FakeDeployment) -> None:
    older, newer = azure_run(1), azure_run(2)
    upload(deployment, newer)
    upload(deployment, older)

    first, second = run_sweep(deployment), run_sweep(deployment)

    assert (first["loaded"], second["loaded"]) == (["azure_billing 2025-09"], [])
    assert rows_in_september(deployment) == list(newer.items)
    assert [row["status"] for row in tracking_rows(deployment)] == ["loaded"]


@pytest.mark.parametrize("narrow_first", [False, True], ids=["both at once", "the run of some days first"])
def test_run_of_the_whole_month_wins_over_a_newer_one_of_some_days(
    deployment: FakeDeployment, narrow_first: bool
) -> None:
    whole, narrow = azure_run(1), azure_run(2, "narrow")
    upload(deployment, narrow)
    if narrow_first:
        run_sweep(deployment)
    upload(deployment, whole)

    report = run_sweep(deployment)

    assert rows_in_september(deployment) == list(whole.items)
    assert (report["loaded"], run_sweep(deployment)["loaded"]) == (["azure_billing 2025-09"], [])


def test_newer_run_of_some_days_is_rejected_in_the_sweep_that_loads_the_month(deployment: FakeDeployment) -> None:
    upload(deployment, azure_run(1))
    upload(deployment, azure_run(2, "narrow"))

    report = run_sweep(deployment)

    assert report["rejected"] == ["azure_billing 2025-09"]
    assert [row["code"] for row in tracking_rows(deployment)] == [None, "COVERS_FEWER_DAYS"]


def test_newest_run_that_waits_does_not_stop_an_older_one(deployment: FakeDeployment) -> None:
    older, newer = azure_run(1), azure_run(2)
    upload(deployment, older)
    upload_objects(deployment, {newer.manifest: newer.manifest_bytes})

    report = run_sweep(deployment)

    assert (report["waiting"], report["loaded"]) == (["azure_billing 2025-09"], ["azure_billing 2025-09"])
    assert rows_in_september(deployment) == list(older.items)


def test_newest_run_that_is_rejected_does_not_stop_an_older_one(deployment: FakeDeployment) -> None:
    older = azure_run(1)
    upload(deployment, older)
    upload(deployment, azure_run(2, "empty"))

    report = run_sweep(deployment)

    assert (report["rejected"], report["loaded"]) == (["azure_billing 2025-09"], ["azure_billing 2025-09"])
    assert rows_in_september(deployment) == list(older.items)


def test_wait_is_recorded_once(deployment: FakeDeployment) -> None:
    run = azure_run(1)
    upload_objects(deployment, {run.manifest: run.manifest_bytes})

    reports = [run_sweep(deployment) for _ in range(3)]

    assert [report["waiting"] for report in reports] == [["azure_billing 2025-09"]] * 3
    assert [(row["status"], row["code"]) for row in tracking_rows(deployment)] == [("waiting", "WAITING_FOR_FILES")]


def test_wait_of_more_than_six_hours_is_a_warning(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    run = azure_run(1)
    upload_objects(deployment, {run.manifest: run.manifest_bytes})
    run_sweep(deployment)
    early = [line for line in log_lines(capsys) if line.get("code") == "WAITING_LONG"]
    deployment.clock.step(hours=6, minutes=1)

    run_sweep(deployment)

    [late] = [line for line in log_lines(capsys) if line.get("code") == "WAITING_LONG"]
    assert early == []
    assert (late["severity"], late["source"], late["month"]) == ("WARNING", AZURE, SEPTEMBER)
    assert late["message"].startswith(f"{run.manifest} waits for 6:0")


@pytest.mark.parametrize(("hours", "warnings"), [(1, 0), (7, 1)], ids=["an hour", "seven hours"])
def test_overwritten_files_wait_for_their_manifest_from_when_they_changed(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str], hours: int, warnings: int
) -> None:
    """The manifest is days old, and says nothing about how long its successor is late."""
    older, newer = (deliver(STREAMS["aws over"], number, "good", None) for number in (1, 2))
    upload_objects(deployment, older.objects, "aws_cur")
    run_sweep(deployment)
    deployment.clock.step(hours=50)
    upload_objects(deployment, dict(newer.files), "aws_cur")
    deployment.clock.step(hours=hours)

    report = run_sweep(deployment)

    assert report["waiting"] == ["aws_cur 2025-10"]
    assert len([line for line in log_lines(capsys) if line.get("code") == "WAITING_LONG"]) == warnings


@pytest.mark.parametrize(
    ("loaded", "lone"), [("azure", "azure next"), ("azure next", "azure"), ("aws new", "aws over")]
)
def test_data_without_a_manifest_is_told_beside_a_loaded_month(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str], loaded: StreamName, lone: StreamName
) -> None:
    good, data = (deliver(STREAMS[stream], 1, "good", None) for stream in (loaded, lone))
    key = good.stream.key
    upload_objects(deployment, good.objects, key)
    upload_objects(deployment, dict(data.files), key)
    run_sweep(deployment)
    early = [line for line in log_lines(capsys) if line.get("code") == "WAITING_LONG"]
    deployment.clock.step(hours=6, minutes=1)

    run_sweep(deployment)

    [line] = [line for line in log_lines(capsys) if line.get("code") == "WAITING_LONG"]
    assert early == []
    assert (line["severity"], line["source"], line["month"]) == ("WARNING", key, data.stream.month)
    assert line["message"].startswith(f"{data.manifest} does not exist, 6:0")


def test_missing_table_defers_only_its_own_source(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    del deployment.cloud.tables.tables[deployment.source("aws_cur").destination]
    run = azure_run(1)
    upload(deployment, run)

    report = run_sweep(deployment)

    assert (report["deferred"], report["loaded"]) == (["aws_cur as a whole"], ["azure_billing 2025-09"])
    last = log_lines(capsys)[-1]
    assert (last["severity"], last["action"], last["deferred"]) == ("WARNING", "sweep", ["aws_cur as a whole"])


def test_age_is_that_of_the_newest_load_or_of_the_table(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.clock.step(hours=12)
    upload(deployment, azure_run(1))
    run_sweep(deployment)
    log_lines(capsys)
    deployment.clock.step(hours=24)

    run_sweep(deployment)

    ages = {line["source"]: line["age_hours"] for line in log_lines(capsys) if line.get("action") == "age"}
    assert ages == {"azure_billing": pytest.approx(24, abs=0.1), "aws_cur": pytest.approx(36, abs=0.1)}


@pytest.mark.fault("F19")
def test_older_run_that_another_key_loaded_is_replaced(deployment: FakeDeployment) -> None:
    """Two keys share a table: a source was renamed, or has another key on another machine. Both runs have two rows."""
    older, newer = azure_run(2), azure_run(4)
    upload(deployment, older)
    upload(deployment, newer)
    new_key = renamed(deployment, "azure_focus")
    run_sweep(deployment, new_key)
    replay(deployment.settings, AZURE, SEPTEMBER, older.execution, deployment.services())
    assert rows_in_september(deployment) == list(older.items)

    first, second = run_sweep(deployment, new_key), run_sweep(deployment, new_key)

    assert (first["loaded"], second["loaded"]) == (["azure_focus 2025-09"], [])
    assert first["mismatched"] == second["mismatched"] == []
    assert rows_in_september(deployment) == list(newer.items)


@pytest.mark.fault("F21")
def test_93_rejected_runs_of_a_month_are_recorded_once(
    deployment: FakeDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three runs a day for a month: more rejections than one sweep can record in time."""
    for number in range(93):
        upload(deployment, azure_run(number, "empty"))
    run_commit = FakeLoadHistory._run

    def run_slow_commit(*arguments: Any) -> None:
        deployment.clock.step(seconds=COMMIT_SECONDS)
        run_commit(*arguments)

    monkeypatch.setattr(FakeLoadHistory, "_run", run_slow_commit)
    reports = []

    for _ in range(4):
        reports.append(run_sweep(deployment))
        deployment.clock.step(minutes=60)

    rejected = [len(report["rejected"]) for report in reports]
    assert all(report["seconds"] < PLATFORM_LIMIT_SECONDS for report in reports)
    assert (sum(rejected), rejected[2:]) == (93, [0, 0])
    assert [report["deferred"] for report in reports] == [["azure_billing 2025-09"], [], [], []]
    assert len(tracking_rows(deployment)) == 93
