"""Problems of the deployment: once the cause is gone, the sweep loads the month, as the table of errors says."""

from __future__ import annotations

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
            *("CLOCK_WRONG", "DEADLINE", "FILE_VANISHED", "JOB_RUNNING"),
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


def test_every_code_that_is_tried_again_has_a_cause_here() -> None:
    tried_again = {code for code, info in ERRORS.items() if info.kind in (ErrorClass.RETRY, ErrorClass.SETUP)}

    # settings and arguments of a command: tests/unit/test_settings.py, tests/unit/billing_cli/test_replay.py
    assert set(CAUSES) == tried_again - {"SETTING_MISSING", "SETTING_INVALID", "NO_SUCH_DELIVERY"}
