"""The header of a data file. It is in the first bytes of a CSV file, and in the last bytes of a Parquet file."""

from dataclasses import dataclass, field

from billing.manifests import Column

REPLACEMENT = "\ufffd"  # the character for bytes that are not UTF-8


@dataclass(frozen=True)
class Header:
    """The columns of one data file. Two headers are equal if columns and `has_rows` are.

    A file without rows has nothing to load, so its columns do not count. An empty file has no columns either.
    """

    columns: tuple[Column, ...]
    has_rows: bool
    gzipped: bool = field(default=False, compare=False)
    rows: tuple[tuple[str, ...], ...] = field(default=(), compare=False)  # the first ones; CSV only


NO_HEADER = Header((), has_rows=False)


class NeedMore(Exception):
    """The bytes that were read are too few. Read `size` bytes from that end of the file."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(str(size))
