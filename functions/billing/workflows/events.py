"""Handle a storage event: find the source and the manifests of the object, and load the month."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from billing import manifests
from billing.clock import Timer
from billing.gcp.services import Services, connect
from billing.log import emit
from billing.settings import Settings, Source
from billing.workflows.guard import log_failures
from billing.workflows.outcome import log_outcome
from billing.workflows.request import LoadRequest


def handle_event(settings: Settings, provider: str, data: dict[str, Any], services: Services | None = None) -> None:
    """Handle an object that arrived. Raises RetryLater if the platform should deliver the event again."""
    bucket, name = str(data.get("bucket", "")), str(data.get("name", ""))
    for source in settings.of_provider(provider):
        if source.bucket == bucket and name.startswith(source.prefix):
            names = manifests.manifest_names(source, name)
            if names:
                log_failures(source, name, partial(_load, settings, source, names, name, services))
                return
    emit("DEBUG", f"Ignored: {name} is no object of an export.", action="ignored", code="NOT_OURS", object=name)


def _load(settings: Settings, source: Source, names: Sequence[str], about: str, services: Services | None) -> None:
    """Load from the first of these manifests that exists."""
    from billing.workflows.load import load_month

    services = services or connect(settings)
    timer = Timer(services.clock)
    for name in names:
        outcome = load_month(services, LoadRequest(source, name), timer)
        if not outcome.manifest_is_missing:
            break
    log_outcome(source, outcome, timer, about)
