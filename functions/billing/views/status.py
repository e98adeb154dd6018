"""The SQL of `<table>_loads` and of `billing_status`.

`<table>_loads` has one row per load whose record is complete. `billing_status` has one row per source and month.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from billing.columns.field import Field
from billing.settings import STATUS_VIEW, Source
from billing.views.charges import charges_view

# An order key begins with a time: microseconds since 1970 for AWS, a UTC time as text for Azure.
_DELIVERED = (
    "COALESCE(TIMESTAMP_MICROS(SAFE_CAST(SUBSTR(order_key, 1, 20) AS INT64)),"
    " SAFE_CAST(SUBSTR(order_key, 1, 19) || '+00:00' AS TIMESTAMP))"
)


def statements(dataset_sources: Sequence[Source], fields: Mapping[str, Sequence[Field]]) -> list[str]:
    """Return CREATE OR REPLACE VIEW statements for the sources of one dataset.

    `fields` has the columns of each source's table, by source key. Without an entry, the table is assumed to have the
    columns of its format, and its view `<table>_charges` stays as it is.
    """
    status = "\nUNION ALL\n".join(_status(source, fields.get(source.key)) for source in dataset_sources)
    one = dataset_sources[0]
    return [
        *(_loads(source) for source in dataset_sources),
        *(
            charges_view(source, fields[source.key])
            for source in dataset_sources
            if source.format.maps and source.key in fields
        ),
        f"CREATE OR REPLACE VIEW `{one.project}.{one.dataset}.{STATUS_VIEW}` AS\n{status}",
    ]


def load_is_complete(dataset: str) -> str:
    """Return SQL that is true of a row whose dlt load is complete. A load older than all that dlt knows counts, too."""
    complete = f"FROM `{dataset}._dlt_loads` WHERE status = 0"
    return f"(_dlt_load_id IN (SELECT load_id {complete}) OR _dlt_load_id < (SELECT MIN(load_id) {complete}))"


def billed(source: Source, month: str) -> str:
    """Return the query for a tracking row: the month's cost, and whether every row with a cost has an invoice."""
    kind, first = source.format, date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    invoiced = f"COUNTIF({kind.cost} != 0 AND COALESCE({kind.invoice}, '') = '') = 0" if kind.invoice else "FALSE"
    return (
        f"SELECT SUM(CAST({kind.cost} AS BIGNUMERIC)) AS cost, {invoiced} AS invoiced"
        f" FROM `{source.destination}` WHERE {kind.partition} >= '{first}' AND {kind.partition} < '{after}'"
    )


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


def _status(source: Source, fields: Sequence[Field] | None) -> str:
    kind = source.format
    columns = None if fields is None else {field.name for field in fields}
    cost, currency = (
        column if columns is None or column in columns else null
        for column, null in ((kind.cost, "NULL"), (kind.currency, "CAST(NULL AS STRING)"))
    )
    settled = _settled(source, "loaded", "CURRENT_TIMESTAMP()")
    return f"""
SELECT
  '{source.key}' AS source, '{kind.provider}' AS provider, latest.billing_month AS month,
  CASE WHEN latest.status = 'loaded' THEN 'loaded'
       WHEN loaded.job_id IS NULL THEN latest.status
       ELSE 'loaded, newer ' || latest.status END AS state,
  CASE WHEN loaded.job_id IS NULL THEN NULL
       WHEN NOT (loaded.is_final OR (loaded.is_after AND {settled})) THEN 'open'
       WHEN loaded.was_amended THEN 'amended'
       ELSE 'closed' END AS finality,
  loaded.delivered_at, loaded.loaded_at, data.row_count, data.cost, data.currency,
  loaded.rows_changed, loaded.cost_changed, latest.code, latest.message, loaded.code AS load_code
FROM (
  SELECT * FROM ({_complete(source)})
  QUALIFY ROW_NUMBER() OVER (PARTITION BY billing_month ORDER BY loaded_at DESC) = 1
) AS latest
LEFT JOIN (
{_changes(source)}
) AS loaded ON loaded.billing_month = latest.billing_month
LEFT JOIN (
  SELECT FORMAT_DATE('%Y-%m', DATE({kind.partition})) AS billing_month, COUNT(*) AS row_count,
    SUM(CAST({cost} AS BIGNUMERIC)) AS cost, STRING_AGG(DISTINCT {currency}) AS currency
  FROM `{source.destination}` GROUP BY billing_month
) AS data ON data.billing_month = latest.billing_month""".strip()


def _changes(source: Source) -> str:
    """Return SQL of the newest load of each month, what its delivery changed, and whether one changed a closed month.

    `moment` is when the provider made the delivery. So history that is loaded later, or again, changes no finality.
    A delivery from before the end of the month does not close it, even if its rows have invoices.
    """
    kind = source.format
    month_end = _month_end("billing_month")
    return f"""
  SELECT *, LOGICAL_OR((was_final OR (was_after AND {_settled(source, "changed", "moment")}))
      AND (rows_changed != 0 OR cost_changed != 0)) OVER (PARTITION BY billing_month) AS was_amended
  FROM (
    SELECT billing_month, job_id, loaded_at, delivered_at, moment, code, is_after, is_final,
      COALESCE(LAG(is_after) OVER deliveries, FALSE) AS was_after,
      COALESCE(LAG(is_final) OVER deliveries, FALSE) AS was_final,
      row_count - LAG(row_count) OVER deliveries AS rows_changed, cost - LAG(cost) OVER deliveries AS cost_changed
    FROM (
      SELECT *, moment >= {month_end} AS is_after, COALESCE(invoiced, FALSE) AND moment >= {month_end} AS is_final
      FROM (
        SELECT *, {_DELIVERED} AS delivered_at, COALESCE({_DELIVERED}, loaded_at) AS moment
        FROM `{source.destination}_loads`
        QUALIFY ROW_NUMBER() OVER (PARTITION BY billing_month, {kind.execution_column} ORDER BY loaded_at DESC) = 1
      )
    )
    WINDOW deliveries AS (PARTITION BY billing_month ORDER BY loaded_at)
  ) AS changed
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY billing_month ORDER BY loaded_at DESC) = 1""".strip("\n")


def _settled(source: Source, row: str, at: str) -> str:
    """Return SQL that is true if the time `at` is so long after the month that the provider has closed it."""
    days = source.format.settled_days
    if days is None:
        return "FALSE"
    return f"{at} >= TIMESTAMP_ADD({_month_end(f'{row}.billing_month')}, INTERVAL {days} DAY)"


def _month_end(month: str) -> str:
    return f"TIMESTAMP(DATE_ADD(PARSE_DATE('%Y-%m', {month}), INTERVAL 1 MONTH))"
