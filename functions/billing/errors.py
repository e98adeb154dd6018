"""The one table of everything that can go wrong: a stable code, its class, its cause and the fix."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a failure ends: who retries it, and whether it is booked."""

    RETRY = "retry"  # answered 503: the platform delivers the event again
    SETUP = "setup"  # the deployment is at fault: not booked, the sweep is its retry
    REJECT = "reject"  # the delivery is at fault: booked with its code


@dataclass(frozen=True)
class Fault:
    code: str
    kind: Kind
    cause: str
    fix: str


FAULTS: dict[str, Fault] = {
    fault.code: fault
    for fault in (
        Fault("BUSY", Kind.RETRY, "Another instance is writing this month.", "None: it is tried again."),
        Fault("JOB_RUNNING", Kind.RETRY, "The load job outlived the function.", "None: it is taken up again."),
        Fault("DEADLINE", Kind.RETRY, "Too late in this call to start a load job.", "None: it is tried again."),
        Fault("TABLE_CHANGED", Kind.RETRY, "The table changed while it was read.", "None: it is tried again."),
        Fault("FILE_VANISHED", Kind.RETRY, "A listed file was gone.", "None: it is looked for again."),
        Fault("TRANSIENT", Kind.RETRY, "Google Cloud answered with a passing error.", "None: it is tried again."),
        Fault(
            "SETTING_MISSING",
            Kind.SETUP,
            "An environment variable is not set.",
            "Set the variable that the message names.",
        ),
        Fault(
            "SETTING_INVALID",
            Kind.SETUP,
            "An environment variable has a value that cannot be right.",
            "Correct the variable that the message names.",
        ),
        Fault(
            "ACCESS_DENIED",
            Kind.SETUP,
            "The service account lacks a permission (a new project's grants take minutes).",
            "Grant the permission that the message names; the sweep loads the month.",
        ),
        Fault(
            "NOT_FOUND",
            Kind.SETUP,
            "A table, dataset or bucket of the deployment does not exist.",
            "Create it (terraform apply); the sweep loads the month.",
        ),
        Fault(
            "NO_SUCH_DELIVERY",
            Kind.SETUP,
            "A replay names a source, month or execution that is not there.",
            "Name one of those that the message lists.",
        ),
        Fault(
            "MANIFEST_TOO_LARGE",
            Kind.REJECT,
            "The manifest is larger than any real one.",
            "Look at the object; deliver the month again.",
        ),
        Fault(
            "MANIFEST_NOT_JSON",
            Kind.REJECT,
            "The manifest is cut or is not JSON.",
            "Deliver the month again; the next manifest clears it.",
        ),
        Fault(
            "MANIFEST_INVALID",
            Kind.REJECT,
            "A field of the manifest is missing or has a wrong value.",
            "The message names the field; deliver the month again.",
        ),
        Fault(
            "LEGACY_MANIFEST",
            Kind.REJECT,
            "A manifest of 2021 names no month and no run.",
            "Recreate the export in Cost Management (manifest version 2024-04-01).",
        ),
        Fault(
            "FORMAT_UNSUPPORTED",
            Kind.REJECT,
            "The export's type or file format is not the one that this source is configured for.",
            "Change the export, or the source's FORMAT, so that both agree.",
        ),
        Fault(
            "COMPRESSION_UNSUPPORTED",
            Kind.REJECT,
            "BigQuery cannot read ZIP.",
            "Set the report's compression to GZIP on the provider's side.",
        ),
        Fault(
            "PATH_OUTSIDE_PREFIX",
            Kind.REJECT,
            "A file that the manifest names lies outside the source's prefix.",
            "Set SOURCE_PATH and PREFIX to what Storage Transfer strips and adds.",
        ),
        Fault(
            "TOO_MANY_FILES",
            Kind.REJECT,
            "BigQuery takes 10,000 files in one load job.",
            "Let the provider write fewer, larger files.",
        ),
        Fault(
            "SPANS_MONTHS",
            Kind.REJECT,
            "The run covers more than one month.",
            "Export month to date, or one whole month at a time.",
        ),
        Fault(
            "STARTS_INSIDE_MONTH",
            Kind.REJECT,
            "The run does not start on the first of the month: it would replace the month by a part.",
            "Export month to date, or one whole month at a time.",
        ),
        Fault(
            "FUTURE_MONTH",
            Kind.REJECT,
            "The manifest names a month that has not begun.",
            "Look at the manifest's dates; deliver the month again.",
        ),
        Fault(
            "FUTURE_RUN",
            Kind.REJECT,
            "The run's time lies in the future: it would be newer than every later delivery.",
            "Look at the manifest's submittedTime; deliver the month again.",
        ),
        Fault(
            "NARROWER",
            Kind.REJECT,
            "The run covers fewer days than what is loaded.",
            "None if a one-off export was meant; else run the export for the whole month.",
        ),
        Fault(
            "EMPTY",
            Kind.REJECT,
            "The delivery has no file or no data row.",
            "Check the export's scope; an empty run never replaces a month.",
        ),
        Fault(
            "HEADER_UNREADABLE",
            Kind.REJECT,
            "A data file's header or footer cannot be read: the file is cut or corrupt.",
            "Deliver the month again.",
        ),
        Fault(
            "HEADERS_DIFFER",
            Kind.REJECT,
            "Two CSV files of one delivery have different header rows.",
            "Deliver the month again.",
        ),
        Fault(
            "MISSING_COLUMN",
            Kind.REJECT,
            "A column that the manifest names, or that the table is partitioned on, is not in the files.",
            "Deliver the month again with that column.",
        ),
        Fault(
            "UNKNOWN_TYPE",
            Kind.REJECT,
            "A column's type is not known.",
            "Name its BigQuery type in TYPE_OVERRIDES.",
        ),
        Fault(
            "TYPE_CHANGED",
            Kind.REJECT,
            "A column's type in the files is not the table's.",
            "Load into a fresh table, or restore the column's type in the export.",
        ),
        Fault(
            "COLUMN_NAME",
            Kind.REJECT,
            "A column's name cannot be a BigQuery column, or stands twice.",
            "Rename the column in the export.",
        ),
        Fault(
            "TOO_MANY_COLUMNS",
            Kind.REJECT,
            "BigQuery takes 10,000 columns in one table.",
            "Remove cost allocation tags, or load into a fresh table.",
        ),
        Fault(
            "ROWS_OUTSIDE_MONTH",
            Kind.REJECT,
            "A file holds rows of another billing period.",
            "Deliver the month again; the message has BigQuery's words.",
        ),
        Fault(
            "VALUE_DOES_NOT_FIT",
            Kind.REJECT,
            "A value does not fit its column's type, or a file is corrupt.",
            "Set the column to STRING in TYPE_OVERRIDES and load into a fresh table, or deliver the month again.",
        ),
        Fault(
            "LOAD_REJECTED",
            Kind.REJECT,
            "BigQuery refused the load for good.",
            "The message has BigQuery's words; deliver the month again when the cause is gone.",
        ),
        Fault(
            "LOAD_KEEPS_FAILING",
            Kind.SETUP,
            "BigQuery failed the same load more than twenty times with passing errors.",
            "Look at BigQuery's status and quotas; the sweep tries once an hour.",
        ),
    )
}


