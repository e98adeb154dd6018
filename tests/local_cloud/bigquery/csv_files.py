"""CSV as BigQuery reads it, as one DuckDB SELECT: every field is read as text, then converted by BigQuery's own rules.

Reading text first is what keeps conversions honest: DuckDB alone would round 1.5 to an INT64 and cut decimals silently.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bqemulator.catalog.models import TableFieldSchema

from tests.local_cloud.bigquery.errors import JobError, bad_row
from tests.local_cloud.bigquery.schemas import Fields, wire_type
from tests.local_cloud.bigquery.sources import SourceFile

# Values that DECIMAL(38,18), the widest that DuckDB has, holds exactly for BIGNUMERIC (Google: 38 digits on either side).
BIGNUMERIC_INTEGERS, BIGNUMERIC_DECIMALS = 20, 18
_FILE = "__local_cloud_file"
_BAD_VALUE = "bad value"
_SEPARATOR = "\x1f"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TRUE, _FALSE = "'true','t','yes','y','1'", "'false','f','no','n','0'"
_DATE = r"\d{4}-\d{1,2}-\d{1,2}"
_TIME = r"\d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,6})?"
# https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv#data_types (seconds are not optional)
_TIMESTAMP = rf"{_DATE}([Tt ]{_TIME})?( ?([Zz]|UTC|[+-]\d{{1,2}}(:\d{{2}})?))?"
_MAX_ROW_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True)
class CsvOptions:
    delimiter: str
    quote: str
    skip: int
    null_markers: tuple[str, ...]
    quoted_newlines: bool
    jagged_rows: bool
    by_name: bool
    max_bad: int

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
            jagged_rows=bool(load.get("allowJaggedRows")),
            by_name=by_name,
            max_bad=int(load.get("maxBadRecords") or 0),
        )


def csv_select(files: Sequence[SourceFile], fields: Fields, options: CsvOptions) -> str:
    """Files whose headers put the columns in the same order are one scan; without matching by name that is all of them."""
    groups: dict[tuple[str, ...], list[SourceFile]] = {}
    for file in files:
        groups.setdefault(_order(file, fields, options), []).append(file)
    return " UNION ALL ".join(_scan(group, order, fields, options) for order, group in groups.items())


def explain(error: str, files: Sequence[SourceFile], fields: Fields, options: CsvOptions) -> JobError | None:
    """The job error for a failed conversion, from the text that `error()` raised inside the SELECT."""
    _, found, payload = error.partition(_BAD_VALUE + _SEPARATOR)
    if not found:
        return None
    column, path, value = payload.split(_SEPARATOR, 2)
    file = next(file for file in files if str(file.path) == path)
    field = next(field for field in fields if field.name == column)
    position, line = _locate(file, column, value, fields, options)
    if "\n" in value and wire_type(field.type) == "STRING":
        sentence = 'Missing close quote character (").'
    elif wire_type(field.type) == "BIGNUMERIC" and _NUMBER.fullmatch(value):
        return _too_long(file, field, value)
    else:
        sentence = (
            f'Unable to parse; line_number: {line} column_index: {position} column_name: "{column}" '
            f'column_type: {_legacy_name(field)} value: "{value}"'
        )
    return bad_row(file.uri, sentence, rows=line, errors=1, max_bad=options.max_bad)


def rejected_rows(
    rejects: Sequence[tuple[str, int, str, str]], files: Sequence[SourceFile], options: CsvOptions
) -> int:
    """Counts rows with too many or too few fields, broken quotes and the like; too many of them fail the job."""
    lines = {(path, line) for path, line, _, _ in rejects}
    if len(lines) > options.max_bad:
        path, line, kind, _ = rejects[0]
        file = next(file for file in files if str(file.path) == path)
        sentence = f"{_REJECTS.get(kind, kind)}; line_number: {line}"
        raise bad_row(file.uri, sentence, rows=line, errors=len(lines), max_bad=options.max_bad)
    return len(lines)


_REJECTS = {
    "MISSING COLUMNS": "Error detected while parsing row. Error: CSV table references column position that does not exist: too few columns",
    "TOO MANY COLUMNS": "Too many values in line",
    "UNQUOTED VALUE": 'Error detected while parsing row. Error: Missing close quote character (").',
    "INVALID ENCODING": "Invalid UTF-8 encoding",
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _scan(files: Sequence[SourceFile], order: Sequence[str], fields: Fields, options: CsvOptions) -> str:
    source = _read_csv(files, order, options)
    present = {name.lower() for name in order}
    values = [(field, quoted(field.name) if field.name.lower() in present else "NULL::VARCHAR") for field in fields]
    if options.max_bad:  # rows that do not fit are left out; their number is checked by the caller
        bad = " OR ".join(
            f"({x} IS NOT NULL AND ({_convert(f, x)}) IS NULL)" for f, x in values if wire_type(f.type) != "STRING"
        )
        source = f"(SELECT * FROM {source} WHERE NOT ({bad or 'false'}))"
    columns = ", ".join(f"{_checked(field, x, options)} AS {quoted(field.name)}" for field, x in values)
    return f"SELECT {columns} FROM {source}"


def _read_csv(files: Sequence[SourceFile], order: Sequence[str], options: CsvOptions) -> str:
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
        "null_padding": str(options.jagged_rows).lower(),
        "max_line_size": str(_MAX_ROW_BYTES),
        "store_rejects": "true",
        "rejects_limit": "0",
        "filename": literal(_FILE),
        "parallel": str(not options.jagged_rows).lower(),
    }
    paths = ", ".join(literal(str(file.path)) for file in files)
    return f"read_csv([{paths}], {', '.join(f'{name}={value}' for name, value in arguments.items())})"


def _checked(field: TableFieldSchema, x: str, options: CsvOptions) -> str:
    refuse = f"error({literal(_BAD_VALUE + _SEPARATOR + field.name + _SEPARATOR)} || {_FILE} || {literal(_SEPARATOR)} || {x})"
    if wire_type(field.type) == "STRING":
        return x if options.quoted_newlines else f"CASE WHEN contains({x}, chr(10)) THEN {refuse} ELSE {x} END"
    return f"CASE WHEN {x} IS NOT NULL THEN coalesce({_convert(field, x)}, {refuse}) END"


def _convert(field: TableFieldSchema, x: str) -> str:
    """The value, or NULL for a text that BigQuery (or, for BIGNUMERIC, this local cloud) cannot take."""
    conversions = {
        "STRING": x,
        "INTEGER": f"CASE WHEN regexp_full_match({x}, '[+-]?[0-9]+') THEN TRY_CAST({x} AS BIGINT) END",
        "FLOAT": f"TRY_CAST({x} AS DOUBLE)",
        "NUMERIC": f"TRY_CAST({x} AS DECIMAL(38, 9))",
        "BIGNUMERIC": f"CASE WHEN {_exact(x)} THEN TRY_CAST({x} AS DECIMAL(38, {BIGNUMERIC_DECIMALS})) END",
        "BOOLEAN": f"CASE WHEN lower({x}) IN ({_TRUE}) THEN true WHEN lower({x}) IN ({_FALSE}) THEN false END",
        "DATE": f"CASE WHEN regexp_full_match({x}, '{_DATE}') THEN TRY_CAST({x} AS DATE) END",
        "TIMESTAMP": f"CASE WHEN regexp_full_match({x}, '{_TIMESTAMP}') THEN TRY_CAST({x} AS TIMESTAMPTZ) END",
        "DATETIME": f"TRY_CAST({x} AS TIMESTAMP)",
        "TIME": f"TRY_CAST({x} AS TIME)",
        "JSON": f"TRY_CAST({x} AS JSON)",
        "BYTES": f"from_base64({x})",
    }
    kind = wire_type(field.type)
    if kind not in conversions or field.mode == "REPEATED":
        raise JobError("invalid", f"The local cloud does not load {field.mode} {kind} from CSV (field: {field.name}).")
    return conversions[kind]


def _exact(x: str) -> str:
    """True where DECIMAL(38,18) holds the text exactly. The first test, on length alone, settles nearly every value."""
    plain = rf"[+-]?[0-9]*(\.[0-9]{{0,{BIGNUMERIC_DECIMALS}}}0*)?"
    decimals = rf"length(regexp_extract({x}, '\.([0-9]*?)0*[eE]', 1))"
    exponent = f"TRY_CAST(regexp_extract({x}, '[eE](.*)$', 1) AS INTEGER)"
    return (
        f"CASE WHEN contains({x}, 'E') OR contains({x}, 'e') THEN {decimals} - {exponent} <= {BIGNUMERIC_DECIMALS} "
        f"WHEN length({x}) <= {BIGNUMERIC_DECIMALS + 1} THEN true ELSE regexp_full_match({x}, '{plain}') END"
    )


def _order(file: SourceFile, fields: Fields, options: CsvOptions) -> tuple[str, ...]:
    if not options.by_name:
        return tuple(field.name for field in fields)
    names = {field.name.lower(): field.name for field in fields}
    with _opened(file) as text:
        rows = list(_rows(text, options, options.skip))
    header = rows[-1] if rows else []
    unknown = [name for name in header if name.lower() not in names]
    if unknown:
        raise JobError(
            "invalid",
            f"Error while reading data, error message: header columns {unknown} are not in the schema. File: {file.uri}",
            file.uri,
        )
    return tuple(names[name.lower()] for name in header)


def _locate(file: SourceFile, column: str, value: str, fields: Fields, options: CsvOptions) -> tuple[int, int]:
    """Position of the column and number of the first line with this value, both as BigQuery counts them (lines from 1)."""
    position = _order(file, fields, options).index(column)
    with _opened(file) as text:
        reader = csv.reader(text, delimiter=options.delimiter, quotechar=options.quote or None)
        for row in reader:
            if reader.line_num > options.skip and position < len(row) and row[position] == value:
                return position, reader.line_num
    return position, 0


def _rows(text: io.TextIOBase, options: CsvOptions, count: int) -> Iterator[list[str]]:
    reader = csv.reader(text, delimiter=options.delimiter, quotechar=options.quote or None)
    for _, row in zip(range(count), reader, strict=False):
        yield row


def _opened(file: SourceFile) -> io.TextIOWrapper:
    binary = gzip.open(file.path) if file.gzipped else file.path.open("rb")
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")


def _legacy_name(field: TableFieldSchema) -> str:
    """Row errors use the names of GoogleSQL, not those of the REST schema."""
    kind = wire_type(field.type)
    return {"INTEGER": "INT64", "FLOAT": "DOUBLE", "BOOLEAN": "BOOL"}.get(kind, kind)


def _too_long(file: SourceFile, field: TableFieldSchema, value: str) -> JobError:
    message = (
        f'The local cloud cannot hold {value} of column "{field.name}" exactly: its BIGNUMERIC has {BIGNUMERIC_INTEGERS} digits '
        f"before and {BIGNUMERIC_DECIMALS} after the point, Google's has 38 and 38. File: {file.uri}"
    )
    return JobError("invalid", message, file.uri)
