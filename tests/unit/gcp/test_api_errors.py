"""Every error reason that BigQuery, Cloud Storage and dlt document has one class: retry, setup, reject or bug."""

from __future__ import annotations

import pytest
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from billing.errors import ERRORS, BillingError, ErrorClass
from billing.gcp import api_errors
from billing.gcp.api_errors import classify_api_error, classify_dlt_error, classify_job_error
from billing.gcp.commit_errors import causes_of

# docs.cloud.google.com/bigquery/docs/error-messages#errortable, read in 2026-11.
# Reason, status, class for a call, class for the end of a load job.
BIGQUERY = """
accessDenied 403 setup setup
attributeError 400 bug reject
backendError 500 retry retry
badRequest 400 bug reject
billingNotEnabled 403 setup setup
billingTierLimitExceeded 400 bug reject
blocked 403 setup setup
duplicate 409 bug reject
internalError 500 retry retry
invalid 400 bug reject
invalidQuery 400 bug reject
invalidUser 400 setup setup
jobBackendError 400 retry retry
jobInternalError 400 retry retry
jobRateLimitExceeded 400 retry retry
notFound 404 setup setup
notImplemented 501 bug reject
proxyAuthenticationRequired 407 setup setup
quotaExceeded 403 retry retry
rateLimitExceeded 403 retry retry
resourceInUse 400 retry retry
resourcesExceeded 400 bug reject
responseTooLarge 403 bug reject
stopped 200 retry retry
tableUnavailable 400 retry retry
timeout 400 retry retry
"""

# docs.cloud.google.com/storage/docs/json_api/v1/status-codes, read in 2026-11.
# Status, class, reasons. `-`: the status has no reason.
STORAGE = """
400 bug badRequest badRequestException corsRequestWithXOrigin customerEncryptionAlgorithmIsInvalid
400 bug customerEncryptionKeyFormatIsInvalid customerEncryptionKeyIsIncorrect customerEncryptionKeySha256IsInvalid
400 bug invalid invalidAltValue invalidArgument invalidParameter notDownload notUpload parseError
400 bug push.channelIdInvalid push.channelIdNotUnique push.webhookUrlNoHostOrAddress push.webhookUrlNotHttps
400 bug resourceNotEncryptedWithCustomerEncryptionKey turnedDown wrongUrlForUpload
400 setup cloudKmsBadKey cloudKmsCannotChangeKeyName cloudKmsDecryptionKeyNotFound cloudKmsDisabledKey
400 setup cloudKmsEncryptionKeyNotFound cloudKmsKeyLocationNotAllowed resourceIsEncryptedWithCustomerEncryptionKey
400 setup userProjectInvalid userProjectMissing
401 setup AuthenticationRequiredRequesterPays authError lockedDomainExpired required
403 bug sslRequired stopChannelCallerNotOwner
403 setup accountDisabled countryBlocked forbidden insufficientPermissions objectUnderActiveHold
403 setup retentionPolicyNotMet UserProjectAccessDenied UserProjectAccountProblem
404 setup notFound
405 bug methodNotAllowed
408 retry uploadBrokenConnection
409 retry conflict
410 retry -
411 bug -
412 bug conditionNotMet softDeletePolicyNotSet objectNotSoftDeleted
412 setup orgPolicyConstraintFailed
413 bug uploadTooLarge
416 bug requestedRangeNotSatisfiable
429 retry usageLimits.rateLimitExceeded
499 bug -
500 retry backendError internalError
502 retry -
503 retry backendError
504 retry -
"""

BIGQUERY_ROWS = [tuple(line.split()) for line in BIGQUERY.strip().splitlines()]
STORAGE_ROWS = [
    (status, kind, reason)
    for status, kind, *reasons in map(str.split, STORAGE.strip().splitlines())
    for reason in reasons
]
UNDOCUMENTED = {"badGateway", "policyViolation", "userRateLimitExceeded"}  # from the clients' code, or older


def answer(status: int, reason: str) -> api.GoogleAPICallError:
    return api.from_http_status(status, "x", errors=[{"reason": reason}] if reason != "-" else [])


def class_of(failure: BillingError | None) -> str:
    return str(ErrorClass.BUG if failure is None else failure.kind)


