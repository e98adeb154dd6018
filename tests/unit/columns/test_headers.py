"""Headers and footers from a few bytes: what they say, and that nothing broken does worse than a refusal."""

from __future__ import annotations

import gzip
import io
import random
import struct
import time
import tracemalloc
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from billing.columns.csv_header import csv_header
from billing.columns.header import Header, NeedMore
from billing.columns.parquet_footer import parquet_header
from billing.errors import BillingError
from billing.manifests import Column


def zipped(content: bytes, level: int = 9) -> bytes:
    """Without the time of day: some of these bytes are names of tests."""
    return gzip.compress(content, level, mtime=0)


TEXT = b'a,"b ""c"", d",e/f\r\n1,2,3\r\n'
FIRST_READ = 32 * 2**10


def header(*names: str, rows: bool = True) -> Header:
    return Header(tuple(Column(name, None) for name in names), rows)


def read_csv(data: bytes, *, complete: bool = True) -> Header:
    return csv_header(data, "a.csv.gz", complete=complete)


def csv_refusal(data: bytes) -> str:
    with pytest.raises(BillingError) as raised:
        read_csv(data)
    return str(raised.value)


def parquet(tmp_path: Path, select: str, **options: str) -> bytes:
    file = tmp_path / "x.parquet"
    more = "".join(f", {name} {value}" for name, value in options.items())
    with duckdb.connect() as database:
        database.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet{more})")
    return file.read_bytes()


def read_parquet(data: bytes) -> Header:
    return parquet_header(data, "a.parquet", size=len(data))


def parquet_refusal(data: bytes) -> str:
    with pytest.raises(BillingError) as raised:
        read_parquet(data)
    return str(raised.value)


def footer(data: bytes) -> bytes:
    """The last bytes: metadata, its length, the magic."""
    return data[-int.from_bytes(data[-8:-4], "little") - 8 :]


def with_footer(metadata: bytes) -> bytes:
    return b"PAR1" + metadata + struct.pack("<I", len(metadata)) + b"PAR1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT, header("a", 'b "c", d', "e/f")),
        (b"a,b\n1,2\n", header("a", "b")),
        (b"a,b\n1,2", header("a", "b")),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", header("a", "b")),
        (b'\xef\xbb\xbf"a",b\r\n1,2\r\n', header("a", "b")),
        (b'a,"b\nc",d\n1,2,3\n', header("a", "b\nc", "d")),
        (b'a,"b\r\n\r\n""c",d\r\n1,2,3\r\n', header("a", 'b\r\n\r\n"c', "d")),
        ("größe,日本\n1,2\n".encode(), header("größe", "日本")),
        (b"a,,c\n1,2,3\n", header("a", "", "c")),
        (b"a,b\n", header("a", "b", rows=False)),
        (b"a,b", header("a", "b", rows=False)),
        (b"a,b\r\n\r\n \n", header("a", "b", rows=False)),
        (b'"a\nb"', header("a\nb", rows=False)),
    ],
)
def test_a_header_row_is_read_as_csv_says(text: bytes, expected: Header) -> None:
    assert read_csv(zipped(text)) == expected


@pytest.mark.parametrize("text", [TEXT, b"\xef\xbb\xbfa,b\r\n1,2\r\n", b"a,b\n", b'"a\nb"'])
def test_a_plain_file_is_read_as_the_same_file_in_gzip(text: bytes) -> None:
    plain = csv_header(text, "a.csv", complete=True)
    assert plain == read_csv(zipped(text))
    assert (plain.gzipped, read_csv(zipped(text)).gzipped) == (False, True)
    assert plain.rows == read_csv(zipped(text)).rows


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
def test_the_first_whole_rows_are_kept(text: bytes, complete: bool, rows: tuple[tuple[str, ...], ...]) -> None:
    assert csv_header(text, "a.csv", complete=complete).rows == rows


def test_a_zip_file_is_refused_whatever_its_name() -> None:
    for name in ("a.csv", "a.csv.gz"):
        with pytest.raises(BillingError, match=f"COMPRESSION_UNSUPPORTED: {name} is a ZIP file"):
            csv_header(b"PK\x03\x04rest", name, complete=True)


def test_a_gzip_file_of_several_members_is_one_text() -> None:
    whole = b"".join(zipped(part) for part in (b"a,", b"", b"b\n", b"1,2\n"))
    assert read_csv(whole) == header("a", "b")
    assert read_csv(zipped(b"a,b\n") + zipped(b"1,2\n")) == header("a", "b")
    assert read_csv(zipped(b"a,b\n") + zipped(b"")) == header("a", "b", rows=False)


def test_padding_behind_a_gzip_file_is_bigquery_s_to_judge() -> None:
    assert read_csv(zipped(b"a,b\n1,2\n") + bytes(512)) == header("a", "b")


