"""The SQL that measures a loaded month: rows and cost by currency, and what is wrong in it."""

from collections.abc import Sequence
from datetime import date, timedelta

from billing.columns.field import Field
from billing.settings import Source
from billing.views.bad_bytes import bad_columns, bad_rows
from billing.views.casts import as_number, as_text


def billed_query(source: Source, month: str, fields: Sequence[Field], limit: int) -> str:
    """Return the query for a tracking row: rows and cost of a month by currency, at most `limit` of them.

    It counts rows whose cost cannot be read, rows with bad bytes, and rows with a cost that have no invoice. A column
    that the table lacks gives NULL.
    """
    kind = source.format
    cost, currency = cost_of(source, fields), currency_of(source, fields)
    has_value = f"{text_of(kind.cost, fields)} IS NOT NULL" if has_column(kind.cost, fields) else "FALSE"
    names = [name for name in (kind.invoice, kind.earlier_invoice) if name and has_column(name, fields)]
    invoice = ", ".join(text_of(name, fields) for name in names)
    without_invoice = f"COUNTIF({cost} != 0 AND COALESCE({invoice}) IS NULL)" if names else "CAST(NULL AS INT64)"
    return (
        f"SELECT {currency} AS currency, COUNT(*) AS row_count, SUM({cost}) AS cost,"
        f" COUNTIF({has_value} AND {cost} IS NULL) AS unreadable, {without_invoice} AS without_invoice,"
        f" {bad_rows(source, fields)} AS bad_rows FROM {_month_of(source, month)}"
        f" GROUP BY 1 ORDER BY row_count DESC, currency LIMIT {limit}"
    )


def bad_columns_query(source: Source, month: str, fields: Sequence[Field]) -> str:
    """Return the query for the columns of a month that have text with bad bytes: one row, a boolean for each column."""
    found = (f"{sql} AS `{name}`" for name, sql in bad_columns(source, fields).items())
    return f"SELECT {', '.join(found)} FROM {_month_of(source, month)}"


def has_column(column: str | None, fields: Sequence[Field] | None) -> bool:
    """Return whether the table has the column. If its columns are not known, it is assumed to have it."""
    return bool(column and (fields is None or any(field.name.lower() == column.lower() for field in fields)))


def cost_of(source: Source, fields: Sequence[Field] | None) -> str:
    """Return SQL of the cost of a row as BIGNUMERIC, or NULL."""
    column = source.format.cost
    return as_number(column, _type(column, fields)) if has_column(column, fields) else "CAST(NULL AS BIGNUMERIC)"


def currency_of(source: Source, fields: Sequence[Field] | None) -> str:
    """Return SQL of the currency of a row as STRING, or NULL."""
    column = source.format.currency
    return text_of(column, fields) if has_column(column, fields) else "CAST(NULL AS STRING)"


def text_of(column: str, fields: Sequence[Field] | None) -> str:
    """Return SQL of a column as STRING, whatever its type is. Empty text is NULL."""
    kind = _type(column, fields)
    return as_text(column, kind) if kind else f"NULLIF(CAST({column} AS STRING), '')"


def _type(column: str, fields: Sequence[Field] | None) -> str | None:
    return next((field.type for field in fields or () if field.name.lower() == column.lower()), None)


def _month_of(source: Source, month: str) -> str:
    """Return SQL of the rows of a month, to follow FROM."""
    column, first = source.format.partition, date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    return f"`{source.destination}` WHERE {column} >= '{first}' AND {column} < '{after}'"
