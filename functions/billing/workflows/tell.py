"""What every sweep tells, whatever failed: the age of each source, and what has been left over for long."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from billing.decisions.sweep_notes import SweepNotes, left_for_long, left_since
from billing.gcp.services import Services
from billing.log import emit
from billing.settings import Source
from billing.workflows.inventory import Inventory
from billing.workflows.sweep_report import SweepReport, or_defer

_NOTES = "notes of the sweep"


def tell(services: Services, inventories: Sequence[Inventory], report: SweepReport) -> None:
    """Log the ages and what was left over for long, and leave notes for the next sweep.

    Without the notes, nobody knows how long an error has lasted. So their own failure is told at once.
    """
    read = [SweepNotes()]
    is_readable = or_defer(report, None, _NOTES, lambda: read.append(services.notes.read()))
    newest = _tell_ages(services, inventories, report, read[-1])
    now, deferrals = services.clock.now(), list(report.deferrals.values())
    left = left_since(read[-1], deferrals, now)
    for long in left_for_long(deferrals, left, now):
        report.left_long += long.what
        emit("ERROR", long.message, source=long.source or None, action="failed", code=long.code)
    told = SweepNotes(left, newest)
    if is_readable and told != read[-1]:
        or_defer(report, None, _NOTES, lambda: services.notes.write(told))


def _tell_ages(
    services: Services, inventories: Sequence[Inventory], report: SweepReport, notes: SweepNotes
) -> dict[str, datetime]:
    """Log how old each source is. Return when each last loaded, or when its table was created.

    If the load history cannot be read, the last sweep that read it is believed. The age is then too high, if anything.
    """
    created = {one.source.key: datetime.fromisoformat(one.table.identity.created) for one in inventories}
    newest: dict[str, datetime] = {}
    for source in services.settings.sources:
        loads: list[datetime | None] = []
        is_read = or_defer(report, source, f"age of {source.key}", partial(_read_newest, services, source, loads))
        recorded = loads[-1] if is_read else notes.newest_loads.get(source.key)
        since = recorded or created.get(source.key) or notes.newest_loads.get(source.key)
        if since is not None:
            newest[source.key] = since
            _log_age(source, (services.clock.now() - since).total_seconds() / 3600, is_read)
    return newest


def _read_newest(services: Services, source: Source, loads: list[datetime | None]) -> None:
    loads.append(services.history.newest_load(source))


def _log_age(source: Source, hours: float, is_read: bool) -> None:
    """Log how long ago a source last loaded, or its table was created. The freshness alert reads this line."""
    limit = "" if is_read else "at most "
    age = round(hours, 2)
    emit("INFO", f"The newest load is {limit}{age} h old.", source=source.key, action="age", age_hours=age)
