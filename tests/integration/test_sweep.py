"""The sweep loads what events missed, records what waits, and audits the tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from billing.workflows.replay import replay
from tests.faults.invariants import check_invariants
from tests.samples import aws_columns, aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness, around, log_lines, manifest_name
from tests.support.sources import AWS, AZURE

MONTH = "2025-09"


def lines_with(capsys: pytest.CaptureFixture[str], code: str) -> list[dict[str, Any]]:
    """Return the log lines with that code since the last call."""
    return [line for line in log_lines(capsys.readouterr().out) if line.get("code") == code]


@pytest.mark.fault("F12")
def test_sweep_loads_every_month_that_no_event_loaded(harness: Harness, tmp_path: Path) -> None:
    aws = [aws_cur_delivery(tmp_path, month, rows=20) for month in ("2025-07", "2025-08", MONTH)]
    azure = [azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2, 3)]
    for delivery in aws:
        harness.deployment.deliver(AWS, delivery)
    for delivery in azure:
        harness.deployment.deliver(AZURE, delivery)

    report = harness.sweep()
    second = harness.sweep()

    assert report["loaded"] == ["aws_cur 2025-07", "aws_cur 2025-08", "aws_cur 2025-09", "azure_billing 2025-09"]
    check_invariants(harness, {**{(AWS, one.month): one for one in aws}, (AZURE, MONTH): azure[2]})
    assert (second["loaded"], second["deferred"], second["months"]) == ([], [], 4)


def test_sweep_with_nothing_to_do_writes_nothing(harness: Harness, tmp_path: Path) -> None:
    """The first sweep after a load notes when that was."""
    harness.load(AWS, aws_cur_delivery(tmp_path, MONTH, rows=20))
    harness.sweep()

    with harness.counting() as requests:
        harness.sweep()

    assert requests.by_commit == 0
    assert requests.matching("POST", "/jobs") == []
    assert requests.matching("POST", "/upload/storage") == []


@pytest.mark.fault("F5")
def test_wait_of_a_month_is_recorded_once(harness: Harness, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AZURE, delivery, "manifest")

    first, second = harness.sweep(), harness.sweep()

    assert first["waiting"] == second["waiting"] == ["azure_billing 2025-09"]
    [row] = harness.tracking(AZURE)
    assert (row["status"], row["code"]) == ("waiting", "WAITING_FOR_FILES")
    [status] = harness.rows("SELECT * FROM `{dataset}.billing_status`")
    assert (status["state"], status["code"]) == ("waiting", "WAITING_FOR_FILES")
    harness.deployment.deliver(AZURE, delivery, "data")
    assert harness.sweep()["loaded"] == ["azure_billing 2025-09"]
    [status] = harness.rows("SELECT * FROM `{dataset}.billing_status`")
    assert (status["state"], status["code"], status["row_count"]) == ("loaded", None, 20)


@pytest.mark.fault("F5")
def test_wait_of_more_than_six_hours_is_a_warning(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.deployment.deliver(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=20), "manifest")
    harness.deployment.deliver(AWS, aws_cur_delivery(tmp_path, MONTH, rows=20), "data")
    harness.sweep()
    early = lines_with(capsys, "WAITING_LONG")
    harness.clock.step(hours=6, minutes=1)

    harness.sweep()

    late = lines_with(capsys, "WAITING_LONG")
    assert early == []
    assert [(line["severity"], line["source"], line["month"]) for line in late] == [
        ("WARNING", "azure_billing", MONTH),
        ("WARNING", "aws_cur", MONTH),
    ]


@pytest.mark.fault("F21")
def test_classic_azure_export_is_a_warning_with_the_fix(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    folder = f"{AZURE.prefix}daily/20250901-20250930/"
    for number in range(2):
        name = f"{folder}daily_73746dc5-5dcc-4b83-b340-bb1bd2b1ca3{number}.csv"
        harness.emulator.upload(harness.source(AZURE).bucket, name, b"date,cost\n")

    harness.sweep()

    [line] = lines_with(capsys, "WAITING_LONG")
    assert line["month"] == "2025-09"
    assert line["message"].endswith(
        ".csv is never loaded: a classic export writes no manifest:"
        " in Cost Management, create an export with file partitioning on."
    )


def test_newest_loadable_run_is_loaded(harness: Harness, tmp_path: Path) -> None:
    """A newer run that waits supersedes nothing."""
    oldest, good, waiting = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=n) for n in (1, 2, 3))
    harness.deployment.deliver(AZURE, oldest)
    harness.deployment.deliver(AZURE, good)
    harness.deployment.deliver(AZURE, waiting, "manifest")

    report = harness.sweep()

    assert (report["loaded"], report["waiting"]) == (["azure_billing 2025-09"], ["azure_billing 2025-09"])
    check_invariants(harness, {(AZURE, MONTH): good})


@pytest.mark.fault("F21")
def test_rejected_month_is_recorded_once_until_a_setting_changes(harness: Harness, tmp_path: Path) -> None:
    columns = [
        replace(column, value="'many'") if column.name == "lineItem/UsageAmount" else column
        for column in aws_columns(MONTH)
    ]
    harness.deployment.deliver(AWS, aws_cur_delivery(tmp_path, MONTH, rows=20, columns=columns))

    reports = [harness.sweep() for _ in range(4)]

    assert [report["rejected"] for report in reports] == [["aws_cur 2025-09"], [], [], []]
    assert [row["code"] for row in harness.tracking(AWS)] == ["VALUE_DOES_NOT_FIT"]
    fixed = replace(AWS, table="aws_text", type_overrides={"lineItem/UsageAmount": "STRING"})
    harness.configure(fixed, AZURE)
    harness.deployment.create_tables(fixed)
    assert harness.sweep()["loaded"] == ["aws_cur 2025-09"]


@pytest.mark.fault("F19")
def test_rows_deleted_by_hand_are_reported_and_restored(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each time, not only the first."""
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.load(AWS, delivery)

    for _ in range(3):
        harness.delete_rows(AWS)
        assert harness.rows_and_cost(AWS, MONTH)[0] == 0

        report = harness.sweep()

        assert report["mismatched"] == report["loaded"] == ["aws_cur 2025-09"]
        check_invariants(harness, {(AWS, MONTH): delivery})
        [found] = lines_with(capsys, "AUDIT_MISMATCH")
        assert (found["severity"], found["month"]) == ("ERROR", MONTH)
    assert harness.sweep()["mismatched"] == []


