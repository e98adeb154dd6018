"""Values of rows as GoogleSQL's protocol has them, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, timedelta
from decimal import Context, Decimal
from typing import Any

from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeKind, TypeProto
from zetasql.wasi._pb2.zetasql.public.value_pb2 import ValueProto

_EPOCH = date(1970, 1, 1)
_EXACT = Context(prec=100)  # BIGNUMERIC has 77 digits
_SCALES = {TypeKind.TYPE_BIGNUMERIC: 38, TypeKind.TYPE_NUMERIC: 9}
# The field of a value for each type whose Python value goes into it unchanged.
_PLAIN: Mapping[int, str] = {
    TypeKind.TYPE_BOOL: "bool_value",
    TypeKind.TYPE_BYTES: "bytes_value",
    TypeKind.TYPE_DOUBLE: "double_value",
    TypeKind.TYPE_INT64: "int64_value",
    TypeKind.TYPE_STRING: "string_value",
}


def to_proto(value: Any, kind: TypeProto) -> ValueProto:
    """Return a Python value as a value of that type. None is NULL."""
    proto, number = ValueProto(), kind.type_kind
    if value is None:
        return proto
    if number == TypeKind.TYPE_ARRAY:
        proto.array_value.SetInParent()
        proto.array_value.element.extend(to_proto(one, kind.array_type.element_type) for one in value)
    elif number == TypeKind.TYPE_STRUCT:
        proto.struct_value.SetInParent()
        proto.struct_value.field.extend(
            to_proto(value[part.field_name], part.field_type) for part in kind.struct_type.field
        )
    elif number == TypeKind.TYPE_DATE:
        proto.date_value = (value - _EPOCH).days
    elif number == TypeKind.TYPE_TIMESTAMP:
        proto.timestamp_value.FromDatetime(value)
    elif number == TypeKind.TYPE_JSON:
        proto.json_value = value
    elif number in _SCALES:
        field = "bignumeric_value" if number == TypeKind.TYPE_BIGNUMERIC else "numeric_value"
        setattr(proto, field, _to_bytes(Decimal(value), _SCALES[number]))
    else:
        setattr(proto, _PLAIN[number], value)
    return proto


def from_proto(proto: ValueProto, kind: TypeProto) -> Any:
    """Return the Python value. JSON is parsed, so that its spaces do not count."""
    field = proto.WhichOneof("value")
    if field is None:
        return None
    if kind.type_kind == TypeKind.TYPE_ARRAY:
        return [from_proto(one, kind.array_type.element_type) for one in proto.array_value.element]
    if kind.type_kind == TypeKind.TYPE_STRUCT:
        parts = zip(kind.struct_type.field, proto.struct_value.field, strict=True)
        return {part.field_name: from_proto(one, part.field_type) for part, one in parts}
    return _READERS.get(field, lambda value: value)(getattr(proto, field))


def _to_bytes(number: Decimal, scale: int) -> bytes:
    scaled = int(number.scaleb(scale, _EXACT).to_integral_exact(context=_EXACT))
    return scaled.to_bytes((scaled.bit_length() + 8) // 8, "little", signed=True)


def _from_bytes(scale: int) -> Callable[[bytes], Decimal]:
    return lambda data: Decimal(int.from_bytes(data, "little", signed=True)).scaleb(-scale, _EXACT)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "bignumeric_value": _from_bytes(38),
    "date_value": lambda days: _EPOCH + timedelta(days=days),
    "json_value": json.loads,
    "numeric_value": _from_bytes(9),
    "timestamp_value": lambda stamp: stamp.ToDatetime(UTC),
}
