"""What ends a run before its tests: one sentence with the fix, and the exit code."""

from __future__ import annotations

from collections.abc import Iterator

AGREES, DIFFERS, USAGE, UNREACHABLE = range(4)  # the exit codes

_LOGIN = "run `gcloud auth application-default login`"
_ROLES = ("roles/storage.admin", "roles/bigquery.user")
_DISABLED = ("accessNotConfigured", "SERVICE_DISABLED", "has not been used in project", "has not enabled BigQuery")
_BILLING = ("billingNotEnabled", "billing account", "accountDisabled", "Billing has not been enabled")
_NOT_ALLOWED = ("constraints/gcp.resourceLocations", "violates constraint")
_NO_LOCATION = ("location constraint is not valid", "Invalid value for location", "not a valid location", "location")
# classes by name, so that this module needs none of Google's clients
_NO_CREDENTIALS = ("DefaultCredentialsError",)
_EXPIRED = ("RefreshError", "Unauthorized")
_NO_ANSWER = ("TransportError", "ConnectionError", "ConnectTimeout", "ReadTimeout", "Timeout", "RetryError")
_FORBIDDEN = ("Forbidden",)
_UNAVAILABLE = ("TooManyRequests", "ServerError")


class ConformError(Exception):
    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def is_refusal(error: BaseException) -> bool:
    """Return whether the project did not let a test ask: no permission, a quota, no answer, or not implemented."""
    names = {name for one in _chain(error) for name in _class_names(one)}
    return not names.isdisjoint((*_NO_CREDENTIALS, *_EXPIRED, *_NO_ANSWER, *_FORBIDDEN, *_UNAVAILABLE))


def explain(error: BaseException, project: str, location: str) -> str:
    """Return what is missing, and the fix."""
    names = {name for one in _chain(error) for name in _class_names(one)}
    text = " ".join(" ".join(str(one) for one in _chain(error)).split())
    if names & {*_NO_CREDENTIALS}:
        return f"Google Cloud credentials are missing: {_LOGIN}."
    if names & {*_EXPIRED}:
        return f"The login of Google Cloud has ended: {_LOGIN} again."
    if names & {*_NO_ANSWER}:
        hint = "check the network, and STORAGE_EMULATOR_HOST and BIGQUERY_EMULATOR_HOST if they are set"
        return f"Google Cloud does not answer: {hint}. ({text[:200]})"
    return _refused(text, names, project, location)


def _refused(text: str, names: set[str], project: str, location: str) -> str:
    if any(word in text for word in _DISABLED):
        api = "bigquery.googleapis.com" if "bigquery" in text.lower() else "storage.googleapis.com"
        return f"The API {api} is disabled: run `gcloud services enable {api} --project={project}`."
    if any(word in text for word in _BILLING):
        fix = f"run `gcloud billing projects link {project} --billing-account=ACCOUNT`"
        return f"Project {project} has no open billing account, which buckets need: {fix}."
    if any(word in text for word in _NOT_ALLOWED):
        return f"A policy of the organisation forbids this in {location}: use a LOCATION that it allows. ({text[:200]})"
    if names & {*_FORBIDDEN}:
        grant = f"gcloud projects add-iam-policy-binding {project} --member=user:YOU --role="
        fix = "run " + " and ".join(f"`{grant}{role}`" for role in _ROLES)
        return f"Your login may not do this in project {project}: {fix}. ({text[:200]})"
    if names & {"BadRequest"} and any(word in text for word in _NO_LOCATION):
        return f"LOCATION {location} is not known: use EU, US or a region that both services have. ({text[:200]})"
    if names & {"NotFound", "BadRequest"}:
        return (
            f"Project {project} does not exist, or your login cannot see it: run `gcloud projects list`. ({text[:200]})"
        )
    return f"Google Cloud refuses the first requests in project {project}: {text[:300]}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what caused it. google.api_core's RetryError has its cause in an attribute."""
    while error is not None:
        yield error
        error = error.__cause__ or getattr(error, "cause", None)


def _class_names(error: BaseException) -> Iterator[str]:
    return (kind.__name__ for kind in type(error).__mro__)
