"""One month loaded again on purpose, whatever the books say: after a repair by hand, or from an older delivery."""

from collections.abc import Sequence

from billing.clock import Timer
from billing.errors import BillingError
from billing.gcp.services import Services, connect
from billing.log import emit
from billing.settings import Settings, Source
from billing.workflows.evaluate import Visit
from billing.workflows.inventory import Candidate, take_inventory
from billing.workflows.load import process
from billing.workflows.outcome import Outcome, log_outcome


def replay(
    settings: Settings, key: str, month: str, execution: str | None = None, cloud: Services | None = None
) -> Outcome:
    """Loads the month's newest delivery, or the one of that execution id; the lease and all other checks stand.

    Raises BillingError: NO_SUCH_DELIVERY where the source, the month or the execution is none, or what a load raises.
    """
    cloud = cloud or connect(settings)
    timer = Timer(cloud.clock)
    source = _source(settings, key)
    candidates = take_inventory(cloud, source).months.get(month, ())
    chosen = _chosen(candidates, source, month, execution)
    visit = Visit(cloud, source, chosen.manifest.name, timer, replay=True)
    outcome = process(visit)
    log_outcome(source, outcome, timer, visit.manifest)
    newest = candidates[0]
    if outcome.action == "loaded" and newest is not chosen:
        emit("WARNING", f"{newest.manifest.name} is newer: while it stands, the next sweep loads it again.", source=key)
    return outcome


def _source(settings: Settings, key: str) -> Source:
    for source in settings.sources:
        if source.key == key.lower():
            return source
    known = ", ".join(source.key for source in settings.sources)
    raise BillingError("NO_SUCH_DELIVERY", f"There is no source {key}: there are {known}.")


def _chosen(candidates: Sequence[Candidate], source: Source, month: str, execution: str | None) -> Candidate:
    if not candidates:
        raise BillingError("NO_SUCH_DELIVERY", f"gs://{source.bucket}/{source.prefix} has no manifest of {month}.")
    if execution is None:
        return candidates[0]
    for candidate in candidates:
        if candidate.export is not None and candidate.export.execution == execution:
            return candidate
    known = ", ".join(one.export.execution for one in candidates if one.export is not None)
    raise BillingError("NO_SUCH_DELIVERY", f"{month} has no manifest of execution {execution}: there are {known}.")
