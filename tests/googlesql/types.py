"""Columns of BigQuery tables as GoogleSQL's types, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeKind, TypeProto

# docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema has two names of some types
_KINDS = {
    "BIGNUMERIC": TypeKind.TYPE_BIGNUMERIC,
    "BOOL": TypeKind.TYPE_BOOL,
    "BOOLEAN": TypeKind.TYPE_BOOL,
    "BYTES": TypeKind.TYPE_BYTES,
    "DATE": TypeKind.TYPE_DATE,
    "DATETIME": TypeKind.TYPE_DATETIME,
    "FLOAT": TypeKind.TYPE_DOUBLE,
    "FLOAT64": TypeKind.TYPE_DOUBLE,
    "GEOGRAPHY": TypeKind.TYPE_GEOGRAPHY,
    "INT64": TypeKind.TYPE_INT64,
    "INTEGER": TypeKind.TYPE_INT64,
    "INTERVAL": TypeKind.TYPE_INTERVAL,
    "JSON": TypeKind.TYPE_JSON,
    "NUMERIC": TypeKind.TYPE_NUMERIC,
    "STRING": TypeKind.TYPE_STRING,
    "TIME": TypeKind.TYPE_TIME,
    "TIMESTAMP": TypeKind.TYPE_TIMESTAMP,
}
_NAMES = {_KINDS[name]: name for name in _KINDS if name not in ("BOOLEAN", "FLOAT", "INTEGER")}


@dataclass(frozen=True)
class Column:
    """A column of a table or of an answer."""

    name: str
    proto: TypeProto

    @property
    def type(self) -> str:
        """Return the type as SQL spells it."""
        return _spelled(self.proto)


def columns_of(fields: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Return the columns of a table schema, as BigQuery's REST API has it."""
    return tuple(Column(field["name"], _type_of(field)) for field in fields)


def scalar(kind: str) -> TypeProto:
    return TypeProto(type_kind=_KINDS[kind])


def array_of(element: TypeProto) -> TypeProto:
    array = TypeProto(type_kind=TypeKind.TYPE_ARRAY)
    array.array_type.element_type.CopyFrom(element)
    return array


def struct_of(parts: Sequence[Column]) -> TypeProto:
    struct = TypeProto(type_kind=TypeKind.TYPE_STRUCT)
    for part in parts:
        struct.struct_type.field.add(field_name=part.name, field_type=part.proto)
    return struct


def _type_of(field: Mapping[str, Any]) -> TypeProto:
    one = struct_of(columns_of(field["fields"])) if field["type"] in ("RECORD", "STRUCT") else scalar(field["type"])
    return array_of(one) if field.get("mode") == "REPEATED" else one


def _spelled(proto: TypeProto) -> str:
    if proto.type_kind == TypeKind.TYPE_ARRAY:
        return f"ARRAY<{_spelled(proto.array_type.element_type)}>"
    if proto.type_kind == TypeKind.TYPE_STRUCT:
        parts = ", ".join(f"{part.field_name} {_spelled(part.field_type)}" for part in proto.struct_type.field)
        return f"STRUCT<{parts}>"
    return _NAMES[proto.type_kind]
