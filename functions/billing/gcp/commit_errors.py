"""Classify the exceptions of a commit by dlt."""

from collections.abc import Iterator

from billing.errors import BillingError
from billing.gcp.api_errors import classify_api_error, classify_dlt_error


def may_succeed_later(exc: BaseException) -> bool:
    """Return whether a retry of the commit may succeed: the error is transient, or a table was just created."""
    for cause in causes_of(exc):
        known = classify_api_error(cause)
        if known is not None and known.code == "TRANSIENT":
            return True
        code, text = getattr(cause, "code", None), str(cause)
        if code == 409 or "table update operations" in text:
            return True
        if code in (404, 410) and "/upload/" in text:  # the answer to the upload was lost, and it starts again
            return True
    return False


def failure_of(exc: Exception) -> Exception:
    """Return the known error that dlt wrapped. If there is none, return the exception: it is a bug."""
    known = classify_dlt_error(list(causes_of(exc)))
    if known is not None or may_succeed_later(exc):
        return known or BillingError("TRANSIENT", str(exc))
    return exc


def causes_of(exc: BaseException) -> Iterator[BaseException]:
    """Yield the exception and everything that it wraps."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [exc]
    while queue:
        cause = queue.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            wrapped = (getattr(cause, name, None) for name in ("exception", "client_exception"))
            queue += [cause.__cause__, cause.__context__, *wrapped]
