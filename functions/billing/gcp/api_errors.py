"""Map every error reason that BigQuery, Cloud Storage and dlt document to a code of `errors`.

BUG marks a reason that a correct request never gets. Such an exception is logged with its traceback.
The end of a load job is different: BigQuery then reports errors in the files, so the delivery is rejected.
"""

import re
from collections.abc import Iterator, Mapping

from billing.errors import BillingError

# docs.cloud.google.com/bigquery/docs/error-messages#errortable, and reasons that only google-cloud-bigquery lists
BIGQUERY: Mapping[str, str] = {
    "accessDenied": "ACCESS_DENIED",
    "attributeError": "BUG",
    "backendError": "TRANSIENT",
    "badGateway": "TRANSIENT",  # google-cloud-bigquery, retry.py
    "badRequest": "BUG",
    "billingNotEnabled": "BILLING_DISABLED",
    "billingTierLimitExceeded": "BUG",  # only large queries get it
    "blocked": "BLOCKED",
    "duplicate": "BUG",  # a caller that expects it handles it: a job or table may exist already
    "internalError": "TRANSIENT",
    "invalid": "BUG",
    "invalidQuery": "BUG",
    "invalidUser": "CREDENTIALS",
    "jobBackendError": "TRANSIENT",
    "jobInternalError": "TRANSIENT",
    "jobRateLimitExceeded": "TRANSIENT",
    "notFound": "NOT_FOUND",
    "notImplemented": "BUG",
    "policyViolation": "ACCESS_DENIED",  # google-cloud-bigquery, job/base.py
    "proxyAuthenticationRequired": "CREDENTIALS",
    "quotaExceeded": "TRANSIENT",
    "rateLimitExceeded": "TRANSIENT",
    "resourceInUse": "TRANSIENT",
    "resourcesExceeded": "BUG",
    "responseTooLarge": "BUG",
    "stopped": "TRANSIENT",
    "tableUnavailable": "TRANSIENT",
    "timeout": "TRANSIENT",
}
# docs.cloud.google.com/storage/docs/json_api/v1/status-codes; reasons that BigQuery has too are above
STORAGE: Mapping[str, str] = {
    "AuthenticationRequiredRequesterPays": "ACCESS_DENIED",
    "UserProjectAccessDenied": "ACCESS_DENIED",
    "UserProjectAccountProblem": "BILLING_DISABLED",
    "accountDisabled": "BILLING_DISABLED",
    "authError": "CREDENTIALS",
    "badRequestException": "BUG",
    "channelIdInvalid": "BUG",
    "channelIdNotUnique": "BUG",
    "cloudKmsBadKey": "KEY_UNAVAILABLE",
    "cloudKmsCannotChangeKeyName": "KEY_UNAVAILABLE",
    "cloudKmsDecryptionKeyNotFound": "KEY_UNAVAILABLE",
    "cloudKmsDisabledKey": "KEY_UNAVAILABLE",
    "cloudKmsEncryptionKeyNotFound": "KEY_UNAVAILABLE",
    "cloudKmsKeyLocationNotAllowed": "KEY_UNAVAILABLE",
    "conditionNotMet": "BUG",  # a caller that sets a precondition handles it
    "conflict": "TRANSIENT",
    "corsRequestWithXOrigin": "BUG",
    "countryBlocked": "ACCESS_DENIED",
    "customerEncryptionAlgorithmIsInvalid": "BUG",
    "customerEncryptionKeyFormatIsInvalid": "BUG",
    "customerEncryptionKeyIsIncorrect": "BUG",
    "customerEncryptionKeySha256IsInvalid": "BUG",
    "forbidden": "ACCESS_DENIED",
    "insufficientPermissions": "ACCESS_DENIED",
    "invalidAltValue": "BUG",
    "invalidArgument": "BUG",
    "invalidParameter": "BUG",
    "lockedDomainExpired": "CREDENTIALS",
    "methodNotAllowed": "BUG",
    "notDownload": "BUG",
    "notUpload": "BUG",
    "objectNotSoftDeleted": "BUG",
    "objectUnderActiveHold": "ACCESS_DENIED",
    "orgPolicyConstraintFailed": "ACCESS_DENIED",
    "parseError": "BUG",
    "requestedRangeNotSatisfiable": "BUG",
    "required": "CREDENTIALS",  # 401: the request had no token
    "resourceIsEncryptedWithCustomerEncryptionKey": "KEY_UNAVAILABLE",
    "resourceNotEncryptedWithCustomerEncryptionKey": "BUG",
    "retentionPolicyNotMet": "ACCESS_DENIED",
    "softDeletePolicyNotSet": "BUG",
    "sslRequired": "BUG",
    "stopChannelCallerNotOwner": "BUG",
    "turnedDown": "BUG",
    "uploadBrokenConnection": "TRANSIENT",
    "uploadTooLarge": "BUG",
    "userProjectInvalid": "ACCESS_DENIED",
    "userProjectMissing": "ACCESS_DENIED",
    "userRateLimitExceeded": "TRANSIENT",  # an older spelling
    "webhookUrlNoHostOrAddress": "BUG",
    "webhookUrlNotHttps": "BUG",
    "wrongUrlForUpload": "BUG",
}
# Exceptions that dlt 1.x raises by itself during a commit: dlt/destinations/exceptions.py, dlt/load/exceptions.py,
# dlt/common/destination/exceptions.py. Any other class is a bug.
DLT: Mapping[str, str] = {
    "DatabaseTransientException": "TRANSIENT",
    "DatabaseUndefinedRelation": "NOT_FOUND",
    "DestinationConnectionError": "TRANSIENT",
    "FollowupJobCreationFailedException": "TRANSIENT",
    "LoadClientJobRetry": "TRANSIENT",
    "LoadClientNotConnected": "TRANSIENT",
    "LoadJobTransientException": "TRANSIENT",
    "SchemaUpdateTransientError": "TRANSIENT",
}
# The meaning of a status without a reason, from the same two pages.
STATUS: Mapping[int, str] = {
    401: "CREDENTIALS",
    403: "ACCESS_DENIED",
    404: "NOT_FOUND",
    407: "CREDENTIALS",
    408: "TRANSIENT",
    410: "TRANSIENT",  # an upload that must start again
    429: "TRANSIENT",
    500: "TRANSIENT",
    502: "TRANSIENT",
    503: "TRANSIENT",
    504: "TRANSIENT",
}
# Sentences of BigQuery that tell the cause of a failed job whose reason is only `invalid`.
SENTENCES: Mapping[str, str] = {
    "belong to different partitions": "ROWS_OUTSIDE_MONTH",  # mozilla/telemetry-airflow 4419, google-cloud-go 942
    "Provided Schema does not match": "TYPE_CHANGED",
    "Error while reading data": "VALUE_DOES_NOT_FIT",
}
_CODES = {reason.casefold(): code for reason, code in {**STORAGE, **BIGQUERY}.items()}
_REASON_IN_JSON = re.compile(r'"reason": ?"([\w.]+)"')  # a failed download has the reason only in its message
_REASON_IN_DLT_MESSAGE = re.compile(r"reason (?:reported from bigquery|was):? `(\w+)`")
_LOGIN_NEEDED = ("invalid_grant", "Reauthentication is needed", "do not contain the necessary fields")


