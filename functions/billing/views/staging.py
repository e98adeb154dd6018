"""The SQL for a month that is loaded into a staging table first, because rows of it have no billing period."""

from collections.abc import Mapping, Sequence

from billing.columns.field import Field
from billing.errors import BillingError

_MAX_MONTHS = 5  # that a message names
_SQL_NAMES = {"BOOLEAN": "BOOL", "FLOAT": "FLOAT64", "INTEGER": "INT64"}  # names of a schema that SQL spells otherwise


def months_query(staging: str, column: str, staged: Sequence[Field]) -> str:
    """Return the query for the number of rows by month. It reads one column; a blank period has the month NULL."""
    known = f"FORMAT_DATE('%Y-%m', DATE(`{column}`))"
    month = known if _find(column, staged) else "CAST(NULL AS STRING)"
    return f"SELECT {month} AS month, COUNT(*) AS row_count FROM `{staging}` GROUP BY 1"


def swap_query(staging: str, column: str, month: str, staged: Sequence[Field], table: Sequence[Field]) -> str:
    """Return the query for all rows with all columns of the table. A blank period becomes the begin of the month.

    If the table lacks staged columns, because it was created again meanwhile, they follow.
    """
    lacking = [field for field in staged if _find(field.name, table) is None]
    columns = (_value(field, column, month, _find(field.name, staged)) for field in (*table, *lacking))
    return "SELECT\n  " + ",\n  ".join(columns) + f"\nFROM `{staging}`"


def check_months(rows: Mapping[str | None, int], column: str, month: str) -> int:
    """Return how many rows have a blank period. Raises BillingError: ROWS_OUTSIDE_MONTH."""
    blank = rows.get(None, 0)
    outside = {found: count for found, count in rows.items() if found not in (None, month)}
    if outside:
        most = sorted(outside.items(), key=lambda one: (-one[1], str(one[0])))
        named = ", ".join(f"{count} in {found}" for found, count in most[:_MAX_MONTHS])
        more = f", others in {len(most) - _MAX_MONTHS} more months" if len(most) > _MAX_MONTHS else ""
        found = f"Of {sum(rows.values())} rows, {sum(outside.values())} have a {column} outside {month}: {named}{more}"
        raise BillingError("ROWS_OUTSIDE_MONTH", f"{found}. In {blank} rows it is blank. Deliver the month again.")
    return blank


def _find(name: str, fields: Sequence[Field]) -> Field | None:
    return next((field for field in fields if field.name.lower() == name.lower()), None)


def _value(field: Field, column: str, month: str, staged: Field | None) -> str:
    if field.name.lower() == column.lower():
        zone = " 00:00:00+00" if field.type == "TIMESTAMP" else ""
        begin = f"{field.type} '{month}-01{zone}'"
        return f"COALESCE(`{field.name}`, {begin}) AS `{field.name}`" if staged else f"{begin} AS `{field.name}`"
    return f"`{field.name}`" if staged else f"CAST(NULL AS {_sql_type(field)}) AS `{field.name}`"


def _sql_type(field: Field) -> str:
    if field.entry is None:
        return _SQL_NAMES.get(field.type, field.type)
    key, value = (_SQL_NAMES.get(kind, kind) for kind in field.entry)
    return f"ARRAY<STRUCT<key {key}, value {value}>>"
