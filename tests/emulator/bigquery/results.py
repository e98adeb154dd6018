"""Turn the pairs that stand for BIGNUMERIC into Arrow decimals, in the results and the schemas of queries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from bqemulator.catalog import ddl_sync
from bqemulator.catalog.models import TableFieldSchema
from bqemulator.jobs import executor
from bqemulator.storage import arrow_bridge
from bqemulator.storage.engine import DuckDBEngine

from tests.emulator.bigquery import bignumeric, scaled

_DECIMAL = pa.decimal256(76, scaled.DECIMALS)  # its 256 bits hold the 77 digits, too
_OWN_TYPES = {"HUGEINT": "INTEGER", "JSON": "JSON"}
_NEAR = pa.decimal128(38, bignumeric.NEAR_DECIMALS)


def install() -> None:
    fetch, as_field = DuckDBEngine.fetch_arrow, ddl_sync._arrow_field_to_table_field
    DuckDBEngine.fetch_arrow = lambda engine, *arguments: _with_decimals(fetch(engine, *arguments))
    arrow_bridge.introspect_arrow_schema = _introspect
    ddl_sync._arrow_field_to_table_field = lambda column, *rest, **modes: _with_own_type(
        as_field(column, *rest, **modes), column
    )
    # The catalogue calls every decimal NUMERIC. Query results distinguish the two by scale.
    arrow_bridge.arrow_type_to_bq_type_name = executor._arrow_type_to_bq_type
    formatters = arrow_bridge._BQ_TYPE_FORMATTERS
    arrow_bridge._BQ_TYPE_FORMATTERS = ((pa.types.is_decimal, lambda value, *_: written(value)), *formatters)


def _introspect(engine: Any, table: str) -> pa.Schema:
    """Return the schema of a table or view, with DuckDB's own types."""
    return engine.fetch_arrow(f"SELECT * FROM {table} LIMIT 0").schema


def _with_own_type(field: TableFieldSchema, column: pa.Field) -> TableFieldSchema:
    """Correct what Arrow does not tell: it has a text for JSON, and a decimal for the sum of INT64."""
    own = (column.metadata or {}).get(b"bqemu.duckdb_type", b"").decode().upper().removesuffix("[]")
    return field.model_copy(update={"type": _OWN_TYPES[own]}) if own in _OWN_TYPES else field


def written(value: Decimal) -> str:
    """Write a decimal as the REST API does: no exponent, no zeros at the end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_type(_type(field.type)) for field in schema], metadata=schema.metadata)


def _with_decimals(table: pa.Table) -> pa.Table:
    schema = _schema(table.schema)
    if schema.types == table.schema.types:
        return table
    columns = [
        pa.chunked_array([_array(chunk) for chunk in column.chunks], type=field.type)
        for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.table(columns, schema=schema)


def _is_pair(kind: pa.DataType) -> bool:
    return pa.types.is_struct(kind) and kind.num_fields == 2 and (kind[0].name, kind[0].type) == ("near", _NEAR)


def _type(kind: pa.DataType) -> pa.DataType:
    if _is_pair(kind):
        return _DECIMAL
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_type(field.type)) for field in kind])
    return pa.list_(_type(kind.value_type)) if pa.types.is_list(kind) else kind


def _array(array: Any) -> Any:
    kind = _type(array.type)
    if kind == array.type:
        return array
    if kind == _DECIMAL:
        return _decimals(array)
    if pa.types.is_struct(kind):
        parts = [_array(array.field(number)) for number in range(kind.num_fields)]
        return pa.StructArray.from_arrays(parts, fields=list(kind), mask=array.is_null())
    return pa.ListArray.from_arrays(array.offsets, _array(array.values), type=kind, mask=array.is_null())


def _decimals(array: Any) -> Any:
    near, rest = array.field("near"), array.field("rest")
    storage = rest.storage if isinstance(rest.type, pa.BaseExtensionType) else rest
    data, start = near.buffers()[1], near.offset
    step = 10 ** (scaled.DECIMALS - bignumeric.NEAR_DECIMALS)
    numbers = bytearray()
    for number, (valid, packed) in enumerate(
        zip(array.is_valid().to_pylist(), storage.to_pylist(), strict=True), start
    ):
        value = 0
        if valid:
            value = int.from_bytes(data[16 * number : 16 * number + 16], "little", signed=True) * step + _unpacked(
                packed
            )
        numbers += value.to_bytes(32, "little", signed=True)
    validity = array.is_valid().buffers()[1]
    return pa.Array.from_buffers(_DECIMAL, len(array), [validity, pa.py_buffer(bytes(numbers))])


def _unpacked(packed: bytes) -> int:
    """Read DuckDB's BIGNUM: three bytes of header, then the size. All bits of a negative one are inverted."""
    if packed[0] & 0x80:
        return int.from_bytes(packed[3:], "big")
    return -int.from_bytes(bytes(255 - byte for byte in packed[3:]), "big")
