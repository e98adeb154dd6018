"""Read CSV as BigQuery does, by one DuckDB SELECT that reads every field as text and converts it.

Google publishes no reader that could judge this one, so only this code judges the files. It follows
https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bqemulator.catalog.models import TableFieldSchema

from tests.emulator.bigquery.conversions import converted, row_error_type
from tests.emulator.bigquery.encodings import NotUtf8Error
from tests.emulator.bigquery.errors import JobError, bad_row
from tests.emulator.bigquery.schemas import Fields, wire_type
from tests.emulator.bigquery.sources import SourceFile

_FILE = "__emulator_file"
_BAD_VALUE = "bad value"
_SEPARATOR = "\x1f"
_MAX_ROW_BYTES = 100 * 1024 * 1024  # https://cloud.google.com/bigquery/quotas#load_jobs
_MISSING_QUOTE = 'Error detected while parsing row. Error: Missing close quote character (").'
_REJECTS = {
    "MISSING COLUMNS": "Error detected while parsing row. Error: Too few columns",
    "TOO MANY COLUMNS": "Error detected while parsing row. Error: Too many columns",
    "UNQUOTED VALUE": _MISSING_QUOTE,
}
_NOT_UTF_8 = "INVALID ENCODING"
_NUL = "bad NUL"


@dataclass(frozen=True)
class CsvOptions:
    delimiter: str
    quote: str
    skip: int
    null_markers: tuple[str, ...]
    quoted_newlines: bool
    by_name: bool
    max_bad: int
    date_format: str | None
    timestamp_format: str | None
    keeps_nul: bool

    @classmethod
    def of(cls, load: dict[str, Any]) -> CsvOptions:
        by_name = load.get("sourceColumnMatch") == "NAME"
        skip = int(load.get("skipLeadingRows") or 0)
        delimiter = load.get("fieldDelimiter") or ","
        return cls(
            delimiter={"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter),
            quote=load.get("quote", '"'),
            skip=max(skip, 1) if by_name else skip,
            null_markers=tuple(load.get("nullMarkers") or [load.get("nullMarker", "")]),
            quoted_newlines=bool(load.get("allowQuotedNewlines")),
            by_name=by_name,
            max_bad=int(load.get("maxBadRecords") or 0),
            date_format=load.get("dateFormat"),
            timestamp_format=load.get("timestampFormat"),
            keeps_nul=bool(load.get("preserveAsciiControlCharacters")),
        )


@dataclass(frozen=True)
class CsvLoad:
    files: Sequence[SourceFile]
    fields: Fields
    options: CsvOptions

    def select(self) -> str:
        """Scan files with the same order of columns together. Orders differ only if columns are matched by name."""
        return " UNION ALL ".join(self._scan(files, order) for order, files in self._groups().items())

    def count(self) -> str:
        scans = (f"SELECT 1 FROM {self._read_csv(files, order)}" for order, files in self._groups().items())
        return f"SELECT count(*) FROM ({' UNION ALL '.join(scans)})"

    def explain(self, error: str) -> JobError | None:
        """Return the job error for a failed conversion, from the text that `error()` raised in the SELECT."""
        _, found, payload = error.partition(_NUL + _SEPARATOR)
        if found:
            return self._nul(*payload.split(_SEPARATOR, 1))
        _, found, payload = error.partition(_BAD_VALUE + _SEPARATOR)
        if not found:
            return None
        column, path, value = payload.split(_SEPARATOR, 2)
        file = next(file for file in self.files if str(file.path) == path)
        field = next(field for field in self.fields if field.name == column)
        position, line = self._locate(file, column, value)
        sentence = (
            f'Unable to parse; line_number: {line} column_index: {position} column_name: "{column}" '
            f'column_type: {row_error_type(field)} value: "{value}"'
        )
        if wire_type(field.type) == "STRING":
            sentence = f"{_MISSING_QUOTE} line_number: {line}"
        return bad_row(file.uri, sentence, rows=line, errors=1, max_bad=self.options.max_bad)

    def check_bad_rows(self, rejects: Sequence[tuple[Any, ...]], unreadable: int) -> int:
        """Return how many rows are bad, or raise JobError if they are more than `maxBadRecords`.

        `rejects` has path, line and kind of each broken row, `unreadable` is the number of rows with unfit values.
        """
        if any(kind == _NOT_UTF_8 for _, _, kind in rejects):
            raise NotUtf8Error
        lines = {(path, line) for path, line, _ in rejects}
        bad = len(lines) + unreadable
        if bad > self.options.max_bad:
            path, line, kind = rejects[0] if rejects else (str(self.files[0].path), 0, "values that do not fit")
            file = next(file for file in self.files if str(file.path) == path)
            sentence = f"{_REJECTS.get(kind, kind)}; line_number: {line}"
            raise bad_row(file.uri, sentence, rows=line, errors=bad, max_bad=self.options.max_bad)
        return bad

    def _nul(self, column: str, path: str) -> JobError:
        file = next(file for file in self.files if str(file.path) == path)
        position = self._order(file).index(column)
        with self._rows(file) as rows:
            line = next(line for line, row in rows if position < len(row) and "\0" in row[position])
        sentence = f"Error detected while parsing row. Error: Bad character (ASCII 0) encountered. line_number: {line}"
        return bad_row(file.uri, sentence, rows=line, errors=1, max_bad=self.options.max_bad)

    def _groups(self) -> dict[tuple[str, ...], list[SourceFile]]:
        groups: dict[tuple[str, ...], list[SourceFile]] = {}
        for file in self.files:
            groups.setdefault(self._order(file), []).append(file)
        return groups

    def _scan(self, files: Sequence[SourceFile], order: Sequence[str]) -> str:
        source = self._read_csv(files, order)
        texts = {field.name: quoted(field.name) if field.name in order else "NULL::VARCHAR" for field in self.fields}
        if self.options.max_bad:
            fits = [
                f"({texts[f.name]} IS NULL OR ({self._converted(f, texts[f.name])}) IS NOT NULL)" for f in self.fields
            ]
            source = f"(SELECT * FROM {source} WHERE {' AND '.join(fits)})"
        columns = ", ".join(
            f"{self._checked(field, texts[field.name])} AS {quoted(field.name)}" for field in self.fields
        )
        return f"SELECT {columns} FROM {source}"

    def _converted(self, field: TableFieldSchema, text: str) -> str:
        return converted(field, text, self.options.date_format, self.options.timestamp_format)

    def _checked(self, field: TableFieldSchema, text: str) -> str:
        before, after = literal(f"{_BAD_VALUE}{_SEPARATOR}{field.name}{_SEPARATOR}"), literal(_SEPARATOR)
        reject = f"error({before} || {_FILE} || {after} || {text})"
        if wire_type(field.type) != "STRING":
            return f"CASE WHEN {text} IS NOT NULL THEN coalesce({self._converted(field, text)}, {reject}) END"
        checks = [] if self.options.quoted_newlines else [f"WHEN contains({text}, chr(10)) THEN {reject}"]
        if not self.options.keeps_nul:
            marker = literal(f"{_NUL}{_SEPARATOR}{field.name}{_SEPARATOR}")
            checks.append(f"WHEN contains({text}, chr(0)) THEN error({marker} || {_FILE})")
        return f"CASE {' '.join(checks)} ELSE {text} END" if checks else text

    def _read_csv(self, files: Sequence[SourceFile], order: Sequence[str]) -> str:
        options = self.options
        arguments = {
            "auto_detect": "false",
            "header": "false",
            "columns": "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in order) + "}",
            "skip": str(options.skip),
            "delim": literal(options.delimiter),
            "quote": literal(options.quote),
            "escape": literal(options.quote),
            "nullstr": f"[{', '.join(map(literal, options.null_markers))}]",
            "allow_quoted_nulls": "false",
            "compression": literal("gzip" if files[0].gzipped else "none"),
            "max_line_size": str(_MAX_ROW_BYTES),
            "store_rejects": "true",
            "rejects_limit": "0",
            "filename": literal(_FILE),
            "null_padding": "false",
        }
        paths = ", ".join(literal(str(file.path)) for file in files)
        return f"read_csv([{paths}], {', '.join(f'{name}={value}' for name, value in arguments.items())})"

    def _order(self, file: SourceFile) -> tuple[str, ...]:
        if not self.options.by_name:
            return tuple(field.name for field in self.fields)
        names = {field.name.lower(): field.name for field in self.fields}
        with self._rows(file) as rows:
            skipped = [row for _, row in itertools.islice(rows, self.options.skip)]
        header = skipped[-1] if skipped else []  # "the last skipped row"
        unknown = [name for name in header if name.lower() not in names]
        if unknown:
            reason = f"header columns {unknown} are not in the schema. File: {file.uri}"
            raise JobError("invalid", f"Error while reading data, error message: {reason}", file.uri)
        return tuple(names[name.lower()] for name in header)

    def _locate(self, file: SourceFile, column: str, value: str) -> tuple[int, int]:
        """Return the position of the column and the first line with this value. The header is line 1."""
        position = self._order(file).index(column)
        with self._rows(file) as rows:
            for line, row in rows:
                if line > self.options.skip and position < len(row) and row[position] == value:
                    return position, line
        return position, 0

    @contextmanager
    def _rows(self, file: SourceFile) -> Iterator[Iterator[tuple[int, list[str]]]]:
        opened = gzip.open(file.path) if file.gzipped else file.path.open("rb")  # noqa: SIM115 - closed by the line below
        with opened as binary:
            text = io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")
            reader = csv.reader(text, delimiter=self.options.delimiter, quotechar=self.options.quote or None)
            yield ((reader.line_num, row) for row in reader)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