def test_a_header_without_a_row_behind_it_asks_for_more_unless_the_file_ends() -> None:
    whole = zipped(TEXT)
    with pytest.raises(NeedMore) as raised:
        read_csv(zipped(b"a,b\n"), complete=False)
    assert raised.value.size == 4 * len(zipped(b"a,b\n"))
    assert read_csv(whole, complete=False) == read_csv(whole)


@pytest.mark.parametrize("size", range(len(zipped(TEXT))))
def test_a_file_cut_anywhere_gives_its_header_or_is_refused(size: int) -> None:
    cut = zipped(TEXT)[:size]
    found: Header | str
    try:
        found = read_csv(cut)
    except BillingError as exc:
        found = str(exc)
    assert found in (
        header("a", 'b "c", d', "e/f"),
        "HEADER_UNREADABLE: a.csv.gz is a gzip file that is cut before its first data row.",
        "HEADER_UNREADABLE: a.csv.gz has no header row.",
    )
    with pytest.raises(NeedMore):
        read_csv(cut[: min(size, 20)], complete=False)


@pytest.mark.parametrize("position", range(len(zipped(TEXT))))
def test_any_one_broken_byte_is_refused_or_gives_some_header(position: int) -> None:
    data = bytearray(zipped(TEXT))
    for flip in (0x01, 0x80, 0xFF):
        data[position] ^= flip
        for complete in (True, False):
            with suppress(BillingError, NeedMore):
                assert read_csv(bytes(data), complete=complete).columns
        data[position] ^= flip


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"a,b\n1,2\n", "is not a readable gzip file: Error -3 while decompressing data: incorrect header check."),
        (
            zlib.compress(b"a"),
            "is not a readable gzip file: Error -3 while decompressing data: incorrect header check.",
        ),
        (zipped(b""), "has no header row."),
        (zipped(b"\n\n"), "has no header row."),
        (zipped(b",,\n1,2,3\n"), "has no header row."),
        (zipped(b"\xff\xfea\x00\n1\n"), "has a header row that cannot be read: 'utf-8' codec can't decode byte"),
        (
            zipped(b"x" * 200_000 + b"\n1\n"),
            "has a header row that cannot be read: field larger than field limit",
        ),
    ],
)
def test_what_is_no_gzip_csv_is_refused(data: bytes, sentence: str) -> None:
    assert csv_refusal(data).startswith(f"HEADER_UNREADABLE: a.csv.gz {sentence}")


