"""The SQL that reads dlt's state and the tracking table."""

from collections.abc import Mapping

from billing.settings import Source
from billing.views.status import load_is_complete

# What a load of the tracking table is made of.
_TRACKED_COLUMNS: Mapping[str, str] = {
    "order_key": "STRING",
    "content": "STRING",
    "covers_until": "STRING",
    "row_count": "INT64",
    "byte_count": "INT64",
    "job_id": "STRING",
    "job_ended": "TIMESTAMP",
    "table_created": "STRING",
    "code": "STRING",
}


def states_query(source: Source, wanted: Mapping[str, list[str]]) -> str:
    """The newest complete state of every month's pipeline."""
    dataset = f"{source.project}.{source.dataset}"
    month = f"REPLACE(SUBSTR(s.pipeline_name, {len(source.key) + 3}), '_', '-')"
    only = f" AND {month} IN UNNEST(@months)" if wanted else ""
    columns = {"execution": "STRING", **_TRACKED_COLUMNS, "complete": "BOOL"}
    empty = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items())
    return (
        f"SELECT * FROM (SELECT {month} AS month, s.state, {empty} FROM `{dataset}._dlt_pipeline_state` AS s"
        f" JOIN `{dataset}._dlt_loads` AS l ON l.load_id = s._dlt_load_id"
        f" WHERE l.status = 0 AND STARTS_WITH(s.pipeline_name, '{source.key}__'){only}"
        " QUALIFY ROW_NUMBER() OVER (PARTITION BY s.pipeline_name ORDER BY l.load_id DESC) = 1)"
    )


def tracked_loads_query(source: Source, wanted: Mapping[str, list[str]], *, complete: bool) -> str:
    """The newest complete and the newest incomplete load of every month. Without dlt's tables, all are complete."""
    only = " AND billing_month IN UNNEST(@months)" if wanted else ""
    is_complete = load_is_complete(f"{source.project}.{source.dataset}") if complete else "TRUE"
    return (
        "SELECT * FROM (SELECT billing_month AS month, CAST(NULL AS STRING) AS state,"
        f" {source.format.execution_column} AS execution, {', '.join(_TRACKED_COLUMNS)}, {is_complete} AS complete"
        f" FROM `{source.destination}_load_tracking` WHERE status = 'loaded'{only})"
        " WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY month, complete ORDER BY job_ended DESC) = 1"
    )
