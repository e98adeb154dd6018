"""Compare table schemas as the real provider does: by column name, with both spellings of each type.

resource_bigquery_table.go of hashicorp/terraform-provider-google: bigQueryTableSchemaDiffSuppress and
resourceBigQueryTableSchemaIsChangeable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Column = dict[str, Any]
Change = Literal["none", "add", "drop", "replace"]

_TYPES = {
    "INT64": "INTEGER",
    "FLOAT64": "FLOAT",
    "BOOL": "BOOLEAN",
    "STRUCT": "RECORD",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}
_DEFAULTS = {"mode": "NULLABLE", "description": ""}


def compact(schema: str) -> str:
    """Return the text as the provider keeps it: without spaces, and with sorted names."""
    return json.dumps(json.loads(schema), sort_keys=True, separators=(",", ":"))


def same_schema(one: str | None, other: str | None) -> bool:
    return _by_name(_columns(one)) == _by_name(_columns(other))


def schema_change(old: str | None, new: str | None) -> Change:
    """Classify a change. `drop` means that the provider drops the missing columns in place, with their data."""
    before, after = _by_name(_columns(old)), _by_name(_columns(new))
    missing, added = before.keys() - after.keys(), after.keys() - before.keys()
    if any(not _changeable(before[name], after[name]) for name in before.keys() & after.keys()) or (missing and added):
        return "replace"
    return "drop" if missing else "none" if before == after else "add"


def hidden_columns(configured: str, live: Sequence[Column]) -> list[Column]:
    """Return the top-level columns that only the live table has."""
    known = {name.lower() for name in _by_name(_columns(configured))}
    return [column for column in live if column["name"].lower() not in known]


def live_schema(configured: str | None, live: Sequence[Column]) -> str | None:
    """Return the text for the state: the configured one if it is equivalent, else the live one."""
    text = compact(json.dumps(list(live))) if live else None
    return configured if configured and same_schema(configured, text) else text


def _columns(schema: str | None) -> list[Column]:
    columns: list[Column] = json.loads(schema) if schema else []
    return columns


def _by_name(columns: Sequence[Column]) -> dict[str, Column]:
    return {column["name"]: _normal(column) for column in columns}


def _normal(column: Mapping[str, Any]) -> Column:
    kind = str(column["type"]).upper()
    normal = {key: value for key, value in column.items() if value is not None and _DEFAULTS.get(key) != value}
    normal["type"] = _TYPES.get(kind, kind)
    if "fields" in normal:
        normal["fields"] = _by_name(normal["fields"])
    return normal


def _changeable(old: Column, new: Column) -> bool:
    if old["type"] != new["type"]:
        return False
    if old.get("mode") != new.get("mode") and (old.get("mode"), new.get("mode")) != ("REQUIRED", None):
        return False
    nested_old, nested_new = old.get("fields", {}), new.get("fields", {})
    gone = nested_old.keys() - nested_new.keys()
    return not gone and all(_changeable(nested_old[name], nested_new[name]) for name in nested_old)
