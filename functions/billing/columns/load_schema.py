"""Plan the schema of a load job from the headers of the files, the manifest and the table."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.columns.agree import csv_columns, parquet_columns
from billing.columns.dates import DateFormats, date_formats
from billing.columns.field import Field
from billing.columns.header import Header
from billing.columns.names import csv_rules, parquet_types
from billing.columns.plan import Plan, plan_csv, plan_parquet
from billing.errors import BillingError
from billing.formats import Format
from billing.manifests import Export
from billing.settings import Source


@dataclass(frozen=True)
class LoadSchema:
    """The columns of one load, the formats of its dates, and the files that have nothing to load."""

    plan: Plan
    dates: DateFormats
    without_rows: frozenset[str]


def load_schema(
    headers: Sequence[tuple[str, Header]], export: Export, source: Source, table: Sequence[Field]
) -> LoadSchema:
    """Return the schema of one load. A file without rows is left out: it may be empty, and lack a header or a type.

    `headers` has the name and header of each file. `table` has the columns that exist.
    Raises BillingError: EMPTY_DELIVERY, MISSING_COLUMN, and those of plan_csv, plan_parquet, date_formats and agree.py.
    """
    full = [(name, header) for name, header in headers if header.has_rows]
    if not full:
        found = f"No file of execution {export.execution} has a data row"
        raise BillingError("EMPTY_DELIVERY", f"{found}: check the scope of the export, and deliver the month again.")
    dates = DateFormats()
    if source.format.file_format == "CSV":
        plan = plan_csv(csv_columns(full), export.columns, csv_rules(source.format), source.type_overrides, table)
        _check_partition(plan, full, source.format)
        rows = [row for _, header in full for row in header.rows]
        dates = date_formats(plan.schema, rows, source.format.partition, export.month)
    else:
        plan = plan_parquet(parquet_columns(full), table, parquet_types(source.format), source.type_overrides)
        _check_partition(plan, full, source.format)
    return LoadSchema(plan, dates, frozenset(name for name, header in headers if not header.has_rows))


def _check_partition(plan: Plan, files: Sequence[tuple[str, Header]], export_format: Format) -> None:
    """Raise MISSING_COLUMN, with the spellings of the column, and with the files."""
    column = export_format.partition
    if column.lower() in {field.name.lower() for field in plan.schema}:
        return
    names = [name for name, _ in files]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    lacks = "no value in" if column.lower() in {name.lower() for name in plan.omitted} else "no"
    spelled = csv_rules(export_format).spellings(column)
    raise BillingError(
        "MISSING_COLUMN",
        f"The files have {lacks} column {spelled}: {names[0]}{more}. Deliver the month again with that column.",
    )
