"""What the first bytes of a CSV file, or the last of a Parquet file, say: columns, and what rows follow."""

import csv
import io
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from .columns import map_of
from .errors import BillingError
from .exports import MAX_COLUMNS, Column

_PARQUET_MAGIC = b"PAR1"
_GZIP_MAGIC, _ZIP_MAGIC = b"\x1f\x8b", b"PK\x03\x04"
_FOOTER_TAIL = 8  # four bytes of footer length, four of magic: parquet.apache.org/docs/file-format
_MAX_TEXT = 4 * 2**20  # bytes of text looked at; 10,000 columns of 300 bytes have 3 MB
_MAX_ROWS = 100  # data rows looked at
_MAX_DEPTH = 32
_MAX_MEMBERS = 100  # of one gzip file; block compressors write one per 64 KB of text
_RECORD = re.compile(rb'(?:[^"\n]++|"[^"]*+")*+\n')  # to the first line end that is outside quotes


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


def csv_header(head: bytes, name: str, *, complete: bool) -> Header:
    """The header row and the first data rows of a gzip or plain CSV file from its first bytes.

    Raises NeedMore, or BillingError HEADER_UNREADABLE, COMPRESSION_UNSUPPORTED, TOO_MANY_COLUMNS.
    """
    if head.startswith(_ZIP_MAGIC):
        raise BillingError("COMPRESSION_UNSUPPORTED", f"{name} is a ZIP file, which BigQuery cannot read.")
    gzipped = head.startswith(_GZIP_MAGIC) or name.endswith(".gz")
    data, cut = _unzip(head, name) if gzipped else (head[:_MAX_TEXT], False)
    record_end = _RECORD.match(data)
    end = record_end.end() if record_end else len(data)
    has_rows = bool(data[end:].strip())
    if not complete and not has_rows:
        raise NeedMore(len(head) * 4)
    if cut and not has_rows:
        raise BillingError("HEADER_UNREADABLE", f"{name} is a gzip file that is cut before its first data row.")
    record = _header_row(data[:end], name)
    if len(record) > MAX_COLUMNS:
        raise BillingError("TOO_MANY_COLUMNS", f"{name} has {len(record)} columns; BigQuery takes {MAX_COLUMNS}.")
    rows = _first_rows(data[end:] if complete and not cut else data[end : data.rfind(b"\n") + 1], len(record))
    return Header(tuple(Column(column, None) for column in record), has_rows, gzipped, rows)


def _header_row(line: bytes, name: str) -> list[str]:
    try:
        record = next(csv.reader(io.StringIO(line.decode("utf-8-sig"), newline="")), [])
    except (UnicodeDecodeError, csv.Error) as exc:
        raise BillingError("HEADER_UNREADABLE", f"{name} has a header row that cannot be read: {exc}.") from exc
    if not any(record):
        raise BillingError("HEADER_UNREADABLE", f"{name} has no header row.")
    return record


def _first_rows(data: bytes, width: int) -> tuple[tuple[str, ...], ...]:
    """Rows of the header's width; what is wrong with another is BigQuery's to say."""
    rows = csv.reader(io.StringIO(data.decode(errors="replace"), newline=""))
    try:
        return tuple(tuple(row) for row in islice(rows, _MAX_ROWS) if len(row) == width)
    except csv.Error:
        return ()


def _unzip(head: bytes, name: str) -> tuple[bytes, bool]:
    """The text of a gzip file's first members, and whether a member goes on where the bytes end."""
    text = b""
    for _ in range(_MAX_MEMBERS):
        member = zlib.decompressobj(wbits=31)
        try:
            text += member.decompress(head, _MAX_TEXT - len(text))
        except zlib.error as exc:
            if text:
                break  # padding behind the last member
            raise BillingError("HEADER_UNREADABLE", f"{name} is not a readable gzip file: {exc}.") from exc
        head = member.unused_data
        if not member.eof or not head or len(text) == _MAX_TEXT:
            break
    return text, not member.eof


def parquet_header(tail: bytes, name: str, *, size: int) -> Header:
    """Columns and row count from a Parquet file's last bytes. Raises NeedMore, or BillingError HEADER_UNREADABLE."""
    if size < 2 * _FOOTER_TAIL or tail[-4:] != _PARQUET_MAGIC:
        raise BillingError("HEADER_UNREADABLE", f"{name} has no Parquet footer: the file is cut or is not Parquet.")
    length = int.from_bytes(tail[-8:-4], "little") + _FOOTER_TAIL
    if length > size:
        raise BillingError("HEADER_UNREADABLE", f"{name} has a Parquet footer longer than the file.")
    if length > len(tail):
        raise NeedMore(length)
    try:
        metadata = _Thrift(tail[-length:-_FOOTER_TAIL]).struct(until=3)
        return Header(_top_level(metadata[2][1:]), metadata[3] > 0)  # the first element is the root
    except (KeyError, IndexError, TypeError, AttributeError, UnicodeDecodeError, RecursionError) as exc:
        raise BillingError("HEADER_UNREADABLE", f"{name} has a Parquet footer that cannot be read.") from exc


