"""What a folder of somebody's own exports holds: its sources, recognised by the formats' own parsers."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from billing import manifests
from billing.columns.csv_header import csv_header
from billing.columns.header import NeedMore
from billing.columns.names import csv_rules
from billing.columns.parquet_footer import parquet_header
from billing.errors import BillingError
from billing.formats import FORMATS, Format
from billing.manifests import MAX_MANIFEST, Column, Export, Manifest, OtherExport
from billing.settings import Source

_SETTINGS = frozenset({"export_name", "focus_version", "format", "path", "settle_hours", "type_overrides"})
_HEADER_BYTES = 8 * 2**20
# Says nothing of whether the format is meant: another format's parser may take the manifest.
_NOT_ITS_OWN = ("FORMAT_UNSUPPORTED", "LEGACY_MANIFEST", "MANIFEST_INVALID", "MANIFEST_NOT_JSON")
_LONGEST_KEY = 30


class UnusableError(Exception):
    """A sentence about a folder that nothing can be loaded from."""


@dataclass(frozen=True)
class FoundSource:
    """One export of one format in one bucket; `settings` are those of Terraform's source that are not told here."""

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
    """Raises UnusableError: every folder in it must hold an export that is recognised, or that its file names."""
    if not folder.is_dir():
        raise UnusableError(
            f"{folder} is no folder: EXPORTS names one that holds a folder for each bucket or container."
        )
    buckets = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if not buckets:
        raise UnusableError(f"{folder} is empty: it must hold a folder for each bucket or container.")
    taken: set[str] = set()
    return [_keyed(source, taken) for bucket in buckets for source in sources_in(bucket, _settings(bucket))]


def sources_in(bucket: Path, settings: Mapping[str, Any]) -> list[FoundSource]:
    """Every export in it that its settings do not leave out, each a source of its own."""
    wanted = {name: settings[name] for name in ("format", "export_name") if name in settings}
    more = {name: value for name, value in settings.items() if name in ("settle_hours", "type_overrides")}
    manifests = _manifests(bucket)
    refusals: list[str] = []
    versions: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, data in manifests:
        known = recognise(bucket, name, data)
        if isinstance(known, BillingError):
            refusals.append(str(known))
        elif known is not None and wanted.items() <= {"format": known[0], "export_name": known[1]}.items():
            versions[known].append(_version(known[0], data))
    if len(wanted) == 2 and not versions:
        versions[wanted["format"], wanted["export_name"]] = []
    if not versions:
        raise UnusableError(_nothing_found(bucket, wanted, refusals))
    alone = len(versions) == 1
    return [
        FoundSource(
            key=bucket.name if alone else f"{bucket.name} {export_name}",
            bucket=bucket,
            format=format_name,
            export_name=export_name,
            version=_chosen_version(format_name, settings, seen),
            path=settings.get("path", ""),
            manifests=len(seen),
            settings=more,
        )
        for (format_name, export_name), seen in sorted(versions.items())
    ]


def recognise(bucket: Path, name: str, data: bytes) -> tuple[str, str] | BillingError | None:
    """Format and export of a manifest, by the first parser that takes it; why none does; or None for no manifest."""
    refusal: BillingError | None = None
    for format_name in FORMATS:
        for export_name in ("?", *_texts(data), *_beginnings(name)):
            if not manifests.is_manifest(_source(format_name, export_name), name):
                continue
            try:
                parsed = _parsed(format_name, export_name, Manifest(name, 1, data), bucket)
            except BillingError as exc:
                refusal = exc
                break
            if parsed is not None:
                return format_name, parsed
    return refusal


def _parsed(format_name: str, export_name: str, manifest: Manifest, bucket: Path) -> str | None:
    """The export's name if the format's parser takes the manifest for its own, be it to refuse what it says."""
    try:
        parsed = manifests.parse(_source(format_name, export_name), manifest)
    except BillingError as exc:
        if exc.code in _NOT_ITS_OWN:
            raise
        return export_name
    if isinstance(parsed, OtherExport):  # the name was a guess, and the manifest says the right one
        return None if parsed.name == export_name else _parsed(format_name, parsed.name, manifest, bucket)
    return parsed.name if isinstance(parsed, Export) and _has_months(format_name, parsed, bucket) else None


def _has_months(format_name: str, export: Export, bucket: Path) -> bool:
    """Whether the column of the month is among the export's: one parser may serve several formats."""
    shape = FORMATS[format_name]
    names = [column.name for column in export.columns or _header(shape, bucket, export)]
    if shape.file_format == "CSV":
        rules = csv_rules(shape)
        names = [rules.name(source) for source in rules.sources(names)]
    return not names or shape.partition in names


