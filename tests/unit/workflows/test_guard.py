"""`log_failures`: every failure ends as one log line and an answer to the platform."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, ServiceUnavailable

from billing.errors import BillingError
from billing.workflows.guard import RetryLater, log_failures
from tests.unit.values import aws
from tests.unit.workflows.september import log_lines


def failing_with(exc: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise exc

    return work


def test_success_logs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    succeeded = log_failures(aws(), "an/object", lambda: None)

    assert succeeded is True
    assert log_lines(capsys) == []


@pytest.mark.parametrize(
    ("exc", "code", "message"),
    [
        (BillingError("NOT_FOUND", "Table t does not exist."), "NOT_FOUND", "Table t does not exist."),
        (BillingError("EMPTY_DELIVERY", "No row."), "EMPTY_DELIVERY", "No row."),
        (Forbidden("no"), "ACCESS_DENIED", "403 no"),
    ],
)
def test_setup_and_reject_errors_are_logged_without_a_traceback(
    exc: Exception, code: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    succeeded = log_failures(aws(), "an/object", failing_with(exc))

    assert succeeded is False
    assert log_lines(capsys) == [
        {
            "severity": "ERROR",
            "message": message,
            "source": "aws_cur",
            "action": "failed",
            "code": code,
            "object": "an/object",
        }
    ]


@pytest.mark.parametrize(
    ("exc", "code", "message"),
    [
        (BillingError("MONTH_LOCKED", "Another instance."), "MONTH_LOCKED", "Another instance."),
        (ServiceUnavailable("later"), "TRANSIENT", "503 later"),
        (ConnectionResetError("reset"), "TRANSIENT", "ConnectionResetError: reset"),
    ],
)
def test_transient_error_is_retried_later(
    exc: Exception, code: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RetryLater, match=f"^{code}$") as raised:
        log_failures(aws(), "an/object", failing_with(exc))

    assert raised.value.__suppress_context__
    assert log_lines(capsys) == [
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
def test_bug_is_logged_with_its_traceback(exc: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    succeeded = log_failures(aws(), "an/object", failing_with(exc))

    [line] = log_lines(capsys)
    trace = line.pop("stack_trace")
    assert succeeded is False
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
def test_end_of_the_process_is_not_caught(exc: BaseException) -> None:
    with pytest.raises(type(exc)):
        log_failures(aws(), "an/object", failing_with(exc))
