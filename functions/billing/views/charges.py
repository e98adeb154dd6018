"""The SQL of `<table>_charges`, which shows each column with a map as JSON."""

from collections.abc import Sequence

from billing.columns.field import Field
from billing.settings import Source


def charges_view(source: Source, fields: Sequence[Field]) -> str:
    """Return CREATE OR REPLACE VIEW. CSV and Parquet give the same JSON; a map without an entry gives `{}`."""
    maps = [f"{sql} AS `{field.name}`" for field in fields if (sql := _as_json(field)) is not None]
    replaced = " REPLACE (\n  " + ",\n  ".join(maps) + "\n)" if maps else ""
    return f"CREATE OR REPLACE VIEW `{source.destination}_charges` AS\nSELECT *{replaced} FROM `{source.destination}`"


def _as_json(field: Field) -> str | None:
    if field.type == "JSON":
        return f"COALESCE(`{field.name}`, JSON '{{}}')"
    return _map_as_json(field.name, *field.entry) if field.entry is not None else None


def _map_as_json(name: str, key_kind: str, kind: str) -> str:
    """Return SQL that makes one JSON object of a repeated record of key and value.

    JSON_OBJECT fails for a key that is NULL or no text, and for a decimal number that JSON cannot hold exactly.
    """
    key = "entry.key" if key_kind == "STRING" else "SAFE_CAST(entry.key AS STRING)"
    value = "CAST(entry.value AS STRING)" if kind in ("BIGNUMERIC", "NUMERIC") else "entry.value"
    rows = f"UNNEST(`{name}`) AS entry WITH OFFSET AS place WHERE {key} IS NOT NULL ORDER BY place"
    return f"JSON_OBJECT(ARRAY(SELECT {key} FROM {rows}), ARRAY(SELECT {value} FROM {rows}))"
