"""From a storage event to a load: which objects count, and what an ignored one costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from billing.workflows.events import handle_event
from billing.workflows.guard import RetryLater
from billing.workflows.start import settings_or_exit
from tests.fakes.deployment import FakeDeployment
from tests.support.paths import FUNCTIONS
from tests.unit.values import ENVIRONMENT, settings
from tests.unit.workflows.september import (
    AZURE,
    azure_run,
    log_lines,
    rows_in_september,
    run_sweep,
    tracking_rows,
    upload,
    upload_objects,
)

HEAVY = ("dlt", "google.cloud.bigquery", "google.cloud.storage", "google.auth", "requests", "billing.workflows.load")
IGNORED_EVENTS = """
import json, sys
import main
from cloudevents.http import CloudEvent
attributes = {"type": "google.cloud.storage.object.v1.finalized", "source": "storage"}
for handler in (main.load_aws, main.load_azure):
    for bucket, name in json.loads(sys.argv[1]):
        handler(CloudEvent(attributes, {"bucket": bucket, "name": name}))
print(json.dumps([name for name in json.loads(sys.argv[2]) if name in sys.modules]))
"""

HEAVY_IMPORTS = """
import json, sys
import billing.workflows.load, dlt, google.cloud.bigquery, google.cloud.storage
print(json.dumps([name for name in json.loads(sys.argv[1]) if name in sys.modules]))
"""


def run_python(code: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run code in the environment of a deployed function, with only the function's own modules."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(FUNCTIONS), **ENVIRONMENT, **changes}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_ignored_object_imports_no_client_and_no_dlt() -> None:
    objects = [
        ("example-landing-aws", "gcs-transfer/aws_cur/cost_and_usage_data_status/x.parquet"),
        ("example-landing-aws", "elsewhere/cur-demo/20251001-20251101/cur-demo-Manifest.json"),
        ("another-bucket", "gcs-transfer/aws_cur/cur-demo/20251001-20251101/cur-demo-Manifest.json"),
        ("example-landing-azure", "azure/folder/marker/"),
        ("", ""),
    ]

    done = run_python(IGNORED_EVENTS, json.dumps(objects), json.dumps(HEAVY))

    *printed, imported = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr, imported) == (0, "", [])
    assert [(line["code"], line["object"]) for line in printed] == [("NOT_OURS", name) for _, name in objects] * 2


def test_load_imports_all_heavy_modules() -> None:
    """Otherwise the test above could pass with wrong module names."""
    done = run_python(HEAVY_IMPORTS, json.dumps(HEAVY))

    assert json.loads(done.stdout) == list(HEAVY)


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("SOURCES__AWS_CUR__BUCKET", "", "SETTING_MISSING: SOURCES__AWS_CUR__BUCKET is not set."),
        (
            "SOURCES__AWS_CUR__PREFIX",
            "aws",
            "SETTING_INVALID: SOURCES__AWS_CUR__PREFIX must end in '/' and not begin with it, but is 'aws'.",
        ),
    ],
)
def test_function_with_a_wrong_setting_ends_with_one_sentence(variable: str, value: str, sentence: str) -> None:
    done = run_python("import main", **{variable: value})

    code, _, message = sentence.partition(": ")
    assert (done.returncode, done.stderr) == (1, f"{sentence}\n")
    assert json.loads(done.stdout) == {"severity": "CRITICAL", "message": message, "code": code}


def test_valid_settings_are_returned_without_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    result = settings_or_exit()

    assert result == settings()
    assert log_lines(capsys) == []


@pytest.mark.parametrize("data", [{}, {"name": None}, {"bucket": 7, "name": ["x"]}, {"bucket": "example-landing-aws"}])
def test_event_without_bucket_and_name_is_ignored(data: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    handle_event(settings(), "aws", data)

    assert [line["code"] for line in log_lines(capsys)] == ["NOT_OURS"]


def handle_azure_event(deployment: FakeDeployment, name: str) -> None:
    event = {"bucket": deployment.source("azure_billing").bucket, "name": name}
    handle_event(deployment.settings, "azure", event, deployment.services())


@pytest.mark.parametrize("last", ["the manifest", "a data file"])
def test_last_object_of_a_delivery_loads_its_month(last: str, capsys: pytest.CaptureFixture[str]) -> None:
    deployment, run = FakeDeployment(), azure_run(1)
    upload(deployment, run)
    name = run.manifest if last == "the manifest" else next(iter(run.files))

    handle_azure_event(deployment, name)

    [line] = log_lines(capsys)
    assert (line["severity"], line["action"], line["month"]) == ("INFO", "loaded", "2025-09")
    assert (line["execution"], line["rows"], line["object"]) == ("run-1", len(run.items), name)
    assert rows_in_september(deployment) == list(run.items)


def test_data_file_before_its_manifest_waits(capsys: pytest.CaptureFixture[str]) -> None:
    deployment, run = FakeDeployment(), azure_run(1)
    upload_objects(deployment, dict(run.files))

    handle_azure_event(deployment, next(iter(run.files)))

    [line] = log_lines(capsys)
    assert (line["action"], line["code"], line["month"]) == ("waiting", "WAITING_FOR_MANIFEST", "2025-09")
    assert rows_in_september(deployment) == []


def test_event_delivered_twice_loads_once(capsys: pytest.CaptureFixture[str]) -> None:
    deployment, run = FakeDeployment(), azure_run(1)
    upload(deployment, run)

    handle_azure_event(deployment, run.manifest)
    handle_azure_event(deployment, run.manifest)

    assert [(line["action"], line.get("code")) for line in log_lines(capsys)] == [
        ("loaded", None),
        ("skipped", "DUPLICATE"),
    ]
    assert rows_in_september(deployment) == list(run.items)


def test_event_of_the_other_provider_is_ignored(capsys: pytest.CaptureFixture[str]) -> None:
    deployment, run = FakeDeployment(), azure_run(1)
    event = {"bucket": deployment.source("azure_billing").bucket, "name": run.manifest}

    handle_event(deployment.settings, "aws", event, deployment.services())

    assert [line["code"] for line in log_lines(capsys)] == ["NOT_OURS"]


def test_event_of_a_locked_month_is_retried_later(capsys: pytest.CaptureFixture[str]) -> None:
    deployment, run = FakeDeployment(), azure_run(1)
    upload(deployment, run)

    with (
        deployment.services().leases.hold(deployment.source("azure_billing").destination, "2025-09"),
        pytest.raises(RetryLater, match=r"^MONTH_LOCKED$"),
    ):
        handle_azure_event(deployment, run.manifest)

    [line] = log_lines(capsys)
    assert (line["severity"], line["action"], line["code"]) == ("INFO", "retried", "MONTH_LOCKED")


def test_event_loads_from_the_first_manifest_that_exists(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment, older, newer = FakeDeployment(), azure_run(1), azure_run(2)
    upload(deployment, older)
    upload(deployment, newer)
    names = ("azure/focus-cost/missing/manifest.json", newer.manifest, older.manifest)
    monkeypatch.setattr("billing.manifests.manifest_names", lambda source, name: names)

    handle_azure_event(deployment, older.manifest)

    [line] = log_lines(capsys)
    assert (line["action"], line["execution"]) == ("loaded", "run-2")


HOSTILE = {
    "escape": "\x1b[2J",
    "new line": "\naws_cur 2025-09 loaded",
    "next line": "\x85",
    "line end": "\u2028",
    "direction": "\u202e",
    "isolate": "\u2066",
    "hidden": "\u200b",
    "C1": "\x9b2J",
}

EXPECTED_CODES = {
    "folder": {"WAITING_FOR_MANIFEST"},
    "file": {"PATH_OUTSIDE_PREFIX", "WAITING_FOR_FILES"},
    "export": {"OTHER_EXPORT"},
    "execution": {"MANIFEST_INVALID"},
}


def texts_in(value: object) -> list[str]:
    """Return every text in a value, also those in lists and tables."""
    if isinstance(value, dict):
        return [text for part in (*value, *value.values()) for text in texts_in(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in texts_in(part)]
    return [value] if isinstance(value, str) else []


def hostile_objects(site: str, text: str) -> dict[str, bytes]:
    """Return the objects of a run with this text in a name: of a folder, a file, an export or an execution."""
    run = azure_run(1)
    manifest = json.loads(run.manifest_bytes)
    if site == "folder":
        return {f"azure/{text}/20250901-20250930/part_0_0001.parquet": b"x"}
    if site == "file":
        manifest["blobs"][0]["blobName"] += text
    if site == "export":
        manifest["exportConfig"]["exportName"] += text
    if site == "execution":
        manifest["runInfo"]["runId"] += text
    return {run.manifest: json.dumps(manifest).encode()}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("site", ["folder", "file", "export", "execution"])
def test_name_from_outside_forges_nothing_in_logs_and_records(
    deployment: FakeDeployment, capsys: pytest.CaptureFixture[str], site: str, text: str
) -> None:
    objects = hostile_objects(site, text)
    upload_objects(deployment, objects)

    for name in objects:
        data = {"bucket": deployment.source(AZURE).bucket, "name": name}
        handle_event(deployment.settings, "azure", data, deployment.services())
    deployment.clock.step(hours=7)
    run_sweep(deployment)

    lines = log_lines(capsys)
    shown = [found for line in lines for found in texts_in(line)]
    shown += [row["message"] for row in tracking_rows(deployment) if row.get("message")]
    assert [found for found in shown if not found.isprintable()] == []
    assert any(line.get("code") in EXPECTED_CODES[site] for line in lines)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_name_of_an_ignored_object_forges_nothing(capsys: pytest.CaptureFixture[str], text: str) -> None:
    handle_event(settings(), "azure", {"bucket": "example-landing-azure", "name": f"else/{text}"})

    [line] = log_lines(capsys)
    assert (line["code"], [found for found in texts_in(line) if not found.isprintable()]) == ("NOT_OURS", [])
