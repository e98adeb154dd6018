"""Every failure ends as a log line and an answer to the platform."""

import traceback
from collections.abc import Callable

from billing.errors import Kind
from billing.gcp.api_errors import known_failure
from billing.log import emit
from billing.settings import Source

_SEVERITY = {Kind.RETRY: "INFO", Kind.SETUP: "ERROR", Kind.REJECT: "ERROR"}


class TryAgain(Exception):
    """Answer 503: the platform delivers the event again."""


def run_guarded(source: Source, about: str, work: Callable[[], None]) -> bool:
    """Runs work and ends its failure as its class says: False, or TryAgain raised for what passes."""
    try:
        work()
    except Exception as exc:  # noqa: BLE001 - the edge: every failure ends as a line and an answer
        known = known_failure(exc)
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
        emit(
            _SEVERITY[known.kind],
            known.message,
            source=source.key,
            action="retried" if known.kind is Kind.RETRY else "failed",
            code=known.code,
            object=about,
        )
        if known.kind is Kind.RETRY:
            raise TryAgain(known.code) from None
        return False
    return True
