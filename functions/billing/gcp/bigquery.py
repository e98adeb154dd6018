"""BigQuery's tables, views and queries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from billing.columns.field import Field, map_of
from billing.decisions.audit import Partition
from billing.decisions.delivery import TableIdentity
from billing.errors import BillingError
from billing.settings import Source

_VIEW_CHANGES = 6  # sources that add columns side by side meet on the view over them all
CALL_SECONDS = 60.0  # of the client's own retries: its default goes on for ten minutes, longer than a function lives


@dataclass(frozen=True)
class Table:
    """The destination as it is now. `handle` is the client's own object, with its etag."""

    destination: TableIdentity
    fields: tuple[Field, ...]
    handle: Any


class Warehouse:
    """BigQuery, by a real google.cloud.bigquery client whose location is that of the datasets."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def table(self, source: Source) -> Table:
        """One request. Raises BillingError NOT_FOUND."""
        return self.table_called(source.destination)

    def table_called(self, name: str) -> Table:
        from google.api_core.exceptions import NotFound

        try:
            handle = self._client.get_table(name, retry=short_retry())
        except NotFound as exc:
            raise BillingError("NOT_FOUND", f"Table {name} does not exist: create it first.") from exc
        fields = tuple(Field(field.name, _kind(field), field.description or "") for field in handle.schema)
        return Table(TableIdentity(name, handle.created.isoformat()), fields, handle)

    def add_columns(self, table: Table, added: Sequence[Field]) -> None:
        """One tables.patch under the table's etag. Raises BillingError TABLE_CHANGED."""
        from google.api_core.exceptions import PreconditionFailed

        if not added:
            return
        table.handle.schema = [*table.handle.schema, *map(schema_field, added)]
        try:
            self._client.update_table(table.handle, ["schema"], retry=short_retry())
        except PreconditionFailed as exc:
            raise BillingError("TABLE_CHANGED", f"{table.destination.table} changed while columns were added.") from exc

    def exists(self, name: str) -> bool:
        """One request."""
        from google.api_core.exceptions import NotFound

        try:
            self._client.get_table(name, retry=short_retry())
        except NotFound:
            return False
        return True

    def list_tables(self, dataset: str) -> set[str]:
        """The names of its tables and views; one request per thousand."""
        return {one.table_id for one in self._client.list_tables(dataset, page_size=1000, retry=short_retry())}

    def ensure_view(self, name: str, query: Callable[[], str]) -> bool:
        """Makes or replaces a view where its query is another; says whether it did.

        `query` looks at the tables after the view's etag was read: of two that write at once, one begins anew, and the
        one that stands has seen every column that was there when the other wrote. Raises BillingError TABLE_CHANGED.
        """
        from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
        from google.cloud import bigquery

        for _ in range(_VIEW_CHANGES):
            try:
                handle = self._client.get_table(name, retry=short_retry())
            except NotFound:
                handle = None
            wanted = query()
            try:
                if handle is None:
                    view = bigquery.Table(name)
                    view.view_query = wanted
                    self._client.create_table(view, retry=short_retry())
                elif handle.view_query != wanted:
                    handle.view_query = wanted
                    self._client.update_table(handle, ["view_query"], retry=short_retry())
                else:
                    return False
            except (Conflict, PreconditionFailed):
                continue
            return True
        raise BillingError("TABLE_CHANGED", f"View {name} changed each time that it was to be replaced.")

    def query(self, sql: str, **parameters: str | list[str]) -> list[Any]:
        """All rows of one statement; parameters are strings or lists of strings."""
        from google.cloud import bigquery

        typed = [
            bigquery.ArrayQueryParameter(name, "STRING", value)
            if isinstance(value, list)
            else bigquery.ScalarQueryParameter(name, "STRING", value)
            for name, value in parameters.items()
        ]
        config, retry = bigquery.QueryJobConfig(query_parameters=typed), short_retry()
        return list(self._client.query_and_wait(sql, job_config=config, retry=retry, job_retry=retry))

    def partitions(self, source: Source) -> dict[str, Partition]:
        """Every month that has a partition, by one query."""
        rows = self.query(
            "SELECT partition_id, total_rows, last_modified_time"
            f" FROM `{source.project}.{source.dataset}.INFORMATION_SCHEMA.PARTITIONS` WHERE table_name = @table",
            table=source.table,
        )
        return {
            f"{row['partition_id'][:4]}-{row['partition_id'][4:]}": Partition(
                row["total_rows"], row["last_modified_time"]
            )
            for row in rows
            if (row["partition_id"] or "").isdigit()
        }


def short_retry() -> Any:
    from google.cloud.bigquery.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(CALL_SECONDS)


def schema_field(field: Field) -> Any:
    from google.cloud import bigquery

    description = field.description or None
    if field.entry is None:
        return bigquery.SchemaField(field.name, field.type, description=description)
    key_and_value = [bigquery.SchemaField(*leaf) for leaf in zip(("key", "value"), field.entry, strict=True)]
    return bigquery.SchemaField(field.name, "RECORD", mode="REPEATED", description=description, fields=key_and_value)


def _kind(field: Any) -> str:
    """As schema_field takes it; a repeated record of key and value is a map."""
    if field.mode == "REPEATED" and [leaf.name for leaf in field.fields] == ["key", "value"]:
        return map_of(*(_kind(leaf) for leaf in field.fields))
    kind = str(field.field_type)
    return {"BOOL": "BOOLEAN", "FLOAT64": "FLOAT", "INT64": "INTEGER"}.get(kind, kind)
