"""Recognise the format and the export of a manifest by the parsers of the product."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from billing import manifests
from billing.columns.csv_header import csv_header
from billing.columns.header import NeedMore
from billing.columns.load_schema import missing_columns
from billing.columns.names import csv_rules
from billing.columns.parquet_footer import parquet_header
from billing.errors import BillingError
from billing.formats import FORMATS, Format
from billing.manifests import Column, Export, Manifest, OtherExport
from billing.settings import Source

_HEADER_BYTES = 8 * 2**20
# With these codes another format may still accept the manifest. The later ones came closer to accepting it.
_OTHER_FORMAT_CODES = (
    "MANIFEST_NOT_JSON",
    "MANIFEST_INVALID",
    "LEGACY_MANIFEST",
    "FORMAT_UNSUPPORTED",
    "MISSING_COLUMN",
)


@dataclass(frozen=True)
class Recognised:
    """A manifest, and the export that it belongs to. Scope and files are empty if the delivery is rejected."""

    manifest: str
    format: str
    export_name: str
    scope: str = ""
    files: tuple[str, ...] = ()
    version: str = ""


def recognise(bucket: Path, name: str, data: bytes) -> Recognised | BillingError | None:
    """Return what the first parser says that accepts the manifest.

    If no parser does, return the rejection of the one that came closest, and None if the file is not a manifest.
    """
    rejections: list[BillingError] = []
    for format_name in FORMATS:
        for export_name in ("?", *_texts(data), *_names_in_path(name)):
            if not manifests.is_manifest(source_of(format_name, export_name), name):
                continue
            try:
                found = _read(format_name, export_name, Manifest(name, 1, data), bucket)
            except BillingError as error:
                rejections.append(error)
                break
            if found is not None:
                return found
    return max(rejections, key=lambda error: _OTHER_FORMAT_CODES.index(error.code), default=None)


def source_of(format_name: str, export_name: str) -> Source:
    return Source("demo", "bucket", "", "", format_name, export_name, "project", "dataset", "table", {}, 0)


def _version_in(format_name: str, data: bytes) -> str:
    """Return the version of the format that the manifest names, or ''."""
    texts = set(_texts(data))
    return next((version for version in FORMATS[format_name].versions if version in texts), "")


def _read(format_name: str, export_name: str, manifest: Manifest, bucket: Path) -> Recognised | None:
    """Return what this format's parser recognises, even if it rejects the delivery."""
    version = _version_in(format_name, manifest.data)
    try:
        parsed = manifests.parse(source_of(format_name, export_name), manifest)
    except BillingError as error:
        if error.code in _OTHER_FORMAT_CODES:
            raise
        return Recognised(manifest.name, format_name, export_name, version=version)
    if isinstance(parsed, OtherExport):  # `export_name` was a guess: the manifest says the right one
        return None if parsed.name == export_name else _read(format_name, parsed.name, manifest, bucket)
    _check_columns(format_name, parsed, bucket)
    files = tuple(file.name for file in parsed.files)
    return Recognised(manifest.name, format_name, parsed.name, parsed.scope, files, version)


def _check_columns(format_name: str, export: Export, bucket: Path) -> None:
    """Check the columns too, because one parser serves several formats."""
    shape = FORMATS[format_name]
    names = [column.name for column in export.columns or _header(shape, bucket, export)]
    if shape.file_format == "CSV":
        rules = csv_rules(shape)
        names = [rules.name(source) for source in rules.sources(names)]
    if names and not {shape.partition, shape.cost} & set(names):
        raise missing_columns([file.name for file in export.files], [shape.partition, shape.cost], shape)


def _header(shape: Format, bucket: Path, export: Export) -> tuple[Column, ...]:
    """Read the columns of the first file. Return () if it is missing or unreadable."""
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


def _names_in_path(name: str) -> Iterator[str]:
    """Yield what comes before each dash of the file name, then each folder: some exports are named only there."""
    *folders, file = name.split("/")
    parts = file.split("-")
    yield from ("-".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
    yield from filter(None, reversed(folders))


def _texts(data: bytes) -> Iterator[str]:
    """Yield every text in the manifest that may be an export's name."""
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
