"""The one table of everything that can go wrong: a stable code, its class, its cause, the fix and its command."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a failure ends: who retries it, and whether it is booked."""

    RETRY = "retry"  # answered 503: the platform delivers the event again
    SETUP = "setup"  # the deployment is at fault: not booked, the sweep is its retry
    REJECT = "reject"  # the delivery is at fault: booked with its code
    BUG = "bug"  # the loader is at fault: not booked, logged with its traceback


@dataclass(frozen=True)
class Fault:
    """`command` looks at the cause or carries out the fix; capitals stand for what the log line names."""

    code: str
    kind: Kind
    cause: str
    fix: str
    command: str = ""


_APPLY = "make terraform ARGS=apply"
_JOB = "bq show --format=prettyjson -j JOB_ID"
_MANIFEST = "gcloud storage cat gs://BUCKET/MANIFEST"
_SCHEMA = "bq show --schema --format=prettyjson DATASET.TABLE"

FAULTS: dict[str, Fault] = {
    fault.code: fault
    for fault in (
        Fault("BUSY", Kind.RETRY, "Another instance is writing this month.", "None: it is tried again."),
        Fault(
            "JOB_RUNNING",
            Kind.RETRY,
            "The load job outlived the function.",
            "None: it is taken up again.",
            _JOB,
        ),
        Fault("DEADLINE", Kind.RETRY, "Too late in this call to start a load job.", "None: it is tried again."),
        Fault("TABLE_CHANGED", Kind.RETRY, "The table changed while it was read.", "None: it is tried again."),
        Fault("FILE_VANISHED", Kind.RETRY, "A listed file was gone.", "None: it is looked for again."),
        Fault("TRANSIENT", Kind.RETRY, "Google Cloud answered with a passing error.", "None: it is tried again."),
        Fault(
            "SETTING_MISSING",
            Kind.SETUP,
            "An environment variable is not set.",
            "Set the variable that the message names.",
            _APPLY,
        ),
        Fault(
            "SETTING_INVALID",
            Kind.SETUP,
            "An environment variable has a value that cannot be right.",
            "Correct the variable that the message names.",
            _APPLY,
        ),
        Fault(
            "ACCESS_DENIED",
            Kind.SETUP,
            "The service account lacks a permission (a new project's grants take minutes).",
            "Grant the permission that the message names; the sweep loads the month.",
            _APPLY,
        ),
        Fault(
            "BILLING_DISABLED",
            Kind.SETUP,
            "Billing is off for the project, or its account is closed.",
            "Link an open billing account; the sweep loads the month.",
            "gcloud billing projects link PROJECT --billing-account=ACCOUNT",
        ),
        Fault(
            "KEY_UNAVAILABLE",
            Kind.SETUP,
            "The bucket's encryption key is disabled, destroyed or in another location.",
            "Enable the key, or name another in kms_key; the sweep loads the month.",
            "gcloud kms keys versions list --key=KEY --keyring=RING --location=LOCATION",
        ),
        Fault(
            "CREDENTIALS",
            Kind.SETUP,
            "There are no credentials, or they have expired (on a laptop).",
            "Log in again.",
            "gcloud auth application-default login",
        ),
        Fault(
            "BLOCKED",
            Kind.SETUP,
            "BigQuery blocks the operation for a while.",
            "Ask Google's support why; the sweep tries once an hour.",
            "make sweep",
        ),
        Fault(
            "NOT_FOUND",
            Kind.SETUP,
            "A table, dataset or bucket of the deployment does not exist.",
            "Create it (terraform apply); the sweep loads the month.",
            _APPLY,
        ),
        Fault(
            "NO_SUCH_DELIVERY",
            Kind.SETUP,
            "A replay names a source, month or execution that is not there.",
            "Name one of those that the message lists.",
            "make status",
        ),
        Fault(
            "MANIFEST_TOO_LARGE",
            Kind.REJECT,
            "The manifest is larger than any real one.",
            "Look at the object; deliver the month again.",
            "gcloud storage ls --long gs://BUCKET/MANIFEST",
        ),
        Fault(
            "MANIFEST_NOT_JSON",
            Kind.REJECT,
            "The manifest is cut or is not JSON.",
            "Deliver the month again; the next manifest clears it.",
            _MANIFEST,
        ),
        Fault(
            "MANIFEST_INVALID",
            Kind.REJECT,
            "A field of the manifest is missing or has a wrong value.",
            "The message names the field; deliver the month again.",
            _MANIFEST,
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
            _APPLY,
        ),
        Fault(
            "COMPRESSION_UNSUPPORTED",
            Kind.REJECT,
            "BigQuery reads no ZIP, and no gzip and plain files in one load.",
            "Set the report's or export's compression to GZIP on the provider's side.",
            "aws cur modify-report-definition --cli-input-json file://report.json",
        ),
        Fault(
            "PATH_OUTSIDE_PREFIX",
            Kind.REJECT,
            "A file that the manifest names lies outside the source's prefix.",
            "Set SOURCE_PATH and PREFIX to what Storage Transfer strips and adds.",
            _APPLY,
        ),
        Fault(
            "DOUBLE_SLASH",
            Kind.REJECT,
            "A file's name has two slashes in a row (a prefix at AWS that ends in '/'), which BigQuery takes for one.",
            "Let SOURCE_PATH, and the transfer's path, end in both slashes (cur//), or correct the prefix at AWS.",
            _APPLY,
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
            _MANIFEST,
        ),
        Fault(
            "STARTS_INSIDE_MONTH",
            Kind.REJECT,
            "The run does not start on the first of the month: it would replace the month by a part.",
            "Export month to date, or one whole month at a time.",
            _MANIFEST,
        ),
        Fault(
            "FUTURE_MONTH",
            Kind.REJECT,
            "The manifest names a month that has not begun.",
            "Look at the manifest's dates; deliver the month again.",
            _MANIFEST,
        ),
        Fault(
            "FUTURE_RUN",
            Kind.REJECT,
            "The run's time lies in the future: it would be newer than every later delivery.",
            "Look at the manifest's submittedTime; deliver the month again.",
            _MANIFEST,
        ),
        Fault(
            "OTHER_SCOPE",
            Kind.REJECT,
            "Another export of the same name, of another subscription or account, delivers into this source's path.",
            "Give it a directory and a source of its own; if it takes the other's place, replay the month once.",
            "make replay SOURCE=azure_billing MONTH=2025-09",
        ),
        Fault(
            "NARROWER",
            Kind.REJECT,
            "The run covers fewer days than what is loaded.",
            "None if a one-off export was meant; else run the export for the whole month.",
            _MANIFEST,
        ),
        Fault(
            "EMPTY",
            Kind.REJECT,
            "The delivery has no file or no data row.",
            "Check the export's scope; an empty run never replaces a month.",
            _MANIFEST,
        ),
        Fault(
            "HEADER_UNREADABLE",
            Kind.REJECT,
            "A data file's header or footer cannot be read: the file is cut or corrupt.",
            "Deliver the month again.",
            "gcloud storage ls --long gs://BUCKET/FILE",
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
            _SCHEMA,
        ),
        Fault(
            "UNKNOWN_TYPE",
            Kind.REJECT,
            "A column's type is not known.",
            "Name its BigQuery type in TYPE_OVERRIDES.",
            _APPLY,
        ),
        Fault(
            "TYPE_CHANGED",
            Kind.REJECT,
            "A column's type in the files is not the table's.",
            "Load into a fresh table, or restore the column's type in the export.",
            _SCHEMA,
        ),
        Fault(
            "DATES_UNCLEAR",
            Kind.REJECT,
            "A date column is spelled in no known way, in two ways, or in one that may mean two days.",
            "Deliver the month again; the message names the column and the value.",
            _MANIFEST,
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
            _SCHEMA,
        ),
        Fault(
            "ROWS_OUTSIDE_MONTH",
            Kind.REJECT,
            "A file holds rows of another billing period.",
            "Deliver the month again; the message has BigQuery's words.",
            _JOB,
        ),
        Fault(
            "VALUE_DOES_NOT_FIT",
            Kind.REJECT,
            "A value does not fit its column's type, or a file is corrupt.",
            "Set the column to STRING in TYPE_OVERRIDES and load into a fresh table, or deliver the month again.",
            _JOB,
        ),
        Fault(
            "LOAD_REJECTED",
            Kind.REJECT,
            "BigQuery refused the load for good.",
            "The message has BigQuery's words; deliver the month again when the cause is gone.",
            "make replay SOURCE=aws_cur MONTH=2025-09",
        ),
        Fault(
            "LOAD_KEEPS_FAILING",
            Kind.SETUP,
            "BigQuery failed the same load more than twenty times with passing errors.",
            "Look at BigQuery's status and quotas; the sweep tries once an hour.",
            "make sweep",
        ),
        Fault(
            "BUG",
            Kind.BUG,
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
        self.fault = FAULTS[code]
        self.message = message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…"
        super().__init__(f"{code}: {self.message}")

    @property
    def code(self) -> str:
        return self.fault.code

    @property
    def kind(self) -> Kind:
        return self.fault.kind
