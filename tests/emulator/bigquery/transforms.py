"""What sqlglot writes for functions of BigQuery: calls of what `exact_functions.py` creates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

_UNITS = {"DAY": 86_400_000_000, "HOUR": 3_600_000_000, "MINUTE": 60_000_000, "SECOND": 1_000_000}
_MICROSECONDS = {**_UNITS, "MILLISECOND": 1000, "MICROSECOND": 1}
_MOST_LENGTH = 2**62


def _parse_json(generator: Any, node: exp.ParseJSON) -> str:
    mode = node.expression.expression if isinstance(node.expression, exp.Kwarg) else exp.Literal.string("exact")
    return str(generator.func("JSON_PARSED", node.this, mode))


def _path(node: exp.Expression) -> exp.Expression:
    path = node.expression
    if not isinstance(path, exp.JSONPath):
        return path
    if not all(_is_plain(step) for step in path.expressions):  # sqlglot writes the path without such a step
        raise NotImplementedError(f"The emulator does not read the JSON path {path.sql()}: use names and numbers only")
    return exp.Literal.string(exp.JSONPath(expressions=path.expressions).sql("bigquery").strip("'"))


def _is_plain(step: exp.Expression) -> bool:
    return isinstance(step, exp.JSONPathRoot) or isinstance(step.this, str | int)


def _json_format(generator: Any, node: exp.JSONFormat) -> str:
    if node.args.get("to_json"):
        return str(generator.sql(exp.cast(exp.Anonymous(this="JSON_VALUE_IN", expressions=[node.this]), "JSON")))
    return str(generator.func("JSON_TEXT", node.this))


def _json_object(generator: Any, node: exp.JSONObject) -> str:
    pairs = node.expressions
    if not all(isinstance(pair, exp.JSONKeyValue) for pair in pairs):
        raise NotImplementedError("The emulator makes JSON objects of pairs and of two arrays only")
    if len(pairs) == 1 and not pairs[0].this.is_string:  # a key and its value, or two arrays
        return str(generator.func("JSON_OBJECT_OF_ONE", pairs[0].this, pairs[0].expression))
    keys = exp.Array(expressions=[pair.this.copy() for pair in pairs])
    values = [exp.Anonymous(this="JSON_VALUE_IN", expressions=[pair.expression.copy()]) for pair in pairs]
    return str(generator.func("JSON_OBJECT_OF_VALUES", keys, exp.Array(expressions=values)))


def _timestamp_diff(generator: Any, node: exp.TimestampDiff) -> str:
    unit = node.text("unit").upper() or str(node.args["unit"]).upper()
    if unit not in _MICROSECONDS:
        raise NotImplementedError(f"The emulator does not know the unit {unit} of TIMESTAMP_DIFF")
    return str(
        generator.func("TIMESTAMP_DIFFERENCE", node.this, node.expression, exp.Literal.number(_MICROSECONDS[unit]))
    )


def _substring(generator: Any, node: exp.Substring) -> str:
    start, length = node.args.get("start"), node.args.get("length")
    known = [one for one in (start, length) if one is not None]
    if all(isinstance(one, exp.Literal) and int(one.name) > 0 for one in known):
        return str(generator.func("SUBSTRING", node.this, start, length))
    return str(generator.func("PART_OF_TEXT", node.this, start, length or exp.Literal.number(_MOST_LENGTH)))


def _time_to_str(generator: Any, node: exp.TimeToStr, stock: Callable[..., str]) -> str:
    """Write a year before 1000 without zeros."""
    time_format = node.args["format"]
    before, is_found, after = time_format.name.partition("%Y")
    if not isinstance(time_format, exp.Literal) or not is_found:
        return stock(generator, node)
    parts = [stock(generator, _formatted(node, part)) for part in (before, after) if part]
    year = generator.sql(exp.cast(exp.Extract(this=exp.var("YEAR"), expression=node.this.copy()), "TEXT"))
    return f"({' || '.join([*parts[: bool(before)], year, *parts[bool(before) :]])})"


def _formatted(node: exp.TimeToStr, time_format: str) -> exp.TimeToStr:
    new = node.copy()
    new.set("format", exp.Literal.string(time_format))
    return new


def _unix_to_time(generator: Any, node: exp.UnixToTime, stock: Callable[..., str]) -> str:
    scale = node.args.get("scale")
    if scale is not None and scale.name == "6":
        return str(generator.func("MAKE_TIMESTAMPTZ", node.this))
    return stock(generator, node)


def transforms(stock: Mapping[Any, Callable[..., str]]) -> dict[Any, Any]:
    """Return what sqlglot writes for each of these functions."""
    return {
        **stock,
        exp.ArrayToString: lambda self, node: self.func("JOINED_ARRAY", node.this, node.expression),
        exp.JSONExtractArray: lambda self, node: self.func("JSON_ARRAY_OF", node.this, _path(node)),
        exp.JSONExtractScalar: lambda self, node: self.func("JSON_SCALAR", node.this, _path(node)),
        exp.JSONFormat: _json_format,
        exp.JSONObject: _json_object,
        exp.JSONStripNulls: lambda self, node: self.func("JSON_STRIPPED", node.this),
        exp.Lower: lambda self, node: self.func("LOWER_TEXT", node.this),
        exp.ParseJSON: _parse_json,
        exp.TimeToStr: lambda self, node: _time_to_str(self, node, stock[exp.TimeToStr]),
        exp.Substring: _substring,
        exp.TimestampDiff: _timestamp_diff,
        exp.UnixToTime: lambda self, node: _unix_to_time(self, node, stock[exp.UnixToTime]),
    }
