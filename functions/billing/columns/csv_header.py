"""Read the header row and the first data rows of a CSV file from its first bytes."""

import csv
import io
import re
import zlib
from itertools import islice

from billing.columns.header import Header, NeedMore
from billing.errors import BillingError
from billing.manifests import MAX_COLUMNS, Column

_GZIP_MAGIC, _ZIP_MAGIC = b"\x1f\x8b", b"PK\x03\x04"
_MAX_TEXT = 4 * 2**20  # bytes of text looked at; 10,000 columns of 300 bytes have 3 MB
_MAX_ROWS = 100  # data rows looked at
_MAX_MEMBERS = 100  # of one gzip file; block compressors write one per 64 KB of text
_RECORD = re.compile(rb'(?:[^"\n]++|"[^"]*+")*+\n')  # to the first line end that is outside quotes


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
