"""One table of everything that can go wrong, and what an answer of Google's means by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

import billing
from billing.errors import FAULTS, BillingError, Kind, api_failure, job_failure

PACKAGE = Path(billing.__file__).parent


@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_has_a_stable_code_a_cause_and_a_fix(code: str) -> None:
    fault = FAULTS[code]
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code)
    assert re.fullmatch(r"[A-Z].*[.]", fault.cause)
    assert re.fullmatch(r"[A-Z].*[.]", fault.fix)
    assert isinstance(fault.kind, Kind)


def test_every_code_that_is_raised_is_in_the_table_and_every_fault_is_raised() -> None:
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    raised = set(re.findall(r'(?:BillingError|Reject)\(\s*"([A-Z_]+)"', source))
    raised |= (
        {"FILE_VANISHED", "NOT_FOUND"} if '"FILE_VANISHED" if "URI" in message else "NOT_FOUND"' in source else set()
    )
    assert raised == set(FAULTS)


def test_an_error_says_its_code_its_kind_and_its_sentence() -> None:
    error = BillingError("EMPTY", "No row.")
    assert (error.code, error.kind, error.message, str(error)) == ("EMPTY", Kind.REJECT, "No row.", "EMPTY: No row.")


def test_an_error_s_sentence_fits_a_log_line() -> None:
    assert BillingError("EMPTY", "x" * 2000).message == "x" * 2000
    assert BillingError("EMPTY", "x" * 1_000_000).message == "x" * 1999 + "…"


OUTSIDE = "Some rows belong to different partitions rather than destination partition 202509"


@pytest.mark.parametrize(
    ("reason", "message", "code", "sentence"),
    [
        ("backendError", "x", "TRANSIENT", "The load job ended with backendError: x"),
        ("internalError", "x", "TRANSIENT", "The load job ended with internalError: x"),
        ("jobBackendError", "x", "TRANSIENT", "The load job ended with jobBackendError: x"),
        ("jobInternalError", "x", "TRANSIENT", "The load job ended with jobInternalError: x"),
        ("jobRateLimitExceeded", "x", "TRANSIENT", "The load job ended with jobRateLimitExceeded: x"),
        ("quotaExceeded", "x", "TRANSIENT", "The load job ended with quotaExceeded: x"),
        ("rateLimitExceeded", "x", "TRANSIENT", "The load job ended with rateLimitExceeded: x"),
        ("stopped", "x", "TRANSIENT", "The load job ended with stopped: x"),
        ("tableUnavailable", "x", "TRANSIENT", "The load job ended with tableUnavailable: x"),
        ("timeout", "x", "TRANSIENT", "The load job ended with timeout: x"),
        ("accessDenied", "x", "ACCESS_DENIED", "x"),
        ("billingNotEnabled", "x", "ACCESS_DENIED", "x"),
        ("notFound", "Not found: Table p:d.t", "NOT_FOUND", "Not found: Table p:d.t"),
        ("notFound", "Not found: URI gs://b/o", "FILE_VANISHED", "Not found: URI gs://b/o"),
        ("invalid", OUTSIDE, "ROWS_OUTSIDE_MONTH", OUTSIDE),
        (
            "invalid",
            "Provided Schema does not match t.",
            "TYPE_CHANGED",
            "Provided Schema does not match t.",
        ),
        ("invalid", "Error while reading data, x", "VALUE_DOES_NOT_FIT", "Error while reading data, x"),
        ("invalidQuery", "What?", "LOAD_REJECTED", "invalidQuery: What?"),
        ("", "", "LOAD_REJECTED", ": "),
    ],
)
def test_a_job_s_error_is_told_by_its_reason_and_sentence(reason: str, message: str, code: str, sentence: str) -> None:
    failure = job_failure(reason, message)
    assert (failure.code, failure.message) == (code, sentence)


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (api.TooManyRequests("x"), "TRANSIENT"),
        (api.InternalServerError("x"), "TRANSIENT"),
        (api.BadGateway("x"), "TRANSIENT"),
        (api.ServiceUnavailable("x"), "TRANSIENT"),
        (api.GatewayTimeout("x"), "TRANSIENT"),
        (api.from_http_status(408, "x"), "TRANSIENT"),
        (api.Forbidden("x", errors=[{"reason": "rateLimitExceeded"}]), "TRANSIENT"),
        (api.Forbidden("x", errors=[{"reason": "quotaExceeded"}]), "TRANSIENT"),
        (api.Forbidden("x", errors=[{"reason": "accessDenied"}]), "ACCESS_DENIED"),
        (api.Forbidden("x", errors=["odd"]), "ACCESS_DENIED"),
        (api.Unauthorized("x"), "ACCESS_DENIED"),
        (api.NotFound("x"), "NOT_FOUND"),
        (api.RetryError("x", cause=None), "TRANSIENT"),
        (requests.exceptions.ReadTimeout("x"), "TRANSIENT"),
        (requests.exceptions.ConnectionError("x"), "TRANSIENT"),
        (auth.TransportError("x"), "TRANSIENT"),
        (ConnectionResetError("x"), "TRANSIENT"),
        (TimeoutError("x"), "TRANSIENT"),
    ],
)
def test_an_exception_of_google_s_is_told_by_its_status_and_reason(exc: Exception, code: str) -> None:
    failure = api_failure(exc)
    assert failure is not None
    assert failure.code == code


@pytest.mark.parametrize(
    "exc", [api.BadRequest("x"), api.Conflict("x"), api.PreconditionFailed("x"), ValueError("x"), KeyError("code")]
)
def test_any_other_exception_is_a_bug(exc: Exception) -> None:
    assert api_failure(exc) is None
