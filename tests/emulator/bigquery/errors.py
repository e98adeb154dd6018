"""The errors of a job: `status.errorResult` has one sentence, `status.errors` lists every detail."""

from __future__ import annotations

from collections.abc import Sequence

ErrorProto = dict[str, str]


class JobError(Exception):
    """Ends a load job. `details` are the entries of `status.errors` after the error result."""

    def __init__(
        self, reason: str, message: str, location: str | None = None, details: Sequence[ErrorProto] = ()
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.result = error_proto(reason, message, location)
        self.details = list(details)


def error_proto(reason: str, message: str, location: str | None = None) -> ErrorProto:
    return {"reason": reason, "message": message} | ({"location": location} if location else {})


def bad_row(uri: str, sentence: str, *, rows: int, errors: int, max_bad: int) -> JobError:
    """Return the pair of sentences that BigQuery gives for a row that it cannot read."""
    counts = f"Rows: {rows}; errors: {errors}; max bad: {max_bad}; error percent: 0"
    summary = f"CSV processing encountered too many errors, giving up. {counts}"
    detail = error_proto("invalid", f"Error while reading data, error message: {sentence} File: {uri}", uri)
    return JobError("invalid", f"Error while reading data, error message: {summary}", uri, [detail])