def _top_level(elements: Sequence[Mapping[int, Any]]) -> tuple[Column, ...]:
    """Only the outermost columns of a flattened schema tree; of nested ones, a map has a type that we load."""
    columns, at = [], 0
    while at < len(elements):
        end = _end(elements, at)
        columns.append(Column(elements[at][4].decode(), _type_of(*elements[at:end])))
        at = end
    return tuple(columns)


def _end(elements: Sequence[Mapping[int, Any]], at: int) -> int:
    """Where the subtree of an element ends."""
    due = 1
    while due > 0:
        due += elements[at].get(5, 0) - 1
        at += 1
    return at


def _type_of(element: Mapping[int, Any], *inside: Mapping[int, Any]) -> str | None:
    if not inside:
        return None if element.get(5) else _bigquery_type(element)
    is_map = element.get(6) in _CONVERTED_MAPS or _LOGICAL_MAP in element.get(10, {})
    if not is_map or element.get(3) == _REPEATED or len(inside) != 3 or inside[0].get(3) != _REPEATED:
        return None
    key, value = (_bigquery_type(leaf) for leaf in inside[1:])
    return map_of(key, value) if key and value else None


_REPEATED = 2
_CONVERTED_MAPS, _LOGICAL_MAP = (1, 2), 2
# SchemaElement's fields: 1 physical type, 3 repetition, 4 name, 5 children, 6 converted type, 10 logical type
# github.com/apache/parquet-format, parquet.thrift
_PHYSICAL = {
    0: "BOOLEAN",
    1: "INTEGER",
    2: "INTEGER",
    3: "TIMESTAMP",
    4: "FLOAT",
    5: "FLOAT",
    6: "BYTES",
    7: "BYTES",
}
_CONVERTED = {
    0: "STRING",
    4: "STRING",
    5: "BIGNUMERIC",
    6: "DATE",
    9: "TIMESTAMP",
    10: "TIMESTAMP",
    19: "STRING",
}
_LOGICAL = {1: "STRING", 4: "STRING", 5: "BIGNUMERIC", 6: "DATE", 8: "TIMESTAMP", 12: "STRING"}


def _bigquery_type(element: Mapping[int, Any]) -> str | None:
    """What a load job with decimalTargetTypes [BIGNUMERIC] makes of a leaf column; None for a repeated one.

    docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-parquet#type_conversions
    """
    if element.get(3) == _REPEATED:
        return None
    logical = next((kind for key, kind in _LOGICAL.items() if key in element.get(10, {})), None)
    return logical or _CONVERTED.get(element.get(6, -1)) or _PHYSICAL.get(element.get(1, -1))


class _Thrift:
    """Thrift's compact protocol, as much of it as a Parquet footer needs.

    github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = 0
        for shift in range(0, 64, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise TypeError("no 64 bits")

    def integer(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def take(self, size: int) -> bytes:
        self.at += size
        if self.at > len(self.data):
            raise IndexError("cut")
        return self.data[self.at - size : self.at]

    def struct(self, depth: int = 0, until: int | None = None) -> dict[int, Any]:
        """Field id to value. `until` stops after that field: a footer's row groups are long and not needed."""
        if depth > _MAX_DEPTH:
            raise RecursionError
        fields: dict[int, Any] = {}
        number = 0
        while (head := self.byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self.integer()
            fields[number] = self.value(head & 0x0F, depth)
            if number == until:
                break
        return fields

    def value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self.byte()
        if kind in (4, 5, 6):
            return self.integer()
        if kind == 7:
            return self.take(8)
        if kind == 8:
            return self.take(self.varint())
        if kind in (9, 10):
            return self.list(depth + 1)
        if kind == 12:
            return self.struct(depth + 1)
        raise TypeError(f"thrift type {kind}")  # maps do not occur before the row groups

    def list(self, depth: int) -> list[Any]:
        if depth > _MAX_DEPTH:
            raise RecursionError
        head = self.byte()
        size = head >> 4 if head >> 4 != 15 else self.varint()
        kind = head & 0x0F
        if kind in (1, 2):
            kind = 3  # in a list, a boolean is a byte
        return [self.value(kind, depth) for _ in range(size)]