@pytest.mark.parametrize(("reason", "status", "in_call", "in_job"), BIGQUERY_ROWS)
def test_every_bigquery_reason_has_a_class(reason: str, status: str, in_call: str, in_job: str) -> None:
    assert class_of(classify_job_error(reason, "x")) == in_job
    if status != "200":
        assert class_of(classify_api_error(answer(int(status), reason))) == in_call


@pytest.mark.parametrize(("status", "kind", "reason"), STORAGE_ROWS)
def test_every_storage_reason_has_a_class(status: str, kind: str, reason: str) -> None:
    assert class_of(classify_api_error(answer(int(status), reason))) == kind


def test_tables_have_all_documented_reasons_and_no_others() -> None:
    documented = {row[0] for row in BIGQUERY_ROWS} | {row[2].rpartition(".")[2] for row in STORAGE_ROWS} - {"-"}

    assert {*api_errors.BIGQUERY, *api_errors.STORAGE} == documented | UNDOCUMENTED
    assert set(api_errors.BIGQUERY).isdisjoint(api_errors.STORAGE)


def test_reason_in_the_message_of_a_download_counts() -> None:
    """If a download fails, Cloud Storage's client puts the answer's JSON into the message only."""
    text = '{"error": {"errors": [{"domain": "global", "reason": "cloudKmsDisabledKey"}], "code": 400}}'
    exc = api.from_http_status(400, f"GET https://x?alt=media: {text}: ('Request failed', 400)")

    failure = classify_api_error(exc)

    assert failure is not None
    assert failure.code == "KEY_UNAVAILABLE"


OTHER_MONTH = "Some rows belong to different partitions rather than destination partition 202509"


@pytest.mark.parametrize(
    ("reason", "message", "code", "expected"),
    [
        ("backendError", "x", "TRANSIENT", "The load job ended with backendError: x"),
        ("stopped", "x", "TRANSIENT", "The load job ended with stopped: x"),
        ("accessDenied", "x", "ACCESS_DENIED", "x"),
        ("billingNotEnabled", "x", "BILLING_DISABLED", "x"),
        ("blocked", "x", "BLOCKED", "x"),
        ("notFound", "Not found: Table p:d.t", "NOT_FOUND", "Not found: Table p:d.t"),
        ("notFound", "Not found: URI gs://b/o", "FILE_VANISHED", "Not found: URI gs://b/o"),
        ("invalid", OTHER_MONTH, "ROWS_OUTSIDE_MONTH", OTHER_MONTH),
        ("invalid", "Provided Schema does not match t.", "TYPE_CHANGED", "Provided Schema does not match t."),
        ("invalid", "Error while reading data, x", "VALUE_DOES_NOT_FIT", "Error while reading data, x"),
        ("resourcesExceeded", "x", "LOAD_REJECTED", "resourcesExceeded: x"),
        ("invalidQuery", "What?", "LOAD_REJECTED", "invalidQuery: What?"),
        ("neverSeen", "x", "LOAD_REJECTED", "neverSeen: x"),
        ("", "", "LOAD_REJECTED", ": "),
    ],
)
def test_job_error_has_the_code_of_reason_and_sentence(reason: str, message: str, code: str, expected: str) -> None:
    failure = classify_job_error(reason, message)

    assert (failure.code, failure.message) == (code, expected)


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (api.TooManyRequests("x"), "TRANSIENT"),
        (api.from_http_status(408, "x"), "TRANSIENT"),
        (api.Forbidden("x", errors=[{"reason": "rateLimitExceeded"}]), "TRANSIENT"),
        (api.Forbidden("x", errors=[{"reason": "accessDenied"}, {"reason": "quotaExceeded"}]), "TRANSIENT"),
        (api.InternalServerError("x", errors=[{"reason": "invalid"}]), "TRANSIENT"),
        (api.Forbidden("x", errors=[{"reason": "neverSeen"}]), "ACCESS_DENIED"),
        (api.Forbidden("x", errors=["odd"]), "ACCESS_DENIED"),
        (api.Unauthorized("x"), "CREDENTIALS"),
        (api.NotFound("x"), "NOT_FOUND"),
        (api.RetryError("x", cause=None), "TRANSIENT"),
        (requests.exceptions.ReadTimeout("x"), "TRANSIENT"),
        (requests.exceptions.ConnectionError("x"), "TRANSIENT"),
        (auth.TransportError("x"), "TRANSIENT"),
        (auth.RefreshError("Failed to retrieve http://metadata.google.internal/"), "TRANSIENT"),
        (auth.RefreshError("('invalid_grant: Bad Request', {'error': 'invalid_grant'})"), "CREDENTIALS"),
        (auth.RefreshError("Reauthentication is needed. Please log in again."), "CREDENTIALS"),
        (auth.RefreshError("The credentials do not contain the necessary fields need to refresh"), "CREDENTIALS"),
        (auth.DefaultCredentialsError("x"), "CREDENTIALS"),
        (auth.InvalidOperation("Anonymous credentials cannot be refreshed."), "CREDENTIALS"),
        (ConnectionResetError("x"), "TRANSIENT"),
        (TimeoutError("x"), "TRANSIENT"),
    ],
)
def test_google_exception_has_the_code_of_status_and_reason(exc: Exception, code: str) -> None:
    failure = classify_api_error(exc)

    assert failure is not None
    assert failure.code == code


