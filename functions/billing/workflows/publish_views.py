"""Create the views again after the columns of a table changed. If a view fails, the load does not fail."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from billing.columns.field import Field
from billing.errors import BillingError, ErrorClass
from billing.gcp.api_errors import classify
from billing.gcp.services import Services
from billing.log import emit
from billing.settings import GOOGLE_KEY, STATUS_VIEW, Source
from billing.views.focus import FocusSource, source_query, union_query
from billing.views.quality import quality_query
from billing.views.status import own_statements, statements, status_query, status_statement


def publish_after_load(services: Services, source: Source, fields: Sequence[Field], *, changed: bool) -> None:
    """Publish what a load with new columns, or the first load of a month, needs. `fields` are the table's columns."""
    publish_dataset_views(services, {source.key: fields}, source)
    _publish_focus_view(services, source, changed=changed)


def publish_dataset_views(services: Services, fields: Mapping[str, Sequence[Field]], source: Source) -> None:
    """Replace the views in the dataset of a source. `fields` holds the tables' columns by source key.

    One query. If it fails, each source is published apart: one without a table, say, does not stop the others.
    """
    here = (source.project, source.dataset)
    siblings = [one for one in services.settings.sources if (one.project, one.dataset) == here]
    failure = _failure_of(lambda: services.warehouse.query(";\n".join(statements(siblings, fields))))
    if failure is None:
        return
    known = classify(failure)
    if known is not None and known.kind is ErrorClass.RETRY:
        _log(source.dataset, source.key, failure)
    else:
        _log_failure(source.dataset, source.key, partial(_publish_each, services, fields, siblings))


def publish_all_focus_views(services: Services) -> None:
    """Publish every FOCUS view. One that fails does not stop the others."""
    settings = services.settings
    if not settings.focus_dataset:
        return
    for source in settings.sources:
        publish = partial(_ensure_source_view, services, _focus_source(source))
        _log_failure(settings.focus_dataset, source.key, publish)
    _log_failure(settings.focus_dataset, None, partial(_ensure_union, services))


def _publish_each(services: Services, fields: Mapping[str, Sequence[Field]], siblings: Sequence[Source]) -> None:
    """Publish the views of each source, and `billing_status` over those whose query BigQuery accepts."""
    healthy = []
    for one in siblings:
        known = fields.get(one.key)
        failure = _failure_of(partial(services.warehouse.query, ";\n".join(own_statements(one, known))))
        problem = services.warehouse.problem_of(status_query(one, known))
        if problem is None:
            healthy.append(one)
        if problem is not None:
            _log_left_out(f"{one.dataset}.{STATUS_VIEW}", one.key, problem, source=one.key)
        elif failure is not None:
            _log(one.dataset, one.key, failure)
    if healthy:
        services.warehouse.query(status_statement(healthy, fields))


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
    warehouse.ensure_view(settings.focus_view, lambda: union_query(_healthy_views(services)))
    warehouse.ensure_view(settings.quality_view, lambda: _quality_query(services))


def _healthy_views(services: Services) -> list[str]:
    """Return the FOCUS views of configured sources that exist and can be read. One request, and one for each view.

    Raises BillingError: NOT_FOUND.
    """
    settings, healthy = services.settings, []
    existing = services.warehouse.list_tables(f"{settings.project}.{settings.focus_dataset}")
    for key, view in settings.focus_views.items():
        if view.rpartition(".")[2] not in existing:
            continue
        problem = services.warehouse.problem_of_view(view)
        if problem is None:
            healthy.append(view)
        else:
            _log_left_out(settings.focus_view, key, problem, source=key)
    if not healthy:
        raise BillingError("NOT_FOUND", "No source has a FOCUS view that can be read: see the lines before this one.")
    return healthy


def _quality_query(services: Services) -> str:
    """Two requests per dataset of sources. A dataset has no status view before its first load."""
    settings, healthy = services.settings, []
    for view in settings.status_views:
        if not services.warehouse.exists(view):
            continue
        problem = services.warehouse.problem_of_view(view)
        if problem is None:
            healthy.append(view)
        else:
            _log_left_out(settings.quality_view, view, problem)
    return quality_query(settings.focus_view, healthy)


def _log_failure(dataset: str, source: str | None, work: Callable[[], object]) -> None:
    failure = _failure_of(work)
    if failure is not None:
        _log(dataset, source, failure)


def _failure_of(work: Callable[[], object]) -> Exception | None:
    """Return the exception that `work` raised, or None. The month is loaded, whatever happens to its views."""
    try:
        work()
    except Exception as exc:  # noqa: BLE001
        return exc
    return None


def _log(dataset: str, source: str | None, exc: Exception) -> None:
    emit("ERROR", f"The views of {dataset} were not created: {exc}", source=source, code="VIEW_FAILED")


def _log_left_out(view: str, part: str, problem: str, source: str | None = None) -> None:
    """Log what a view does not show. One part of a union that fails would end every query of the view."""
    emit("ERROR", f"{view} is without {part}, whose query fails: {problem}", source=source, code="VIEW_FAILED")
