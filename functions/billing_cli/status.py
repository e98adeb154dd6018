"""`billing status`: print the rows of `billing_status` for all sources."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from billing.gcp.services import Services, connect
from billing.settings import Settings, read_settings

_COLUMNS = ("source", "month", "state", "delivered_at", "loaded_at", "row_count", "cost", "currency", "code", "message")


@click.command("status")
def status_command() -> None:
    """Print each month: what is loaded, waiting or rejected."""
    settings = read_settings()
    click.echo(format_table(read_status(settings, connect(settings))))


def read_status(settings: Settings, services: Services) -> list[dict[str, Any]]:
    """Return all rows of every dataset's billing_status, by source and month. One query per dataset."""
    return [
        dict(row)
        for view in settings.status_views
        for row in services.warehouse.query(f"SELECT * FROM `{view}` ORDER BY source, month")
    ]


def format_table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "Nothing is recorded yet."
    cells = [_COLUMNS, *(tuple(_text(row.get(name)) for name in _COLUMNS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)
