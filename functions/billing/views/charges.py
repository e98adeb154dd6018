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
    return map_as_json(field.name) if field.entry is not None else None


def map_as_json(name: str) -> str:
    """Return SQL that makes one JSON object of a repeated record of key and value."""
    keys, values = (
        f"ARRAY(SELECT entry.{part} FROM UNNEST(`{name}`) AS entry WITH OFFSET AS place ORDER BY place)"
        for part in ("key", "value")
    )
    return f"JSON_OBJECT({keys}, {values})"
