"""Log what a load does with unknown columns, types that differ and blank periods. The month loads all the same."""

from billing.columns.plan import Plan
from billing.decisions.decision import Load
from billing.decisions.record import LoadResult
from billing.log import emit
from billing.settings import Source

_MAX_CHARACTERS = 60_000  # a log entry takes 256 KB, and a header may have 10,000 columns
_NEW_TABLE = "Another type needs TYPE_OVERRIDES and a new table (TABLE_NAME)"


def log_columns(source: Source, load: Load, plan: Plan) -> None:
    """Log columns of an unknown type when the table gets them, and differing types also at a month's first load."""
    if plan.unknown:
        found = f"The type of these columns is not known, so they are loaded as STRING: {', '.join(plan.unknown)}"
        _log(source, load, "UNKNOWN_COLUMN", f"{found}. {_NEW_TABLE}.")
    added = {field.source for field in plan.added}
    is_new = any(difference.column in added for difference in plan.differences)
    if plan.differences and (is_new or not load.state.loaded_executions):
        found = f"These columns are loaded with another type than named: {', '.join(map(str, plan.differences))}"
        why = "A published column has its published type, and a column of the table keeps its type"
        _log(source, load, "TYPE_DIFFERS", f"{found}. {why}. {_NEW_TABLE}.")


def log_periods(source: Source, load: Load, result: LoadResult) -> None:
    """Log how many rows got the month of the manifest, because the files do not say their billing period."""
    if result.blank:
        found = f"{result.blank} of {result.rows} rows have no {source.format.partition}"
        _log(source, load, "PERIOD_FILLED", f"{found}. They are loaded into {load.month}, which the manifest names.")


def _log(source: Source, load: Load, code: str, message: str) -> None:
    execution = load.delivery.export.execution
    emit("INFO", message[:_MAX_CHARACTERS], source=source.key, month=load.month, execution=execution, code=code)
