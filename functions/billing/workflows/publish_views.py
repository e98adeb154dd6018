"""Create the views again after the columns of a table changed. If a view fails, the load does not fail."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from billing.columns.field import Field
from billing.gcp.services import Services
from billing.log import emit
from billing.settings import GOOGLE_KEY, Source
from billing.views.focus import FocusSource, source_query, union_query
from billing.views.quality import quality_query
from billing.views.status import statements


def publish_after_load(services: Services, source: Source, fields: Sequence[Field], *, changed: bool) -> None:
    """Publish what a load with new columns, or the first load of a month, needs. `fields` are the table's columns."""
    publish_dataset_views(services, {source.key: fields}, source)
    _publish_focus_view(services, source, changed=changed)


def publish_dataset_views(services: Services, fields: Mapping[str, Sequence[Field]], source: Source) -> None:
    """Replace the views in the dataset of a source. `fields` holds the tables' columns by source key."""
    here = (source.project, source.dataset)
    siblings = [one for one in services.settings.sources if (one.project, one.dataset) == here]
    _log_failure(source.dataset, source.key, lambda: services.warehouse.query(";\n".join(statements(siblings, fields))))


def publish_all_focus_views(services: Services) -> None:
    """Publish every FOCUS view. One that fails does not stop the others."""
    settings = services.settings
    if not settings.focus_dataset:
        return
    for source in settings.sources:
        publish = partial(_ensure_source_view, services, _focus_source(source))
        _log_failure(settings.focus_dataset, source.key, publish)
    _log_failure(settings.focus_dataset, None, partial(_ensure_union, services))


def _publish_focus_view(services: Services, source: Source, *, changed: bool) -> None:
    """Publish one source's FOCUS view. If it is new, publish the union too.

    If no column changed, one request checks whether the view exists.
    """
    settings = services.settings
    if not settings.focus_dataset:
        return

    def publish() -> None:
        exists = services.warehouse.exists(settings.focus_view_of(source.key))
        if exists and not changed:
            return
        _ensure_source_view(services, _focus_source(source))
        if not exists:
            _ensure_union(services)

    _log_failure(settings.focus_dataset, source.key, publish)


def _focus_source(source: Source) -> FocusSource:
    return FocusSource(source.key, source.format.provider, source.format.focus, source.destination)


def _ensure_source_view(services: Services, source: FocusSource) -> None:
    """Two requests, and one more if the view changes."""
    warehouse = services.warehouse
    name = services.settings.focus_view_of(source.key)
    warehouse.ensure_view(name, lambda: source_query(source, warehouse.table_called(source.table).fields))


def _ensure_union(services: Services) -> None:
    """Publish the union of the views that exist, and the quality view. A failure of Google's export stops neither."""
    settings, warehouse = services.settings, services.warehouse
    if google := settings.google_billing_export:
        source = FocusSource(GOOGLE_KEY, "google", "google_billing", google)
        _log_failure(settings.focus_dataset, GOOGLE_KEY, partial(_ensure_source_view, services, source))
    warehouse.ensure_view(settings.focus_view, lambda: union_query(_existing_views(services)))
    warehouse.ensure_view(settings.quality_view, lambda: _quality_query(services))


def _existing_views(services: Services) -> list[str]:
    """Return the FOCUS views of configured sources that exist. One request."""
    settings = services.settings
    existing = services.warehouse.list_tables(f"{settings.project}.{settings.focus_dataset}")
    return [view for view in settings.focus_views if view.rpartition(".")[2] in existing]


def _quality_query(services: Services) -> str:
    """One request per dataset of sources: a dataset has no status view before its first load."""
    existing = [view for view in services.settings.status_views if services.warehouse.exists(view)]
    return quality_query(services.settings.focus_view, existing)


def _log_failure(dataset: str, source: str | None, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as exc:  # noqa: BLE001 - the month is loaded and recorded, whatever happens to its views
        emit("ERROR", f"The views of {dataset} were not created: {exc}", source=source, code="VIEW_FAILED")
