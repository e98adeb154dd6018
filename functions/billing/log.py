"""Log lines as JSON on standard output, where Cloud Logging reads them."""

import json
import sys
from datetime import date, datetime


def emit(severity: str, message: str, **fields: object) -> None:
    """Print one JSON line. Fields that are None are left out."""
    line = {"severity": severity, "message": message}
    line.update({name: value for name, value in fields.items() if value is not None})  # type: ignore[misc]
    print(json.dumps(line, default=_plain), file=sys.stdout, flush=True)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
