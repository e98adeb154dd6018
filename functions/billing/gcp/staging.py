"""The staging table of one attempt to load a month, beside the month's table.

Attempts of equal loads have equal staging tables, and one load job fills each. So a call that continues after a crash
finds what the last one left.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from billing.clock import Clock
from billing.decisions.table import Table
from billing.errors import BillingError, ErrorClass
from billing.gcp.api_errors import classify_api_error
from billing.gcp.bigquery import Warehouse, schema_field, short_retry
from billing.gcp.load_config import MonthLoad
from billing.views.staging import check_months, months_query, swap_query

STAGING_LIFETIME = timedelta(days=1)


def is_whole(counts: Mapping[str | None, int], rows: int) -> bool:
    """Return whether a staging table has as many rows as its job loaded. It may have been deleted and created again."""
    return sum(counts.values()) == rows


class Staging:
    """One staging table. Its columns are those of the files."""

    def __init__(self, client: Any, load: MonthLoad, attempt: str) -> None:
        self.name = f"{load.key.table.name}_staging_{load.key.job_id(attempt).removeprefix('billing_')}"
        self._client = client
        self._warehouse = Warehouse(client)
        self._source, self._month, self._schema = load.key.source, load.key.month, load.schema

    def create(self, clock: Clock) -> None:
        """Create the table, which expires after a day, unless an earlier call did. One request."""
        from google.cloud import bigquery

        table = bigquery.Table(self.name, schema=[schema_field(field) for field in self._schema])
        table.expires = clock.now() + STAGING_LIFETIME
        self._client.create_table(table, exists_ok=True, retry=short_retry())

    def count_blanks(self, rows: int) -> int | None:
        """Return in how many rows the period is blank, or None if the table does not hold what its job loaded.

        An earlier call may have deleted the table, or it has expired. One query.
        Raises BillingError: ROWS_OUTSIDE_MONTH.
        """
        from google.api_core.exceptions import NotFound

        column = self._source.format.partition
        try:
            found = self._warehouse.query(months_query(self.name, column, self._schema))
        except NotFound:
            return None
        counts = {row["month"]: row["row_count"] for row in found}
        return check_months(counts, column, self._month) if is_whole(counts, rows) else None

    def swap_sql(self, table: Table) -> str:
        """Return the query that replaces the month, with all columns of the table."""
        return swap_query(self.name, self._source.format.partition, self._month, self._schema, table.fields)

    def delete(self) -> None:
        """Delete the table. If that fails, it expires: the month must not wait for it. One request."""
        try:
            self._client.delete_table(self.name, not_found_ok=True, retry=short_retry())
        except Exception as exc:
            if classify_api_error(exc) is None:
                raise

    def explained(self, failure: BillingError | None) -> BillingError | None:
        """Return the failure of a swap. If this table was gone, it is temporary: the next attempt creates another."""
        if failure is not None and failure.kind is ErrorClass.SETUP and self.name.rpartition(".")[2] in failure.message:
            return BillingError("TRANSIENT", failure.message)
        return failure
