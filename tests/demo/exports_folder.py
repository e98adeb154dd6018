"""Find the sources in a folder of your own exports."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from billing import manifests
from billing.errors import BillingError
from billing.formats import FORMATS
from billing.manifests import MAX_MANIFEST
from billing.settings import Source
from tests.demo.folder_settings import UnusableError, product_source, read_folder_settings
from tests.demo.recognition import Recognised, recognise, source_of
from tests.emulator.terraform_provider.transfers import names_in

_MAX_KEY_CHARACTERS = 30


@dataclass(frozen=True)
class FoundSource:
    """One export of one format and scope in one folder. `settings` holds the further settings of Terraform's source."""

    source: Source  # as the functions would read it
    bucket: Path
    version: str = ""
    manifests: int = 0
    scope: str = ""  # account or subscription, or '' if no manifest names it
    settings: Mapping[str, Any] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()  # names of objects that belong to another source of this export name

    @property
    def key(self) -> str:
        return self.source.table

    @property
    def provider(self) -> str:
        return self.source.format.provider

    @property
    def name(self) -> str:
        """Return the key as the log and billing_status show it: Terraform puts the provider before it."""
        return f"{self.provider}_{self.key}"

    def own_names(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if name not in self.left_out]

    def needed_names(self, names: Sequence[str]) -> list[str]:
        """Return what the loader looks at. A copy of the other files would only take time and space."""
        removed = self.source.source_path
        landed = {name: name.removeprefix(removed) for name in self.own_names(names) if name.startswith(removed)}
        return [
            name
            for name, at in landed.items()
            if manifests.manifest_names(self.source, at) or manifests.never_loaded(self.source, at)
        ]


@dataclass(frozen=True)
class FoundExports:
    """The sources of all folders. `problems` says what is not loaded and why. A note is about something else."""

    sources: Sequence[FoundSource]
    problems: Sequence[str]
    notes: Sequence[str] = ()


def find_exports(folder: Path) -> FoundExports:
    """Return the sources of every folder in it. A folder that is not recognised does not stop the others.

    Raises UnusableError if there is no folder.
    """
    if not folder.is_dir():
        raise UnusableError(
            f"{folder} is not a folder: set EXPORTS to a folder that holds one folder per bucket or container."
        )
    buckets = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if not buckets:
        raise UnusableError(f"{folder} holds no folder: add one per bucket or container.")
    sources, problems, notes = list[FoundSource](), list[str](), list[str]()
    for bucket in buckets:
        try:
            found = _exports_in(bucket, read_folder_settings(bucket), {source.key for source in sources})
        except UnusableError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{error.filename} cannot be read: {error.strerror}.")
        else:
            sources += found.sources
            problems += found.problems
            notes += found.notes
    return FoundExports(sources, problems, notes)


def _exports_in(bucket: Path, settings: Mapping[str, Any], taken: set[str]) -> FoundExports:
    """Return a source for every export and scope that the settings do not exclude."""
    wanted = {name: settings[name] for name in ("format", "export_name") if name in settings}
    answers = [recognise(bucket, name, data) for name, data in _json_files(bucket)]
    rejections = [one for one in answers if isinstance(one, BillingError)]
    groups: dict[tuple[str, str, str], list[Recognised]] = defaultdict(list)
    for one in _with_scopes([one for one in answers if isinstance(one, Recognised)]):
        if wanted.items() <= {"format": one.format, "export_name": one.export_name}.items():
            groups[one.format, one.export_name, one.scope].append(one)
    if len(wanted) == 2 and not groups:
        groups[wanted["format"], wanted["export_name"], ""] = []
    if not groups:
        raise UnusableError(_nothing_found(bucket, wanted, [str(one) for one in rejections]))
    sources, problems = list[FoundSource](), list[str]()
    for group in sorted(groups):
        try:
            source = _found_source(bucket, settings, group, groups, taken)
        except UnusableError as error:
            problems.append(str(error))
        else:
            taken.add(source.key)
            sources.append(source)
    problems += [f"{bucket.name}: {one}" for one in rejections if one.code != "FORMAT_UNSUPPORTED"]
    notes = [f"{bucket.name}: {one.message}" for one in rejections if one.code == "FORMAT_UNSUPPORTED"]
    return FoundExports(sources, problems, [*notes, *_about_scopes(bucket, groups)])