@pytest.mark.fault("F19")
def test_month_written_after_its_record_is_restored(harness: Harness, tmp_path: Path) -> None:
    """An older run with as many rows wrote it. Its instance stopped before it recorded the load."""
    older = azure_focus_delivery(tmp_path, MONTH, rows=23)
    newer = azure_focus_delivery(tmp_path, MONTH, rows=20, revision=2)  # adds three corrections
    harness.load(AZURE, older)
    harness.load(AZURE, newer)
    assert harness.sweep()["mismatched"] == []
    with harness.crashing_before_record():
        replay(harness.settings, "azure_billing", MONTH, older.execution, harness.services)
    assert harness.rows_and_cost(AZURE, MONTH) == (newer.totals.rows, older.totals.cost)

    report = harness.sweep()

    assert (report["mismatched"], report["loaded"]) == (["azure_billing 2025-09"], ["azure_billing 2025-09"])
    check_invariants(harness, {(AZURE, MONTH): newer})
    assert harness.sweep()["mismatched"] == []


@pytest.mark.fault("F10")
def test_lost_state_is_read_from_the_tracking_rows(harness: Harness, tmp_path: Path) -> None:
    """An older run does not replace the newer one, and the newer one is not loaded again."""
    older, delivery = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    harness.load(AZURE, delivery)
    harness.deployment.lose_dlt_tables()

    late = harness.load(AZURE, older)
    report = harness.sweep()

    assert (late.action, late.code) == ("skipped", "SUPERSEDED")
    assert report["loaded"] == []
    other = azure_focus_delivery(tmp_path, "2025-08", rows=20)
    harness.load(AZURE, other)  # its commit creates dlt's tables again, which the views read
    check_invariants(harness, {(AZURE, MONTH): delivery, (AZURE, other.month): other})


