"""Read the columns of a Parquet file from its footer.

A library that reads Parquet has 100 MB. So this code follows https://github.com/apache/parquet-format.
Files that DuckDB writes judge it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from billing.columns.field import map_of
from billing.columns.header import Header, NeedMore
from billing.columns.parquet_nulls import columns_without_values
from billing.columns.thrift import Thrift
from billing.errors import BillingError
from billing.manifests import Column

_PARQUET_MAGIC = b"PAR1"
_TAIL_BYTES = 8  # four for the length of the footer, four for the magic: parquet.apache.org/docs/file-format


def parquet_header(tail: bytes, name: str, *, size: int) -> Header:
    """Return the columns of a Parquet file, and whether it has rows. `tail` has its last bytes, `size` is its length.

    A column of integers is checked for values, because no published column has integers: a writer that has only NULLs
    of a column writes INT32.
    Raises NeedMore if `tail` is shorter than the footer.
    Raises BillingError: HEADER_UNREADABLE.
    """
    if size < 2 * _TAIL_BYTES or tail[-4:] != _PARQUET_MAGIC:
        raise BillingError("HEADER_UNREADABLE", f"{name} has no Parquet footer: the file is cut or is not Parquet.")
    length = int.from_bytes(tail[-8:-4], "little") + _TAIL_BYTES
    if length > size:
        raise BillingError("HEADER_UNREADABLE", f"{name} has a Parquet footer longer than the file.")
    if length > len(tail):
        raise NeedMore(length)
    try:
        footer = Thrift(tail[-length:-_TAIL_BYTES])
        metadata = footer.struct(until=3)
        columns, has_rows = _top_level(metadata[2][1:]), metadata[3] > 0  # the first element is the root
    except (KeyError, IndexError, TypeError, AttributeError, UnicodeDecodeError, RecursionError) as exc:
        raise BillingError("HEADER_UNREADABLE", f"{name} has a Parquet footer that cannot be read.") from exc
    return Header(_without_types_of_nulls(columns, footer) if has_rows else columns, has_rows)


def _without_types_of_nulls(columns: tuple[Column, ...], footer: Thrift) -> tuple[Column, ...]:
    integers = [column.name for column in columns if column.has_values and column.type == "INTEGER"]
    empty = columns_without_values(footer, integers) if integers else set()
    return tuple(replace(column, has_values=False) if column.name in empty else column for column in columns)


def _top_level(elements: Sequence[Mapping[int, Any]]) -> tuple[Column, ...]:
    """Return the outermost columns of a flattened schema tree. Of the nested ones, only a map has a type."""
    columns, at = [], 0
    while at < len(elements):
        end = _end(elements, at)
        is_null = _LOGICAL_NULL in elements[at].get(10, {})
        columns.append(Column(elements[at][4].decode(), _type_of(*elements[at:end]), has_values=not is_null))
        at = end
    return tuple(columns)


def _end(elements: Sequence[Mapping[int, Any]], at: int) -> int:
    """Return the index after the subtree of an element."""
    due = 1
    while due > 0:
        due += elements[at].get(5, 0) - 1
        at += 1
    return at


def _type_of(element: Mapping[int, Any], *inside: Mapping[int, Any]) -> str | None:
    if not inside:
        return None if element.get(5) else _bigquery_type(element)
    is_map = element.get(6) in _CONVERTED_MAPS or _LOGICAL_MAP in element.get(10, {})
    if not is_map or element.get(3) == _REPEATED or len(inside) != 3 or inside[0].get(3) != _REPEATED:
        return None
    key, value = (_bigquery_type(leaf) for leaf in inside[1:])
    return map_of(key, value) if key and value else None


_REPEATED = 2
_CONVERTED_MAPS, _LOGICAL_MAP = (1, 2), 2
# SchemaElement's fields: 1 physical type, 3 repetition, 4 name, 5 children, 6 converted type, 10 logical type
# github.com/apache/parquet-format, parquet.thrift
_PHYSICAL = {
    0: "BOOLEAN",
    1: "INTEGER",
    2: "INTEGER",
    3: "TIMESTAMP",
    4: "FLOAT",
    5: "FLOAT",
    6: "BYTES",
    7: "BYTES",
}
_CONVERTED = {
    0: "STRING",
    4: "STRING",
    5: "BIGNUMERIC",
    6: "DATE",
    9: "TIMESTAMP",
    10: "TIMESTAMP",
    19: "STRING",
}
_LOGICAL_NULL = 11  # "Interpreted as always null"
_LOGICAL = {1: "STRING", 4: "STRING", 5: "BIGNUMERIC", 6: "DATE", 8: "TIMESTAMP", 12: "STRING"}


def _bigquery_type(element: Mapping[int, Any]) -> str | None:
    """Return the type of a leaf column in a load job with decimalTargetTypes [BIGNUMERIC]. A repeated one has none.

    docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-parquet#type_conversions
    """
    if element.get(3) == _REPEATED:
        return None
    logical = next((kind for key, kind in _LOGICAL.items() if key in element.get(10, {})), None)
    return logical or _CONVERTED.get(element.get(6, -1)) or _PHYSICAL.get(element.get(1, -1))
