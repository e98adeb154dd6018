"""Combine dlt's state of a month with the newest loads in the tracking table."""

from dataclasses import replace

from billing.decisions.state import LoadedDelivery, MonthState


def reconcile(
    state: MonthState | None, complete: LoadedDelivery | None, incomplete: LoadedDelivery | None
) -> MonthState:
    """Return the state of a month. All times are those at which BigQuery ended a load job.

    `complete` is the newest tracked load whose dlt load is complete, `incomplete` the newest one whose is not.
    dlt's state decides, unless it was lost or is older than its own tracking rows. An incomplete load that is newer
    than every complete one keeps older deliveries out, and does nothing more.
    """
    known = _newer(state, complete)
    if incomplete is not None and (complete is None or incomplete.ended > complete.ended):
        known = replace(known, uncommitted=incomplete)
    return known


def _newer(state: MonthState | None, tracked: LoadedDelivery | None) -> MonthState:
    """A process that paused before its commit may have written an older load as dlt's newest state."""
    if tracked is None:
        return state or MonthState()
    if state is None:
        return MonthState(loaded_executions=(tracked.execution,), loaded=tracked)
    if state.loaded is None or tracked.ended > state.loaded.ended:
        return replace(state, loaded=tracked)
    return state
