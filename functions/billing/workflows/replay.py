"""Load one month again on request: after a repair by hand, or from an older delivery."""

import re
from collections.abc import Sequence

from billing.clock import Timer
from billing.decisions.candidates import Candidate, ReadableCandidate, with_execution
from billing.decisions.policy import Override
from billing.errors import BillingError
from billing.gcp.services import Services, connect
from billing.log import emit
from billing.settings import Settings, Source
from billing.workflows.inventory import take_inventory
from billing.workflows.load import load_month
from billing.workflows.outcome import Outcome, log_outcome
from billing.workflows.request import LoadRequest

_MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])", re.ASCII)


def replay(
    settings: Settings, key: str, month: str, execution: str | None = None, services: Services | None = None
) -> Outcome:
    """Load the month's best delivery (most days, then newest), or the one with that execution id.

    The lease and all checks still apply.

    Raises BillingError: NO_SUCH_DELIVERY, or what a load raises.
    """
    source = _source(settings, key)
    if not _MONTH.fullmatch(month):
        raise BillingError("NO_SUCH_DELIVERY", f"{month[:40]!r} is not a month: write it like 2025-09.")
    services = services or connect(settings)
    timer = Timer(services.clock)
    candidates = take_inventory(services, source).months.get(month, ())
    chosen = _chosen(candidates, source, month, execution)
    request = LoadRequest(source, chosen.manifest.name, Override.EVERYTHING)
    outcome = load_month(services, request, timer)
    log_outcome(source, outcome, timer, request.manifest)
    best = candidates[0]
    if outcome.action == "loaded" and best is not chosen:
        emit(
            "WARNING",
            f"{best.manifest.name} is newer or covers more days. While it exists, the next sweep loads it again.",
            source=key,
        )
    return outcome


def _source(settings: Settings, key: str) -> Source:
    for source in settings.sources:
        if source.key == key.lower():
            return source
    known = ", ".join(source.key for source in settings.sources)
    raise BillingError("NO_SUCH_DELIVERY", f"There is no source {key}. Known sources: {known}.")


def _chosen(candidates: Sequence[Candidate], source: Source, month: str, execution: str | None) -> Candidate:
    if not candidates:
        raise BillingError("NO_SUCH_DELIVERY", f"gs://{source.bucket}/{source.prefix} has no manifest of {month}.")
    if execution is None:
        return candidates[0]
    matching = with_execution(candidates, execution)
    if matching:
        return matching[0]
    known = ", ".join(one.export.execution for one in candidates if isinstance(one, ReadableCandidate))
    raise BillingError("NO_SUCH_DELIVERY", f"{month} has no manifest of execution {execution}. Known: {known}.")