def test_sweep_stops_before_its_deadline_and_defers_the_rest(harness: Harness, tmp_path: Path) -> None:
    for month in ("2025-07", "2025-08", MONTH):
        harness.deployment.deliver(AWS, aws_cur_delivery(tmp_path, month, rows=20))

    def wait() -> None:
        harness.clock.step(minutes=7)

    with around(harness.services.jobs, "replace_month", before=wait):
        report = harness.sweep()

    assert (report["loaded"], report["deferred"]) == ([], ["aws_cur 2025-07", "aws_cur 2025-08", "aws_cur 2025-09"])
    assert harness.sweep()["loaded"] == report["deferred"]


def test_missing_table_does_not_block_other_sources(harness: Harness, tmp_path: Path) -> None:
    harness.emulator.bigquery.delete_table(harness.source(AWS).destination)
    harness.deployment.deliver(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=20))

    report = harness.sweep()

    assert (report["loaded"], report["deferred"]) == (["azure_billing 2025-09"], ["aws_cur as a whole"])


def test_audit_never_reloads_a_mix_of_two_deliveries(harness: Harness, tmp_path: Path) -> None:
    """The rows are deleted while the next overwrite arrives: the manifest is old, and one file is new."""
    first, second = (aws_cur_delivery(tmp_path, MONTH, rows=20, mode="overwrite", revision=n) for n in (1, 2))
    harness.load(AWS, first)
    harness.deployment.deliver_object(AWS, second.data[0])
    harness.delete_rows(AWS)

    report = harness.sweep()
    harness.deployment.deliver(AWS, second)

    assert (report["mismatched"], report["loaded"]) == (["aws_cur 2025-09"], [])
    assert harness.sweep()["loaded"] == ["aws_cur 2025-09"]
    check_invariants(harness, {(AWS, MONTH): second})


def test_month_without_files_is_still_audited(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.load(AWS, aws_cur_delivery(tmp_path, MONTH, rows=20))
    for blob in list(harness.emulator.storage.list_blobs(harness.source(AWS).bucket)):
        blob.delete()
    assert harness.sweep()["mismatched"] == []
    harness.delete_rows(AWS)

    assert harness.sweep()["mismatched"] == ["aws_cur 2025-09"]
    [found] = lines_with(capsys, "AUDIT_MISMATCH")
    assert "deliver the month again" in found["message"]


def test_only_the_newest_waiting_run_is_recorded_once(harness: Harness, tmp_path: Path) -> None:
    for revision in (1, 2):
        harness.deployment.deliver(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision), "manifest")

    for _ in range(3):
        harness.sweep()

    assert [row["status"] for row in harness.tracking(AZURE)] == ["waiting"]


def test_unreadable_manifest_does_not_hide_an_older_run(harness: Harness, tmp_path: Path) -> None:
    good, cut = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    harness.deployment.deliver(AZURE, cut)
    harness.emulator.upload(harness.source(AZURE).bucket, manifest_name(AZURE, cut), b"{")
    harness.sweep()
    harness.deployment.deliver(AZURE, good)

    assert harness.sweep()["loaded"] == ["azure_billing 2025-09"]
    check_invariants(harness, {(AZURE, MONTH): good})


@pytest.mark.fault("F12")
def test_unreadable_manifest_is_rejected_beside_a_loaded_run(harness: Harness, tmp_path: Path) -> None:
    good, cut = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    harness.load(AZURE, good)
    harness.deployment.deliver(AZURE, cut)
    harness.emulator.upload(harness.source(AZURE).bucket, manifest_name(AZURE, cut), b"{")

    first, second = harness.sweep(), harness.sweep()

    assert (first["rejected"], second["rejected"]) == (["azure_billing 2025-09"], [])
    assert [row["code"] for row in harness.tracking(AZURE)] == [None, "MANIFEST_NOT_JSON"]
    check_invariants(harness, {(AZURE, MONTH): good})


@pytest.mark.fault("F12")
def test_sweep_logs_the_age_of_the_newest_load_of_each_source(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A source that never loaded is as old as its table."""
    harness.load(AZURE, azure_focus_delivery(tmp_path, MONTH, rows=5))
    harness.clock.step(hours=36)

    harness.sweep()

    lines = [line for line in log_lines(capsys.readouterr().out) if line.get("action") == "age"]
    ages = {line["source"]: line["age_hours"] for line in lines}
    assert set(ages) == {"aws_cur", "azure_billing"}
    assert all(36 <= age < 36.2 for age in ages.values())