def _header(shape: Format, bucket: Path, export: Export) -> tuple[Column, ...]:
    """Of the first file, for a manifest that names no columns; none where it is not there or cannot be read."""
    file = bucket / export.files[0].name if export.files else bucket
    if not file.is_file():
        return ()
    size = file.stat().st_size
    with file.open("rb") as opened:
        if shape.file_format == "PARQUET":
            opened.seek(max(size - _HEADER_BYTES, 0))
        content = opened.read(_HEADER_BYTES)
    try:
        if shape.file_format == "PARQUET":
            return parquet_header(content, file.name, size=size).columns
        return csv_header(content, file.name, complete=size <= _HEADER_BYTES).columns
    except (BillingError, NeedMore):
        return ()


def _beginnings(name: str) -> Iterator[str]:
    """An export's name may stand in its manifest's file name only, before one of the dashes."""
    parts = name.rpartition("/")[2].split("-")
    yield from ("-".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))


def _texts(data: bytes) -> Iterator[str]:
    """Whatever in a manifest may be an export's name."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return
    waiting = [tree]
    while waiting:
        leaf = waiting.pop()
        if isinstance(leaf, dict):
            waiting += leaf.values()
        elif isinstance(leaf, list):
            waiting += leaf
        elif isinstance(leaf, str) and 0 < len(leaf) <= 200 and "/" not in leaf:
            yield leaf


def _manifests(bucket: Path) -> list[tuple[str, bytes]]:
    """Every JSON file that is no larger than a manifest may be, by its name in the bucket."""
    files = (path for path in sorted(bucket.rglob("*.json")) if path.is_file() and path.stat().st_size <= MAX_MANIFEST)
    return [(path.relative_to(bucket).as_posix(), path.read_bytes()) for path in files]


def _source(format_name: str, export_name: str) -> Source:
    return Source("demo", "bucket", "", "", format_name, export_name, "project", "dataset", "table", {}, 0)


def _version(format_name: str, data: bytes) -> str:
    """The one that the manifest names, where the format has versions."""
    texts = set(_texts(data))
    return next((version for version in FORMATS[format_name].versions if version in texts), "")


def _chosen_version(format_name: str, settings: Mapping[str, Any], seen: Sequence[str]) -> str:
    """What the table is made for; loads add the columns of other versions."""
    versions = FORMATS[format_name].versions
    default = next((version for version in versions if version in seen), versions[-1] if versions else "")
    return str(settings.get("focus_version", default))


def _nothing_found(bucket: Path, wanted: Mapping[str, str], refusals: Sequence[str]) -> str:
    files = [path.relative_to(bucket).as_posix() for path in bucket.rglob("*") if path.is_file()]
    looked_for = f"looked in {len(files)} files for a manifest of {', '.join(FORMATS)}"
    if wanted:
        looked_for = f"{looked_for} with {', '.join(f'{name} = {value}' for name, value in wanted.items())}"
    reasons = {manifests.never_loaded(_source(one, "?"), name) for one in FORMATS for name in files}
    why = " ".join([*refusals[:3], *(f"Its files say that {reason}" for reason in sorted(filter(None, reasons)))])
    return (
        f"{bucket}: no export is recognised; {looked_for}. {why}".rstrip()
        + f"\nA file {bucket.name}.toml beside the folder may name format and export_name."
    )


def _settings(bucket: Path) -> Mapping[str, Any]:
    file = bucket.with_name(f"{bucket.name}.toml")
    if not file.is_file():
        return {}
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UnusableError(f"{file} is no TOML: {exc}.") from exc
    unknown = sorted(settings.keys() - _SETTINGS)
    if unknown:
        raise UnusableError(f"{file} has {unknown[0]}, which is none of {', '.join(sorted(_SETTINGS))}.")
    if settings.get("format", next(iter(FORMATS))) not in FORMATS:
        raise UnusableError(f"{file}: format must be one of {', '.join(FORMATS)}, but is {settings['format']}.")
    return settings


def _keyed(source: FoundSource, taken: set[str]) -> FoundSource:
    """Under a key that Terraform and BigQuery take: lower case, digits and single underscores, and no other's."""
    plain = re.sub(r"[^a-z0-9]+", "_", source.key.lower()).strip("_")
    plain = plain if plain[:1].isalpha() else f"source_{plain}".rstrip("_")
    plain = plain[:_LONGEST_KEY].rstrip("_")
    numbered = (f"{plain[: _LONGEST_KEY - 3].rstrip('_')}_{number}" for number in range(2, 99))
    key = plain if plain not in taken else next(one for one in numbered if one not in taken)
    taken.add(key)
    return replace(source, key=key)
