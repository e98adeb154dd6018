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
    has_period: bool  # the files have the column that partitions the table; it may still be blank in some rows


def load_schema(
    headers: Sequence[tuple[str, Header]], export: Export, source: Source, table: Sequence[Field]
) -> LoadSchema:
    """Return the schema of one load. A file without rows has nothing to load, so it is left out.

    `headers` has the name and header of each file. `table` has the columns that exist.
    Raises BillingError: EMPTY_DELIVERY, HEADER_UNREADABLE, MISSING_COLUMN, and those of plan_csv, plan_parquet,
    date_formats and agree.py.
    """
    full = [(name, header) for name, header in headers if header.has_rows]
    if not full:
        found = f"No file of execution {export.execution} has a data row"
        raise BillingError("EMPTY_DELIVERY", f"{found}: check the scope of the export, and deliver the month again.")
    _check_empty_files(headers, export)
    dates = DateFormats()
    if source.format.file_format == "CSV":
        plan = plan_csv(csv_columns(full), export.columns, csv_rules(source.format), source.type_overrides, table)
        _check_columns(plan, full, source.format)
        rows = [row for _, header in full for row in header.rows]
        shape = source.format
        dates = date_formats(plan.schema, rows, shape.partition, export.month, shape.cluster)
    else:
        plan = plan_parquet(parquet_columns(full), table, parquet_types(source.format), source.type_overrides)
        _check_columns(plan, full, source.format)
    without_rows = frozenset(name for name, header in headers if not header.has_rows)
    return LoadSchema(plan, dates, without_rows, has_period=_has(source.format.partition, plan))


def _check_empty_files(headers: Sequence[tuple[str, Header]], export: Export) -> None:
    """Reject an empty file unless the manifest counts no row in it. Otherwise a part of the month may be missing."""
    counts = {file.name: file.size if file.rows is None else file.rows for file in export.files}
    for name, header in headers:
        if not header.columns and counts.get(name) != 0:
            found = f"{name} is empty and has no header row, but the manifest does not say that it has no rows"
            raise BillingError("HEADER_UNREADABLE", f"{found}. Deliver the month again.")


def _has(column: str, plan: Plan) -> bool:
    return column.lower() in {field.name.lower() for field in plan.schema}


def _check_columns(plan: Plan, files: Sequence[tuple[str, Header]], export_format: Format) -> None:
    """Raise MISSING_COLUMN if any file has no cost. If only the period is missing, the manifest says the month."""
    cost, has_cost = export_format.cost, _has(export_format.cost, plan)
    without = [name for name, header in files if not _is_in(cost, header, has_cost, export_format)]
    if without:
        period = [] if _has(export_format.partition, plan) else [export_format.partition]
        found = [field.name for field in plan.schema]
        raise missing_columns(without, [*period, cost], export_format, found)
    if not has_cost:
        found_in = f"Column {cost} has no value in {files[0][0]}, nor in any other file"
        raise BillingError("MISSING_COLUMN", f"{found_in}. Deliver the month again with its values.")


def _is_in(cost: str, header: Header, has_cost: bool, export_format: Format) -> bool:
    """Return whether one file has the cost. CSV files have equal columns, and Parquet files may lack some."""
    if export_format.file_format == "CSV":
        return has_cost
    return any(column.name.lower() == cost.lower() for column in header.columns)


def missing_columns(
    files: Sequence[str], columns: Sequence[str], export_format: Format, found: Sequence[str] = ()
) -> BillingError:
    """Return MISSING_COLUMN with the spellings of the columns, and with the files. `found` has what the files have."""
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    rules = csv_rules(export_format)
    named = " and no column ".join(map(rules.spellings, columns))
    older = [name for name, now in zip(found, rules.sources(found), strict=True) if now in columns and name != now]
    fix = f"Deliver the month again with {'this column' if len(columns) == 1 else 'these columns'}"
    if older and export_format.file_format == "PARQUET":
        fix = f"They have {', '.join(older)}: choose a newer version of the dataset, or CSV, where this name is known"
    return BillingError("MISSING_COLUMN", f"The files have no column {named}: {files[0]}{more}. {fix}.")
