"""Check whether a delivery is complete.

All files must be there, with their size if the manifest gives it. Files of an overwrite delivery must also have
changed since the last load, or have been unchanged for some hours.
"""

from datetime import datetime, timedelta

from billing.decisions.decision import Wait
from billing.decisions.delivery import Delivery, name_digest
from billing.decisions.state import LoadedDelivery, MonthState

_WRITTEN_WITHIN = timedelta(hours=1)  # one delivery's files and manifest; AWS writes the next one about 8 hours later
_AFTER_MANIFEST = timedelta(minutes=1)  # S3's times have no fractions of a second


def missing_files(delivery: Delivery) -> Wait | None:
    """Return what is missing: a file that the manifest names, or a part of one whose size the manifest gives."""
    missing, short = [], []
    for file in delivery.export.files:
        stored = delivery.objects.get(file.name)
        if stored is None:
            missing.append(file.name)
        elif file.size is not None and stored.size != file.size:
            short.append(f"{file.name} ({stored.size} of {file.size} bytes)")
    if not missing and not short:
        return None
    parts = []
    if missing:
        parts.append(
            f"{len(missing)} of {len(delivery.export.files)} files missing, first {missing[0]}{_stray_in(delivery)}"
        )
    if short:
        parts.append(f"{len(short)} not of the manifest's size, first {short[0]}")
    return Wait("WAITING_FOR_FILES", "; ".join(parts) + ".")


def unsettled(delivery: Delivery, state: MonthState, settle: timedelta, now: datetime) -> Wait | None:
    """Return a wait if files of an overwrite delivery may belong to another delivery.

    Data files arrive before their manifest, and old files have the names of new ones. The delivery is complete if
    nothing is recorded yet, or if every file differs from the recorded one. Neither proves it after a rejected
    delivery or after one that was never seen whole. Then only time does: nothing changed for the settle time.
    """
    rejected_since = set(state.rejected) - {delivery.export.execution}
    differs = state.loaded is None or _is_whole_again(delivery, state.loaded)
    if differs and not rejected_since and not _written_apart(delivery):
        return None
    newest = max(stored.updated for stored in delivery.objects.values())
    if newest + settle <= now:
        return None
    return Wait(
        "WAITING_TO_SETTLE",
        f"Some files may belong to another delivery. The month loads when all files have changed, or at"
        f" {newest + settle:%F %H:%M} UTC.",
    )


def looks_mixed(delivery: Delivery) -> bool:
    """Return whether the provider's own times show files of two deliveries. Only an overwrite delivery can be mixed.

    A manifest without an execution id may be the one of an earlier delivery, so its time shows nothing.
    """
    if not delivery.export.overwrites:
        return False
    if delivery.export.has_execution_id:
        return _written_apart(delivery)
    written = [file.written for file in delivery.files if file.written is not None]
    return bool(written) and max(written) - min(written) > _WRITTEN_WITHIN


def _stray_in(delivery: Delivery) -> str:
    """Name a data file that the manifest does not name. It is often the missing one under another name."""
    named = {file.name for file in delivery.export.files}
    strays = sorted(name for name in delivery.objects if name not in named and not name.endswith((".json", "/")))
    return f" (the folder has {strays[0]})" if strays else ""


def _written_apart(delivery: Delivery) -> bool:
    """Return whether the provider wrote a file well after the manifest, or long before it."""
    manifest = delivery.objects.get(delivery.manifest)
    if manifest is None or manifest.written is None:
        return False
    return any(
        file.written is not None and not -_AFTER_MANIFEST <= manifest.written - file.written <= _WRITTEN_WITHIN
        for file in delivery.files
    )


def _is_whole_again(delivery: Delivery, loaded: LoadedDelivery) -> bool:
    if loaded.execution == delivery.export.execution:
        return delivery.content == loaded.content and not loaded.changed_during_load
    if not loaded.files:
        return False  # the state was rebuilt from a tracking row, which has no contents
    return all(loaded.files.get(name_digest(file.name)) != file.content for file in delivery.files)
