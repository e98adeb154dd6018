"""The hourly sweep: load what events missed, and compare the tables with the load history."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from billing.clock import Timer
from billing.decisions.orphans import find_orphans
from billing.decisions.sweep_notes import whole
from billing.gcp.services import Services, connect
from billing.log import emit
from billing.settings import Settings, Source
from billing.workflows.inventory import Inventory, take_inventory
from billing.workflows.publish_views import publish_all_focus_views, publish_dataset_views
from billing.workflows.sweep_month import SweptMonth, warn_of_wait
from billing.workflows.sweep_report import SweepReport, or_defer
from billing.workflows.tell import tell

_WORKERS = 5  # dlt's tables take 5 updates per 10 s


def sweep(settings: Settings, services: Services | None = None) -> dict[str, object]:
    """Load the newest delivery of every month, newest month first. Reload months that differ from their record."""
    services = services or connect(settings)
    timer, report = Timer(services.clock), SweepReport()
    inventories: list[Inventory] = []
    for source in settings.sources:
        or_defer(report, source, whole(source.key), partial(_collect, inventories, services, source))
    months = [SweptMonth(services, one, month, timer, report) for one in inventories for month in one.all_months]
    report.months = {one.name for one in months}
    _load_months(months, report)
    _publish_views(services, inventories, report)
    for inventory in inventories:
        _warn_of_orphans(inventory, services.clock.now())
    tell(services, inventories, report)
    return _finish(report, timer)


def _finish(report: SweepReport, timer: Timer) -> dict[str, object]:
    """Log the summary. A sweep that achieved nothing does not count as finished, and an alert counts those."""
    result = report.as_json(timer.elapsed())
    if report.stalled:
        emit("WARNING", "The sweep achieved nothing. The next one tries again.", action="stalled", **result)
    else:
        severity = "WARNING" if report.deferrals or report.mismatched else "INFO"
        emit(severity, "sweep finished", action="sweep", **result)
    return result


def _load_months(months: Sequence[SweptMonth], report: SweepReport) -> None:
    """Load the months side by side, but those with a lease at the end and one by one.

    If one of them stops the whole process, for lack of memory, no other month is affected.
    """
    newest_first = sorted(months, key=lambda one: one.month, reverse=True)
    with ThreadPoolExecutor(_WORKERS) as pool:
        for swept in newest_first:
            if not swept.is_leased:
                pool.submit(or_defer, report, swept.source, swept.name, swept.load_if_in_time)
    for swept in newest_first:
        if swept.is_leased:
            or_defer(report, swept.source, swept.name, swept.load_if_in_time)


def _collect(inventories: list[Inventory], services: Services, source: Source) -> None:
    inventories.append(take_inventory(services, source))


def _publish_views(services: Services, inventories: Sequence[Inventory], report: SweepReport) -> None:
    """Publish the views of every dataset in which something is recorded. dlt's tables do not exist before that."""
    recorded = [one for one in inventories if one.states or one.source.key in report.touched_sources]
    fields = {one.source.key: one.table.fields for one in inventories}
    for source in {(one.source.project, one.source.dataset): one.source for one in recorded}.values():
        publish_dataset_views(services, fields, source)
    publish_all_focus_views(services)


def _warn_of_orphans(inventory: Inventory, now: datetime) -> None:
    found = (inventory.objects, inventory.candidates, inventory.states)
    for orphan in find_orphans(inventory.source, *found, now, inventory.owner):
        warn_of_wait(inventory.source, orphan.month, orphan.message)