_LONGEST_MESSAGE = 2000  # a hostile name fills neither a log entry (256 KB) nor the tracking table


class BillingError(Exception):
    """A failure with a code of the table above and a sentence that names what is at fault."""

    def __init__(self, code: str, message: str) -> None:
        self.fault = FAULTS[code]
        self.message = message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…"
        super().__init__(f"{code}: {self.message}")

    @property
    def code(self) -> str:
        return self.fault.code

    @property
    def kind(self) -> Kind:
        return self.fault.kind


# A load job's errorResult.reason: docs.cloud.google.com/bigquery/docs/error-messages
_RETRYABLE_JOB_REASONS = frozenset(
    {
        "backendError",
        "internalError",
        "jobBackendError",
        "jobInternalError",
        "jobRateLimitExceeded",
        "quotaExceeded",
        "rateLimitExceeded",
        "stopped",
        "tableUnavailable",
        "timeout",
    }
)
_OUTSIDE_MONTH = "belong to different partitions"  # mozilla/telemetry-airflow 4419, google-cloud-go 942


def job_failure(reason: str, message: str) -> BillingError:
    """What a load job's errorResult means, by its reason and, for `invalid`, by BigQuery's sentence."""
    if reason in _RETRYABLE_JOB_REASONS:
        return BillingError("TRANSIENT", f"The load job ended with {reason}: {message}")
    if reason in ("accessDenied", "billingNotEnabled"):
        return BillingError("ACCESS_DENIED", message)
    if reason == "notFound":
        return BillingError("FILE_VANISHED" if "URI" in message else "NOT_FOUND", message)
    if _OUTSIDE_MONTH in message:
        return BillingError("ROWS_OUTSIDE_MONTH", message)
    if "Provided Schema does not match" in message:
        return BillingError("TYPE_CHANGED", message)
    if "Error while reading data" in message:
        return BillingError("VALUE_DOES_NOT_FIT", message)
    return BillingError("LOAD_REJECTED", f"{reason}: {message}")


_RETRYABLE_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_PASSING_REASONS = _RETRYABLE_JOB_REASONS | {"userRateLimitExceeded"}


def api_failure(exc: Exception) -> BillingError | None:
    """What an exception of a Google client means, or None: then it is a bug of ours.

    Judged by status and reason, so that nothing heavy is imported to name a class.
    """
    status = getattr(exc, "code", None)
    module = type(exc).__module__
    reasons = {str(error.get("reason")) for error in getattr(exc, "errors", ()) if isinstance(error, dict)}
    if status in _RETRYABLE_STATUS or reasons & _PASSING_REASONS:
        return BillingError("TRANSIENT", str(exc))
    if status in (401, 403):
        return BillingError("ACCESS_DENIED", str(exc))
    if status == 404:
        return BillingError("NOT_FOUND", str(exc))
    if isinstance(exc, ConnectionError | TimeoutError) or module.startswith(("requests.", "urllib3.", "google.auth.")):
        return BillingError("TRANSIENT", f"{type(exc).__name__}: {exc}")
    if type(exc).__name__ == "RetryError" and module == "google.api_core.exceptions":
        return BillingError("TRANSIENT", str(exc))
    return None
