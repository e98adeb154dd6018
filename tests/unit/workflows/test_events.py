"""The edge: what is not ours costs nothing, and how every failure ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, ServiceUnavailable

from billing.errors import BillingError
from billing.settings import settings_or_exit
from billing.workflows.events import handle_event
from billing.workflows.guard import RetryLater, log_failures
from tests.support.paths import FUNCTIONS
from tests.unit.values import ENVIRONMENT, aws, settings

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


def python(code: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Runs code as a deployed function's process would: its environment and its own modules only."""
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


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.err == ""
    return [json.loads(line) for line in captured.out.splitlines()]


def failing(exc: Exception) -> Callable[[], None]:
    def work() -> None:
        raise exc

    return work


def test_an_ignored_object_imports_no_client_and_no_dlt() -> None:
    objects = [
        ("example-landing-aws", "gcs-transfer/aws_cur/cost_and_usage_data_status/x.parquet"),
        ("example-landing-aws", "elsewhere/cur-demo/20251001-20251101/cur-demo-Manifest.json"),
        ("another-bucket", "gcs-transfer/aws_cur/cur-demo/20251001-20251101/cur-demo-Manifest.json"),
        ("example-landing-azure", "azure/folder/marker/"),
        ("", ""),
    ]
    done = python(IGNORED_EVENTS, json.dumps(objects), json.dumps(HEAVY))
    *printed, imported = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr, imported) == (0, "", [])
    assert [(line["code"], line["object"]) for line in printed] == [("NOT_OURS", name) for _, name in objects] * 2


def test_the_heavy_modules_that_are_looked_for_have_these_names() -> None:
    """Else the test above would pass whatever is imported."""
    done = python(HEAVY_IMPORTS, json.dumps(HEAVY))
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
def test_a_function_with_a_wrong_setting_ends_with_one_sentence(variable: str, value: str, sentence: str) -> None:
    done = python("import main", **{variable: value})
    code, _, message = sentence.partition(": ")
    assert (done.returncode, done.stderr) == (1, f"{sentence}\n")
    assert json.loads(done.stdout) == {"severity": "CRITICAL", "message": message, "code": code}


def test_settings_that_are_right_are_returned_in_silence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert settings_or_exit() == settings()
    assert lines(capsys) == []


@pytest.mark.parametrize("data", [{}, {"name": None}, {"bucket": 7, "name": ["x"]}, {"bucket": "example-landing-aws"}])
def test_an_event_of_an_odd_shape_is_ignored(data: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    handle_event(settings(), "aws", data)
    assert [line["code"] for line in lines(capsys)] == ["NOT_OURS"]


def test_work_that_succeeds_says_nothing_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert log_failures(aws(), "an/object", lambda: None) is True
    assert lines(capsys) == []


@pytest.mark.parametrize(
    ("exc", "line"),
    [
        (
            BillingError("NOT_FOUND", "Table t does not exist."),
            {"severity": "ERROR", "message": "Table t does not exist.", "action": "failed", "code": "NOT_FOUND"},
        ),
        (
            BillingError("EMPTY_DELIVERY", "No row."),
            {"severity": "ERROR", "message": "No row.", "action": "failed", "code": "EMPTY_DELIVERY"},
        ),
        (
            Forbidden("no"),
            {"severity": "ERROR", "message": "403 no", "action": "failed", "code": "ACCESS_DENIED"},
        ),
    ],
)
def test_what_the_delivery_or_the_deployment_is_to_blame_for_is_acknowledged_without_a_traceback(
    exc: Exception, line: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert log_failures(aws(), "an/object", failing(exc)) is False
    assert lines(capsys) == [line | {"source": "aws_cur", "object": "an/object"}]


@pytest.mark.parametrize(
    ("exc", "code", "message"),
    [
        (BillingError("MONTH_LOCKED", "Another instance."), "MONTH_LOCKED", "Another instance."),
        (ServiceUnavailable("later"), "TRANSIENT", "503 later"),
        (ConnectionResetError("reset"), "TRANSIENT", "ConnectionResetError: reset"),
    ],
)
def test_what_passes_is_tried_again_quietly(
    exc: Exception, code: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RetryLater, match=f"^{code}$") as raised:
        log_failures(aws(), "an/object", failing(exc))
    assert raised.value.__suppress_context__
    assert lines(capsys) == [
        {
            "severity": "INFO",
            "message": message,
            "source": "aws_cur",
            "action": "retried",
            "code": code,
            "object": "an/object",
        }
    ]


@pytest.mark.parametrize("exc", [ValueError("oops"), BadRequest("oops"), KeyError("oops")])
def test_a_bug_prints_its_traceback_in_one_line_and_is_acknowledged(
    exc: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert log_failures(aws(), "an/object", failing(exc)) is False
    (line,) = lines(capsys)
    trace = line.pop("stack_trace")
    assert trace.startswith("Traceback (most recent call last):\n")
    assert type(exc).__name__ in trace.splitlines()[-1]
    assert line == {
        "severity": "ERROR",
        "message": f"Bug at an/object: {exc!r}",
        "source": "aws_cur",
        "action": "failed",
        "code": "BUG",
        "object": "an/object",
    }


@pytest.mark.parametrize("exc", [KeyboardInterrupt(), SystemExit(1)])
def test_the_end_of_the_process_is_no_failure_of_the_work(exc: BaseException) -> None:
    def work() -> None:
        raise exc

    with pytest.raises(type(exc)):
        log_failures(aws(), "an/object", work)
