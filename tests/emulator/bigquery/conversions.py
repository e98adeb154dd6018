"""Convert the text of a CSV field to a value, as SQL. The value is NULL if BigQuery would reject the text.

The patterns are BigQuery's: https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv#data_types
DuckDB alone would round 1.5 to an INT64, accept more timestamps and cut decimals silently.
"""

from __future__ import annotations

import re

from bqemulator.catalog.models import TableFieldSchema

from tests.emulator.bigquery import bignumeric
from tests.emulator.bigquery.errors import JobError
from tests.emulator.bigquery.schemas import wire_type

_TRUE, _FALSE = "'true','t','yes','y','1'", "'false','f','no','n','0'"
_DATE = r"\d{4}-\d{1,2}-\d{1,2}"
_TIME = r"\d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,6})?)?"  # "seconds and fractions of seconds are optional"
_TIMESTAMP = rf"{_DATE}([Tt ]{_TIME})?( ?([Zz]|UTC|[+-]\d{{1,2}}(:\d{{2}})?))?"
# https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_string_as_datetime
_ELEMENTS = {
    "YYYY": (r"\d{4}", "%Y"),
    "MM": (r"\d{2}", "%m"),
    "DD": (r"\d{2}", "%d"),
    "-": ("-", "-"),
    "/": ("/", "/"),
}
_ELEMENT = re.compile("YYYY|MM|DD|[-/]")
_ROW_ERROR_NAMES = {"INTEGER": "INT64", "FLOAT": "DOUBLE", "BOOLEAN": "BOOL"}


def converted(
    field: TableFieldSchema, text: str, date_format: str | None = None, timestamp_format: str | None = None
) -> str:
    conversions = {
        "STRING": text,
        "INTEGER": _matching(text, "[+-]?[0-9]+", "BIGINT"),
        "FLOAT": f"TRY_CAST({text} AS DOUBLE)",
        "NUMERIC": f"TRY_CAST({text} AS DECIMAL(38, 9))",
        "BIGNUMERIC": bignumeric.of_text(text),
        "BOOLEAN": f"CASE WHEN lower({text}) IN ({_TRUE}) THEN true WHEN lower({text}) IN ({_FALSE}) THEN false END",
        "DATE": _formatted(text, date_format, "DATE") if date_format else _matching(text, _DATE, "DATE"),
        "TIMESTAMP": _formatted(text, timestamp_format, "TIMESTAMPTZ")
        if timestamp_format
        else _matching(text, _TIMESTAMP, "TIMESTAMPTZ"),
        "DATETIME": f"TRY_CAST({text} AS TIMESTAMP)",
        "TIME": f"TRY_CAST({text} AS TIME)",
        "JSON": f"json_parsed_or_null({text}, 'round')",
    }
    kind = wire_type(field.type)
    if kind not in conversions or field.mode == "REPEATED":
        raise JobError("invalid", f"The emulator does not load {field.mode} {kind} from CSV (field: {field.name}).")
    return conversions[kind]


def row_error_type(field: TableFieldSchema) -> str:
    """Return the SQL name of the type, which row errors use instead of the name in the REST schema."""
    kind = wire_type(field.type)
    return _ROW_ERROR_NAMES.get(kind, kind)


def _matching(text: str, pattern: str, kind: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, '{pattern}') THEN TRY_CAST({text} AS {kind}) END"


def is_known_date_format(date_format: str) -> bool:
    """Accept the formats that are emulated. Google also has month names, two-digit years and other separators."""
    elements = _ELEMENT.findall(date_format)
    return "".join(elements) == date_format and {"YYYY", "MM", "DD"} <= set(elements)


def _formatted(text: str, load_format: str, kind: str) -> str:
    """Accept only this format, as Google does: "this format is the only compatible DATE format"."""
    known = [_ELEMENTS[element] for element in _ELEMENT.findall(load_format)]
    pattern, duckdb_format = ("".join(parts) for parts in zip(*known, strict=True))
    return f"CASE WHEN regexp_full_match({text}, '{pattern}') THEN try_strptime({text}, '{duckdb_format}')::{kind} END"
