"""Find the sources in a folder of your own exports."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from billing import manifests
from billing.errors import BillingError
from billing.formats import FORMATS
from billing.manifests import MAX_MANIFEST
from tests.demo.recognition import recognise, source_of, version_in

_SETTINGS = frozenset({"export_name", "focus_version", "format", "path", "settle_hours", "type_overrides"})
_MAX_KEY_CHARACTERS = 30


class UnusableError(Exception):
    """One sentence: why nothing can be loaded from a folder, and what to do."""


@dataclass(frozen=True)
class FoundSource:
    """One export of one format in one bucket. `settings` holds the further settings of Terraform's source."""

    key: str
    bucket: Path
    format: str
    export_name: str
    version: str = ""
    path: str = ""
    manifests: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def provider(self) -> str:
        return FORMATS[self.format].provider


def find_sources(folder: Path) -> list[FoundSource]:
    """Return the sources of every folder in it.

    Raises UnusableError if one of the folders has no export that is recognised or that its settings name.
    """
    if not folder.is_dir():
        raise UnusableError(
            f"{folder} is not a folder: set EXPORTS to a folder that holds one folder per bucket or container."
        )
    buckets = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if not buckets:
        raise UnusableError(f"{folder} holds no folder: add one per bucket or container.")
    taken: set[str] = set()
    return [_with_key(source, taken) for bucket in buckets for source in sources_in(bucket, _settings(bucket))]


def sources_in(bucket: Path, settings: Mapping[str, Any]) -> list[FoundSource]:
    """Return a source for every export that the settings do not exclude."""
    wanted = {name: settings[name] for name in ("format", "export_name") if name in settings}
    further = {name: value for name, value in settings.items() if name in ("settle_hours", "type_overrides")}
    rejections: list[str] = []
    versions: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, data in _json_files(bucket):
        known = recognise(bucket, name, data)
        if isinstance(known, BillingError):
            rejections.append(str(known))
        elif known is not None and wanted.items() <= {"format": known[0], "export_name": known[1]}.items():
            versions[known].append(version_in(known[0], data))
    if len(wanted) == 2 and not versions:
        versions[wanted["format"], wanted["export_name"]] = []
    if not versions:
        raise UnusableError(_nothing_found(bucket, wanted, rejections))
    alone = len(versions) == 1
    return [
        FoundSource(
            key=bucket.name if alone else f"{bucket.name} {export_name}",
            bucket=bucket,
            format=format_name,
            export_name=export_name,
            version=_table_version(format_name, settings, found),
            path=settings.get("path", ""),
            manifests=len(found),
            settings=further,
        )
        for (format_name, export_name), found in sorted(versions.items())
    ]


def _json_files(bucket: Path) -> list[tuple[str, bytes]]:
    """Return the name in the bucket and the content of every JSON file of at most a manifest's size."""
    files = (path for path in sorted(bucket.rglob("*.json")) if path.is_file() and path.stat().st_size <= MAX_MANIFEST)
    return [(path.relative_to(bucket).as_posix(), path.read_bytes()) for path in files]


def _table_version(format_name: str, settings: Mapping[str, Any], found: Sequence[str]) -> str:
    """Return the version that the table is created for. Loads add the columns of other versions."""
    versions = FORMATS[format_name].versions
    default = next((version for version in versions if version in found), versions[-1] if versions else "")
    return str(settings.get("focus_version", default))


def _nothing_found(bucket: Path, wanted: Mapping[str, str], rejections: Sequence[str]) -> str:
    files = [path.relative_to(bucket).as_posix() for path in bucket.rglob("*") if path.is_file()]
    searched = f"{len(files)} files searched for a manifest of {', '.join(FORMATS)}"
    if wanted:
        searched = f"{searched} with {', '.join(f'{name} = {value}' for name, value in wanted.items())}"
    reasons = {manifests.never_loaded(source_of(one, "?"), name) for one in FORMATS for name in files}
    why = " ".join([*rejections[:3], *(f"Its files say that {reason}" for reason in sorted(filter(None, reasons)))])
    return (
        f"{bucket} holds no export that is recognised ({searched}). {why}".rstrip()
        + f"\nTo name the export yourself, write format and export_name into {bucket.name}.toml beside the folder."
    )


def _settings(bucket: Path) -> Mapping[str, Any]:
    file = bucket.with_name(f"{bucket.name}.toml")
    if not file.is_file():
        return {}
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableError(f"{file} is not valid TOML: {error}.") from error
    for name in sorted(settings.keys() - _SETTINGS):
        raise UnusableError(f"{file} has the unknown setting {name}: use {', '.join(sorted(_SETTINGS))}.")
    if "format" in settings and settings["format"] not in FORMATS:
        raise UnusableError(f"{file} has the unknown format {settings['format']}: use one of {', '.join(FORMATS)}.")
    return settings


def _with_key(source: FoundSource, taken: set[str]) -> FoundSource:
    """Replace the key by a unique one that Terraform and BigQuery accept: lower case, digits, single underscores."""
    plain = re.sub(r"[^a-z0-9]+", "_", source.key.lower()).strip("_")
    plain = plain if plain[:1].isalpha() else f"source_{plain}".rstrip("_")
    plain = plain[:_MAX_KEY_CHARACTERS].rstrip("_")
    numbered = (f"{plain[: _MAX_KEY_CHARACTERS - 3].rstrip('_')}_{number}" for number in range(2, 99))
    key = plain if plain not in taken else next(one for one in numbered if one not in taken)
    taken.add(key)
    return replace(source, key=key)
