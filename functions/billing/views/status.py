"""The SQL of `<table>_loads` and of `billing_status`.

`<table>_loads` has one row per load whose record is complete. `billing_status` has one row per source, month and
currency: amounts in two currencies are never added up.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from billing.columns.field import Field
from billing.settings import STATUS_VIEW, Source
from billing.views.casts import as_number, as_text
from billing.views.charges import charges_view

STATUS_COLUMNS = (
    *("source", "provider", "month", "state", "finality", "delivered_at", "loaded_at", "row_count", "cost"),
    *("currency", "rows_changed", "cost_changed", "code", "message", "load_code"),
)
# An order key begins with a time: microseconds since 1970 for AWS, a UTC time as text for Azure.
_DELIVERED = (
    "COALESCE(SAFE.TIMESTAMP_MICROS(SAFE_CAST(SUBSTR(order_key, 1, 20) AS INT64)),"
    " SAFE_CAST(SUBSTR(order_key, 1, 19) || '+00:00' AS TIMESTAMP))"
)


def statements(dataset_sources: Sequence[Source], fields: Mapping[str, Sequence[Field]]) -> list[str]:
    """Return CREATE OR REPLACE VIEW statements for the sources of one dataset.

    `fields` has the columns of each source's table, by source key. Without an entry, the table is assumed to have the
    columns of its format, and its view `<table>_charges` stays as it is.
    """
    own = [text for source in dataset_sources for text in own_statements(source, fields.get(source.key))]
    return [*own, status_statement(dataset_sources, fields)]


def own_statements(source: Source, fields: Sequence[Field] | None) -> list[str]:
    """Return the statements for the views that belong to one table."""
    has_charges = source.format.maps and fields is not None
    return [_loads(source), *([charges_view(source, fields or ())] if has_charges else [])]


def status_statement(dataset_sources: Sequence[Source], fields: Mapping[str, Sequence[Field]]) -> str:
    """Return the statement for `billing_status` over these sources."""
    one = dataset_sources[0]
    queries = "\nUNION ALL\n".join(status_query(source, fields.get(source.key)) for source in dataset_sources)
    return f"CREATE OR REPLACE VIEW `{one.project}.{one.dataset}.{STATUS_VIEW}` AS\n{queries}"


def load_is_complete(dataset: str) -> str:
    """Return SQL that is true of a row whose dlt load is complete. A load older than all that dlt knows counts, too."""
    complete = f"FROM `{dataset}._dlt_loads` WHERE status = 0"
    return f"(_dlt_load_id IN (SELECT load_id {complete}) OR _dlt_load_id < (SELECT MIN(load_id) {complete}))"


def billed_query(source: Source, month: str, fields: Sequence[Field], limit: int) -> str:
    """Return the query for a tracking row: rows and cost of a month by currency, at most `limit` of them.

    It counts rows whose cost cannot be read, and rows with a cost that have no invoice. A column that the table lacks
    gives NULL.
    """
    kind, first = source.format, date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    cost, currency = _cost(source, fields), _currency(source, fields)
    has_value = f"{_text(kind.cost, fields)} IS NOT NULL" if _has(kind.cost, fields) else "FALSE"
    without_invoice = (
        f"COUNTIF({cost} != 0 AND {_text(kind.invoice, fields)} IS NULL)"
        if kind.invoice and _has(kind.invoice, fields)
        else "CAST(NULL AS INT64)"
    )
    return (
        f"SELECT {currency} AS currency, COUNT(*) AS row_count, SUM({cost}) AS cost,"
        f" COUNTIF({has_value} AND {cost} IS NULL) AS unreadable, {without_invoice} AS without_invoice"
        f" FROM `{source.destination}` WHERE {kind.partition} >= '{first}' AND {kind.partition} < '{after}'"
        f" GROUP BY 1 ORDER BY row_count DESC, currency LIMIT {limit}"
    )


def _has(column: str | None, fields: Sequence[Field] | None) -> bool:
    """Return whether the table has the column. If its columns are not known, it is assumed to have it."""
    return column is not None and (fields is None or any(field.name.lower() == column.lower() for field in fields))


def _cost(source: Source, fields: Sequence[Field] | None) -> str:
    column = source.format.cost
    return as_number(column, _type(column, fields)) if _has(column, fields) else "CAST(NULL AS BIGNUMERIC)"


def _currency(source: Source, fields: Sequence[Field] | None) -> str:
    column = source.format.currency
    return _text(column, fields) if _has(column, fields) else "CAST(NULL AS STRING)"


def _text(column: str, fields: Sequence[Field] | None) -> str:
    """Return SQL of a column as STRING, whatever its type is. Empty text is NULL."""
    kind = _type(column, fields)
    return as_text(column, kind) if kind else f"NULLIF(CAST({column} AS STRING), '')"


def _type(column: str, fields: Sequence[Field] | None) -> str | None:
    return next((field.type for field in fields or () if field.name.lower() == column.lower()), None)


def _complete(source: Source) -> str:
    """Return SQL of the tracking rows that count. A crash during dlt's load leaves a row that does not."""
    dataset = f"{source.project}.{source.dataset}"
    return f"SELECT * FROM `{source.destination}_load_tracking`\nWHERE {load_is_complete(dataset)}"


