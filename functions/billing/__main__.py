"""`python -m billing sweep|status`: the same from a laptop, by application default credentials."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from .config import Settings
from .entry import cloud_of, settings_or_exit

_SHOWN = ("source", "month", "state", "delivered_at", "loaded_at", "row_count", "cost", "currency", "code", "message")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m billing", description=__doc__)
    parser.add_argument("command", choices=("sweep", "status"), help="sweep: load what is due; status: what is loaded")
    command = parser.parse_args(arguments).command
    settings = settings_or_exit()
    if command == "status":
        print(_table(status(settings)))
        return 0
    from .sweep import sweep

    report = sweep(settings)
    print(json.dumps(report, indent=2), file=sys.stderr)
    return 1 if report["left"] else 0


def status(settings: Settings) -> list[dict[str, Any]]:
    """All rows of every dataset's billing_status, by source and month."""
    cloud = cloud_of(settings)
    datasets = sorted({f"{source.project}.{source.dataset}" for source in settings.sources})
    rows = [
        row
        for dataset in datasets
        for row in cloud.warehouse.query(f"SELECT * FROM `{dataset}.billing_status` ORDER BY source, month")
    ]
    return [dict(row) for row in rows]


def _table(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "Nothing is booked yet."
    cells = [_SHOWN, *(tuple(_text(row.get(name)) for name in _SHOWN) for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(_SHOWN))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)


if __name__ == "__main__":
    sys.exit(main())
