"""The table of errors: each code with its class, its cause and its fix.

functions/docs/errors.md shows this table to users. A code never changes, because alerts and log filters use it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class ErrorClass(StrEnum):
    """What happens after a failure."""

    RETRY = "retry"  # the function answers 503, and the platform delivers the event again
    SETUP = "setup"  # the deployment has a problem: logged, not recorded, the sweep retries
    REJECT = "reject"  # the delivery has a problem: logged, and recorded with the code
    BUG = "bug"  # the loader has a problem: logged with the traceback, not recorded, the sweep retries


@dataclass(frozen=True)
class ErrorInfo:
    """One row of the table.

    `command` shows the cause or carries out the fix. Words in capitals stand for what the message names.
    """

    code: str
    kind: ErrorClass
    cause: str
    fix: str
    command: str = ""


_APPLY = "terraform -chdir=terraform apply"
_JOB = "bq show --format=prettyjson -j JOB_ID"
_MANIFEST = "gcloud storage cat gs://BUCKET/MANIFEST"
_SCHEMA = "bq show --schema --format=prettyjson DATASET.TABLE"
_STATUS = "billing status"
_SWEEP = "billing sweep"

ERRORS: dict[str, ErrorInfo] = {
    info.code: info
    for info in (
        ErrorInfo(
            "MONTH_LOCKED", ErrorClass.RETRY, "Another instance is writing this month.", "None: the loader retries."
        ),
        ErrorInfo(
            "CLOCK_WRONG",
            ErrorClass.RETRY,
            "The clock of this instance differs from Google's by more than a minute.",
            "None: another instance tries again. If it stays, report it to Google Cloud.",
        ),
        ErrorInfo(
            "JOB_RUNNING",
            ErrorClass.RETRY,
            "The load job ran longer than the function.",
            "None: the next call waits for the same job.",
            _JOB,
        ),
        ErrorInfo(
            "DEADLINE",
            ErrorClass.RETRY,
            "Too little time was left in this call to start a load job, or to record a load.",
            "None: the loader retries.",
        ),
        ErrorInfo(
            "TABLE_CHANGED",
            ErrorClass.RETRY,
            "The table changed while the loader read it.",
            "None: the loader retries.",
        ),
        ErrorInfo(
            "FILE_VANISHED",
            ErrorClass.RETRY,
            "A file was deleted or replaced after the loader listed it.",
            "None: the loader lists the files again.",
        ),
        ErrorInfo(
            "TRANSIENT", ErrorClass.RETRY, "Google Cloud answered with a temporary error.", "None: the loader retries."
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
            "An environment variable has an invalid value.",
            "Correct the variable that the message names.",
            _APPLY,
        ),
        ErrorInfo(
            "ACCESS_DENIED",
            ErrorClass.SETUP,
            "The service account lacks a permission. In a new project, grants take some minutes to work.",
            "Grant the permission that the message names. The sweep then loads the month.",
            _APPLY,
        ),
        ErrorInfo(
            "BILLING_DISABLED",
            ErrorClass.SETUP,
            "The project has no billing account, or the account is closed.",
            "Link an open billing account. The sweep then loads the month.",
            "gcloud billing projects link PROJECT --billing-account=ACCOUNT",
        ),
        ErrorInfo(
            "KEY_UNAVAILABLE",
            ErrorClass.SETUP,
            "The encryption key of the bucket is disabled, destroyed or in another location.",
            "Enable the key, or name another one in kms_key. The sweep then loads the month.",
            "gcloud kms keys versions list --key=KEY --keyring=RING --location=LOCATION",
        ),
        ErrorInfo(
            "CREDENTIALS",
            ErrorClass.SETUP,
            "There are no credentials, or they have expired. This happens on your own machine.",
            "Log in again.",
            "gcloud auth application-default login",
        ),
        ErrorInfo(
            "BLOCKED",
            ErrorClass.SETUP,
            "BigQuery blocks the operation for some time.",
            "Ask the support of Google Cloud why. The sweep retries every hour.",
            _SWEEP,
        ),
        ErrorInfo(
            "NOT_FOUND",
            ErrorClass.SETUP,
            "A table, dataset or bucket of the deployment does not exist.",
            "Create it with Terraform. The sweep then loads the month.",
            _APPLY,
        ),
        ErrorInfo(
            "BOOKKEEPING_UNREADABLE",
            ErrorClass.SETUP,
            "An object in the bookkeeping bucket holds something that the loader never writes.",
            "Delete the object that the message names. The sweep then loads the month.",
            "gcloud storage rm gs://BUCKET/OBJECT",
        ),
        ErrorInfo(
            "NO_SUCH_DELIVERY",
            ErrorClass.SETUP,
            "A replay names a source, month or execution that does not exist.",
            "Use one of those that the message lists.",
            _STATUS,
        ),
        ErrorInfo(
            "MANIFEST_TOO_LARGE",
            ErrorClass.REJECT,
            "The manifest has more than 8 MiB or 250,000 values. Real manifests are smaller.",
            "Check what the object is. Deliver the month again.",
            "gcloud storage ls --long gs://BUCKET/MANIFEST",
        ),
        ErrorInfo(
            "MANIFEST_NOT_JSON",
            ErrorClass.REJECT,
            "The manifest is truncated, or it is not JSON.",
            "Deliver the month again. The next manifest replaces this one.",
            _MANIFEST,
        ),
        ErrorInfo(
            "MANIFEST_INVALID",
            ErrorClass.REJECT,
            "A field of the manifest is missing or has a wrong value.",
            "Check the field that the message names. Deliver the month again.",
            _MANIFEST,
        ),
        ErrorInfo(
            "LEGACY_MANIFEST",
            ErrorClass.REJECT,
            "The manifest has no month and no run id (API version 2021).",
            "Recreate the export in Cost Management. It then writes manifest version 2024-04-01.",
        ),
        ErrorInfo(
            "FORMAT_UNSUPPORTED",
            ErrorClass.REJECT,
            "The type or the file format of the export does not match the FORMAT of the source.",
            "Change the export or FORMAT, so that they match.",
            _APPLY,
        ),
        ErrorInfo(
            "COMPRESSION_UNSUPPORTED",
            ErrorClass.REJECT,
            "BigQuery cannot read ZIP. It cannot read gzip files and plain files in one load.",
            "At the provider, set the compression of the report or export to GZIP.",
            "aws cur modify-report-definition --cli-input-json file://report.json",
        ),
        ErrorInfo(
            "PATH_OUTSIDE_PREFIX",
            ErrorClass.REJECT,
            "The manifest names a file outside the prefix of the source.",
            "Set SOURCE_PATH to what Storage Transfer removes from names, and PREFIX to what it adds.",
            _APPLY,
        ),
        ErrorInfo(
            "DOUBLE_SLASH",
            ErrorClass.REJECT,
            "A file name has two slashes in a row, because the prefix at AWS ends in '/'. BigQuery reads them as one.",
            "Let SOURCE_PATH and the path of the transfer end in both slashes (cur//), or correct the prefix at AWS.",
            _APPLY,
        ),
        ErrorInfo(
            "TOO_MANY_FILES",
            ErrorClass.REJECT,
            "The delivery has more than 10,000 files, the limit of one BigQuery load job.",
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
            "The run does not start on the first day of the month. It would replace the month by a part of it.",
            "Export month to date, or one whole month at a time.",
            _MANIFEST,
        ),
        ErrorInfo(
            "FUTURE_MONTH",
            ErrorClass.REJECT,
            "The manifest names a month that has not begun.",
            "Check the dates in the manifest. Deliver the month again.",
            _MANIFEST,
        ),
        ErrorInfo(
            "FUTURE_RUN",
            ErrorClass.REJECT,
            "The time of the run is in the future. The run would be newer than every later delivery.",
            "Check the time of the run in the manifest. Deliver the month again.",
            _MANIFEST,
        ),
        ErrorInfo(
            "OTHER_SCOPE",
            ErrorClass.REJECT,
            "An export of another subscription or account has the same name and delivers into the path of this source.",
            "Give it its own directory and its own source. If it replaces the first export, replay the month once.",
            "billing replay azure_billing 2025-09",
        ),
        ErrorInfo(
            "COVERS_FEWER_DAYS",
            ErrorClass.REJECT,
            "The run covers fewer days than what is loaded.",
            "None, if you meant a one-off export. If not, run the export for the whole month.",
            _MANIFEST,
        ),
        ErrorInfo(
            "MONTH_WOULD_SHRINK",
            ErrorClass.REJECT,
            "The delivery is much smaller than the loaded one, and ON_SHRINK of the source is hold.",
            "Compare it with the provider's console. If it is right, replay the month.",
            "billing replay aws_cur 2025-09",
        ),
        ErrorInfo(
            "EMPTY_DELIVERY",
            ErrorClass.REJECT,
            "The delivery has no file or no data row.",
            "Check the scope of the export. Deliver the month again. An empty run never replaces a month.",
            _MANIFEST,
        ),
        ErrorInfo(
            "HEADER_UNREADABLE",
            ErrorClass.REJECT,
            "The header or footer of a data file cannot be read. The file is truncated, corrupt or not UTF-8.",
            "Deliver the month again.",
            "gcloud storage ls --long gs://BUCKET/FILE",
        ),
        ErrorInfo(
            "HEADERS_DIFFER",
            ErrorClass.REJECT,
            "Two files of one delivery have different columns.",
            "Deliver the month again.",
        ),
        ErrorInfo(
            "MISSING_COLUMN",
            ErrorClass.REJECT,
            "The files lack a column that the manifest names, or the column of the cost.",
            "Deliver the month again with that column.",
            _SCHEMA,
        ),
        ErrorInfo(
            "UNKNOWN_TYPE",
            ErrorClass.REJECT,
            "A column of a Parquet file is a list or a nested record, which the loader does not support.",
            "Remove the column from the export, or export it as text.",
            _SCHEMA,
        ),
        ErrorInfo(
            "TYPE_CHANGED",
            ErrorClass.REJECT,
            "A column has one type in the files and another type in the table.",
            "Set TABLE_NAME to a new table, or restore the type of the column in the export.",
            _SCHEMA,
        ),
        ErrorInfo(
            "DATES_UNCLEAR",
            ErrorClass.REJECT,
            "The dates of a column have an unknown format, have two formats, or do not show which part is the month.",
            "Deliver the month again, or do what the message says with TYPE_OVERRIDES and TABLE_NAME.",
            _MANIFEST,
        ),
        ErrorInfo(
            "COLUMN_NAME",
            ErrorClass.REJECT,
            "BigQuery does not allow the name of a column, or two columns have the same name.",
            "Rename the column at the provider, or remove it.",
        ),
        ErrorInfo(
            "TOO_MANY_COLUMNS",
            ErrorClass.REJECT,
            "The table would have more than 10,000 columns, the limit of BigQuery.",
            "Remove cost allocation tags, or set TABLE_NAME to a new table.",
            _SCHEMA,
        ),
        ErrorInfo(
            "ROWS_OUTSIDE_MONTH",
            ErrorClass.REJECT,
            "A file has rows of another billing period. The message names their months.",
            "Deliver the month again, without these rows.",
            _JOB,
        ),
        ErrorInfo(
            "VALUE_DOES_NOT_FIT",
            ErrorClass.REJECT,
            "A value does not fit the type of its column, or a file is corrupt.",
            "Deliver the month again, or set the column to STRING in TYPE_OVERRIDES and TABLE_NAME to a new table.",
            _JOB,
        ),
        ErrorInfo(
            "KEEPS_CRASHING",
            ErrorClass.REJECT,
            "Three instances in a row stopped while they loaded this delivery, perhaps for lack of memory.",
            "Read the log before each stop. Deliver the month again, or replay it after an upgrade of the loader.",
            "billing replay aws_cur 2025-09",
        ),
        ErrorInfo(
            "LOAD_REJECTED",
            ErrorClass.REJECT,
            "BigQuery rejected the load job.",
            "Read the message, which quotes BigQuery. Remove the cause, then replay the month.",
            "billing replay aws_cur 2025-09",
        ),
        ErrorInfo(
            "LOAD_KEEPS_FAILING",
            ErrorClass.SETUP,
            "BigQuery failed the same load more than twenty times with temporary errors.",
            "Check the status and the quotas of BigQuery. The sweep retries every hour.",
            _SWEEP,
        ),
        ErrorInfo(
            "BUG",
            ErrorClass.BUG,
            "An unexpected error in the loader.",
            "Report the log line with its traceback. The sweep retries every hour.",
            "gcloud logging read 'jsonPayload.code=\"BUG\"' --limit=1",
        ),
    )
}

_LINE_ENDS = re.compile(r"[\r\n\t]+")
_MAX_MESSAGE_CHARACTERS = 2000  # a log entry takes 256 KB, and a manifest may hold longer names


def one_line(text: str) -> str:
    """Return a text from outside as it may be shown: cut, in one line, with escapes for control and bidi characters.

    Otherwise a name in a manifest could add lines to a table or a mail, or hide a part of one.
    """
    shown = _LINE_ENDS.sub(" ", text[: 2 * _MAX_MESSAGE_CHARACTERS])
    if not shown.isprintable():
        shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in shown)
    return shown if len(shown) <= _MAX_MESSAGE_CHARACTERS else f"{shown[: _MAX_MESSAGE_CHARACTERS - 1]}…"


class BillingError(Exception):
    """A known failure. `message` has the pattern `<what is wrong, with the value>: <what to do>.`"""

    def __init__(self, code: str, message: str) -> None:
        self.info = ERRORS[code]
        self.message = one_line(message)
        super().__init__(f"{code}: {self.message}")

    @property
    def code(self) -> str:
        return self.info.code

    @property
    def kind(self) -> ErrorClass:
        return self.info.kind
