"""One row of the tracking table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrackingRow:
    """One tracking row: what became of one delivery."""

    status: str  # loaded, rejected or waiting
    execution: str
    manifest_uri: str
    code: str | None = None
    message: str | None = None
    row_count: int | None = None
    file_count: int | None = None
    byte_count: int | None = None
    order_key: str | None = None
    content: str | None = None
    covers_until: str | None = None
    job_id: str | None = None
    table_created: str | None = None
