"""Find data files that have no manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing import manifests
from billing.decisions.delivery import StoredObject
from billing.decisions.state import MonthState
from billing.settings import Source

LONG_WAIT = timedelta(hours=6)


@dataclass(frozen=True)
class Orphan:
    month: str | None
    message: str


def find_orphans(
    source: Source, objects: Mapping[str, StoredObject], states: Mapping[str, MonthState], now: datetime
) -> list[Orphan]:
    """Find old data files without a manifest, in months that were never loaded, and data that never gets one."""
    newest: dict[str, datetime] = {}
    never: dict[str, str] = {}
    for name, stored in objects.items():
        names = manifests.manifest_names(source, name)
        if names and not any(manifest in objects for manifest in names):
            newest[names[0]] = max(stored.updated, newest.get(names[0], stored.updated))
        elif not names and (reason := manifests.never_loaded(source, name)):
            never[name.rpartition("/")[0]] = f"{name} is never loaded: {reason}"
    late = [
        Orphan(month, f"{manifest} does not exist, {now - updated} after its data.")
        for manifest, updated in newest.items()
        for month in [manifests.month_in(manifest)]
        if now - updated > LONG_WAIT and not states.get(month or "", MonthState()).loaded_executions
    ]
    return [*late, *(Orphan(manifests.month_in(f"{folder}/"), message) for folder, message in never.items())]