def classify_job_error(reason: str, message: str) -> BillingError:
    """Classify the errorResult of a load job by its reason. If the files are at fault, the sentence names the cause."""
    code = _CODES.get(reason.casefold(), "BUG")
    if code == "TRANSIENT":
        return BillingError(code, f"The load job ended with {reason}: {message}")
    if code == "NOT_FOUND" and "URI" in message:
        return BillingError("FILE_VANISHED", message)
    if code != "BUG":
        return BillingError(code, message)
    for sentence, cause in SENTENCES.items():
        if sentence in message:
            return BillingError(cause, message)
    return BillingError("LOAD_REJECTED", f"{reason}: {message}")


def classify(exc: Exception) -> BillingError | None:
    """Return the error as a BillingError, or None if it is a bug."""
    return exc if isinstance(exc, BillingError) else classify_api_error(exc)


def classify_api_error(exc: BaseException) -> BillingError | None:
    """Classify an exception of a Google client, or return None if it is a bug.

    Exception classes are compared by name: importing them would load Google's clients for every ignored event.
    """
    module, name = type(exc).__module__, type(exc).__name__
    if module.startswith("google.auth."):
        return _credentials_error(exc)
    if isinstance(exc, ConnectionError | TimeoutError) or module.startswith(("requests.", "urllib3.")):
        return BillingError("TRANSIENT", f"{name}: {exc}")
    if name == "RetryError" and module == "google.api_core.exceptions":
        return BillingError("TRANSIENT", str(exc))
    code = _code_of_answer(exc)
    return None if code == "BUG" else BillingError(code, str(exc))


def classify_dlt_error(causes: list[BaseException]) -> BillingError | None:
    """Classify a failed commit by the exceptions that dlt wrapped, or return None if it is a bug.

    An answer of Google counts first, then a reason that dlt's message quotes, then the class of dlt's exception.
    """
    known = next(filter(None, map(classify_api_error, causes)), None)
    if known is not None or any(map(_is_google_answer, causes)):
        return known
    for cause in causes:
        for reason in _reasons_in_dlt_message(cause):
            code = _CODES.get(reason.casefold(), "BUG")
            return None if code == "BUG" else BillingError(code, str(cause))
    by_class = ((DLT.get(type(cause).__name__), cause) for cause in causes if _is_dlt_exception(cause))
    return next((BillingError(code, str(cause)) for code, cause in by_class if code is not None), None)


def _code_of_answer(exc: BaseException) -> str:
    """Return the code of a status and its reasons. If one of them is transient, that counts: a retry is harmless."""
    by_status = STATUS.get(getattr(exc, "code", None) or 0, "BUG")
    codes = [_CODES[reason] for reason in _reasons(exc) if reason in _CODES]
    if "TRANSIENT" in (by_status, *codes):
        return "TRANSIENT"
    return codes[0] if codes else by_status


def _reasons(exc: BaseException) -> Iterator[str]:
    """Yield the reasons of a Google answer, from its fields and from its message."""
    if not _is_google_answer(exc):
        return
    structured = (error.get("reason") for error in getattr(exc, "errors", ()) if isinstance(error, dict))
    for reason in (*structured, *_REASON_IN_JSON.findall(str(exc))):
        yield str(reason).rpartition(".")[2].casefold()


def _is_google_answer(exc: BaseException) -> bool:
    return type(exc).__module__ == "google.api_core.exceptions"


def _is_dlt_exception(exc: BaseException) -> bool:
    return type(exc).__module__.startswith("dlt.")


def _reasons_in_dlt_message(exc: BaseException) -> list[str]:
    return _REASON_IN_DLT_MESSAGE.findall(str(exc)) if _is_dlt_exception(exc) else []


def _credentials_error(exc: BaseException) -> BillingError:
    """Classify an error of google.auth: missing or revoked credentials need a person, all others are transient."""
    kinds = {kind.__name__ for kind in type(exc).__mro__}
    missing = "DefaultCredentialsError" in kinds or any(words in str(exc) for words in _LOGIN_NEEDED)
    return BillingError("CREDENTIALS" if missing else "TRANSIENT", f"{type(exc).__name__}: {exc}")
