"""CSV headers from the first bytes of a file. Broken bytes give a header, NeedMore or a BillingError."""

from __future__ import annotations

import gzip
import io
import time
import tracemalloc
import zlib
from collections.abc import Sequence
from contextlib import suppress

import pytest

from billing.columns.csv_header import csv_header
from billing.columns.header import Header, NeedMore
from billing.errors import BillingError
from billing.manifests import Column
from tests.unit.values import error_of

TEXT = b'a,"b ""c"", d",e/f\r\n1,2,3\r\n'
FIRST_READ_BYTES = 32 * 2**10


def compress(content: bytes, level: int = 9) -> bytes:
    """Without the time of day: some of these bytes are ids of tests."""
    return gzip.compress(content, level, mtime=0)


def read(data: bytes, *, complete: bool = True) -> Header:
    return csv_header(data, "a.csv.gz", complete=complete)


def header_of(*names: str, rows: bool = True) -> Header:
    return Header(tuple(Column(name, None) for name in names), rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT, header_of("a", 'b "c", d', "e/f")),
        (b"a,b\n1,2\n", header_of("a", "b")),
        (b"a,b\n1,2", header_of("a", "b")),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", header_of("a", "b")),
        (b"a\xff,b\x00\r\n1,2\r\n", header_of("a\ufffd", "b\ufffd")),
        (b'\xef\xbb\xbf"a",b\r\n1,2\r\n', header_of("a", "b")),
        (b'a,"b\nc",d\n1,2,3\n', header_of("a", "b\nc", "d")),
        (b'a,"b\r\n\r\n""c",d\r\n1,2,3\r\n', header_of("a", 'b\r\n\r\n"c', "d")),
        ("größe,日本\n1,2\n".encode(), header_of("größe", "日本")),
        (b"a,,c\n1,2,3\n", header_of("a", "", "c")),
        (b"a,b\n", header_of("a", "b", rows=False)),
        (b"a,b", header_of("a", "b", rows=False)),
        (b"a,b\r\n\r\n \n", header_of("a", "b", rows=False)),
        (b'"a,b"', header_of("a,b", rows=False)),
    ],
)
def test_header_row_is_read(text: bytes, expected: Header) -> None:
    assert read(compress(text)) == expected


@pytest.mark.parametrize("text", [TEXT, b"\xef\xbb\xbfa,b\r\n1,2\r\n", b"a,b\n", b'"a,b"'])
def test_plain_file_reads_like_gzip(text: bytes) -> None:
    plain, zipped = csv_header(text, "a.csv", complete=True), read(compress(text))

    assert plain == zipped
    assert plain.rows == zipped.rows
    assert (plain.gzipped, zipped.gzipped) == (False, True)


@pytest.mark.parametrize(
    ("text", "complete", "rows"),
    [
        (b"a,b\r\n1,2\r\n3,4\r\n", False, (("1", "2"), ("3", "4"))),
        (b"a,b\n1,2\n3,4", False, (("1", "2"),)),
        (b"a,b\n1,2\n3,4", True, (("1", "2"), ("3", "4"))),
        (b'a,b\n1,"x\n,y"\n', True, (("1", "x\n,y"),)),
        (b"a,b\n1,2,3\n4,5\n", True, (("4", "5"),)),
        (b"a,b\n1,\xff\n", True, (("1", "\ufffd"),)),
        (b"a,b\n" + b"1,2\n" * 500, True, (("1", "2"),) * 100),
    ],
)
def test_first_whole_rows_are_kept(text: bytes, complete: bool, rows: tuple[tuple[str, ...], ...]) -> None:
    assert csv_header(text, "a.csv", complete=complete).rows == rows


@pytest.mark.parametrize("text", [b"", b"\n\n", b"\r\n \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_file_without_text_has_no_columns_and_no_rows(text: bytes) -> None:
    assert read(compress(text)) == Header((), has_rows=False)
    assert csv_header(text, "a.csv", complete=True) == Header((), has_rows=False)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_zip_is_rejected_whatever_its_name(name: str) -> None:
    error = error_of(csv_header, b"PK\x03\x04rest", name, complete=True)

    assert error.startswith(f"COMPRESSION_UNSUPPORTED: {name} is a ZIP file")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([b"a,", b"", b"b\n", b"1,2\n"], header_of("a", "b")),
        ([b"a,b\n", b"1,2\n"], header_of("a", "b")),
        ([b"a,b\n", b""], header_of("a", "b", rows=False)),
    ],
)
def test_gzip_members_are_one_text(parts: Sequence[bytes], expected: Header) -> None:
    assert read(b"".join(map(compress, parts))) == expected


def test_padding_after_gzip_is_ignored() -> None:
    assert read(compress(b"a,b\n1,2\n") + bytes(512)) == header_of("a", "b")


