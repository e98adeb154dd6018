"""From an event to the load of a month."""

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


def handle_event(settings: Settings, provider: str, data: dict[str, Any], cloud: Services | None = None) -> None:
    """One object arrived. Raises TryAgain when the platform should deliver the event again."""
    bucket, name = str(data.get("bucket", "")), str(data.get("name", ""))
    for source in settings.of_provider(provider):
        if source.bucket == bucket and name.startswith(source.prefix):
            names = manifests.manifest_names(source, name)
            if names:
                log_failures(source, name, partial(_process, settings, source, names, name, cloud))
                return
    emit("DEBUG", f"Ignored: {name} is no object of an export.", action="ignored", code="NOT_OURS", object=name)


def _process(settings: Settings, source: Source, names: Sequence[str], name: str, cloud: Services | None) -> None:
    """By the first of the manifests that is there."""
    from billing.workflows.evaluate import Visit
    from billing.workflows.load import process

    cloud = cloud or connect(settings)
    timer = Timer(cloud.clock)
    for manifest in names:
        outcome = process(Visit(cloud, source, manifest, timer))
        if not outcome.unseen:
            break
    log_outcome(source, outcome, timer, name)
