"""Read and change tables, create views and run queries in BigQuery."""

from collections.abc import Callable, Sequence
from typing import Any

from billing.columns.field import Field, map_of
from billing.decisions.audit import Partition
from billing.decisions.table import Table, TableIdentity
from billing.errors import BillingError, ErrorClass
from billing.gcp.api_errors import classify_api_error
from billing.settings import Source
from billing.settings.values import TYPE_ALIASES

_MAX_ETAG_CONFLICTS = 6  # several sources may add columns at the same time, and replace the same view
CALL_SECONDS = 60.0  # limit of the client's own retries; its default of ten minutes is longer than a function runs


class Warehouse:
    """Tables, views and queries. The client is a google.cloud.bigquery one in the location of the datasets."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def table(self, source: Source) -> Table:
        """One request. Raises BillingError: NOT_FOUND."""
        return self.table_called(source.destination)

    def table_called(self, name: str) -> Table:
        from google.api_core.exceptions import NotFound

        try:
            handle = self._client.get_table(name, retry=short_retry())
        except NotFound as exc:
            raise BillingError("NOT_FOUND", f"Table {name} does not exist: create it (terraform apply).") from exc
        fields = tuple(Field(field.name, _kind(field), field.description or "") for field in handle.schema)
        return Table(TableIdentity(name, handle.created.isoformat()), fields, handle)

    def add_columns(self, table: Table, added: Sequence[Field]) -> None:
        """Add columns by one tables.patch under the table's etag. Raises BillingError: TABLE_CHANGED."""
        from google.api_core.exceptions import PreconditionFailed

        if not added:
            return
        handle: Any = table.handle
        handle.schema = [*handle.schema, *map(schema_field, added)]
        try:
            self._client.update_table(handle, ["schema"], retry=short_retry())
        except PreconditionFailed as exc:
            raise BillingError("TABLE_CHANGED", f"{table.identity.name} changed while columns were added.") from exc

    def restore_columns(self, before: Table) -> None:
        """Give the columns the descriptions and policy tags that they had. A query job may remove them.

        docs.cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/BigQueryAuditMetadata.WriteDisposition
        One request, and one more if any is gone. Raises BillingError: TABLE_CHANGED.
        """
        from google.api_core.exceptions import PreconditionFailed

        had: Any = before.handle
        known = {(field.name, field.field_type): field for field in had.schema}
        for _ in range(_MAX_ETAG_CONFLICTS):
            handle: Any = self.table_called(before.identity.name).handle
            wanted = [known.get((field.name, field.field_type), field) for field in handle.schema]
            if wanted == list(handle.schema):
                return
            handle.schema = wanted
            try:
                self._client.update_table(handle, ["schema"], retry=short_retry())
            except PreconditionFailed:
                continue
            return
        raise BillingError("TABLE_CHANGED", f"{before.identity.name} changed each time while columns were restored.")

    def exists(self, name: str) -> bool:
        """One request."""
        from google.api_core.exceptions import NotFound

        try:
            self._client.get_table(name, retry=short_retry())
        except NotFound:
            return False
        return True

    def list_tables(self, dataset: str) -> set[str]:
        """Return the names of the dataset's tables and views. One request per thousand."""
        return {one.table_id for one in self._client.list_tables(dataset, page_size=1000, retry=short_retry())}

    def ensure_view(self, name: str, query: Callable[[], str]) -> bool:
        """Create the view, or replace it if its query differs. Return whether it did.

        `query` reads the tables after the view's etag was read. If two instances write at once, one starts again, and
        the view that remains has the columns that both saw. Raises BillingError: TABLE_CHANGED.
        """
        from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
        from google.cloud import bigquery

        for _ in range(_MAX_ETAG_CONFLICTS):
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
        raise BillingError("TABLE_CHANGED", f"View {name} changed each time while it was replaced.")

    def query(self, sql: str, **parameters: str | list[str]) -> list[Any]:
        """Return all rows of one statement. Parameters are strings or lists of strings."""
        from google.cloud import bigquery

        typed = [
            bigquery.ArrayQueryParameter(name, "STRING", value)
            if isinstance(value, list)
            else bigquery.ScalarQueryParameter(name, "STRING", value)
            for name, value in parameters.items()
        ]
        config, retry = bigquery.QueryJobConfig(query_parameters=typed), short_retry()
        return list(self._client.query_and_wait(sql, job_config=config, retry=retry, job_retry=retry))

    def try_query(self, sql: str, **parameters: str | list[str]) -> tuple[list[Any], str | None]:
        """Return all rows, and why the query failed, or None. A temporary error raises."""
        rows: list[Any] = []
        problem = _problem(lambda: rows.extend(self.query(sql, **parameters)))
        return rows, problem

    def problem_of(self, sql: str) -> str | None:
        """Return why BigQuery rejects a query, or None. A dry run, which costs nothing. One request."""
        from google.cloud import bigquery

        config, retry = bigquery.QueryJobConfig(dry_run=True), short_retry()
        return _problem(lambda: self._client.query(sql, job_config=config, retry=retry, job_retry=retry))

    def problem_of_view(self, name: str) -> str | None:
        """Return why a view cannot be read, or None. One request."""
        return self.problem_of(f"SELECT * FROM `{name}`")

    def partitions(self, source: Source) -> dict[str, Partition]:
        """Return every month that has a partition. One query."""
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


def _problem(work: Callable[[], object]) -> str | None:
    """Return what Google answered if it refuses the work, or None. A temporary error raises."""
    from google.api_core.exceptions import GoogleAPICallError

    try:
        work()
    except GoogleAPICallError as exc:
        known = classify_api_error(exc)
        if known is not None and known.kind is ErrorClass.RETRY:
            raise
        return " ".join(str(exc).split())
    return None


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
    """Return the type as `schema_field` takes it. A repeated record of key and value is a map."""
    if field.mode == "REPEATED" and [leaf.name for leaf in field.fields] == ["key", "value"]:
        return map_of(*(_kind(leaf) for leaf in field.fields))
    kind = str(field.field_type)
    return TYPE_ALIASES.get(kind, kind)
