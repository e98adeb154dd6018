"""Turn each exception into a log line and an answer to the platform."""

import traceback
from collections.abc import Callable

from billing.errors import ErrorClass
from billing.gcp.api_errors import classify
from billing.log import emit
from billing.settings import Source

_ALWAYS_TOLD = frozenset({"CLOCK_WRONG"})  # a retry may succeed, but somebody must look at the cause
_SEVERITY = {ErrorClass.RETRY: "INFO", ErrorClass.SETUP: "ERROR", ErrorClass.REJECT: "ERROR"}


class RetryLater(Exception):
    """Answer 503: the platform delivers the event again."""


def log_failures(source: Source, about: str, work: Callable[[], None]) -> bool:
    """Run `work`, and log its failure. Return whether it succeeded. Raise RetryLater if the error is transient."""
    try:
        work()
    except Exception as exc:  # noqa: BLE001 - the edge: every failure ends as a log line and an answer
        known = classify(exc)
        if known is None:
            emit(
                "ERROR",
                f"Bug at {about}: {exc!r}",
                source=source.key,
                action="failed",
                code="BUG",
                object=about,
                stack_trace=traceback.format_exc(),
            )
            return False
        severity = _SEVERITY[known.kind]
        if known.code in _ALWAYS_TOLD:
            severity = "ERROR"
        emit(
            severity,
            known.message,
            source=source.key,
            action="retried" if known.kind is ErrorClass.RETRY else "failed",
            code=known.code,
            object=about,
        )
        if known.kind is ErrorClass.RETRY:
            raise RetryLater(known.code) from None
        return False
    return True
