"""Parquet footers from the last bytes of a file. Broken bytes give a header, NeedMore or a BillingError."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from pathlib import Path

import duckdb
import pytest

from billing.columns.header import Header, NeedMore
from billing.columns.parquet_footer import parquet_header
from billing.errors import BillingError
from billing.manifests import Column
from tests.unit.values import error_of

FIRST_READ_BYTES = 32 * 2**10
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


def file_of(folder: Path, select: str, options: str = "") -> bytes:
    """Return the Parquet file that DuckDB makes of a query."""
    file = folder / "x.parquet"
    with duckdb.connect() as database:
        database.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet{options})")
    return file.read_bytes()


def read(data: bytes) -> Header:
    return parquet_header(data, "a.parquet", size=len(data))


def names_in(header: Header) -> list[str]:
    return [column.name for column in header.columns]


def footer_in(data: bytes) -> bytes:
    """Return the last bytes of a file: the metadata, its length and the magic."""
    return data[-int.from_bytes(data[-8:-4], "little") - 8 :]


def file_with(metadata: bytes) -> bytes:
    return b"PAR1" + metadata + struct.pack("<I", len(metadata)) + b"PAR1"


def assert_bounded(data: bytes) -> None:
    """The result is a header, NeedMore or BillingError."""
    try:
        names = names_in(read(data))
    except (BillingError, NeedMore):
        return
    assert all(isinstance(name, str) for name in names)


@pytest.mark.parametrize(("expression", "kind"), TYPES.items())
def test_column_has_the_type_that_bigquery_gives_it(tmp_path: Path, expression: str, kind: str | None) -> None:
    data = file_of(tmp_path, f"SELECT 1 AS before, {expression} AS x, 'z' AS after")

    assert read(data) == Header(
        (Column("before", "INTEGER"), Column("x", kind), Column("after", "STRING")), has_rows=True
    )


INTEGER = Column("x", "INTEGER")
NO_VALUES = Column("x", "INTEGER", has_values=False)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ("NULL", NO_VALUES),
        ("NULL::INTEGER", NO_VALUES),
        ("NULL::BIGINT", NO_VALUES),
        ("NULL::VARCHAR", Column("x", "STRING")),
        ("NULL::DOUBLE", Column("x", "FLOAT")),
        ("i", INTEGER),
        ("CASE WHEN i = 99999 THEN 1 END", INTEGER),  # in the last row group only
        ("CASE WHEN i = 0 THEN 1 END", INTEGER),
    ],
)
def test_column_of_nulls_says_nothing_of_its_type(tmp_path: Path, values: str, column: Column) -> None:
    select = f"SELECT [i] AS x_list, {values} AS x, {{'x': NULL::INTEGER}} AS nested FROM range(100000) t(i)"

    header = read(file_of(tmp_path, select, ", ROW_GROUP_SIZE 2048"))

    assert header.columns == (Column("x_list", None), column, Column("nested", None))


# Footers of the writer of Arrow, without statistics: three NULLs in INT32, and in INT32 with the logical type Null
UNCOUNTED_START = b"\x15\x04\x19,5\x00\x18\x06schema\x15\x02\x00\x15\x02%\x02\x18\x01x"
UNCOUNTED_END = (
    b"\x00\x16\x06\x19\x1c\x19\x1c&\x00\x1c\x15\x02\x19%\x06\x00\x19\x18\x01x\x15\x00\x16\x06\x162\x162&\x08"
    b"\x00\x00\x162\x16\x06&\x08\x162\x00\x00"
)


@pytest.mark.parametrize(
    ("logical_type", "column"), [(b"", INTEGER), (b"l\xbc\x00\x00", NO_VALUES)], ids=["plain", "null"]
)
def test_nulls_that_are_not_counted_may_be_values_unless_the_writer_says_so(
    logical_type: bytes, column: Column
) -> None:
    assert read(file_with(UNCOUNTED_START + logical_type + UNCOUNTED_END)) == Header((column,), has_rows=True)


def test_only_the_outermost_columns_count(tmp_path: Path) -> None:
    select = ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(TYPES))

    columns = read(file_of(tmp_path, f"SELECT {select}")).columns

    assert columns == tuple(Column(f"c{number}", kind) for number, kind in enumerate(TYPES.values()))


def test_names_are_read_unchanged(tmp_path: Path) -> None:
    data = file_of(tmp_path, """SELECT 1 AS "größe 日本", 2 AS "a""b", 3 AS x_SkuIsCreditEligible""")

    assert names_in(read(data)) == ["größe 日本", 'a"b', "x_SkuIsCreditEligible"]


def test_file_without_rows_is_recognised(tmp_path: Path) -> None:
    data = file_of(tmp_path, "SELECT 1 AS a WHERE FALSE")

    assert read(data) == Header((Column("a", "INTEGER"),), has_rows=False)


@pytest.mark.parametrize("count", [1, 14, 15, 16, 105, 3000])
def test_any_number_of_columns_is_read(tmp_path: Path, count: int) -> None:
    names = [f"column_number_{number}" for number in range(count)]

    header = read(file_of(tmp_path, "SELECT " + ", ".join(f"1 AS {name}" for name in names)))

    assert names_in(header) == names


def test_long_footer_asks_for_the_bytes_that_it_needs(tmp_path: Path) -> None:
    data = file_of(tmp_path, "SELECT " + ", ".join(f"'x' AS column_number_{number}" for number in range(2000)))

    with pytest.raises(NeedMore) as raised:
        parquet_header(data[-FIRST_READ_BYTES:], "a.parquet", size=len(data))

    needed = raised.value.size
    assert FIRST_READ_BYTES < needed == len(footer_in(data)) < len(data)
    assert len(parquet_header(data[-needed:], "a.parquet", size=len(data)).columns) == 2000


def test_file_with_many_row_groups_is_read(tmp_path: Path) -> None:
    data = file_of(tmp_path, "SELECT i AS a, 'x' AS b FROM range(300000) t(i)", ", ROW_GROUP_SIZE 2048")

    assert read(data) == Header((Column("a", "INTEGER"), Column("b", "STRING")), has_rows=True)


NO_FOOTER = "has no Parquet footer: the file is cut or is not Parquet."
UNREADABLE = "has a Parquet footer that cannot be read."


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", NO_FOOTER),
        (b"PAR1PAR1", NO_FOOTER),
        (b"x" * 100, NO_FOOTER),
        (b"PAR1" + b"x" * 50 + b"PARE", NO_FOOTER),
        (b"PAR1" + b"\xff" * 12 + b"PAR1", "has a Parquet footer longer than the file."),
        (file_with(b""), NO_FOOTER),
        (file_with(b"\x00" * 20), UNREADABLE),
        (file_with(b"\xff" * 20), UNREADABLE),
    ],
)
def test_file_other_than_parquet_is_rejected(data: bytes, message: str) -> None:
    assert error_of(read, data) == f"HEADER_UNREADABLE: a.parquet {message}"


def test_truncated_file_is_rejected_at_every_length(tmp_path: Path) -> None:
    data = file_of(tmp_path, "SELECT 1 AS a, {'b': [1]} AS b, CAST(1 AS DECIMAL(38, 18)) AS c")

    errors = {error_of(read, data[:size]) for size in range(len(data))}

    assert errors == {f"HEADER_UNREADABLE: a.parquet {NO_FOOTER}"}


def test_part_of_a_footer_asks_for_more_or_is_rejected(tmp_path: Path) -> None:
    data = file_of(tmp_path, "SELECT 1 AS a, {'b': [1]} AS b, CAST(1 AS DECIMAL(38, 18)) AS c")

    for size in range(len(data)):
        with pytest.raises((BillingError, NeedMore)):
            parquet_header(data[len(data) - size :][: len(footer_in(data)) - 1], "a.parquet", size=len(data))


def test_one_broken_byte_gives_a_header_or_is_rejected(tmp_path: Path) -> None:
    whole = file_of(tmp_path, "SELECT 1 AS a, {'b': MAP {'k': 1}} AS b, CAST(1 AS DECIMAL(38, 18)) AS c, NOW() AS d")
    tail = bytearray(footer_in(whole))

    for position, right in enumerate(bytes(tail)):
        for wrong in (*(right ^ (1 << bit) for bit in range(8)), 0x00, 0x0C, 0x7F, 0xFF):
            tail[position] = wrong
            assert_bounded(bytes(tail))
        tail[position] = right


def test_truncated_metadata_gives_a_header_or_is_rejected(tmp_path: Path) -> None:
    metadata = footer_in(file_of(tmp_path, "SELECT 1 AS a, {'b': MAP {'k': 1}} AS b"))[:-8]

    for size in range(len(metadata)):
        assert_bounded(file_with(metadata[:size]))


def test_random_metadata_gives_a_header_or_is_rejected() -> None:
    dice = random.Random(7)

    for _ in range(5_000):
        assert_bounded(file_with(dice.randbytes(dice.randrange(8, 80))))


def test_several_broken_bytes_give_a_header_or_are_rejected(tmp_path: Path) -> None:
    """Azure's files have 105 columns. Up to four bytes of the footer are broken at once."""
    names = [f"x_Column{number}" for number in range(105)]
    select = ", ".join(f"CAST(1 AS DECIMAL(38, 18)) AS {name}" for name in names)
    tail = footer_in(file_of(tmp_path, f"SELECT {select}"))
    dice = random.Random(11)

    for _ in range(500):
        broken = bytearray(tail)
        for _ in range(dice.randrange(1, 5)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        assert_bounded(bytes(broken))


FIELD_2_LIST, FIELD_2_STRUCT = b"\x29", b"\x2c"


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
        pytest.param(FIELD_2_LIST + b"\xf1" + varint(2_000_000) + b"\x01" * 100, id="more booleans than bytes"),
        pytest.param((FIELD_2_LIST + b"\xf1" + varint(100_000)) * 30_000, id="list after list of booleans"),
        pytest.param(FIELD_2_LIST + b"\xf9" + varint(2**62), id="a list without end"),
        pytest.param(FIELD_2_LIST + b"\xf7" + varint(2**62) + b"x" * 100, id="doubles without end"),
        pytest.param(b"\x18" + varint(2**62) + b"x" * 50, id="a string without end"),
        pytest.param(b"\x19" * 2_000_000, id="lists within lists"),
        pytest.param(FIELD_2_LIST + b"\x19" * 2_000_000, id="lists of one list"),
        pytest.param(FIELD_2_STRUCT * 2_000_000, id="structs within structs"),
        pytest.param(FIELD_2_LIST + b"\xfc" + varint(300_000) + b"\x00" * 300_000, id="many empty columns"),
        pytest.param(FIELD_2_LIST + b"\xf8" + varint(300_000) + b"\x00" * 300_000, id="many empty strings"),
    ],
)
def test_hostile_footer_costs_bounded_time_and_memory(metadata: bytes) -> None:
    data = file_with(metadata)
    started = time.process_time()
    tracemalloc.start()

    try:
        error = error_of(read, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert error == f"HEADER_UNREADABLE: a.parquet {UNREADABLE}"
    assert peak < 100 * len(metadata) + 2**20
    assert time.process_time() - started < 10
