"""The kinds of expressions in SQL texts: each function, operator and cast, with the types of its values.

A kind is a text with holes, such as `SAFE_CAST(«STRING» AS BIGNUMERIC)`. Formats, patterns, paths and numbers stay in
the text, because they decide what a function does. Names and other texts become holes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from google.protobuf.message import Message
from zetasql.wasi._pb2.zetasql.public.functions.datetime_pb2 import DateTimestampPart
from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeKind
from zetasql.wasi._pb2.zetasql.resolved_ast.resolved_ast_enums_pb2 import ResolvedFunctionCallBaseEnums

from tests.googlesql.types import spelled
from tests.googlesql.values import from_proto

_SAFE = ResolvedFunctionCallBaseEnums.SAFE_ERROR_MODE
_NUMBERS = (TypeKind.TYPE_BIGNUMERIC, TypeKind.TYPE_NUMERIC, TypeKind.TYPE_INT64, TypeKind.TYPE_DOUBLE)
# Functions whose text arguments are data. The texts of all others are formats, patterns and paths.
_OF_DATA = frozenset(("coalesce", "concat", "ends_with", "greatest", "if", "least", "nullif", "starts_with"))
OPEN, CLOSE = "\u00ab", "\u00bb"  # around the type of a value that is not in the text
_OF_KEYS = frozenset(("$array_at_offset", "$like", "$subscript", "$safe_array_at_offset"))
_BETWEEN = {
    "$add": "+",
    "$and": "AND",
    "$divide": "/",
    "$equal": "=",
    "$greater": ">",
    "$greater_or_equal": ">=",
    "$is_distinct_from": "IS DISTINCT FROM",
    "$is_not_distinct_from": "IS NOT DISTINCT FROM",
    "$less": "<",
    "$less_or_equal": "<=",
    "$like": "LIKE",
    "$multiply": "*",
    "$not_equal": "!=",
    "$or": "OR",
    "$subtract": "-",
}
_SHAPES = {
    "$between": "{0} BETWEEN {1} AND {2}",
    "$in_array": "{0} IN UNNEST({1})",
    "$is_false": "{0} IS FALSE",
    "$is_null": "{0} IS NULL",
    "$is_true": "{0} IS TRUE",
    "$not": "NOT {0}",
    "$subscript": "{0}[{1}]",
    "$array_at_offset": "{0}[OFFSET({1})]",
    "$array_at_ordinal": "{0}[ORDINAL({1})]",
    "$safe_array_at_offset": "{0}[SAFE_OFFSET({1})]",
    "$safe_array_at_ordinal": "{0}[SAFE_ORDINAL({1})]",
    "$unary_minus": "-{0}",
    "$count_star": "COUNT(*)",
    "$extract": "EXTRACT({1} FROM {0})",
    **{
        name: f"{name.upper()}({{0}}, INTERVAL {{1}} {{2}})"
        for name in ("date_add", "date_sub", "timestamp_add", "timestamp_sub")
    },
    "json_strip_nulls": "JSON_STRIP_NULLS({0}, {1}, include_arrays => {2}, remove_empty => {3})",
    "parse_json": "PARSE_JSON({0}, wide_number_mode => {1})",
}
# What the analyzer adds if the text does not have it.
_DEFAULTS = {
    "json_strip_nulls": ", '$', include_arrays => TRUE, remove_empty => FALSE)",
    "parse_json": ", wide_number_mode => 'exact')",
}
_OF_MANY = frozenset(("$and", "$case_no_value", "$case_with_value", "$in", "$make_array", "$or", "coalesce", "concat"))
_MOST = 3  # values of a function that takes any number of them
_NOT_EXPRESSIONS = frozenset(
    ("collation_list", "column", "column_list", "function_call_info", "hint_list", "output_column_list", "signature")
) | {"type", "type_annotation_map"}


class Kind(NamedTuple):
    """`role` is scalar, aggregate or window. `type` is that of the result."""

    role: str
    type: str
    text: str


def kinds_of(node: Any) -> Iterator[Kind]:
    """Yield the kind of every expression in a resolved statement."""
    name = node.DESCRIPTOR.name
    if name == "ResolvedFunctionCallProto":
        yield Kind("scalar", spelled(node.parent.parent.type), _call(node.parent))
    elif name == "ResolvedCastProto":
        yield Kind("scalar", spelled(node.parent.type), _cast(node))
    elif name == "ResolvedAggregateFunctionCallProto":
        yield Kind("aggregate", spelled(node.parent.parent.parent.type), _aggregate(node))
    elif name == "ResolvedAnalyticFunctionCallProto":
        yield Kind("window", spelled(node.parent.parent.parent.type), _call(node.parent.parent))
    for field, value in node.ListFields():
        if field.message_type is not None and field.name not in _NOT_EXPRESSIONS:
            for one in [value] if isinstance(value, Message) else value:
                yield from kinds_of(one)


def _call(call: Any, extra: str = "") -> str:
    name = call.function.name.partition(":")[2]
    listed = call.argument_list or [one.expr for one in call.generic_argument_list]
    is_data = (name.startswith("$") and name not in _OF_KEYS) or name in _OF_DATA
    texts = [_argument(one, is_data=is_data) for one in listed]
    if name in _OF_MANY:
        texts = _fewer(name, texts)
    return f"{'SAFE.' if call.error_mode == _SAFE else ''}{_written(name, texts, extra)}"


def _written(name: str, texts: Sequence[str], extra: str) -> str:
    if name in _BETWEEN:
        return f" {_BETWEEN[name]} ".join(texts)
    if name in _SHAPES:
        return _SHAPES[name].format(*texts).replace(_DEFAULTS.get(name, "\0"), ")")
    if name in _LISTS:
        return _LISTS[name](texts)
    if name.startswith("$"):
        raise NotImplementedError(f"Add GoogleSQL's {name} to tests/googlesql/kinds.py: {', '.join(texts)}")
    return f"{name.upper()}({', '.join(texts)}{extra})"


def _case(value: str, texts: Sequence[str]) -> str:
    pairs = zip(texts[0:-1:2], texts[1::2], strict=False)
    branches = " ".join(f"WHEN {condition} THEN {result}" for condition, result in pairs)
    return f"CASE{value} {branches}{f' ELSE {texts[-1]}' if len(texts) % 2 else ''} END"


_LISTS: Mapping[str, Callable[[Sequence[str]], str]] = {
    "$case_no_value": lambda texts: _case("", texts),
    "$case_with_value": lambda texts: _case(f" {texts[0]}", texts[1:]),
    "$in": lambda texts: f"{texts[0]} IN ({', '.join(texts[1:])})",
    "$make_array": lambda texts: f"[{', '.join(texts)}]",
}


def _fewer(name: str, texts: list[str]) -> list[str]:
    """Leave out the values after the first few."""
    first = texts[: name in ("$in", "$case_with_value")]
    rest = texts[len(first) :]
    if not name.startswith("$case"):
        return first + rest[:_MOST]
    last = rest[-1:] if len(rest) % 2 else []
    return first + rest[: len(rest) - len(last)][:4] + last


def _cast(cast: Any) -> str:
    safe = "SAFE_" if cast.return_null_on_error else ""
    return f"{safe}CAST({_argument(cast.expr, is_data=True)} AS {spelled(cast.parent.type)})"


def _aggregate(call: Any) -> str:
    base = call.parent
    distinct = "DISTINCT " if base.distinct else ""
    nulls = {0: "", 1: " IGNORE NULLS", 2: " RESPECT NULLS"}[base.null_handling_modifier]
    order = ", ".join(
        f"{_hole(one.column_ref.parent.type)}{' DESC' if one.is_descending else ''}" for one in call.order_by_item_list
    )
    limit = f" LIMIT {_argument(call.limit, is_data=True)}" if call.HasField("limit") else ""
    written = _call(base.parent, f"{nulls}{f' ORDER BY {order}' if order else ''}{limit}")
    return written.replace("(", f"({distinct}", 1)


def _argument(expression: Any, *, is_data: bool) -> str:
    inner = getattr(expression, expression.WhichOneof("node"))
    while "type" not in inner.DESCRIPTOR.fields_by_name:
        inner = getattr(inner, inner.WhichOneof("node")) if "node" in inner.DESCRIPTOR.oneofs_by_name else inner.parent
    if expression.WhichOneof("node") != "resolved_literal_node":
        return _hole(inner.type)
    return _literal(expression.resolved_literal_node, is_data=is_data)


def _literal(node: Any, *, is_data: bool) -> str:
    literal = node.value
    kind = literal.type.type_kind
    value = literal.value.enum_value if kind == TypeKind.TYPE_ENUM else from_proto(literal.value, literal.type)
    if kind == TypeKind.TYPE_ENUM:
        return str(DateTimestampPart.Name(value))
    if value is None:
        return "NULL" if is_data and not node.has_explicit_type else f"CAST(NULL AS {spelled(literal.type)})"
    if kind in _NUMBERS:
        return _number(value, literal.type, is_data=is_data)
    if kind == TypeKind.TYPE_STRING and not is_data:
        return quoted(value)
    return str(value).upper() if kind == TypeKind.TYPE_BOOL else _hole(literal.type)


def _number(value: Any, kind: Any, *, is_data: bool) -> str:
    """Return a number as the analyzer read it. How long a text is, or how many days, is data."""
    if kind.type_kind == TypeKind.TYPE_INT64:
        return str(value) if is_data or abs(value) <= 1 else _hole(kind)
    if kind.type_kind == TypeKind.TYPE_DOUBLE:
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return f"{value:f}".rstrip("0").rstrip(".")


def _hole(kind: Any) -> str:
    return f"{OPEN}{spelled(kind)}{CLOSE}"


def quoted(text: str) -> str:
    """Return a text as a literal of GoogleSQL."""
    marks = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}
    return "'" + "".join(marks.get(mark, mark if mark >= " " else f"\\x{ord(mark):02x}") for mark in text) + "'"
