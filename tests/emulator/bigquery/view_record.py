"""Record a view that DuckDB has just created, with the columns that DuckDB then knows.

bqemulator selects from the view and asks for its constraints, and DuckDB plans the whole view three more times.
"""

from __future__ import annotations

import sqlglot
from bqemulator.api.dependencies import AppContext
from bqemulator.catalog import ddl_sync
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import TableMeta, TableSchema
from bqemulator.storage import arrow_bridge
from bqemulator.storage.sql_identifiers import quoted_schema

from tests.emulator.bigquery.csv_files import quoted


def record_view(context: AppContext, project: str, sql: str) -> None:
    """Put the view of a CREATE statement into the catalogue, or replace it there."""
    view = sqlglot.parse_one(sql, read="bigquery")
    reference = ddl_sync._split_target(view.this, project)
    columns = arrow_bridge.introspect_arrow_schema(context.engine, f"(SELECT {_columns(context, reference)})")
    fields = tuple(ddl_sync._arrow_field_to_table_field(column, "NULLABLE") for column in columns)
    now = context.clock.now()
    project_id, dataset_id, table_id = reference
    meta = TableMeta(
        project_id=project_id,
        dataset_id=dataset_id,
        table_id=table_id,
        table_type="VIEW",
        schema=TableSchema(fields=fields),
        view_query=view.expression.sql("bigquery"),
        creation_time=now,
        last_modified_time=now,
        num_rows=0,
        num_bytes=0,
        etag=generate_etag(*reference, "VIEW", str(now)),
    )
    is_known = context.catalog.get_table(*reference) is not None
    (context.catalog.update_table if is_known else context.catalog.create_table)(meta)


def _columns(context: AppContext, reference: tuple[str, str, str]) -> str:
    """Return the columns of a view as SQL: a NULL of each type."""
    project, dataset, view = reference
    schema = quoted_schema(project, dataset).strip('"')
    found = context.engine.execute(
        "SELECT column_name, data_type FROM duckdb_columns()"
        f" WHERE schema_name = '{schema}' AND table_name = '{view}' ORDER BY column_index"
    ).fetchall()
    return ", ".join(f"NULL::{kind} AS {quoted(name)}" for name, kind in found)
