"""Log lines as JSON on standard output, where Cloud Logging reads them."""

import json
import sys
from datetime import date, datetime

from billing.errors import one_line

_KEEPS_LINES = "stack_trace"  # a traceback, which the loader itself writes


def emit(severity: str, message: str, **fields: object) -> None:
    """Print one JSON line without the fields that are None. Text may come from outside, so it is made safe to show."""
    line = {"severity": severity, "message": one_line(message)}
    line.update({name: _safe(name, value) for name, value in fields.items() if value is not None})  # type: ignore[misc]
    print(json.dumps(line, default=_plain), file=sys.stdout, flush=True)


def _safe(name: str, value: object) -> object:
    return one_line(value) if isinstance(value, str) and name != _KEEPS_LINES else value


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
