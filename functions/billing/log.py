"""One structured line per decision, in the shape that Cloud Logging reads from standard output."""

import json
import sys
from datetime import date, datetime


def emit(severity: str, message: str, **fields: object) -> None:
    """Prints one JSON line; fields that are None are left out."""
    line = {"severity": severity, "message": message}
    line.update({name: value for name, value in fields.items() if value is not None})  # type: ignore[misc]
    print(json.dumps(line, default=_plain), file=sys.stdout, flush=True)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
