"""Read the header row and the first data rows of a CSV file."""

import csv
import io
import re
import zlib
from itertools import islice

from billing.columns.header import REPLACEMENT, Header, NeedMore
from billing.errors import BillingError
from billing.manifests import MAX_COLUMNS, Column

_GZIP_MAGIC, _ZIP_MAGIC = b"\x1f\x8b", b"PK\x03\x04"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MAX_TEXT_BYTES = 4 * 2**20  # 10,000 columns with names of 300 bytes take 3 MB
_MAX_ROWS = 100
_MAX_GZIP_MEMBERS = 100  # block compressors write one member for each 64 KB of text
_LINE_END = re.compile(rb"[\r\n]")
_RECORD = re.compile(rb'(?:[^"\n]++|"[^"]*+")*+\n')  # up to the first line end outside quotes


def csv_header(head: bytes, name: str, *, complete: bool, rows: bool = True) -> Header:
    """Return the header row and up to 100 data rows of a gzip or plain CSV file. An empty file has neither.

    `head` has the first bytes of the file. `complete` says that it has all of them. Without `rows`, the header has
    no data rows.
    Raises NeedMore if `head` is too short to show a data row.
    Raises BillingError: HEADER_UNREADABLE, COMPRESSION_UNSUPPORTED, TOO_MANY_COLUMNS.
    """
    if head.startswith(_ZIP_MAGIC):
        raise BillingError("COMPRESSION_UNSUPPORTED", f"{name} is a ZIP file, which BigQuery cannot read.")
    gzipped = head.startswith(_GZIP_MAGIC) or name.endswith(".gz")
    data, cut = _unzip(head, name) if gzipped else (head[:_MAX_TEXT_BYTES], False)
    record_end = _RECORD.match(data)
    end = record_end.end() if record_end else len(data)
    has_rows = bool(data[end:].strip())
    if not complete and not has_rows:
        raise NeedMore(len(head) * 4)
    if cut and not has_rows:
        raise BillingError("HEADER_UNREADABLE", f"{name} is a gzip file that is cut before its first data row.")
    if not has_rows and _LINE_END.search(data[:end].strip()):
        found = "rows that belong to its header: a quote there is not closed, or lines end in CR alone"
        raise BillingError("HEADER_UNREADABLE", f"{name} has {found}. Deliver the month again.")
    if not data.removeprefix(_BYTE_ORDER_MARK).strip():
        return Header((), has_rows=False, gzipped=gzipped)
    record = _header_row(data[:end], name)
    if len(record) > MAX_COLUMNS:
        raise BillingError("TOO_MANY_COLUMNS", f"{name} has {len(record)} columns; BigQuery takes {MAX_COLUMNS}.")
    whole_rows = data[end:] if complete and not cut else data[end : data.rfind(b"\n") + 1]
    first_rows = _first_rows(whole_rows, len(record)) if rows else ()
    return Header(tuple(Column(column, None) for column in record), has_rows, gzipped, first_rows)


def _header_row(line: bytes, name: str) -> list[str]:
    """Return the names. A byte that is not UTF-8, or NUL, becomes U+FFFD: `plan_csv` decides about such a name."""
    if line.startswith(_UTF_16_MARKS):
        raise BillingError("HEADER_UNREADABLE", f"{name} is UTF-16, not UTF-8. Deliver the month again as UTF-8.")
    text = line.decode("utf-8-sig", errors="replace").replace("\0", REPLACEMENT)
    try:
        record = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error as exc:
        raise BillingError("HEADER_UNREADABLE", f"{name} has a header row that cannot be read: {exc}.") from exc
    if not any(record):
        raise BillingError("HEADER_UNREADABLE", f"{name} has no header row.")
    return record


def _first_rows(data: bytes, width: int) -> tuple[tuple[str, ...], ...]:
    """Return the rows that have as many fields as the header. BigQuery rejects the others with its own message."""
    rows = csv.reader(io.StringIO(data.decode(errors="replace"), newline=""))
    try:
        return tuple(tuple(row) for row in islice(rows, _MAX_ROWS) if len(row) == width)
    except csv.Error:
        return ()


def _unzip(head: bytes, name: str) -> tuple[bytes, bool]:
    """Return the text of the first gzip members, and whether the last one is cut or others follow."""
    text = b""
    for _ in range(_MAX_GZIP_MEMBERS):
        member = zlib.decompressobj(wbits=31)
        try:
            text += member.decompress(head, _MAX_TEXT_BYTES - len(text))
        except zlib.error as exc:
            if text:
                break  # padding after the last member
            raise BillingError("HEADER_UNREADABLE", f"{name} is not a readable gzip file: {exc}.") from exc
        head = member.unused_data
        if not member.eof or not head or len(text) == _MAX_TEXT_BYTES:
            break
    return text, not member.eof or bool(head)
