"""What the first bytes of a CSV file, or the last bytes of a Parquet file, say."""

from dataclasses import dataclass, field

from billing.manifests import Column


@dataclass(frozen=True)
class Header:
    columns: tuple[Column, ...]
    has_rows: bool
    gzipped: bool = field(default=False, compare=False)
    rows: tuple[tuple[str, ...], ...] = field(default=(), compare=False)  # of CSV, the first ones


class NeedMore(Exception):
    """The range read was too short; `size` bytes of that end of the file would do."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(str(size))
