"""Record a view that DuckDB has just created.

bqemulator also asks for the constraints of its columns. A view has none, and DuckDB binds it twice for the answer.
"""

from __future__ import annotations

import sqlglot
from bqemulator.api.dependencies import AppContext
from bqemulator.catalog import ddl_sync
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import TableMeta, TableSchema
from bqemulator.storage import arrow_bridge
from bqemulator.storage.sql_identifiers import quoted_table_ref


def record_view(context: AppContext, project: str, sql: str) -> None:
    """Put the view of a CREATE statement into the catalogue, or replace it there."""
    view = sqlglot.parse_one(sql, read="bigquery")
    reference = ddl_sync._split_target(view.this, project)
    columns = arrow_bridge.introspect_arrow_schema(context.engine, quoted_table_ref(*reference))
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