def test_wide_header_is_read_from_the_first_bytes() -> None:
    names = [f"resourceTags/user:tag {number}" for number in range(400)]
    rows = [",".join(str(number * row) for number in range(400)) for row in range(500)]
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as stream:
        stream.writelines(f"{line}\n".encode() for line in [",".join(names), *rows])
    data = buffer.getvalue()

    header = read(data[:FIRST_READ_BYTES], complete=False)

    assert len(data) > FIRST_READ_BYTES
    assert header == header_of(*names)


def test_header_without_a_row_asks_for_more_bytes() -> None:
    first_bytes = compress(b"a,b\n")

    with pytest.raises(NeedMore) as raised:
        read(first_bytes, complete=False)

    assert raised.value.size == 4 * len(first_bytes)


def test_header_with_a_row_is_enough() -> None:
    data = compress(TEXT)

    assert read(data, complete=False) == read(data)


@pytest.mark.parametrize("size", range(len(compress(TEXT))))
def test_truncated_file_gives_its_header_or_is_rejected(size: int) -> None:
    data = compress(TEXT)[:size]
    found: Header | str

    try:
        found = read(data)
    except BillingError as exc:
        found = str(exc)

    assert found in (
        header_of("a", 'b "c", d', "e/f"),
        "HEADER_UNREADABLE: a.csv.gz is a gzip file that is cut before its first data row.",
        "HEADER_UNREADABLE: a.csv.gz has no header row.",
    )
    with pytest.raises(NeedMore):
        read(data[: min(size, 20)], complete=False)


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("position", range(len(compress(TEXT))))
def test_one_broken_byte_gives_a_header_or_is_rejected(position: int, complete: bool) -> None:
    for flip in (0x01, 0x80, 0xFF):
        data = bytearray(compress(TEXT))
        data[position] ^= flip

        with suppress(BillingError, NeedMore):
            assert read(bytes(data), complete=complete).columns


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a,b\n1,2\n", "is not a readable gzip file: Error -3 while decompressing data: incorrect header check."),
        (
            zlib.compress(b"a"),
            "is not a readable gzip file: Error -3 while decompressing data: incorrect header check.",
        ),
        (compress(b",,\n1,2,3\n"), "has no header row."),
        (compress(b"\xff\xfea\x00\n1\n"), "is UTF-16, not UTF-8. Deliver the month again as UTF-8."),
        (
            compress(b"x" * 200_000 + b"\n1\n"),
            "has a header row that cannot be read: field larger than field limit",
        ),
    ],
)
def test_unreadable_file_is_rejected(data: bytes, message: str) -> None:
    assert error_of(read, data).startswith(f"HEADER_UNREADABLE: a.csv.gz {message}")


def test_file_whose_rows_come_after_many_members_is_not_empty() -> None:
    data = b"".join(compress(text) for text in [b"a,b\n", *[b""] * 100, b"1,2\n"])

    assert error_of(read, data).startswith("HEADER_UNREADABLE: a.csv.gz is a gzip file that is cut")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'a,"b\n1,2\n', id="quote that is not closed"),
        pytest.param(b'a,"b\n1,2"\n', id="quote that a row closes"),
        pytest.param(b"a,b\r1,2\r", id="lines that end in CR"),
        pytest.param(b"a,b\r1,2\r\n", id="only the last line ends in a line feed"),
    ],
)
def test_file_whose_rows_belong_to_its_header_is_not_empty(text: bytes) -> None:
    assert error_of(read, compress(text)).startswith("HEADER_UNREADABLE: a.csv.gz has rows that belong to its header:")


@pytest.mark.parametrize("filler", [b"x", b"\n", b'"', b'"\n', b'"\n"', b","], ids=repr)
@pytest.mark.parametrize("start", [b"", b'a,"', b"a,b\n"], ids=repr)
def test_zip_bomb_costs_bounded_time_and_memory(start: bytes, filler: bytes) -> None:
    bomb = compress(start + filler * (64 * 2**20 // len(filler)), level=1)
    started = time.process_time()
    tracemalloc.start()

    try:
        for complete in (True, False):
            with suppress(BillingError, NeedMore):
                read(bomb, complete=complete)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 64 * 2**20
    assert time.process_time() - started < 10


@pytest.mark.parametrize("name", ["", "x"])
def test_million_columns_are_rejected(name: str) -> None:
    text = ",".join(["a", *[name] * 1_500_000]) + "\n1\n"

    assert error_of(read, compress(text.encode())) == (
        "TOO_MANY_COLUMNS: a.csv.gz has 1500001 columns; BigQuery takes 10000."
    )


def test_many_empty_members_cost_bounded_time() -> None:
    started = time.process_time()

    with pytest.raises(NeedMore):
        read(compress(b"") * 400_000, complete=False)

    assert time.process_time() - started < 2
