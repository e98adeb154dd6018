"""The deployed functions: functions-framework processes with only the packages of functions/requirements.txt."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from google.cloud import storage

from tests.emulator import Emulator, FunctionSpec, StartError
from tests.emulator.function_instances import functions_python
from tests.faults.invariants import check_deployment
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.leases import held_lease
from tests.support.paths import FUNCTIONS
from tests.support.terraform_deployment import TerraformDeployment

MONTH = "2025-09"
_MIB_LIMIT = 200


@pytest.fixture
def deployment(emulator: Emulator, tmp_path: Path) -> Iterator[TerraformDeployment]:
    emulator.events.clear_records()
    with TerraformDeployment(emulator, tmp_path / "deployment", prefix=f"f{uuid4().hex[:10]}") as deployed:
        yield deployed.apply()


def _actions(deployment: TerraformDeployment, entry_point: str) -> list[tuple[str | None, str | None]]:
    lines = [line for line in deployment.function(entry_point).log_lines() if isinstance(line, dict)]
    return [(line.get("action"), line.get("code")) for line in lines]


@pytest.mark.fault("F1")
def test_export_is_loaded_once_by_its_events(deployment: TerraformDeployment, tmp_path: Path) -> None:
    aws = aws_cur_delivery(tmp_path, MONTH, rows=200)
    azure = azure_focus_delivery(tmp_path, MONTH, rows=200)

    deployment.deliver("aws_cur", aws)
    deployment.deliver("azure_focus", azure)
    deployment.emulator.events.settle()

    check_deployment(deployment, {("aws_cur", MONTH): aws, ("azure_focus", MONTH): azure})
    for entry_point in ("load_aws", "load_azure"):
        assert _actions(deployment, entry_point).count(("loaded", None)) == 1
        assert ("failed", "BUG") not in _actions(deployment, entry_point)
        assert deployment.function(entry_point).rss_mib() < _MIB_LIMIT
    assert {record.status for record in deployment.emulator.events.records} == {200}


@pytest.mark.fault("F15")
def test_unrelated_objects_import_nothing_heavy(deployment: TerraformDeployment, tmp_path: Path) -> None:
    before = deployment.function("load_aws").rss_mib()
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=5)

    deployment.deliver("aws_cur", delivery, "ignored")
    deployment.emulator.events.settle()

    assert set(_actions(deployment, "load_aws")) == {("ignored", "NOT_OURS")}
    assert deployment.function("load_aws").rss_mib() < before + 15  # the Google clients and dlt take 60 MiB


@pytest.mark.fault("F4")
def test_locked_month_is_answered_503_and_delivered_again(deployment: TerraformDeployment, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20, files=1)
    lease = _lease(deployment, "aws_cur")
    lease.upload_from_string(held_lease())
    deployment.deliver("aws_cur", delivery, "data", "manifest")
    _wait_for(deployment, ("retried", "MONTH_LOCKED"))
    lease.delete()
    deployment.emulator.events.settle()

    check_deployment(deployment, {("aws_cur", MONTH): delivery})
    assert {record.status for record in deployment.emulator.events.records} == {200, 503}
    assert not any("Traceback" in str(line) for line in deployment.function("load_aws").log_lines())


def _wait_for(deployment: TerraformDeployment, action: tuple[str, str]) -> None:
    import time

    deadline = time.monotonic() + 30
    while action not in _actions(deployment, "load_aws"):
        assert time.monotonic() < deadline, f"{action} was never logged"
        time.sleep(0.05)


def test_rejection_is_acknowledged_without_a_traceback(deployment: TerraformDeployment, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20)
    cut = delivery.manifests[0].path.with_name("cut.json")
    cut.write_bytes(delivery.manifests[0].path.read_bytes()[:200])
    deployment.deliver("azure_focus", replace(delivery, objects=(replace(delivery.manifests[0], path=cut),)))
    deployment.emulator.events.settle()

    assert _actions(deployment, "load_azure") == [("rejected", "MANIFEST_NOT_JSON")]
    assert not any("Traceback" in str(line) for line in deployment.function("load_azure").log_lines())
    assert {record.status for record in deployment.emulator.events.records} == {200}


def test_bug_is_acknowledged_with_a_traceback(deployment: TerraformDeployment) -> None:
    history = f"{deployment.source('azure_focus').destination}_load_tracking"
    deployment.emulator.bigquery.delete_table(history)
    deployment.query(f"CREATE TABLE `{history}` (unknown STRING)")  # whoever reads it fails at its first column
    name = "azure/focus/focus-cost/20250901-20250930/202510051546/run/manifest.json"
    deployment.emulator.upload(deployment.landing_bucket("azure_focus"), name, b"{")
    deployment.emulator.events.settle()

    assert _actions(deployment, "load_azure") == [("failed", "BUG")]
    [line] = [line for line in deployment.function("load_azure").log_lines() if isinstance(line, dict)]
    assert "Traceback" in line["stack_trace"]
    assert line["severity"] == "ERROR"


@pytest.mark.fault("F12")
def test_sweep_answers_what_it_did(deployment: TerraformDeployment, tmp_path: Path) -> None:
    deployment.emulator.events.drop(lambda event: event.bucket == deployment.landing_bucket("aws_cur"), times=100)
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=30)
    deployment.deliver("aws_cur", delivery)
    deployment.emulator.events.behave()

    answer = deployment.sweep()

    assert answer.status == 200
    assert answer.json()["loaded"] == [f"aws_cur {MONTH}"]
    check_deployment(deployment, {("aws_cur", MONTH): delivery})


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("BOOKKEEPING_BUCKET", None, "SETTING_MISSING"),
        ("SOURCES__AWS_CUR__EXPORT_NAME", None, "SETTING_MISSING"),
        ("SOURCES__AWS_CUR__FORMAT", "aws_cur", "SETTING_INVALID"),
        ("SOURCES__AWS_CUR__PREFFIX", "aws/", "SETTING_INVALID"),
        ("SOURCES__AWS_CUR__PREFIX", "azure", "SETTING_INVALID"),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", '{"a": "MONEY"}', "SETTING_INVALID"),
    ],
)
def test_invalid_setting_stops_the_start_with_one_sentence(
    emulator: Emulator, variable: str, value: str | None, code: str
) -> None:
    environment = EmulatorDeployment(emulator).environment()
    if value is None:
        del environment[variable]
    else:
        environment[variable] = value

    with pytest.raises(StartError) as caught:
        emulator.deploy(FunctionSpec(f"wrong-{uuid4().hex[:8]}", FUNCTIONS, "load_aws", environment))

    assert f"{code}: " in str(caught.value)
    assert variable in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_sweep_and_status_run_as_commands(deployment: TerraformDeployment, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=30)
    deployment.emulator.events.hold(lambda event: event.bucket == deployment.landing_bucket("azure_focus"))
    deployment.deliver("azure_focus", delivery)

    sweep = _command(deployment, tmp_path, "sweep")
    status = _command(deployment, tmp_path, "status")
    deployment.emulator.events.release()
    deployment.emulator.events.settle()

    assert sweep.returncode == 0, sweep.stderr
    assert f'"azure_focus {MONTH}"' in sweep.stderr
    assert status.returncode == 0, status.stderr
    [header, row, unrecorded] = status.stdout.splitlines()
    assert header.split()[:3] == ["source", "month", "state"]
    assert row.split()[:3] == ["azure_focus", MONTH, "loaded"]
    assert str(delivery.totals.cost) in row
    assert unrecorded.startswith("Nothing is recorded of aws_cur yet: ")


def _command(deployment: TerraformDeployment, home: Path, command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(FUNCTIONS),
        **deployment.emulator.environment(),
        **deployment.environment,
    }
    return subprocess.run(
        [str(functions_python()), "-m", "billing_cli", command],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _lease(deployment: TerraformDeployment, key: str) -> storage.Blob:
    name = f"leases/{deployment.source(key).destination}/{MONTH}.json"
    return deployment.storage.bucket(deployment.settings.bookkeeping_bucket).blob(name)
