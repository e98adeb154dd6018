"""Plan the schema of a load job from the headers of the files, the manifest and the table."""

from collections.abc import Sequence

from billing.columns.agree import csv_columns, parquet_columns
from billing.columns.dates import DateFormats, date_formats
from billing.columns.field import Field
from billing.columns.header import Header
from billing.columns.names import csv_rules
from billing.columns.plan import Plan, plan_csv, plan_parquet
from billing.errors import BillingError
from billing.manifests import Export
from billing.settings import Source


def load_schema(
    headers: Sequence[tuple[str, Header]], export: Export, source: Source, table: Sequence[Field]
) -> tuple[Plan, DateFormats]:
    """Return the columns and the date formats of one load.

    `headers` has the name and header of each file. `table` has the columns that exist.
    Raises BillingError: EMPTY_DELIVERY, MISSING_COLUMN, and those of plan_csv, plan_parquet, date_formats and agree.py.
    """
    if not any(header.has_rows for _, header in headers):
        raise BillingError("EMPTY_DELIVERY", f"No file of execution {export.execution} has a data row.")
    dates = DateFormats()
    if source.format.file_format == "CSV":
        plan = plan_csv(csv_columns(headers), export.columns, csv_rules(source.format), source.type_overrides, table)
        rows = [row for _, header in headers for row in header.rows]
        dates = date_formats(plan.schema, rows, source.format.partition, export.month)
    else:
        plan = plan_parquet(parquet_columns(headers), table)
    if source.format.partition not in (field.name for field in plan.schema):
        raise BillingError("MISSING_COLUMN", f"The files have no column {source.format.partition}.")
    return plan, dates
