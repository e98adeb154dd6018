"""Functions that DuckDB computes differently from BigQuery: each is a macro or a Python function.

`transforms.py` and `operators.py` write the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
from duckdb.sqltypes import BIGINT, BOOLEAN, DOUBLE, VARCHAR

from tests.emulator.bigquery import bignumeric, casts, json_of_types, json_paths, json_texts

_PLAIN_FLOAT = "[+-]?([0-9]{1,18}([.][0-9]{0,18})?|[.][0-9]{1,18})([eE][+-]?[0-9]{1,2})?"
_PLAIN_TIMESTAMP = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?(Z|[+]00(:00)?)?)?"
)
_LIST = duckdb.list_type(VARCHAR)


def install(connection: duckdb.DuckDBPyConnection) -> None:
    for name, function, takes, gives in _PYTHON:
        connection.create_function(name, _null_for_null(function, len(takes)), takes, gives, null_handling="special")
    takes = [_LIST, VARCHAR, VARCHAR]
    connection.create_function("json_joined_arrays", json_of_types.of_arrays, takes, VARCHAR, null_handling="special")
    for name, body in _MACROS.items():
        connection.execute(f"CREATE OR REPLACE MACRO {name} AS {body}")
    for name, overloads in _BY_TYPE.items():
        bignumeric.create_macro(connection, name, *overloads)


def _null_for_null(function: Callable[..., Any], parameters: int) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        return None if arguments[0] is None else function(*arguments)

    # DuckDB reads the number of parameters from the signature.
    shapes: dict[int, Callable[..., Any]] = {
        1: lambda x: call(x),
        2: lambda x, y: None if y is None else call(x, y),
        3: lambda x, y, z: None if y is None or z is None else call(x, y, z),
    }
    return shapes[parameters]


def _or_none(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except ValueError:
            return None

    return call


_PYTHON: tuple[tuple[str, Callable[..., Any], list[Any], Any], ...] = (
    ("json_parsed_text", json_texts.parsed, [VARCHAR, VARCHAR], VARCHAR),
    ("json_parsed_or_null_text", _or_none(json_texts.parsed), [VARCHAR, VARCHAR], VARCHAR),
    ("json_scalar_of", lambda x, y, z: json_paths.scalar(x, y, is_json=z), [VARCHAR, VARCHAR, BOOLEAN], VARCHAR),
    ("json_elements_of", lambda x, y, z: json_paths.elements(x, y, is_json=z), [VARCHAR, VARCHAR, BOOLEAN], _LIST),
    ("json_member", lambda x, y: json_texts.member(x, y), [VARCHAR, VARCHAR], VARCHAR),
    ("json_without_nulls", json_texts.without_nulls, [VARCHAR], VARCHAR),
    ("json_text_of", lambda x, y: json_of_types.text(x, y), [VARCHAR, VARCHAR], VARCHAR),
    ("json_value_of", lambda x, y: json_of_types.value(x, y), [VARCHAR, VARCHAR], VARCHAR),
    ("json_joined", json_of_types.joined, [_LIST, _LIST], VARCHAR),
    ("double_text", casts.double_text, [DOUBLE], VARCHAR),
    ("integer_of_text", casts.integer_of, [VARCHAR], BIGINT),
    ("double_of_text", casts.double_of, [VARCHAR], VARCHAR),
    ("timestamp_of_text", casts.timestamp_of, [VARCHAR], VARCHAR),
    ("integer_or_null_of_text", _or_none(casts.integer_of), [VARCHAR], BIGINT),
    ("double_or_null_of_text", _or_none(casts.double_of), [VARCHAR], VARCHAR),
    ("timestamp_or_null_of_text", _or_none(casts.timestamp_of), [VARCHAR], VARCHAR),
    ("date_of_text", lambda x, y: casts.date_of(x, y), [VARCHAR, VARCHAR], VARCHAR),
    ("date_or_null_of_text", _or_none(casts.date_of), [VARCHAR, VARCHAR], VARCHAR),
    ("even_decimals", casts.even_decimals, [VARCHAR], VARCHAR),
    ("lower_of_text", casts.lower, [VARCHAR], VARCHAR),
    ("part_of_text", casts.part_of, [VARCHAR, BIGINT, BIGINT], VARCHAR),
)
_OWN_JSON = "CASE WHEN typeof(x) = 'JSON' THEN x::VARCHAR"  # DuckDB's to_json would write its numbers again
# DuckDB takes NaN for the greatest number. The type is known before the rows are read, so others cost nothing.
_ORDER = "CASE WHEN typeof(x) = 'DOUBLE' AND x::VARCHAR = 'nan' THEN y < y ELSE x {sign} y END"
_MACROS = {
    "json_parsed(x, mode)": "CAST(json_parsed_text(x, mode) AS JSON)",
    "json_parsed_or_null(x, mode)": "CAST(json_parsed_or_null_text(x, mode) AS JSON)",
    "json_scalar(x, path)": "json_scalar_of(x, path, typeof(x) = 'JSON')",
    "json_text(x)": f"coalesce({_OWN_JSON} ELSE json_text_of(to_json(x)::VARCHAR, typeof(x)) END, 'null')",
    "json_value_in(x)": f"coalesce({_OWN_JSON} ELSE json_value_of(to_json(x)::VARCHAR, typeof(x)) END, 'null')",
    "json_part_of(x, key)": "CAST(json_member(x, key) AS JSON)",
    "json_object_of_arrays(k, v)": "CAST(json_joined_arrays(k, to_json(v)::VARCHAR, typeof(v)) AS JSON)",
    "json_object_of_values(k, v)": "CAST(json_joined(k, v) AS JSON)",
    "json_stripped(x)": "CAST(json_without_nulls(x) AS JSON)",
    **{name: _ORDER.format(sign=sign) for name, sign in (("is_greater(x, y)", ">"), ("is_not_less(x, y)", ">="))},
    "lower_text(x)": "CASE WHEN strlen(x) = length(x) THEN lower(x) ELSE lower_of_text(x) END",
    "timestamp_difference(x, y, unit)": "CAST(sign(epoch_us(x) - epoch_us(y)) AS BIGINT)"
    " * (abs(epoch_us(x) - epoch_us(y)) // unit)",
    "joined_array(x, y)": "coalesce(array_to_string(x, y), CASE WHEN x IS NOT NULL AND y IS NOT NULL THEN '' END)",
}
# DuckDB makes a VARCHAR of any type if nothing else is there.
_KINDS = (
    "BIGINT",
    "HUGEINT",
    "DECIMAL(38, 9)",
    "DOUBLE",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "BOOLEAN",
    bignumeric.TYPE,
)
_UNCHANGED = (*((f"x {kind}", "x") for kind in _KINDS), ("x", "x"))


def _of_text(function: str, target: str, plain: str = "") -> tuple[tuple[str, str], ...]:
    """Return overloads that read a text. What is `plain` is read by DuckDB itself."""
    body = f"CAST({function}(x) AS {target})"
    if plain:
        body = f"CASE WHEN regexp_full_match(x, '{plain}') THEN CAST(x AS {target}) ELSE {body} END"
    return (("x VARCHAR", body), *_UNCHANGED)


def _as_string(bytes_as_text: str) -> tuple[tuple[str, str], ...]:
    whole = "CASE WHEN microsecond(x) % 1000000 = 0 THEN x::VARCHAR ELSE even_decimals(x::VARCHAR) END"
    return (
        (f"x {bignumeric.TYPE}", f"bignumeric_as_text(x::{bignumeric.TEXTS})"),
        ("x DOUBLE", "double_text(x)"),
        ("x DECIMAL(38, 9)", "rtrim(rtrim(x::VARCHAR, '0'), '.')"),
        *((f"x {kind}", whole) for kind in ("TIMESTAMPTZ", "TIMESTAMP", "TIME")),
        ("x BLOB", bytes_as_text),
        *((f"x {kind}", "x") for kind in ("VARCHAR", "BIGINT", "HUGEINT", "DATE", "BOOLEAN")),
        ("x", "x"),
    )


_TIMESTAMP_OR_NULL = (
    f"CASE WHEN regexp_full_match(x, '{_PLAIN_TIMESTAMP}') AND x >= '0001' THEN TRY_CAST(x AS TIMESTAMPTZ)"
    " ELSE CAST(timestamp_or_null_of_text(x) AS TIMESTAMPTZ) END"
)
_BY_TYPE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "as_string": _as_string("decode(x)"),
    "as_string_or_null": _as_string("TRY(decode(x))"),
    "as_integer": _of_text("integer_of_text", "BIGINT", "[+-]?[0-9]{1,18}"),
    "as_integer_or_null": _of_text("integer_or_null_of_text", "BIGINT", "[+-]?[0-9]{1,18}"),
    "as_double": _of_text("double_of_text", "DOUBLE", _PLAIN_FLOAT),
    "as_double_or_null": _of_text("double_or_null_of_text", "DOUBLE", _PLAIN_FLOAT),
    "as_timestamp": _of_text("timestamp_of_text", "TIMESTAMPTZ"),
    "as_timestamp_or_null": (("x VARCHAR", _TIMESTAMP_OR_NULL), *_UNCHANGED),
    "as_time": (("x TIMESTAMPTZ", "CAST(CAST(x AS TIMESTAMP) AS TIME)"), ("x", "x")),
    "json_object_of_one": (
        ("k VARCHAR, v", "json_object_of_values([k], [json_value_in(v)])"),
        ("k VARCHAR[], v", "json_object_of_arrays(k, v)"),
    ),
    "json_array_of": (
        ("x VARCHAR, path", "json_elements_of(x, path, FALSE)"),
        ("x JSON, path", "CAST(json_elements_of(x, path, TRUE) AS JSON[])"),
    ),
}
