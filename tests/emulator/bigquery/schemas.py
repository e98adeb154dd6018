"""BigQuery's rules for schemas: the changes that a load or a patch may make, and the types of Parquet columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bqemulator.api.routes.tables import _field_to_rest, _parse_schema_fields
from bqemulator.catalog.models import TableFieldSchema
from bqemulator.storage import type_map

from tests.emulator.bigquery.errors import JobError

Fields = tuple[TableFieldSchema, ...]

_WIRE_NAMES = {
    "INT64": "INTEGER",
    "FLOAT64": "FLOAT",
    "BOOL": "BOOLEAN",
    "STRUCT": "RECORD",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}
_PARQUET_TYPES = {"TIMESTAMP_NS": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP", "TIMESTAMP_S": "TIMESTAMP"} | dict.fromkeys(
    ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), "BIGINT"
)
_MAP = re.compile(r"MAP\((?P<key>\w+), (?P<value>\w+)\)")
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


def wire_type(name: str) -> str:
    """Return the name of the type as tables.get spells it."""
    bare = re.sub(r"\(.*", "", name).strip().upper()
    return _WIRE_NAMES.get(bare, bare)


def parse_fields(raw: Sequence[dict[str, Any]]) -> Fields:
    return tuple(_parse_schema_fields([_as_spelled(field) for field in raw]))


def duckdb_columns(fields: Sequence[TableFieldSchema]) -> list[tuple[str, str]]:
    columns: list[tuple[str, str]] = type_map.bq_schema_to_duckdb_columns([_field_to_rest(field) for field in fields])
    return columns


def merge_for_load(table: Fields, incoming: Fields, options: Sequence[str], label: str) -> Fields:
    """Return the table's fields after a load: new names need ALLOW_FIELD_ADDITION, types never change.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationLoad.FIELDS.schema_update_options
    """
    merged = {field.name.lower(): field for field in table}
    for field in incoming:
        old = merged.get(field.name.lower())
        if old is None:
            if "ALLOW_FIELD_ADDITION" not in options or field.mode == "REQUIRED":
                required = "required " if field.mode == "REQUIRED" else ""
                raise _mismatch(label, f"Cannot add {required}fields (field: {field.name})")
            merged[field.name.lower()] = field
        else:
            merged[field.name.lower()] = old.model_copy(update={"mode": _loaded_mode(old, field, options, label)})
            _check_type(old, field, label)
    given = {field.name.lower() for field in incoming}
    for field in table:
        if field.mode == "REQUIRED" and field.name.lower() not in given:
            raise _mismatch(label, f"Field {field.name} is missing in new schema")
    return tuple(merged.values())


def merge_for_patch(table: Fields, wanted: Fields, label: str) -> Fields:
    """Return the table's fields after a patch: it may only add columns, relax modes and change descriptions.

    https://cloud.google.com/bigquery/docs/managing-table-schemas
    """
    new = {field.name.lower(): field for field in wanted}
    if len(new) != len(wanted):
        raise _mismatch(label, "Duplicate field names")
    for old in table:
        field = new.get(old.name.lower())
        if field is None:
            raise _mismatch(label, f"Field {old.name} is missing in new schema")
        _check_type(old, field, label)
        if old.mode != field.mode and (old.mode, field.mode) != ("REQUIRED", "NULLABLE"):
            raise _mismatch(label, f"Field {field.name} has changed mode from {old.mode} to {field.mode}")
    known = {field.name.lower() for field in table}
    added = [field for field in wanted if field.name.lower() not in known]
    for field in added:
        if field.mode == "REQUIRED":
            raise _mismatch(label, f"Cannot add required fields to an existing schema. (field: {field.name})")
    return (*(new[old.name.lower()].model_copy(update={"name": old.name}) for old in table), *added)


def parquet_field(name: str, duckdb_type: str, decimal_targets: Sequence[str]) -> TableFieldSchema:
    """Return the field of a Parquet column.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#ParquetOptions.FIELDS.map_target_type
    """
    if is_map(duckdb_type):
        entry = _MAP.fullmatch(duckdb_type)
        if entry is None:
            raise JobError("invalid", f"The emulator does not load a Parquet {duckdb_type} (field: {name}).")
        fields = [type_map.duckdb_type_to_bq_field(part, entry[part]) for part in ("key", "value")]
        return parse_fields([{"name": name, "type": "RECORD", "mode": "REPEATED", "fields": fields}])[0]
    if decimal := _DECIMAL.fullmatch(duckdb_type):
        raw = {"name": name, "type": decimal_target(int(decimal[1]), int(decimal[2]), decimal_targets)}
    else:
        raw = type_map.duckdb_type_to_bq_field(name, _PARQUET_TYPES.get(duckdb_type, duckdb_type))
    return parse_fields([raw])[0]


def is_map(duckdb_type: str) -> bool:
    return duckdb_type.startswith("MAP(") and duckdb_type.endswith(")")


def decimal_target(precision: int, scale: int, allowed: Sequence[str]) -> str:
    """Return the first of NUMERIC, BIGNUMERIC and STRING that is allowed and wide enough, else the widest allowed.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationLoad.FIELDS.decimal_target_types
    """
    integers = precision - scale
    holds = {"NUMERIC": scale <= 9 and integers <= 29, "BIGNUMERIC": scale <= 38 and integers <= 38, "STRING": True}
    candidates = [name for name in holds if name in (allowed or ["NUMERIC"])]
    return next((name for name in candidates if holds[name]), candidates[-1])


def _loaded_mode(old: TableFieldSchema, new: TableFieldSchema, options: Sequence[str], label: str) -> str:
    relaxed = (old.mode, new.mode) == ("REQUIRED", "NULLABLE") and "ALLOW_FIELD_RELAXATION" in options
    if old.mode != new.mode and not relaxed:
        raise _mismatch(label, f"Field {new.name} has changed mode from {old.mode} to {new.mode}")
    return str(new.mode)


def _check_type(old: TableFieldSchema, new: TableFieldSchema, label: str) -> None:
    if wire_type(old.type) != wire_type(new.type):
        raise _mismatch(label, f"Field {new.name} has changed type from {wire_type(old.type)} to {wire_type(new.type)}")
    parts = {part.name.lower(): part for part in new.fields or ()}
    for part in old.fields or ():
        if part.name.lower() not in parts:
            raise _mismatch(label, f"Field {new.name}.{part.name} is missing in new schema")
        _check_type(part, parts[part.name.lower()], label)


def _as_spelled(field: dict[str, Any]) -> dict[str, Any]:
    parts = {"fields": [_as_spelled(part) for part in field["fields"]]} if field.get("fields") else {}
    return {**field, "type": wire_type(field.get("type", "STRING")), **parts}


def _mismatch(label: str, why: str) -> JobError:
    return JobError("invalid", f"Provided Schema does not match Table {label}. {why}")
