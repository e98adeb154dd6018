"""Find data files whose manifest does not come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing import manifests
from billing.decisions.candidates import Candidate, ReadableCandidate
from billing.decisions.delivery import StoredObject
from billing.decisions.scope import is_other_scope
from billing.decisions.state import MonthState
from billing.settings import Source

LONG_WAIT = timedelta(hours=6)


@dataclass(frozen=True, order=True)
class _Folder:
    """A folder with files that no manifest names, the time of the newest one, and the manifest that should name it."""

    updated: datetime
    name: str
    manifest: str


@dataclass(frozen=True, order=True)
class _Written:
    """When an object was written: by the provider, if Storage Transfer kept that, else into the bucket."""

    time: datetime
    by_provider: bool


@dataclass(frozen=True)
class Orphan:
    month: str | None
    message: str


def find_orphans(
    source: Source,
    objects: Mapping[str, StoredObject],
    candidates: Iterable[Candidate],
    states: Mapping[str, MonthState],
    now: datetime,
    owner: str = "",
) -> list[Orphan]:
    """Find old data files that no manifest names, and data that never gets a manifest. One entry for each month.

    In a month that has a delivery, files count only if they are newer than it: files of earlier deliveries stay in the
    bucket, and no manifest names them any more. If only the times of copying are known, they must be newer by more than
    the settle time. A delivery of another scope than the owner's says nothing about files elsewhere.
    """
    candidates = list(candidates)
    named = _named_files(candidates)
    known = _newest_deliveries(candidates, states, owner)
    settle = timedelta(hours=source.settle_hours)
    late: dict[str | None, dict[str, _Folder]] = {}  # by month and folder
    never: dict[str, str] = {}
    for name, stored in objects.items():
        names = manifests.manifest_names(source, name)
        if not names and (reason := manifests.never_loaded(source, name)):
            never[name.rpartition("/")[0]] = f"{name} is never loaded: {reason}"
        if not names or name in named or _is_of_another_export(names, objects, named):
            continue
        month = manifests.month_in(names[0])
        places = {None, *map(manifests.root_of, names)}
        is_newer = all(_is_newer(stored, known[month, place], settle) for place in places if (month, place) in known)
        if is_newer and now - stored.updated > LONG_WAIT:
            folders, folder = late.setdefault(month, {}), manifests.folder_of(name)
            one = _Folder(stored.updated, folder, names[0])
            folders[folder] = max(one, folders.get(folder, one))
    lost = [Orphan(month, _message(list(folders.values()), objects, now)) for month, folders in late.items()]
    return [*lost, *(Orphan(manifests.month_in(f"{folder}/"), message) for folder, message in never.items())]


def _is_of_another_export(names: Iterable[str], objects: Mapping[str, StoredObject], named: set[str]) -> bool:
    """Return whether a manifest is there for a file, but it is not one of this source."""
    there = [name for name in names if name in objects]
    return bool(there) and not any(name in named for name in there)


def _message(folders: list[_Folder], objects: Mapping[str, StoredObject], now: datetime) -> str:
    """Name the newest folder, and the manifest that does not exist or names other files."""
    newest = max(folders)
    waited = now - newest.updated
    others = f" The same holds for {len(folders) - 1} more folders." if len(folders) > 1 else ""
    if newest.manifest in objects:
        return f"{newest.manifest} does not name the files in {newest.name}, which came {waited} ago.{others}"
    return f"{newest.manifest} does not exist, {waited} after its data.{others}"


def _named_files(candidates: Iterable[Candidate]) -> set[str]:
    """Return the names of the manifests, and of the files that they name."""
    named: set[str] = set()
    for one in candidates:
        named.add(one.manifest.name)
        if isinstance(one, ReadableCandidate):
            named.update(file.name for file in one.export.files)
    return named


def _newest_deliveries(
    candidates: Iterable[Candidate], states: Mapping[str, MonthState], owner: str
) -> dict[tuple[str | None, str | None], _Written]:
    """Return when the newest delivery of each month was written: its manifest, or its load if that is gone.

    The place of a delivery of another scope is the path to its months. The others count everywhere: their place is
    None.
    """
    newest: dict[tuple[str | None, str | None], _Written] = {}
    for one in candidates:
        is_other = isinstance(one, ReadableCandidate) and is_other_scope(owner, one.export.scope)
        name = one.manifest.name
        key = manifests.month_in(name), manifests.root_of(name) if is_other else None
        newest[key] = max(_written(one.manifest), newest.get(key, _written(one.manifest)))
    for month, state in states.items():
        if (month, None) not in newest and state.loaded is not None:
            newest[month, None] = _Written(datetime.fromisoformat(state.loaded.ended), by_provider=False)
    return newest


def _written(stored: StoredObject) -> _Written:
    return _Written(stored.written or stored.updated, by_provider=stored.written is not None)


def _is_newer(stored: StoredObject, delivery: _Written, settle: timedelta) -> bool:
    """Return whether a file is newer than a delivery. Storage Transfer may copy older files later."""
    file = _written(stored)
    return file.time > delivery.time + (timedelta() if file.by_provider and delivery.by_provider else settle)