@pytest.mark.parametrize("filler", [b"x", b"\n", b'"', b'"\n', b'"\n"', b","], ids=repr)
@pytest.mark.parametrize("start", [b"", b'a,"', b"a,b\n"], ids=repr)
def test_a_zip_bomb_costs_bounded_time_and_memory(start: bytes, filler: bytes) -> None:
    bomb = zipped(start + filler * (64 * 2**20 // len(filler)), level=1)
    began = time.process_time()
    tracemalloc.start()
    try:
        for complete in (True, False):
            with suppress(BillingError, NeedMore):
                read_csv(bomb, complete=complete)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20
    assert time.process_time() - began < 10


@pytest.mark.parametrize("name", ["", "x"])
def test_a_header_of_millions_of_columns_is_refused_at_once(name: str) -> None:
    text = ",".join(["a", *[name] * 1_500_000]) + "\n1\n"
    assert csv_refusal(zipped(text.encode())) == (
        "TOO_MANY_COLUMNS: a.csv.gz has 1500001 columns; BigQuery takes 10000."
    )


def test_many_empty_members_cost_bounded_time() -> None:
    began = time.process_time()
    with pytest.raises(NeedMore):
        read_csv(zipped(b"") * 400_000, complete=False)
    assert time.process_time() - began < 2


TYPES = {
    "CAST(1 AS DECIMAL(38, 18))": "BIGNUMERIC",
    "CAST(1 AS DECIMAL(9, 2))": "BIGNUMERIC",
    "CAST(1 AS DOUBLE)": "FLOAT",
    "CAST(1 AS FLOAT)": "FLOAT",
    "CAST(1 AS INTEGER)": "INTEGER",
    "CAST(1 AS BIGINT)": "INTEGER",
    "CAST(1 AS UTINYINT)": "INTEGER",
    "TRUE": "BOOLEAN",
    "'x'": "STRING",
    "CAST('x' AS BLOB)": "BYTES",
    "DATE '2025-09-01'": "DATE",
    "TIMESTAMP '2025-09-01 00:00:00'": "TIMESTAMP",
    "TIMESTAMPTZ '2025-09-01 00:00:00+00'": "TIMESTAMP",
    "TIMESTAMP_MS '2025-09-01 00:00:00'": "TIMESTAMP",
    "TIMESTAMP_NS '2025-09-01 00:00:00'": "TIMESTAMP",
    "'{}'::JSON": "STRING",
    "'x'::ENUM ('x')": "STRING",
    "CAST(NULL AS VARCHAR)": "STRING",
    "[1, 2]": None,
    "MAP {'a': 1}": "MAP<STRING, INTEGER>",
    "MAP {'a': 'b'}": "MAP<STRING, STRING>",
    "MAP {'a': 1.5::DOUBLE}": "MAP<STRING, FLOAT>",
    "MAP {'a': [1]}": None,
    "MAP {'a': {'b': 1}}": None,
    "MAP {'a': MAP {'b': 1}}": None,
    "[MAP {'a': 1}]": None,
    "{'a': 1, 'b': {'c': [1]}}": None,
    "[{'a': MAP {'x': [1]}}]": None,
}


@pytest.mark.parametrize(("expression", "kind"), TYPES.items())
def test_a_physical_type_is_what_bigquery_makes_of_it(tmp_path: Path, expression: str, kind: str | None) -> None:
    data = parquet(tmp_path, f"SELECT 1 AS before, {expression} AS x, 'z' AS after")
    assert read_parquet(data) == Header(
        (Column("before", "INTEGER"), Column("x", kind), Column("after", "STRING")), has_rows=True
    )


def test_only_the_outermost_columns_count_in_their_order(tmp_path: Path) -> None:
    select = ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(TYPES))
    assert read_parquet(parquet(tmp_path, f"SELECT {select}")).columns == tuple(
        Column(f"c{number}", kind) for number, kind in enumerate(TYPES.values())
    )


def test_names_are_read_as_they_are(tmp_path: Path) -> None:
    select = """SELECT 1 AS "größe 日本", 2 AS "a""b", 3 AS x_SkuIsCreditEligible"""
    found = read_parquet(parquet(tmp_path, select))
    assert [column.name for column in found.columns] == ["größe 日本", 'a"b', "x_SkuIsCreditEligible"]


def test_a_file_without_rows_says_so(tmp_path: Path) -> None:
    data = parquet(tmp_path, "SELECT 1 AS a WHERE FALSE")
    assert read_parquet(data) == Header((Column("a", "INTEGER"),), has_rows=False)


@pytest.mark.parametrize("count", [1, 14, 15, 16, 105, 3000])
def test_any_number_of_columns_is_read(tmp_path: Path, count: int) -> None:
    names = [f"column_number_{number}" for number in range(count)]
    data = parquet(tmp_path, "SELECT " + ", ".join(f"1 AS {name}" for name in names))
    assert [column.name for column in read_parquet(data).columns] == names


def test_a_footer_longer_than_the_first_read_says_how_much_is_needed(tmp_path: Path) -> None:
    data = parquet(tmp_path, "SELECT " + ", ".join(f"'x' AS column_number_{number}" for number in range(2000)))
    with pytest.raises(NeedMore) as raised:
        parquet_header(data[-FIRST_READ:], "a.parquet", size=len(data))
    needed = raised.value.size
    assert FIRST_READ < needed == len(footer(data)) < len(data)
    assert len(parquet_header(data[-needed:], "a.parquet", size=len(data)).columns) == 2000


def test_a_footer_with_many_row_groups_is_read_no_further_than_the_row_count(tmp_path: Path) -> None:
    data = parquet(tmp_path, "SELECT i AS a, 'x' AS b FROM range(300000) t(i)", ROW_GROUP_SIZE="2048")
    assert read_parquet(data) == Header((Column("a", "INTEGER"), Column("b", "STRING")), has_rows=True)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "has no Parquet footer: the file is cut or is not Parquet."),
        (b"PAR1PAR1", "has no Parquet footer: the file is cut or is not Parquet."),
        (b"x" * 100, "has no Parquet footer: the file is cut or is not Parquet."),
        (b"PAR1" + b"x" * 50 + b"PARE", "has no Parquet footer: the file is cut or is not Parquet."),
        (b"PAR1" + b"\xff" * 12 + b"PAR1", "has a Parquet footer longer than the file."),
        (with_footer(b""), "has no Parquet footer: the file is cut or is not Parquet."),
        (with_footer(b"\x00" * 20), "has a Parquet footer that cannot be read."),
        (with_footer(b"\xff" * 20), "has a Parquet footer that cannot be read."),
    ],
)
def test_what_is_no_parquet_is_refused(data: bytes, sentence: str) -> None:
    assert parquet_refusal(data).startswith("HEADER_UNREADABLE: a.parquet has ")
    if len(data) >= 16:
        assert parquet_refusal(data) == f"HEADER_UNREADABLE: a.parquet {sentence}"


