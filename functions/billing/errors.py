"""The one table of everything that can go wrong: a stable code, its class, its cause, the fix and its command."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorClass(StrEnum):
    """How a failure ends: who retries it, and whether it is booked."""

    RETRY = "retry"  # answered 503: the platform delivers the event again
    SETUP = "setup"  # the deployment is at fault: not booked, the sweep is its retry
    REJECT = "reject"  # the delivery is at fault: booked with its code
    BUG = "bug"  # the loader is at fault: not booked, logged with its traceback


@dataclass(frozen=True)
class ErrorInfo:
    """`command` looks at the cause or carries out the fix; capitals stand for what the log line names."""

    code: str
    kind: ErrorClass
    cause: str
    fix: str
    command: str = ""


_APPLY = "make terraform ARGS=apply"
_JOB = "bq show --format=prettyjson -j JOB_ID"
_MANIFEST = "gcloud storage cat gs://BUCKET/MANIFEST"
_SCHEMA = "bq show --schema --format=prettyjson DATASET.TABLE"

ERRORS: dict[str, ErrorInfo] = {
    fault.code: fault
    for fault in (
        ErrorInfo(
            "MONTH_LOCKED", ErrorClass.RETRY, "Another instance is writing this month.", "None: it is tried again."
        ),
        ErrorInfo(
            "JOB_RUNNING",
            ErrorClass.RETRY,
            "The load job outlived the function.",
            "None: it is taken up again.",
            _JOB,
        ),
        ErrorInfo(
            "DEADLINE", ErrorClass.RETRY, "Too late in this call to start a load job.", "None: it is tried again."
        ),
        ErrorInfo(
            "TABLE_CHANGED", ErrorClass.RETRY, "The table changed while it was read.", "None: it is tried again."
        ),
        ErrorInfo("FILE_VANISHED", ErrorClass.RETRY, "A listed file was gone.", "None: it is looked for again."),
        ErrorInfo(
            "TRANSIENT", ErrorClass.RETRY, "Google Cloud answered with a passing error.", "None: it is tried again."
        ),
        ErrorInfo(
            "SETTING_MISSING",
            ErrorClass.SETUP,
            "An environment variable is not set.",
            "Set the variable that the message names.",
            _APPLY,
        ),
        ErrorInfo(
            "SETTING_INVALID",
            ErrorClass.SETUP,
            "An environment variable has a value that cannot be right.",
            "Correct the variable that the message names.",
            _APPLY,
        ),
        ErrorInfo(
            "ACCESS_DENIED",
            ErrorClass.SETUP,
            "The service account lacks a permission (a new project's grants take minutes).",
            "Grant the permission that the message names; the sweep loads the month.",
            _APPLY,
        ),
        ErrorInfo(
            "BILLING_DISABLED",
            ErrorClass.SETUP,
            "Billing is off for the project, or its account is closed.",
            "Link an open billing account; the sweep loads the month.",
            "gcloud billing projects link PROJECT --billing-account=ACCOUNT",
        ),
        ErrorInfo(
            "KEY_UNAVAILABLE",
            ErrorClass.SETUP,
            "The bucket's encryption key is disabled, destroyed or in another location.",
            "Enable the key, or name another in kms_key; the sweep loads the month.",
            "gcloud kms keys versions list --key=KEY --keyring=RING --location=LOCATION",
        ),
        ErrorInfo(
            "CREDENTIALS",
            ErrorClass.SETUP,
            "There are no credentials, or they have expired (on a laptop).",
            "Log in again.",
            "gcloud auth application-default login",
        ),
        ErrorInfo(
            "BLOCKED",
            ErrorClass.SETUP,
            "BigQuery blocks the operation for a while.",
            "Ask Google's support why; the sweep tries once an hour.",
            "make sweep",
        ),
        ErrorInfo(
            "NOT_FOUND",
            ErrorClass.SETUP,
            "A table, dataset or bucket of the deployment does not exist.",
            "Create it (terraform apply); the sweep loads the month.",
            _APPLY,
        ),
        ErrorInfo(
            "NO_SUCH_DELIVERY",
            ErrorClass.SETUP,
            "A replay names a source, month or execution that is not there.",
            "Name one of those that the message lists.",
            "make status",
        ),
        ErrorInfo(
            "MANIFEST_TOO_LARGE",
            ErrorClass.REJECT,
            "The manifest is larger than any real one.",
            "Look at the object; deliver the month again.",
            "gcloud storage ls --long gs://BUCKET/MANIFEST",
        ),
        ErrorInfo(
            "MANIFEST_NOT_JSON",
            ErrorClass.REJECT,
            "The manifest is cut or is not JSON.",
            "Deliver the month again; the next manifest clears it.",
            _MANIFEST,
        ),
        ErrorInfo(
            "MANIFEST_INVALID",
            ErrorClass.REJECT,
            "A field of the manifest is missing or has a wrong value.",
            "The message names the field; deliver the month again.",
            _MANIFEST,
        ),
        ErrorInfo(
            "LEGACY_MANIFEST",
            ErrorClass.REJECT,
            "A manifest of 2021 names no month and no run.",
            "Recreate the export in Cost Management (manifest version 2024-04-01).",
        ),
        ErrorInfo(
            "FORMAT_UNSUPPORTED",
            ErrorClass.REJECT,
            "The export's type or file format is not the one that this source is configured for.",
            "Change the export, or the source's FORMAT, so that both agree.",
            _APPLY,
        ),
        ErrorInfo(
            "COMPRESSION_UNSUPPORTED",
            ErrorClass.REJECT,
            "BigQuery reads no ZIP, and no gzip and plain files in one load.",
            "Set the report's or export's compression to GZIP on the provider's side.",
            "aws cur modify-report-definition --cli-input-json file://report.json",
        ),
        ErrorInfo(
            "PATH_OUTSIDE_PREFIX",
            ErrorClass.REJECT,
            "A file that the manifest names lies outside the source's prefix.",
            "Set SOURCE_PATH and PREFIX to what Storage Transfer strips and adds.",
            _APPLY,
        ),
        ErrorInfo(
            "DOUBLE_SLASH",
            ErrorClass.REJECT,
            "A file's name has two slashes in a row (a prefix at AWS that ends in '/'), which BigQuery takes for one.",
            "Let SOURCE_PATH, and the transfer's path, end in both slashes (cur//), or correct the prefix at AWS.",
            _APPLY,
        ),
        ErrorInfo(
            "TOO_MANY_FILES",
            ErrorClass.REJECT,
            "BigQuery takes 10,000 files in one load job.",
            "Let the provider write fewer, larger files.",
        ),
        ErrorInfo(
            "SPANS_MONTHS",
            ErrorClass.REJECT,
            "The run covers more than one month.",
            "Export month to date, or one whole month at a time.",
            _MANIFEST,
        ),
        ErrorInfo(
            "STARTS_INSIDE_MONTH",
            ErrorClass.REJECT,
            "The run does not start on the first of the month: it would replace the month by a part.",
            "Export month to date, or one whole month at a time.",
            _MANIFEST,
        ),
        ErrorInfo(
            "FUTURE_MONTH",
            ErrorClass.REJECT,
            "The manifest names a month that has not begun.",
            "Look at the manifest's dates; deliver the month again.",
            _MANIFEST,
        ),
        ErrorInfo(
            "FUTURE_RUN",
            ErrorClass.REJECT,
            "The run's time lies in the future: it would be newer than every later delivery.",
            "Look at the manifest's submittedTime; deliver the month again.",
            _MANIFEST,
        ),
        ErrorInfo(
            "OTHER_SCOPE",
            ErrorClass.REJECT,
            "Another export of the same name, of another subscription or account, delivers into this source's path.",
            "Give it a directory and a source of its own; if it takes the other's place, replay the month once.",
            "make replay SOURCE=azure_billing MONTH=2025-09",
        ),
        ErrorInfo(
            "COVERS_FEWER_DAYS",
            ErrorClass.REJECT,
            "The run covers fewer days than what is loaded.",
            "None if a one-off export was meant; else run the export for the whole month.",
            _MANIFEST,
        ),
        ErrorInfo(
            "EMPTY_DELIVERY",
            ErrorClass.REJECT,
            "The delivery has no file or no data row.",
            "Check the export's scope; an empty run never replaces a month.",
            _MANIFEST,
        ),
        ErrorInfo(
            "HEADER_UNREADABLE",
            ErrorClass.REJECT,
            "A data file's header or footer cannot be read: the file is cut or corrupt.",
            "Deliver the month again.",
            "gcloud storage ls --long gs://BUCKET/FILE",
        ),
        ErrorInfo(
            "HEADERS_DIFFER",
            ErrorClass.REJECT,
            "Two CSV files of one delivery have different header rows.",
            "Deliver the month again.",
        ),
        ErrorInfo(
            "MISSING_COLUMN",
            ErrorClass.REJECT,
            "A column that the manifest names, or that the table is partitioned on, is not in the files.",
            "Deliver the month again with that column.",
            _SCHEMA,
        ),
        ErrorInfo(
            "UNKNOWN_TYPE",
            ErrorClass.REJECT,
            "A column's type is not known.",
            "Name its BigQuery type in TYPE_OVERRIDES.",
            _APPLY,
        ),
        ErrorInfo(
            "TYPE_CHANGED",
            ErrorClass.REJECT,
            "A column's type in the files is not the table's.",
            "Load into a fresh table, or restore the column's type in the export.",
            _SCHEMA,
        ),
        ErrorInfo(
            "DATES_UNCLEAR",
            ErrorClass.REJECT,
            "A date column is spelled in no known way, in two ways, or in one that may mean two days.",
            "Deliver the month again; the message names the column and the value.",
            _MANIFEST,
        ),
        ErrorInfo(
            "COLUMN_NAME",
            ErrorClass.REJECT,
            "A column's name cannot be a BigQuery column, or stands twice.",
            "Rename the column in the export.",
        ),
        ErrorInfo(
            "TOO_MANY_COLUMNS",
            ErrorClass.REJECT,
            "BigQuery takes 10,000 columns in one table.",
            "Remove cost allocation tags, or load into a fresh table.",
            _SCHEMA,
        ),
        ErrorInfo(
            "ROWS_OUTSIDE_MONTH",
            ErrorClass.REJECT,
            "A file holds rows of another billing period.",
            "Deliver the month again; the message has BigQuery's words.",
            _JOB,
        ),
        ErrorInfo(
            "VALUE_DOES_NOT_FIT",
            ErrorClass.REJECT,
            "A value does not fit its column's type, or a file is corrupt.",
            "Set the column to STRING in TYPE_OVERRIDES and load into a fresh table, or deliver the month again.",
            _JOB,
        ),
        ErrorInfo(
            "LOAD_REJECTED",
            ErrorClass.REJECT,
            "BigQuery refused the load for good.",
            "The message has BigQuery's words; deliver the month again when the cause is gone.",
            "make replay SOURCE=aws_cur MONTH=2025-09",
        ),
        ErrorInfo(
            "LOAD_KEEPS_FAILING",
            ErrorClass.SETUP,
            "BigQuery failed the same load more than twenty times with passing errors.",
            "Look at BigQuery's status and quotas; the sweep tries once an hour.",
            "make sweep",
        ),
        ErrorInfo(
            "BUG",
            ErrorClass.BUG,
            "The loader met what it does not know.",
            "Report the line with its traceback; the sweep tries again.",
            "gcloud logging read 'jsonPayload.code=\"BUG\"' --limit=1",
        ),
    )
}


_LONGEST_MESSAGE = 2000  # a hostile name fills neither a log entry (256 KB) nor the tracking table


class BillingError(Exception):
    """A failure with a code of the table above and a sentence that names what is at fault."""

    def __init__(self, code: str, message: str) -> None:
        self.fault = ERRORS[code]
        self.message = message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…"
        super().__init__(f"{code}: {self.message}")

    @property
    def code(self) -> str:
        return self.fault.code

    @property
    def kind(self) -> ErrorClass:
        return self.fault.kind
