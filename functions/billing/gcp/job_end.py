"""How a job that writes a month ended."""

from dataclasses import dataclass
from typing import Any

from billing.decisions.record import LoadResult
from billing.errors import BillingError
from billing.gcp.api_errors import classify_job_error


@dataclass(frozen=True)
class Ran:
    """A job that has ended."""

    job: Any
    inserted: bool  # by this call
    failure: BillingError | None

    @property
    def result(self) -> LoadResult:
        """The labels of a query say how many rows it writes, because its statistics do not."""
        labels = self.job.labels
        rows = int(labels["rows"]) if "rows" in labels else int(self.job.output_rows or 0)
        return LoadResult(self.job.job_id, rows, self.job.ended, int(labels.get("blank", 0)))


def is_ours(job: Any) -> bool:
    """Return whether a job writes a month. The query that uses up an id has no label."""
    return "source" in job.labels


def failure_of(job: Any) -> BillingError | None:
    """Return BigQuery's summary, up to three details (they name column and line), and the file."""
    if not job.error_result:
        return None
    reason, message = job.error_result.get("reason", ""), job.error_result.get("message", "")
    details = [error.get("message", "") for error in job.errors or () if error.get("message") != message]
    place = job.error_result.get("location")
    text = " ".join([message, *details[:3], *([f"({place})"] if place and place not in message else [])])
    return classify_job_error(reason, text)
