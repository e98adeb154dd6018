"""The views a user opens first: every load that counts, and the state of every month."""

from collections.abc import Mapping, Sequence

from .config import STATUS_VIEW, Source

# An order key begins with a time: AWS's manifest generation in microseconds, or the run's own time in UTC.
_DELIVERED = (
    "COALESCE(TIMESTAMP_MICROS(SAFE_CAST(order_key AS INT64)),"
    " SAFE_CAST(SUBSTR(order_key, 1, 19) || '+00:00' AS TIMESTAMP))"
)


def statements(dataset_sources: Sequence[Source], columns: Mapping[str, Sequence[str]]) -> list[str]:
    """CREATE OR REPLACE VIEW statements for the sources of one dataset.

    `columns` names each source's table columns by source key; a source that is not in it is taken to
    have the columns that its table is created with.
    """
    status = "\nUNION ALL\n".join(_status(source, columns.get(source.key)) for source in dataset_sources)
    one = dataset_sources[0]
    return [
        *(_loads(source) for source in dataset_sources),
        f"CREATE OR REPLACE VIEW `{one.project}.{one.dataset}.{STATUS_VIEW}` AS\n{status}",
    ]


def is_whole(dataset: str) -> str:
    """SQL for: a row's dlt load is complete. Of loads before the oldest that dlt knows nobody can say: they count."""
    complete = f"FROM `{dataset}._dlt_loads` WHERE status = 0"
    return f"(_dlt_load_id IN (SELECT load_id {complete}) OR _dlt_load_id < (SELECT MIN(load_id) {complete}))"


def _complete(source: Source) -> str:
    """Tracking rows of dlt loads that are complete: a crash between the two leaves a row that does not count."""
    dataset = f"{source.project}.{source.dataset}"
    return f"SELECT * FROM `{source.destination}_load_tracking`\nWHERE {is_whole(dataset)}"


def _loads(source: Source) -> str:
    return (
        f"CREATE OR REPLACE VIEW `{source.destination}_loads` AS\n"
        f"SELECT * FROM ({_complete(source)})\n"
        "WHERE status = 'loaded'\n"
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY job_id ORDER BY loaded_at DESC) = 1"
    )


def _status(source: Source, columns: Sequence[str] | None) -> str:
    kind = source.format
    cost, currency = (
        column if columns is None or column in columns else null
        for column, null in ((kind.cost, "NULL"), (kind.currency, "CAST(NULL AS STRING)"))
    )
    return f"""
SELECT
  '{source.key}' AS source, '{kind.provider}' AS provider, latest.billing_month AS month,
  CASE WHEN latest.status = 'loaded' THEN 'loaded'
       WHEN loaded.job_id IS NULL THEN latest.status
       ELSE 'loaded, newer ' || latest.status END AS state,
  loaded.delivered_at, loaded.loaded_at, data.row_count, data.cost, data.currency,
  latest.code, latest.message
FROM (
  SELECT * FROM ({_complete(source)})
  QUALIFY ROW_NUMBER() OVER (PARTITION BY billing_month ORDER BY loaded_at DESC) = 1
) AS latest
LEFT JOIN (
  SELECT billing_month, job_id, loaded_at, {_DELIVERED} AS delivered_at FROM `{source.destination}_loads`
  QUALIFY ROW_NUMBER() OVER (PARTITION BY billing_month ORDER BY loaded_at DESC) = 1
) AS loaded ON loaded.billing_month = latest.billing_month
LEFT JOIN (
  SELECT FORMAT_DATE('%Y-%m', DATE({kind.partition})) AS billing_month, COUNT(*) AS row_count,
    SUM(CAST({cost} AS BIGNUMERIC)) AS cost, STRING_AGG(DISTINCT {currency}) AS currency
  FROM `{source.destination}` GROUP BY billing_month
) AS data ON data.billing_month = latest.billing_month""".strip()
