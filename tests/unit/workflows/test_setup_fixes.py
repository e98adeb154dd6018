"""Problems of the deployment: once the cause is gone, the sweep loads the month, as the table of errors says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from google.api_core.exceptions import Forbidden, NotFound, ServiceUnavailable, Unauthorized

from billing.errors import ERRORS, BillingError, ErrorClass
from billing.workflows.sweep import sweep
from tests.fakes.deployment import FakeDeployment
from tests.fakes.wire import Wire
from tests.unit.workflows.september import AZURE, SEPTEMBER, azure_run, log_lines, upload

T = TypeVar("T")


class _Broken(Wire):
    """Every read of the table fails with the same error. Other requests are answered."""

    def __init__(self, deployment: FakeDeployment, error: Exception) -> None:
        super().__init__(deployment.clock)
        self.error = error

    def send(self, request: str, act: Callable[[], T]) -> T:
        if request == "get table":
            raise self.error
        return super().send(request, act)


def refused(reason: str) -> Any:
    return Forbidden("refused", errors=[{"reason": reason}])


CAUSES = {
    "ACCESS_DENIED": refused("accessDenied"),
    "BILLING_DISABLED": refused("billingNotEnabled"),
    "BLOCKED": refused("blocked"),
    "CREDENTIALS": Unauthorized("log in", errors=[{"reason": "authError"}]),
    "KEY_UNAVAILABLE": refused("cloudKmsDisabledKey"),
    "NOT_FOUND": NotFound("Not found: Table t", errors=[{"reason": "notFound"}]),
    "TRANSIENT": ServiceUnavailable("later"),
    **{
        code: BillingError(code, "later")
        for code in (
            *("BOOKKEEPING_UNREADABLE", "CLOCK_WRONG", "DEADLINE", "FILE_VANISHED", "JOB_RUNNING"),
            *("LOAD_KEEPS_FAILING", "MONTH_LOCKED", "TABLE_CHANGED"),
        )
    },
}


@pytest.mark.parametrize("code", CAUSES)
def test_sweep_loads_the_month_once_the_cause_is_gone(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    deployment = FakeDeployment()
    upload(deployment, azure_run(1))
    broken = sweep(deployment.settings, deployment.services(_Broken(deployment, CAUSES[code])))
    told = {line.get("code") for line in log_lines(capsys)}

    mended = sweep(deployment.settings, deployment.services())

    assert (broken["loaded"], mended["loaded"]) == ([], [f"{AZURE} {SEPTEMBER}"])
    assert code in told


WRONG_CONTENTS = {
    "empty": b"",
    "bytes": b"\xff\xfe\0",
    "a list": b"[]",
    "no field": b"{}",
    "other types": b'{"holder": 1, "expires": [], "job_id": {}}',
    "no time": b'{"holder": "x", "expires": "soon", "job_id": null}',
    "no zone": b'{"holder": "x", "expires": "2025-10-01T00:00:00", "job_id": null}',
    "nested": b"[" * 100_000,
}


@pytest.mark.parametrize("content", WRONG_CONTENTS.values(), ids=WRONG_CONTENTS)
@pytest.mark.parametrize("name", ["leases/{table}/2025-09.json", "owners/{table}.txt"])
def test_wrong_object_of_the_bookkeeping_is_named_and_its_deletion_helps(
    name: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = FakeDeployment()
    bucket, table = deployment.settings.bookkeeping_bucket, deployment.source(AZURE).destination
    upload(deployment, azure_run(1))
    deployment.put(bucket, name.format(table=table), content)

    broken = sweep(deployment.settings, deployment.services())
    told = [line for line in log_lines(capsys) if line.get("code") == "BOOKKEEPING_UNREADABLE"]
    deployment.services().leases._bucket.blob(name.format(table=table)).delete()
    mended = sweep(deployment.settings, deployment.services())

    assert (broken["loaded"], mended["loaded"]) == ([], [f"{AZURE} {SEPTEMBER}"])
    assert [(line["severity"], line["source"]) for line in told] == [("ERROR", AZURE)]
    assert told[0]["message"].startswith(f"gs://{bucket}/{name.format(table=table)} ")


def test_lease_of_a_later_version_is_read() -> None:
    deployment = FakeDeployment()
    name = f"leases/{deployment.source(AZURE).destination}/2025-09.json"
    lease = {"holder": "x", "expires": "2025-01-01T00:00:00+00:00", "job_id": None, "new_field": [1]}
    upload(deployment, azure_run(1))
    deployment.put(deployment.settings.bookkeeping_bucket, name, json.dumps(lease).encode())

    report = sweep(deployment.settings, deployment.services())

    assert report["loaded"] == [f"{AZURE} {SEPTEMBER}"]


def test_every_code_that_is_tried_again_has_a_cause_here() -> None:
    tried_again = {code for code, info in ERRORS.items() if info.kind in (ErrorClass.RETRY, ErrorClass.SETUP)}

    # settings and arguments of a command: tests/unit/test_settings.py, tests/unit/billing_cli/test_replay.py
    assert set(CAUSES) == tried_again - {"SETTING_MISSING", "SETTING_INVALID", "NO_SUCH_DELIVERY"}
