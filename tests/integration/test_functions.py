"""The deployed functions: functions-framework processes with only the packages of functions/requirements.txt."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from tests.emulator import Emulator, FunctionSpec, StartError
from tests.emulator.functions import functions_python
from tests.faults.invariants import check_deployment
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.paths import FUNCTIONS
from tests.support.terraform_deployment import TerraformDeployment

MONTH = "2025-09"
_MIB_LIMIT = 200


@pytest.fixture
def system(emulator: Emulator, tmp_path: Path) -> Iterator[TerraformDeployment]:
    emulator.events.clear_records()
    with TerraformDeployment(emulator, tmp_path / "system", prefix=f"f{uuid4().hex[:10]}") as deployed:
        yield deployed.apply()


def _actions(system: TerraformDeployment, entry_point: str) -> list[tuple[str | None, str | None]]:
    lines = [line for line in system.function(entry_point).log_lines() if isinstance(line, dict)]
    return [(line.get("action"), line.get("code")) for line in lines]


@pytest.mark.fault("F1")
def test_export_is_loaded_once_by_its_events(system: TerraformDeployment, tmp_path: Path) -> None:
    aws = aws_cur_delivery(tmp_path, MONTH, rows=200)
    azure = azure_focus_delivery(tmp_path, MONTH, rows=200)

    system.deliver("aws_cur", aws)
    system.deliver("azure_focus", azure)
    system.emulator.events.settle(60)

    check_deployment(system, {("aws_cur", MONTH): aws, ("azure_focus", MONTH): azure})
    for entry_point in ("load_aws", "load_azure"):
        assert _actions(system, entry_point).count(("loaded", None)) == 1
        assert ("failed", "BUG") not in _actions(system, entry_point)
        assert system.function(entry_point).rss_mib() < _MIB_LIMIT
    assert {record.status for record in system.emulator.events.records} == {200}


@pytest.mark.fault("F15")
def test_unrelated_objects_import_nothing_heavy(system: TerraformDeployment, tmp_path: Path) -> None:
    before = system.function("load_aws").rss_mib()
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=5)

    system.deliver("aws_cur", delivery, "ignored")
    system.emulator.events.settle(30)

    assert set(_actions(system, "load_aws")) == {("ignored", "NOT_OURS")}
    assert system.function("load_aws").rss_mib() < before + 15  # the Google clients and dlt take 60 MiB


@pytest.mark.fault("F4")
def test_locked_month_is_answered_503_and_delivered_again(system: TerraformDeployment, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20, files=1)
    lease = system.emulator.storage.bucket(system.outputs["bookkeeping_bucket"]).blob(f"leases/aws_cur/{MONTH}.json")
    lease.upload_from_string('{"holder": "other", "expires": "2999-01-01T00:00:00+00:00", "job_id": null}')
    system.deliver("aws_cur", delivery, "data", "manifest")
    _wait_for(system, ("retried", "MONTH_LOCKED"))
    lease.delete()
    system.emulator.events.settle(60)

    check_deployment(system, {("aws_cur", MONTH): delivery})
    assert {record.status for record in system.emulator.events.records} == {200, 503}
    assert not any("Traceback" in str(line) for line in system.function("load_aws").log_lines())


def _wait_for(system: TerraformDeployment, action: tuple[str, str]) -> None:
    import time

    deadline = time.monotonic() + 30
    while action not in _actions(system, "load_aws"):
        assert time.monotonic() < deadline, f"{action} was never logged"
        time.sleep(0.05)


def test_rejection_is_acknowledged_without_a_traceback(system: TerraformDeployment, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=20)
    cut = delivery.manifests[0].path.with_name("cut.json")
    cut.write_bytes(delivery.manifests[0].path.read_bytes()[:200])
    system.deliver("azure_focus", replace(delivery, objects=(replace(delivery.manifests[0], path=cut),)))
    system.emulator.events.settle(60)

    assert _actions(system, "load_azure") == [("rejected", "MANIFEST_NOT_JSON")]
    assert not any("Traceback" in str(line) for line in system.function("load_azure").log_lines())
    assert {record.status for record in system.emulator.events.records} == {200}


def test_bug_is_acknowledged_with_a_traceback(system: TerraformDeployment) -> None:
    lease = system.emulator.storage.bucket(system.outputs["bookkeeping_bucket"]).blob(
        f"leases/azure_focus/{MONTH}.json"
    )
    lease.upload_from_string("this is no lease")
    name = "azure/focus/focus-cost/20250901-20250930/202510051546/run/manifest.json"
    system.emulator.upload(system.landing_bucket("azure_focus"), name, b"{")
    system.emulator.events.settle(60)

    assert _actions(system, "load_azure") == [("failed", "BUG")]
    [line] = [line for line in system.function("load_azure").log_lines() if isinstance(line, dict)]
    assert "Traceback" in line["stack_trace"]
    assert line["severity"] == "ERROR"


@pytest.mark.fault("F12")
def test_sweep_answers_what_it_did(system: TerraformDeployment, tmp_path: Path) -> None:
    system.emulator.events.drop(lambda event: event.bucket == system.landing_bucket("aws_cur"), times=100)
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=30)
    system.deliver("aws_cur", delivery)
    system.emulator.events.behave()

    answer = system.sweep()

    assert answer.status == 200
    assert answer.json()["loaded"] == [f"aws_cur {MONTH}"]
    check_deployment(system, {("aws_cur", MONTH): delivery})


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


def test_sweep_and_status_run_as_commands(system: TerraformDeployment, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=30)
    system.emulator.events.hold(lambda event: event.bucket == system.landing_bucket("azure_focus"))
    system.deliver("azure_focus", delivery)

    sweep = _command(system, tmp_path, "sweep")
    status = _command(system, tmp_path, "status")
    system.emulator.events.release()
    system.emulator.events.settle(60)

    assert sweep.returncode == 0, sweep.stderr
    assert f'"azure_focus {MONTH}"' in sweep.stderr
    assert status.returncode == 0, status.stderr
    [header, row] = status.stdout.splitlines()
    assert header.split()[:3] == ["source", "month", "state"]
    assert row.split()[:3] == ["azure_focus", MONTH, "loaded"]
    assert str(delivery.totals.cost) in row


def _command(system: TerraformDeployment, home: Path, command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(FUNCTIONS),
        **system.emulator.environment(),
        **system.environment,
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
