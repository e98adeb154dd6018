"""The rows of the two formats as a load job reads them: gzip CSV by position, Parquet by name."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb

from tests.emulator.bigquery import scaled

Row = tuple[tuple[str, object], ...]  # column and value; what a file lacks is NULL


class UnreadableError(Exception):
    """BigQuery's sentence about a file that it cannot read."""


@cache
def csv_rows(data: bytes, columns: tuple[tuple[str, str], ...], *, keeps_nul: bool) -> tuple[Row, ...]:
    """All but the first line, by position in the job's schema. Bytes that are not UTF-8 become U+FFFD."""
    try:
        text = gzip.decompress(data).decode(errors="replace")
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError(f"Error while reading data, error message: {error}") from error
    if "\0" in text and not keeps_nul:
        raise UnreadableError("Error while reading data, error message: Error: Bad character (ASCII 0) encountered.")
    return tuple(_csv_row(line, columns) for line in list(csv.reader(io.StringIO(text)))[1:])


def _csv_row(line: Sequence[str], columns: tuple[tuple[str, str], ...]) -> Row:
    if len(line) != len(columns):
        raise UnreadableError("Error while reading data, error message: CSV table encountered too many errors")
    return tuple((name, _value(text, kind)) for text, (name, kind) in zip(line, columns, strict=True))


def _value(text: str, kind: str) -> object:
    try:
        if not text:
            return None
        if kind == "STRING":
            return text
        if kind == "BIGNUMERIC":
            return Decimal(scaled.to_text(scaled.parse(text)))
        if kind == "TIMESTAMP":
            return datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableError(f"Error while reading data, error message: Unable to parse {text}") from error
    raise NotImplementedError(f"The fakes do not know the type {kind}")


@cache
def parquet_rows(data: bytes) -> tuple[Row, ...]:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        Path(file.name).write_bytes(data)
        try:
            read = duckdb.sql(f"SELECT * FROM read_parquet('{file.name}')")
            names, rows = read.columns, read.fetchall()
        except duckdb.Error as error:
            raise UnreadableError(f"Error while reading data, error message: {error}") from error
    return tuple(tuple(zip(names, map(_utc, row), strict=True)) for row in rows)


def _utc(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