def test_a_file_cut_anywhere_is_refused_or_asks_for_more(tmp_path: Path) -> None:
    data = parquet(tmp_path, "SELECT 1 AS a, {'b': [1]} AS b, CAST(1 AS DECIMAL(38, 18)) AS c")
    for size in range(len(data)):
        assert parquet_refusal(data[:size]) == (
            "HEADER_UNREADABLE: a.parquet has no Parquet footer: the file is cut or is not Parquet."
        )
    for size in range(len(data)):
        with pytest.raises((BillingError, NeedMore)):
            parquet_header(data[len(data) - size :][: len(footer(data)) - 1], "a.parquet", size=len(data))


def bounded(data: bytes) -> None:
    """A value, NeedMore or BillingError: nothing else."""
    try:
        found = read_parquet(data)
    except (BillingError, NeedMore):
        return
    assert all(isinstance(column.name, str) for column in found.columns)


def test_any_one_broken_byte_of_a_footer_is_refused_or_gives_some_value(tmp_path: Path) -> None:
    whole = parquet(tmp_path, "SELECT 1 AS a, {'b': MAP {'k': 1}} AS b, CAST(1 AS DECIMAL(38, 18)) AS c, NOW() AS d")
    tail = bytearray(footer(whole))
    for position in range(len(tail)):
        right = tail[position]
        for wrong in (*(right ^ (1 << bit) for bit in range(8)), 0x00, 0x0C, 0x7F, 0xFF):
            tail[position] = wrong
            bounded(bytes(tail))
        tail[position] = right


def test_a_metadata_cut_anywhere_is_refused_or_gives_some_value(tmp_path: Path) -> None:
    metadata = footer(parquet(tmp_path, "SELECT 1 AS a, {'b': MAP {'k': 1}} AS b"))[:-8]
    for size in range(len(metadata)):
        bounded(with_footer(metadata[:size]))


def test_garbage_is_refused_or_gives_some_value() -> None:
    dice = random.Random(7)
    for _ in range(5_000):
        bounded(with_footer(dice.randbytes(dice.randrange(8, 80))))


LIST_2, STRUCT_2 = b"\x29", b"\x2c"  # field 2 as a list, as a struct


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param(b"\x15" + b"\x80" * 2_000_000, id="an endless number"),
        pytest.param(b"\x15" + b"\xff" * 2_000_000, id="an endless number of ones"),
        pytest.param(LIST_2 + b"\xf1" + varint(2_000_000) + b"\x01" * 100, id="more booleans than bytes"),
        pytest.param((LIST_2 + b"\xf1" + varint(100_000)) * 30_000, id="list after list of booleans"),
        pytest.param(LIST_2 + b"\xf9" + varint(2**62), id="a list without end"),
        pytest.param(LIST_2 + b"\xf7" + varint(2**62) + b"x" * 100, id="doubles without end"),
        pytest.param(b"\x18" + varint(2**62) + b"x" * 50, id="a string without end"),
        pytest.param(b"\x19" * 2_000_000, id="lists within lists"),
        pytest.param(LIST_2 + b"\x19" * 2_000_000, id="lists of one list"),
        pytest.param(STRUCT_2 * 2_000_000, id="structs within structs"),
        pytest.param(LIST_2 + b"\xfc" + varint(300_000) + b"\x00" * 300_000, id="many empty columns"),
        pytest.param(LIST_2 + b"\xf8" + varint(300_000) + b"\x00" * 300_000, id="many empty strings"),
    ],
)
def test_a_hostile_footer_costs_bounded_time_and_memory(metadata: bytes) -> None:
    began = time.process_time()
    tracemalloc.start()
    try:
        assert parquet_refusal(with_footer(metadata)) == (
            "HEADER_UNREADABLE: a.parquet has a Parquet footer that cannot be read."
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * len(metadata) + 2**20
    assert time.process_time() - began < 10


def test_a_corrupt_file_of_azure_s_shape_never_hangs(tmp_path: Path) -> None:
    """105 columns as Azure writes them; random bytes of the footer broken, several at once."""
    names = [f"x_Column{number}" for number in range(105)]
    tail = footer(parquet(tmp_path, "SELECT " + ", ".join(f"CAST(1 AS DECIMAL(38, 18)) AS {name}" for name in names)))
    dice = random.Random(11)
    for _ in range(500):
        broken = bytearray(tail)
        for _ in range(dice.randrange(1, 5)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        bounded(bytes(broken))


def compressed(texts: Sequence[bytes]) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as stream:
        stream.writelines(texts)
    return buffer.getvalue()


def test_a_wide_header_is_read_from_the_first_bytes_of_a_long_file() -> None:
    names = [f"resourceTags/user:tag {number}" for number in range(400)]
    rows = [",".join(str(number * row) for number in range(400)).encode() + b"\n" for row in range(500)]
    data = compressed([",".join(names).encode() + b"\n", *rows])
    assert len(data) > FIRST_READ
    assert read_csv(data[:FIRST_READ], complete=False) == header(*names)
