"""The views follow the columns that the tables have. What fails here fails no load: the next sweep tries again."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from billing.columns.field import Field
from billing.gcp.services import Services
from billing.log import emit
from billing.settings import GOOGLE_KEY, Source
from billing.views.focus import FocusSource, source_query, union_query
from billing.views.quality import quality_query
from billing.views.status import statements


def refresh_views(cloud: Services, fields: Mapping[str, Sequence[Field]], source: Source) -> None:
    """Creates the views of a source's dataset anew, for the columns known by source key."""
    siblings = [one for one in cloud.settings.sources if (one.project, one.dataset) == (source.project, source.dataset)]
    _guarded(source.dataset, source.key, lambda: cloud.warehouse.query(";\n".join(statements(siblings, fields))))


def refresh_focus(cloud: Services, source: Source, *, changed: bool) -> None:
    """After a load: its source's view, and when that is new, those over all sources.

    Where no column has changed, one request sees that the view is there.
    """
    settings = cloud.settings
    if not settings.focus_dataset:
        return

    def refresh() -> None:
        exists = cloud.warehouse.exists(settings.focus_view_of(source.key))
        if exists and not changed:
            return
        _keep_source(cloud, _mapped(source))
        if not exists:
            _keep_over_all(cloud)

    _guarded(settings.focus_dataset, source.key, refresh)


def refresh_all_focus(cloud: Services) -> None:
    """What the sweep does: a source whose view fails keeps no other's from being made."""
    settings = cloud.settings
    if not settings.focus_dataset:
        return
    for source in settings.sources:
        _guarded(settings.focus_dataset, source.key, partial(_keep_source, cloud, _mapped(source)))
    _guarded(settings.focus_dataset, None, partial(_keep_over_all, cloud))


def _mapped(source: Source) -> FocusSource:
    return FocusSource(source.key, source.format.provider, source.format.focus, source.destination)


def _keep_source(cloud: Services, mapped: FocusSource) -> None:
    """Two requests, and one more where the view changes."""
    warehouse = cloud.warehouse
    name = cloud.settings.focus_view_of(mapped.key)
    warehouse.ensure_view(name, lambda: source_query(mapped, warehouse.table_called(mapped.table).fields))


def _keep_over_all(cloud: Services) -> None:
    """The union of the views that are there, and the judgement of it; a table of Google's that fails bars no source."""
    settings, warehouse = cloud.settings, cloud.warehouse
    if google := settings.google_billing_export:
        mapped = FocusSource(GOOGLE_KEY, "google", "google_billing", google)
        _guarded(settings.focus_dataset, GOOGLE_KEY, partial(_keep_source, cloud, mapped))
    warehouse.ensure_view(settings.focus_view, lambda: union_query(_present_views(cloud)))
    warehouse.ensure_view(settings.quality_view, lambda: _quality_query(cloud))


def _present_views(cloud: Services) -> list[str]:
    """Of the sources that are configured; one request."""
    settings = cloud.settings
    there = cloud.warehouse.list_tables(f"{settings.project}.{settings.focus_dataset}")
    return [view for view in settings.focus_views if view.rpartition(".")[2] in there]


def _quality_query(cloud: Services) -> str:
    """One request per dataset of sources: one where nothing is booked yet has no status view."""
    booked = [view for view in cloud.settings.status_views if cloud.warehouse.exists(view)]
    return quality_query(cloud.settings.focus_view, booked)


def _guarded(dataset: str, source: str | None, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as exc:  # noqa: BLE001 - whatever it is, the month is loaded and booked
        emit("ERROR", f"The views of {dataset} were not made: {exc}", source=source, code="VIEW_FAILED")