def _loads(source: Source) -> str:
    return (
        f"CREATE OR REPLACE VIEW `{source.destination}_loads` AS\n"
        f"SELECT * FROM ({_complete(source)})\n"
        "WHERE status = 'loaded'\n"
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY job_id ORDER BY loaded_at DESC) = 1"
    )


def status_query(source: Source, fields: Sequence[Field] | None) -> str:
    """Return the rows of one source. `data` has what its table holds, and what its last delivery changed.

    A currency that the last delivery removed has a row with nothing in it, so that the change is seen. In the query,
    '' stands for no currency: NULL does not match NULL.
    """
    nothing = "0" if _has(source.format.cost, fields) else "NULL"
    settled = _settled(source, "loaded", "CURRENT_TIMESTAMP()")
    return f"""
SELECT
  '{source.key}' AS source, '{source.format.provider}' AS provider, latest.billing_month AS month,
  CASE WHEN latest.status = 'loaded' THEN 'loaded'
       WHEN loaded.job_id IS NULL THEN latest.status
       ELSE 'loaded, newer ' || latest.status END AS state,
  CASE WHEN loaded.job_id IS NULL THEN NULL
       WHEN NOT (loaded.is_final OR (loaded.is_after AND {settled})) THEN 'open'
       WHEN loaded.was_amended THEN 'amended'
       ELSE 'closed' END AS finality,
  loaded.delivered_at, loaded.loaded_at,
  COALESCE(data.row_count, IF(loaded.job_id IS NULL, NULL, 0)) AS row_count,
  IF(data.row_count IS NULL AND loaded.job_id IS NOT NULL, {nothing}, data.cost) AS cost,
  NULLIF(data.currency, '') AS currency, data.rows_changed, data.cost_changed,
  latest.code, latest.message, loaded.code AS load_code
FROM (
  SELECT * FROM ({_complete(source)})
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY billing_month ORDER BY loaded_at DESC) = 1
) AS latest
LEFT JOIN (
{_deliveries(source)}
) AS loaded ON loaded.billing_month = latest.billing_month
LEFT JOIN (
{_held_and_changed(source, fields)}
) AS data ON data.billing_month = latest.billing_month""".strip()


def _held_and_changed(source: Source, fields: Sequence[Field] | None) -> str:
    """Return SQL of what the table holds by month and currency, and what the last delivery changed."""
    return f"""
  SELECT COALESCE(held.billing_month, changed.billing_month) AS billing_month,
    COALESCE(held.currency, changed.currency) AS currency, held.row_count, held.cost,
    changed.rows_changed, changed.cost_changed
  FROM (
    SELECT FORMAT_DATE('%Y-%m', DATE({source.format.partition})) AS billing_month,
      COALESCE({_currency(source, fields)}, '') AS currency, COUNT(*) AS row_count, SUM({_cost(source, fields)}) AS cost
    FROM `{source.destination}` GROUP BY 1, 2
  ) AS held
  FULL JOIN (
{_changes(source)}
  ) AS changed ON changed.billing_month = held.billing_month AND changed.currency = held.currency""".strip("\n")


