"""The table that a source is loaded into."""

from dataclasses import dataclass

from billing.columns.field import Field


@dataclass(frozen=True)
class TableIdentity:
    """A table's name and creation time. A table that was dropped and created again is another table."""

    name: str  # project.dataset.table
    created: str


@dataclass(frozen=True)
class Table:
    """A table as it was read. `handle` is the BigQuery client's own object, which has the etag."""

    identity: TableIdentity
    fields: tuple[Field, ...]
    handle: object
