"""Every filter of the real root matches the right log lines. The lines come from real functions."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery
from google.oauth2.credentials import Credentials

from billing.gcp.services import build_services
from billing.settings import read_settings
from billing.workflows.sweep import sweep
from tests.emulator import Backoff, Emulator, StartError
from tests.emulator.terraform_provider.state import resources
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.clock import SteppedClock
from tests.support.harness import log_lines
from tests.support.leases import held_lease
from tests.support.terraform_deployment import TerraformDeployment
from tests.terraform.log_filters import matches

# What counts each kind of line, and what alerts on it; `alerts.…` are alerts on the line itself.
WANTED = {
    ("loaded", None): {"events", "loads"},
    ("loaded", "MONTH_SHRANK"): {"events", "loads", "alerts.shrank"},
    ("skipped", "DUPLICATE"): {"events"},
    ("ignored", "NOT_OURS"): {"events"},
    ("retried", "MONTH_LOCKED"): {"events"},
    ("waiting", "WAITING_FOR_FILES"): {"events"},
    ("waiting", "WAITING_LONG"): {"events", "findings", "waits"},
    ("rejected", "MANIFEST_NOT_JSON"): {"events", "rejections", "alerts.rejected"},
    ("failed", "BOOKKEEPING_UNREADABLE"): {"events", "failures", "alerts.failed"},
    ("failed", "NOT_FOUND"): {"events", "failures", "alerts.failed"},
    (None, "SETTING_MISSING"): {"failures", "alerts.failed"},
    (None, "VIEW_FAILED"): {"failures", "findings", "alerts.failed"},
    ("audited", "AUDIT_MISMATCH"): {"events", "findings", "alerts.review"},
    ("sweep", None): {"sweeps"},
    ("age", None): {"age", "reports"},
}


@dataclass(frozen=True)
class Printed:
    system: TerraformDeployment
    lines: list[tuple[str, dict[str, Any]]]  # function's name and line


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Printed]:
    """Log lines of every kind from the functions that Terraform applied."""
    folder = tmp_path_factory.mktemp("lines")
    backoff = Backoff(first_seconds=0.2, longest_seconds=1.0)
    with Emulator(backoff=backoff) as emulator, TerraformDeployment(emulator, folder, prefix="lines") as system:
        system.apply()
        _load_wait_and_reject(system, folder / "made")
        _fail(system, folder / "made")
        lines = [*_failed_start(system), *_found_by_sweeps(system)]
        for entry_point, name in system.outputs["functions"].items():
            logged = system.function(entry_point).log_lines()
            lines += [(name, line) for line in logged if isinstance(line, dict)]
        yield Printed(system, lines)


def _load_wait_and_reject(system: TerraformDeployment, made: Path) -> None:
    september = aws_cur_delivery(made, "2025-09", rows=10)
    busy = _lease(system, "aws_cur", "2025-09")
    busy.upload_from_string(held_lease())
    system.deliver("aws_cur", september)
    _wait_until_busy(system)
    busy.delete()
    system.deliver("aws_cur", aws_cur_delivery(made, "2025-08", rows=10), "manifest")
    azure = azure_focus_delivery(made, "2025-07", rows=10)
    cut = azure.manifests[0].path.with_name("cut.json")
    cut.write_bytes(azure.manifests[0].path.read_bytes()[:200])
    system.deliver("azure_focus", replace(azure, objects=(replace(azure.manifests[0], path=cut),)))
    for revision, rows in ((1, 30), (2, 5)):
        system.deliver("azure_focus", azure_focus_delivery(made, "2025-06", rows=rows, revision=revision))
        system.emulator.events.settle()


def _lease(system: TerraformDeployment, key: str, month: str) -> Any:
    name = f"leases/{system.source(key).destination}/{month}.json"
    return system.emulator.storage.bucket(system.outputs["bookkeeping_bucket"]).blob(name)


def _wait_until_busy(system: TerraformDeployment) -> None:
    deadline = time.monotonic() + 30
    while 503 not in {attempt.status for attempt in system.emulator.events.records}:
        assert time.monotonic() < deadline, "no event was answered 503"
        time.sleep(0.05)


def _fail(system: TerraformDeployment, made: Path) -> None:
    lease = _lease(system, "azure_focus", "2025-08")
    lease.upload_from_string("this is no lease")
    system.deliver("azure_focus", azure_focus_delivery(made, "2025-08", rows=10))
    system.emulator.events.settle()
    system.emulator.bigquery.delete_table(system.table("azure_focus"))
    system.deliver("azure_focus", azure_focus_delivery(made, "2025-09", rows=10))
    system.emulator.events.settle()


def _failed_start(system: TerraformDeployment) -> list[tuple[str, dict[str, Any]]]:
    function = system.function("load_aws").spec
    variables = {name: value for name, value in function.environment.items() if name != "BOOKKEEPING_BUCKET"}
    with pytest.raises(StartError) as failed:
        system.emulator.deploy(replace(function, name="failed-start", environment=variables, trigger_bucket=None))
    return [(function.name, line) for line in log_lines(str(failed.value))]


def _wait_until_recorded(system: TerraformDeployment, table: bigquery.TableReference) -> None:
    """Rows that are deleted before their load is recorded are no mismatch: the sweep would load the month."""
    deadline = time.monotonic() + 60
    recorded = f"SELECT COUNT(*) AS n FROM `{table}_load_tracking` WHERE status = 'loaded'"
    while next(iter(system.emulator.bigquery.query_and_wait(recorded)))["n"] == 0:
        assert time.monotonic() < deadline, "no load of aws_cur was recorded"
        time.sleep(0.2)


def _found_by_sweeps(system: TerraformDeployment) -> list[tuple[str, dict[str, Any]]]:
    """Sweep after a partition was changed by hand and a table replaced a view, and again ten hours later."""
    table = bigquery.TableReference.from_string(system.table("aws_cur"))
    _wait_until_recorded(system, table)
    system.emulator.bigquery.query_and_wait(f"DELETE FROM `{table}` WHERE identity_line_item_id IS NOT NULL")
    view = f"{table.project}.{table.dataset_id}.billing_status"
    system.emulator.bigquery.delete_table(view)
    system.emulator.bigquery.create_table(bigquery.Table(view, schema=[bigquery.SchemaField("x", "STRING")]))
    assert system.sweep().status == 200
    settings, clock = read_settings(system.environment), SteppedClock()
    clock.step(hours=10)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as output:
        for name, value in system.emulator.environment().items():
            patch.setenv(name, value)
        credentials = Credentials("local")
        services = build_services(settings, system.emulator.storage, system.emulator.bigquery, credentials, clock)
        sweep(settings, services)
    return [(system.outputs["functions"]["sweep"], line) for line in log_lines(output.getvalue())]


def filters(system: TerraformDeployment) -> dict[str, str]:
    named = system.outputs["log_filters"]
    return {**named["metrics"], **{f"alerts.{name}": alert for name, alert in named["alerts"].items()}}


def as_entry(function: str, line: dict[str, Any]) -> dict[str, Any]:
    """Return the log entry of a JSON line, as Cloud Run makes it: `severity` becomes a field of the entry.

    https://cloud.google.com/run/docs/logging#using-json
    """
    payload = {name: value for name, value in line.items() if name != "severity"}
    return {"severity": line["severity"], "jsonPayload": payload, **origin(function, "stdout")}


def origin(function: str, log: str) -> dict[str, Any]:
    resource = {"type": "cloud_run_revision", "labels": {"service_name": function}}
    return {"resource": resource, "logName": f"projects/local-project/logs/run.googleapis.com%2F{log}"}


def matching(system: TerraformDeployment, log_entry: dict[str, Any]) -> set[str]:
    return {name for name, query in filters(system).items() if matches(query, log_entry)}


def test_each_line_matches_exactly_the_wanted_filters(printed: Printed) -> None:
    found: dict[tuple[str | None, str | None], set[str]] = {}

    for function, line in printed.lines:
        kind = (line.get("action"), line.get("code"))
        matched = matching(printed.system, as_entry(function, line))
        assert found.setdefault(kind, matched) == matched, line

    assert {kind: found.get(kind) for kind in WANTED} == WANTED
    assert set().union(*WANTED.values()) == set(filters(printed.system))
    for _, line in printed.lines:
        assert matching(printed.system, as_entry("another-service", line)) == set()

    _check_platform_lines(printed)
    _check_extracted_fields(printed)


def _check_extracted_fields(printed: Printed) -> None:
    """Cloud Logging accepts an extractor of a field that does not exist. Its label would always be empty."""
    queries = filters(printed.system)
    extracted = dict(extractors(printed.system))
    assert set(extracted) == set(queries)
    for name, fields in extracted.items():
        entries = [as_entry(function, line) for function, line in printed.lines]
        payloads = [log_entry["jsonPayload"] for log_entry in entries if matches(queries[name], log_entry)]
        assert {field for field in fields if not any(payload.get(field) for payload in payloads)} == set(), name
    ages = [line["age_hours"] for _, line in printed.lines if line.get("action") == "age"]
    assert all(isinstance(age, int | float) for age in ages)
    assert max(ages) >= 10


def extractors(system: TerraformDeployment) -> Iterator[tuple[str, set[str]]]:
    """Yield each name of `filters` with the fields that become its labels or its value."""
    for resource in resources(system.terraform.show_json()):
        key = resource.address.rpartition(".")[2].removeprefix('counters["').removeprefix('lines["').removesuffix('"]')
        if resource.kind == "google_logging_metric":
            yield key, _fields([*(resource["label_extractors"] or {}).values(), resource["value_extractor"] or ""])
        elif resource.kind == "google_monitoring_alert_policy":
            [*_, condition] = resource["conditions"]
            for matched in condition["condition_matched_log"]:
                yield f"alerts.{key}", _fields(matched["label_extractors"].values())


def _fields(expressions: Iterable[str]) -> set[str]:
    return set(re.findall(r"jsonPayload\.(\w+)", " ".join(expressions)))


def _check_platform_lines(printed: Printed) -> None:
    """A killed instance and a call that ran too long raise an alert. A 503 does not: the month was locked."""
    function = printed.system.outputs["functions"]["load_aws"]
    killed = {"severity": "ERROR", "textPayload": "Memory limit exceeded", **origin(function, "varlog/system")}
    request = {"severity": "ERROR", "httpRequest": {"status": 503}, **origin(function, "requests")}
    killed["logName"] = killed["logName"].replace("varlog/system", "varlog%2Fsystem")

    assert matching(printed.system, killed) == {"failures", "alerts.failed"}
    assert matching(printed.system, request) == set()
    assert matching(printed.system, {**request, "httpRequest": {"status": 504}}) == {"failures", "alerts.failed"}


@pytest.mark.parametrize(
    "query", ['a="b" AND NOT c="d"', 'a:"b"', 'a=~"b"', 'a="b" c="d"', "a=b", 'a="b" AND (c="d"', "a"]
)
def test_unknown_part_of_a_query_is_an_error(query: str) -> None:
    with pytest.raises(ValueError, match=r"not understood|no plain string|missing|too early"):
        matches(query, {})