@pytest.mark.parametrize(
    "exc", [api.BadRequest("x"), api.Conflict("x"), api.PreconditionFailed("x"), ValueError("x"), KeyError("code")]
)
def test_other_exceptions_are_bugs(exc: Exception) -> None:
    assert classify_api_error(exc) is None


def dlt_classes() -> dict[str, type[Exception]]:
    from dlt.common.destination import exceptions as common
    from dlt.destinations import exceptions as destinations
    from dlt.load import exceptions as load

    return {**vars(common), **vars(destinations), **vars(load)}


def dlt_exception(name: str, message: str = "x", cause: Exception | None = None) -> Exception:
    kind = dlt_classes()[name]
    exc = kind.__new__(kind)
    exc.args = (message,)
    exc.__cause__ = cause
    return exc


def class_of_commit(exc: Exception) -> str:
    """Return the class of a commit that failed with this exception."""
    return class_of(classify_dlt_error(list(causes_of(exc))))


@pytest.mark.parametrize("name", api_errors.DLT)
def test_known_dlt_exception_has_its_class(name: str) -> None:
    wrapped = dlt_exception("DestinationTransientException", cause=dlt_exception(name))

    assert class_of_commit(wrapped) == str(ERRORS[api_errors.DLT[name]].kind)


def test_every_transient_dlt_exception_is_retried() -> None:
    from dlt.common.exceptions import TransientException

    abstract = {"TransientException", "DestinationTransientException"}
    never_raised = {"InvalidPlaceholderCallback", "TableChainFollowupJobCreationFailedException"}  # filesystem, merge

    classes = {name: kind for name, kind in dlt_classes().items() if isinstance(kind, type)}
    transient = {name for name, kind in classes.items() if issubclass(kind, TransientException)}
    retried = {name for name, code in api_errors.DLT.items() if code == "TRANSIENT"}

    assert transient - abstract - never_raised == retried


@pytest.mark.parametrize(
    ("exc", "kind"),
    [
        (dlt_exception("DatabaseTransientException", cause=answer(403, "accessDenied")), "setup"),
        (dlt_exception("DatabaseTransientException", cause=answer(400, "invalidQuery")), "bug"),
        (dlt_exception("DatabaseTransientException", cause=answer(503, "backendError")), "retry"),
        (dlt_exception("DatabaseTerminalException", "reason reported from bigquery: `invalid`"), "bug"),
        (dlt_exception("DatabaseTerminalException", "reason reported from bigquery: `stopped`"), "retry"),
        (dlt_exception("DatabaseTransientException", "reason reported from bigquery `accessDenied`, for job"), "setup"),
        (dlt_exception("LoadJobTerminalException", "The server reason was: `notFound`"), "setup"),
        (dlt_exception("DestinationSchemaTampered"), "bug"),
        (ValueError("x"), "bug"),
    ],
)
def test_google_answer_counts_before_dlt_message_and_class(exc: Exception, kind: str) -> None:
    assert class_of_commit(exc) == kind
