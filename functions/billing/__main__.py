"""`python -m billing sweep|replay|status`: the same from a laptop, by application default credentials."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from .config import Settings
from .entry import cloud_of, exit_code, settings_or_exit

_SHOWN = ("source", "month", "state", "delivered_at", "loaded_at", "row_count", "cost", "currency", "code", "message")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    settings = settings_or_exit()
    return exit_code(lambda: _run(settings, options))


def _run(settings: Settings, options: argparse.Namespace) -> int:
    if options.command == "status":
        print(_table(status(settings)))
        return 0
    if options.command == "replay":
        return _replay(settings, options)
    from .sweep import sweep

    report = sweep(settings)
    print(json.dumps(report, indent=2), file=sys.stderr)
    return 1 if report["left"] else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m billing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sweep", help="load what is due")
    commands.add_parser("status", help="print what is loaded, waiting and refused")
    again = commands.add_parser("replay", help="load one month again, whatever the books say")
    again.add_argument("source", help="a source's key, such as aws_cur")
    again.add_argument("month", help="such as 2025-09")
    again.add_argument("--execution", help="an older delivery's id, as its manifest names it (default: the newest)")
    return parser.parse_args(arguments)


def _replay(settings: Settings, options: argparse.Namespace) -> int:
    from .replay import replay

    outcome = replay(settings, options.source, options.month, options.execution)
    return 0 if outcome.action == "loaded" else 1


def status(settings: Settings, cloud: Any = None) -> list[dict[str, Any]]:
    """All rows of every dataset's billing_status, by source and month."""
    cloud = cloud or cloud_of(settings)
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
