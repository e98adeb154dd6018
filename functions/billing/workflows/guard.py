"""Turn each exception into a log line and an answer to the platform."""

import traceback
from collections.abc import Callable

from billing.errors import BillingError, ErrorClass
from billing.gcp.api_errors import classify
from billing.log import emit
from billing.settings import Source

_ALWAYS_TOLD = frozenset({"CLOCK_WRONG"})  # a retry may succeed, but somebody must look at the cause
_SEVERITY = {ErrorClass.RETRY: "INFO", ErrorClass.SETUP: "ERROR", ErrorClass.REJECT: "ERROR"}


class RetryLater(Exception):
    """Answer 503: the platform delivers the event again."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


def log_failures(source: Source | None, about: str, work: Callable[[], None], *, always_told: bool = False) -> bool:
    """Run `work`, and log its failure. Return whether it succeeded. Raise RetryLater if the error is transient.

    A transient error is logged as INFO, unless `always_told`: the sweep counts how long such errors last.
    """
    try:
        work()
    except Exception as exc:  # noqa: BLE001 - the edge: every failure ends as a log line and an answer
        known = classify(exc)
        _log(source, about, exc, known, always_told=always_told)
        if known is not None and known.kind is ErrorClass.RETRY:
            raise RetryLater(known.code, known.message) from None
        return False
    return True


def _log(source: Source | None, about: str, exc: Exception, known: BillingError | None, *, always_told: bool) -> None:
    key = source.key if source is not None else None
    if known is None:
        trace = "".join(traceback.format_exception(exc))
        emit(
            "ERROR",
            f"Bug at {about}: {exc!r}",
            source=key,
            action="failed",
            code="BUG",
            object=about,
            stack_trace=trace,
        )
        return
    severity = _SEVERITY[known.kind]
    if always_told or known.code in _ALWAYS_TOLD:
        severity = "ERROR"
    emit(
        severity,
        known.message,
        source=key,
        action="retried" if known.kind is ErrorClass.RETRY else "failed",
        code=known.code,
        object=about,
    )
