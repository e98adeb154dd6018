"""`billing status`: print the rows of `billing_status` for all sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import click

from billing.gcp.services import Services, connect
from billing.settings import Settings, Source, read_settings
from billing.views.status import status_query
from billing_cli.text import printable

_COLUMNS = ("source", "month", "state", "delivered_at", "loaded_at", "row_count", "cost", "currency", "code", "message")
_FIX = "`billing sweep` creates a view again, and `terraform apply` a table."


@dataclass(frozen=True)
class NoAnswer:
    """A source or a view that gives no answer, and why."""

    name: str
    reason: str
    fix: str = _FIX

    def __str__(self) -> str:
        return printable(f"No answer from {self.name}: {self.reason} {self.fix}")


@dataclass(frozen=True)
class Status:
    """The rows of every dataset's billing_status, by source, month and currency."""

    rows: Sequence[Mapping[str, Any]]
    failures: Sequence[NoAnswer]
    unrecorded: Sequence[Source] = ()  # of these, no delivery was loaded, rejected or waiting yet


@click.command("status")
@click.pass_context
def status_command(ctx: click.Context) -> None:
    """Print each month: what is loaded, waiting or rejected.

    If a source gives no answer, the others are printed all the same, and the exit code is 1.
    What the last sweep left over goes to standard error.
    """
    settings = read_settings()
    services = connect(settings)
    status = read_status(settings, services)
    if status.rows:
        click.echo(format_table(status.rows))
    for source in status.unrecorded:
        click.echo(nothing_recorded(source))
    for problem in (*map(str, status.failures), *_left_over(services)):
        click.echo(problem, err=True)
    if status.failures:
        ctx.exit(1)


def read_status(settings: Settings, services: Services) -> Status:
    """Read the status of every source. One query per dataset, and two at most for a source that it does not show."""
    rows, failures = list[Mapping[str, Any]](), list[NoAnswer]()
    for view in settings.status_views:
        found, _ = services.warehouse.try_query(f"SELECT * FROM `{view}`")
        rows += map(dict, found)
    shown = {row["source"] for row in rows}
    for source in settings.sources:
        if source.key not in shown:
            found, failure = _read_source(services, source)
            rows += map(dict, found)
            failures += [failure] if failure is not None else []
    known = {row["source"] for row in rows} | {failure.name for failure in failures}
    return Status(sorted(rows, key=_order), failures, [one for one in settings.sources if one.key not in known])


def _read_source(services: Services, source: Source) -> tuple[list[Any], NoAnswer | None]:
    """Read a source that its dataset's view does not show: the view fails or is old, or nothing is recorded yet."""
    rows, problem = services.warehouse.try_query(status_query(source, None))
    if problem is None:
        return rows, None
    recorded, gone = services.warehouse.try_query(f"SELECT COUNT(*) AS n FROM `{source.destination}_load_tracking`")
    if gone is None and recorded[0]["n"] == 0:
        return [], None  # the first record creates what the query needs
    return [], NoAnswer(source.key, problem, _fix_of(f"{problem} {gone}", source))


def _fix_of(problem: str, source: Source) -> str:
    if "Not found: Dataset" not in problem:
        return _FIX
    name = f"SOURCES__{source.key.upper()}__DATASET"
    return (
        f"The dataset {source.project}.{source.dataset} does not exist: create it with `terraform apply`,"
        f" or correct {name} or DESTINATION__BIGQUERY__LOCATION."
    )


def nothing_recorded(source: Source) -> str:
    """Return what to look at before the first load of a source."""
    look = f"`gcloud storage ls gs://{source.bucket}/{source.prefix}` shows whether files have arrived"
    then = "`billing sweep` loads them, or says why it does not"
    return printable(f"Nothing is recorded of {source.key} yet: {look}, and {then}.")


def _left_over(services: Services) -> list[str]:
    """Return what the last sweep left over, and since when. One request. Without its notes, say so."""
    notes, problem = services.notes.try_read()
    if problem is not None:
        return [printable(f"What the last sweep left over is unknown: {problem}")]
    return [printable(f"Left over since {since:%F %H:%M} UTC: {what}.") for what, since in sorted(notes.left.items())]


def _order(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(row["source"]), str(row["month"]), str(row.get("currency") or "")


def format_table(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [_COLUMNS, *(tuple(_text(row.get(name)) for name in _COLUMNS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"  # without an exponent
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else printable(str(value))
