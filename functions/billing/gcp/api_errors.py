"""What an answer of Google's or dlt's means: every reason that they document, mapped once to a code of `errors`.

BUG stands for what no call of ours should get: it ends with its traceback. A load job is no call: what BigQuery finds
at fault in it is the delivery's.
"""

import re
from collections.abc import Iterator, Mapping

from billing.errors import BillingError

# docs.cloud.google.com/bigquery/docs/error-messages#errortable, and what google-cloud-bigquery knows beside it
BIGQUERY: Mapping[str, str] = {
    "accessDenied": "ACCESS_DENIED",
    "attributeError": "BUG",
    "backendError": "TRANSIENT",
    "badGateway": "TRANSIENT",  # google-cloud-bigquery, retry.py
    "badRequest": "BUG",
    "billingNotEnabled": "BILLING_DISABLED",
    "billingTierLimitExceeded": "BUG",  # of a query: ours are small
    "blocked": "BLOCKED",
    "duplicate": "BUG",  # where a job or a table may be there already, the caller looks
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
# docs.cloud.google.com/storage/docs/json_api/v1/status-codes; those that BigQuery has too stand above
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
    "conditionNotMet": "BUG",  # whoever states a condition looks at its answer
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
    "required": "CREDENTIALS",  # 401: no token came along
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
    "userRateLimitExceeded": "TRANSIENT",  # the older spelling of Google's APIs
    "webhookUrlNoHostOrAddress": "BUG",
    "webhookUrlNotHttps": "BUG",
    "wrongUrlForUpload": "BUG",
}
# What dlt 1.x raises from a commit for a reason of its own: dlt/destinations/exceptions.py, dlt/load/exceptions.py,
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
# Where an answer has no reason: the same two pages.
STATUS: Mapping[int, str] = {
    401: "CREDENTIALS",
    403: "ACCESS_DENIED",
    404: "NOT_FOUND",
    407: "CREDENTIALS",
    408: "TRANSIENT",
    410: "TRANSIENT",  # an upload that has to begin anew
    429: "TRANSIENT",
    500: "TRANSIENT",
    502: "TRANSIENT",
    503: "TRANSIENT",
    504: "TRANSIENT",
}
# BigQuery's words where its reason for a job's end is only `invalid`.
SENTENCES: Mapping[str, str] = {
    "belong to different partitions": "ROWS_OUTSIDE_MONTH",  # mozilla/telemetry-airflow 4419, google-cloud-go 942
    "Provided Schema does not match": "TYPE_CHANGED",
    "Error while reading data": "VALUE_DOES_NOT_FIT",
}
_MEANING = {reason.casefold(): code for reason, code in {**STORAGE, **BIGQUERY}.items()}
_IN_TEXT = re.compile(r'"reason": ?"([\w.]+)"')  # Storage's downloads carry the answer's JSON in their message only
_BY_DLT = re.compile(r"reason (?:reported from bigquery|was):? `(\w+)`")
_NO_LOGIN = ("invalid_grant", "Reauthentication is needed", "do not contain the necessary fields")


def classify_job_error(reason: str, message: str) -> BillingError:
    """What a load job's errorResult means, by its reason and, for what is at fault in the files, by the sentence."""
    code = _MEANING.get(reason.casefold(), "BUG")
    if code == "TRANSIENT":
        return BillingError(code, f"The load job ended with {reason}: {message}")
    if code == "NOT_FOUND" and "URI" in message:
        return BillingError("FILE_VANISHED", message)
    if code != "BUG":
        return BillingError(code, message)
    for sentence, meant in SENTENCES.items():
        if sentence in message:
            return BillingError(meant, message)
    return BillingError("LOAD_REJECTED", f"{reason}: {message}")


def classify(exc: Exception) -> BillingError | None:
    """What ended a call: our own verdict, or what Google's answer means; None is a bug of ours."""
    return exc if isinstance(exc, BillingError) else classify_api_error(exc)


def classify_api_error(exc: BaseException) -> BillingError | None:
    """What an exception of a Google client means, or None: then it is a bug of ours.

    Judged by status and reason, so that nothing heavy is imported to name a class.
    """
    module, name = type(exc).__module__, type(exc).__name__
    if module.startswith("google.auth."):
        return _of_credentials(exc)
    if isinstance(exc, ConnectionError | TimeoutError) or module.startswith(("requests.", "urllib3.")):
        return BillingError("TRANSIENT", f"{name}: {exc}")
    if name == "RetryError" and module == "google.api_core.exceptions":
        return BillingError("TRANSIENT", str(exc))
    code = _by_answer(exc)
    return None if code == "BUG" else BillingError(code, str(exc))


def classify_dlt_error(causes: list[BaseException]) -> BillingError | None:
    """What ended a commit, from the chain of dlt's exception: Google's own words first, then dlt's."""
    answers = [cause for cause in causes if _is_google_s(cause)]
    known = next(filter(None, map(classify_api_error, causes)), None)
    if known is not None or answers:
        return known
    for cause in causes:
        for reason in _reasons_by_dlt(cause):
            code = _MEANING.get(reason.casefold(), "BUG")
            return None if code == "BUG" else BillingError(code, str(cause))
    named = ((DLT.get(type(cause).__name__), cause) for cause in causes if type(cause).__module__.startswith("dlt."))
    return next((BillingError(code, str(cause)) for code, cause in named if code is not None), None)


def _by_answer(exc: BaseException) -> str:
    """A passing reason or status wins: nothing is lost by trying again."""
    by_status = STATUS.get(getattr(exc, "code", None) or 0, "BUG")
    codes = [_MEANING[reason] for reason in _reasons(exc) if reason in _MEANING]
    if "TRANSIENT" in (by_status, *codes):
        return "TRANSIENT"
    return codes[0] if codes else by_status


def _reasons(exc: BaseException) -> Iterator[str]:
    if not _is_google_s(exc):
        return
    structured = (error.get("reason") for error in getattr(exc, "errors", ()) if isinstance(error, dict))
    for reason in (*structured, *_IN_TEXT.findall(str(exc))):
        yield str(reason).rpartition(".")[2].casefold()


def _is_google_s(exc: BaseException) -> bool:
    return type(exc).__module__ == "google.api_core.exceptions"


def _reasons_by_dlt(exc: BaseException) -> list[str]:
    if not type(exc).__module__.startswith("dlt."):
        return []
    return _BY_DLT.findall(str(exc))


def _of_credentials(exc: BaseException) -> BillingError:
    """A metadata server that does not answer passes; credentials that are not there, or are withdrawn, do not."""
    kinds = {kind.__name__ for kind in type(exc).__mro__}
    missing = "DefaultCredentialsError" in kinds or any(words in str(exc) for words in _NO_LOGIN)
    return BillingError("CREDENTIALS" if missing else "TRANSIENT", f"{type(exc).__name__}: {exc}")