def _about_scopes(bucket: Path, groups: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    for (_, export_name), number in Counter(group[:2] for group in groups).items():
        if number > 1:
            found = f"{number} accounts or scopes use the export name {export_name}, and each is a source here"
            yield f"{bucket.name}: {found}. In Terraform, add a source for each, and give each its own path."


def _with_scopes(found: Sequence[Recognised]) -> Iterator[Recognised]:
    """Give a manifest of unknown scope to the only scope of its export, if there is only one.

    Without a scope in common, they would be two sources.
    """
    scopes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in found:
        scopes[one.format, one.export_name] |= {one.scope} - {""}
    for one in found:
        known = scopes[one.format, one.export_name]
        only = next(iter(known)) if len(known) == 1 else one.scope
        yield Recognised(one.manifest, one.format, one.export_name, one.scope or only, one.files, one.version)


def _found_source(
    bucket: Path,
    settings: Mapping[str, Any],
    group: tuple[str, str, str],
    groups: Mapping[tuple[str, str, str], Sequence[Recognised]],
    taken: set[str],
) -> FoundSource:
    format_name, export_name, scope = group
    siblings = [other for other in groups if other[:2] == group[:2] and other != group]
    exports = {other[:2] for other in groups}
    words = [bucket.name, *([export_name] if len(exports) > 1 else []), *([_last_word(scope)] if siblings else [])]
    path = settings.get("path", "")
    further = {name: value for name, value in settings.items() if name in ("settle_hours", "type_overrides")}
    key = _unique_key(" ".join(words), taken)
    source = product_source(key, format_name, export_name, path, further, bucket)
    return FoundSource(
        source=source,
        bucket=bucket,
        version=_table_version(bucket, format_name, settings, [one.version for one in groups[group]]),
        manifests=len(groups[group]),
        scope=scope,
        settings={
            **({"settle_hours": source.settle_hours} if "settle_hours" in further else {}),
            **({"type_overrides": dict(source.type_overrides)} if "type_overrides" in further else {}),
        },
        left_out=_names_of([one for other in siblings for one in groups[other]], groups[group], bucket),
    )


def _last_word(scope: str) -> str:
    """Return the part of a scope like `account 123456789012` that tells it from others."""
    return re.split(r"[ /]", scope.rstrip("/"))[-1][:12]


def _names_of(others: Sequence[Recognised], own: Sequence[Recognised], bucket: Path) -> frozenset[str]:
    """Return the objects that belong to other sources of this format and export name, and not to this one."""
    if not others:
        return frozenset()
    source = source_of(others[0].format, others[0].export_name)
    theirs, ours = ({one.manifest for one in group} for group in (others, own))
    named = {name for one in others for name in one.files}
    return frozenset(
        name
        for name in names_in(bucket)
        for deciding in [set(manifests.manifest_names(source, name))]
        if not deciding & ours and (name in named or deciding & theirs)
    )


def _json_files(bucket: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name in the bucket and the content of every JSON file of at most a manifest's size."""
    for path in sorted(bucket.rglob("*.json")):
        if path.is_file() and path.stat().st_size <= MAX_MANIFEST:
            yield path.relative_to(bucket).as_posix(), path.read_bytes()


def _table_version(bucket: Path, format_name: str, settings: Mapping[str, Any], found: Sequence[str]) -> str:
    """Return the version that the table is created for. Loads add the columns of other versions."""
    versions = FORMATS[format_name].versions
    default = next((version for version in versions if version in found), versions[-1] if versions else "")
    chosen = str(settings.get("focus_version", default))
    if chosen not in (versions or ("",)):
        known = f"use one of {', '.join(versions)}" if versions else f"remove it, because {format_name} has no versions"
        raise UnusableError(f"{bucket}.toml has focus_version {chosen}: {known}.")
    return chosen


def _nothing_found(bucket: Path, wanted: Mapping[str, str], rejections: Sequence[str]) -> str:
    files = [path.relative_to(bucket).as_posix() for path in bucket.rglob("*") if path.is_file()]
    searched = f"{len(files)} files searched for a manifest of {', '.join(FORMATS)}"
    if wanted:
        searched = f"{searched} with {', '.join(f'{name} = {value}' for name, value in wanted.items())}"
    reasons = {manifests.never_loaded(source_of(one, "?"), name) for one in FORMATS for name in files}
    why = " ".join([*rejections, *(f"Its files say that {reason}" for reason in sorted(filter(None, reasons)))])
    fix = f"To name the export yourself, write format and export_name into {bucket.name}.toml beside the folder."
    if not any(name.lower().endswith("manifest.json") for name in files):
        fix = "It has no manifest: copy it too (Azure: manifest.json, AWS: a name that ends in -Manifest.json)."
    return f"{bucket} holds no export that is recognised ({searched}). {why}".rstrip() + f"\n{fix}"


def _unique_key(text: str, taken: set[str]) -> str:
    """Return a key that Terraform and BigQuery accept: lower case, digits, single underscores."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    plain = plain if plain[:1].isalpha() else f"source_{plain}".rstrip("_")
    plain = plain[:_MAX_KEY_CHARACTERS].rstrip("_")
    numbered = (f"{plain[: _MAX_KEY_CHARACTERS - 3].rstrip('_')}_{number}" for number in range(2, 99))
    return plain if plain not in taken else next(one for one in numbered if one not in taken)
