"""`billing status`: every month of every source."""

from collections.abc import Sequence
from typing import Any

from billing.gcp.services import Services, connect
from billing.settings import Settings

_SHOWN = ("source", "month", "state", "delivered_at", "loaded_at", "row_count", "cost", "currency", "code", "message")


def status(settings: Settings, services: Services | None = None) -> list[dict[str, Any]]:
    """All rows of every dataset's billing_status, by source and month."""
    services = services or connect(settings)
    datasets = sorted({f"{source.project}.{source.dataset}" for source in settings.sources})
    rows = [
        row
        for dataset in datasets
        for row in services.warehouse.query(f"SELECT * FROM `{dataset}.billing_status` ORDER BY source, month")
    ]
    return [dict(row) for row in rows]


def table(rows: Sequence[dict[str, Any]]) -> str:
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