def _deliveries(source: Source) -> str:
    """Return SQL of the newest load of each month, the load before it, and whether one changed a closed month.

    A load that repeats another one counts once: a replay or a reload changes nothing. `moment` is when the provider
    made the delivery, so history that is loaded later changes no finality. If an execution was loaded with other
    content before, the provider's time says nothing about the change, and the time of the load counts. A delivery
    from before the end of the month does not close it, even if its rows have invoices.
    """
    month_end, execution = _month_end("billing_month"), f"billing_month, {source.format.execution_column}"
    equal = f"{execution}, content, row_count, costs"
    return f"""
  SELECT *, LOGICAL_OR((was_final OR (was_after AND {_settled(source, "changed", "moment")}))
      AND (row_count != rows_before OR costs != costs_before)) OVER (PARTITION BY billing_month) AS was_amended
  FROM (
    SELECT *,
      COALESCE(LAG(is_after) OVER deliveries, FALSE) AS was_after,
      COALESCE(LAG(is_final) OVER deliveries, FALSE) AS was_final,
      LAG(row_count) OVER deliveries AS rows_before, LAG(costs) OVER deliveries AS costs_before
    FROM (
      SELECT *, COALESCE(moment >= {month_end}, FALSE) AS is_after,
        COALESCE(invoiced AND moment >= {month_end}, FALSE) AS is_final
      FROM (
        SELECT *, IF(first_loaded_at = MIN(first_loaded_at) OVER (PARTITION BY {execution}),
          COALESCE(delivered_at, first_loaded_at), first_loaded_at) AS moment
        FROM (
          SELECT *, {_DELIVERED} AS delivered_at, MIN(loaded_at) OVER (PARTITION BY {equal}) AS first_loaded_at
          FROM `{source.destination}_loads` WHERE TRUE
          QUALIFY ROW_NUMBER() OVER (PARTITION BY {equal} ORDER BY loaded_at DESC) = 1
        )
      )
    )
    WINDOW deliveries AS (PARTITION BY billing_month ORDER BY loaded_at)
  ) AS changed
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY billing_month ORDER BY loaded_at DESC) = 1""".strip("\n")


def _changes(source: Source) -> str:
    """Return SQL of what the newest load of each month changed, by currency. Both loads have their costs as JSON."""
    rows, cost = (
        f"SAFE_CAST(JSON_VALUE(entry, '$.{name}') AS {kind})"
        for name, kind in (("rows", "INT64"), ("cost", "BIGNUMERIC"))
    )
    return f"""
    SELECT billing_month, currency, SUM(IF(is_before, -entry_rows, entry_rows)) AS rows_changed,
      IF(COUNTIF(entry_cost IS NULL) > 0, NULL, SUM(IF(is_before, -entry_cost, entry_cost))) AS cost_changed
    FROM (
      SELECT billing_month, side.is_before AS is_before, COALESCE(JSON_VALUE(entry, '$.currency'), '') AS currency,
        {rows} AS entry_rows, {cost} AS entry_cost
      FROM (
{_deliveries(source)}
      ) AS loads
      CROSS JOIN UNNEST([
        STRUCT(FALSE AS is_before, costs AS entries), STRUCT(TRUE AS is_before, costs_before AS entries)
      ]) AS side
      CROSS JOIN UNNEST(JSON_QUERY_ARRAY(side.entries)) AS entry
      WHERE costs IS NOT NULL AND costs_before IS NOT NULL
    )
    GROUP BY billing_month, currency""".strip("\n")


def _settled(source: Source, row: str, at: str) -> str:
    """Return SQL that is true if the time `at` is so long after the month that the provider has closed it."""
    days = source.format.settled_days
    if days is None:
        return "FALSE"
    return f"{at} >= TIMESTAMP_ADD({_month_end(f'{row}.billing_month')}, INTERVAL {days} DAY)"


def _month_end(month: str) -> str:
    """Return SQL of the end of a month, or NULL. The path of a broken manifest may name the year 0 or 9999."""
    end = f"TIMESTAMP(DATE_ADD(SAFE.PARSE_DATE('%Y-%m', {month}), INTERVAL 1 MONTH))"
    return f"IF({month} < '9999', {end}, NULL)"
