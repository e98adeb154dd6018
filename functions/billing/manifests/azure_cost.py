"""Parse manifests of Azure Cost Management exports (manifest version 2024-04-01).

The format of the source says which type of export its manifests must have: FOCUS, actual or amortized cost.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec

from billing.errors import BillingError
from billing.formats import FORMATS
from billing.manifests.model import (
    DataFile,
    Export,
    Manifest,
    OtherExport,
    checked_id,
    day_of,
    decode,
    landed_names,
    whole_month,
)
from billing.settings import Source

_MANIFEST = "manifest.json"
_DATA_FILE = re.compile(r"part_\d+_\d+\.(snappy\.parquet|parquet|csv|csv\.gz)")
_CLASSIC_FILE = re.compile(
    r"\d{8}-\d{8}/(\d{12}/)?[^/]+_[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\.csv(\.gz)?$"
)
_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|\+00:00)?", re.ASCII)
_MAX_SCOPE_CHARACTERS = 500
_Count = Annotated[int, msgspec.Meta(ge=0)]


class _Blob(msgspec.Struct, rename="camel"):
    blob_name: str
    byte_count: _Count | None = None
    data_row_count: _Count | None = None


class _Config(msgspec.Struct, rename="camel"):
    export_name: str
    type: str
    resource_id: str | None = None


class _Delivery(msgspec.Struct, rename="camel"):
    file_format: str
    compression_mode: str | None = None


class _Run(msgspec.Struct, rename="camel"):
    submitted_time: str
    run_id: str
    start_date: str
    end_date: str


class _Manifest(msgspec.Struct, rename="camel"):
    export_config: _Config
    delivery_config: _Delivery
    run_info: _Run
    blobs: list[_Blob]
    data_row_count: _Count | None = None


class _Outline(msgspec.Struct, rename="camel"):
    """The fields that say which export a manifest belongs to. A manifest of API version 2021 lacks them."""

    manifest_version: str | None = None
    export_config: _Config | None = None


def manifest_names(source: Source, name: str) -> tuple[str, ...]:
    """Return the manifest in the folder of a data file. Paths differ between API versions, so they are not parsed."""
    folder, slash, file = name.removeprefix(source.prefix).rpartition("/")
    if not slash or not (file == _MANIFEST or _DATA_FILE.fullmatch(file)):
        return ()
    return (f"{source.prefix}{folder}/{_MANIFEST}",)


def never_loaded(name: str) -> str | None:
    """Return why a file of a classic export never gets a manifest, or None for another object."""
    if not _CLASSIC_FILE.search(name):
        return None
    return "a classic export writes no manifest: in Cost Management, create an export with file partitioning on."


def parse(source: Source, manifest: Manifest) -> Export | OtherExport:
    """Parse a manifest.

    Raises BillingError: the REJECT code of what is wrong with it.
    """
    outline = decode(_Outline, manifest)
    if outline.export_config is None:
        raise BillingError(
            "LEGACY_MANIFEST",
            f"{manifest.name} (version {outline.manifest_version}) has no exportConfig: recreate the export"
            " in Cost Management so that it writes manifests of version 2024-04-01.",
        )
    if outline.export_config.export_name.lower() != source.export_name.lower():
        return OtherExport(outline.export_config.export_name[:200])
    fields = decode(_Manifest, manifest)
    _check_format(fields, source, manifest)
    names = landed_names([blob.blob_name for blob in fields.blobs], source, manifest)
    start = _day(fields.run_info.start_date, "startDate", manifest)
    end = _day(fields.run_info.end_date, "endDate", manifest)
    submitted = _submitted(fields.run_info.submitted_time, manifest)
    return Export(
        name=fields.export_config.export_name,
        execution=checked_id(fields.run_info.run_id, "runInfo.runId", manifest),
        month=whole_month(start, end, manifest),
        order_key=f"{submitted}/{fields.run_info.run_id}",
        files=tuple(
            DataFile(name, blob.byte_count, blob.data_row_count) for name, blob in zip(names, fields.blobs, strict=True)
        ),
        columns=(),
        overwrites=False,
        covers_until=min(end.isoformat(), submitted[:10]),
        rows=_rows(fields),
        submitted=datetime.fromisoformat(submitted[:19]).replace(tzinfo=UTC),
        scope=_scope(fields.export_config.resource_id),
    )


def _scope(resource_id: str | None) -> str:
    """Return what the export covers, like `scope /subscriptions/<id>`, or '' if unknown. Azure ids ignore case."""
    scope = (resource_id or "").lower().partition("/providers/microsoft.costmanagement/")[0]
    return f"scope {scope}" if scope and scope.isprintable() and len(scope) <= _MAX_SCOPE_CHARACTERS else ""


def _check_format(fields: _Manifest, source: Source, manifest: Manifest) -> None:
    kind, delivery, wanted = fields.export_config.type, fields.delivery_config, source.format
    found = (kind.lower(), delivery.file_format.lower())
    if found != (wanted.kind.lower(), wanted.file_format.lower()):
        raise BillingError(
            "FORMAT_UNSUPPORTED",
            f"{manifest.name} is a {kind} export as {delivery.file_format}; FORMAT {source.format_name} of this source"
            f" needs {wanted.kind} as {wanted.file_format.capitalize()}: {_fix_for(*found)}",
        )
    if (delivery.compression_mode or "").lower() == "zip":
        raise BillingError(
            "COMPRESSION_UNSUPPORTED",
            f"{manifest.name} has compression ZIP, which BigQuery cannot read:"
            " in Cost Management, set the export's compression to Gzip.",
        )


def _fix_for(kind: str, file_format: str) -> str:
    """Return which FORMAT fits such an export, or which export to create in Cost Management."""
    for name, one in FORMATS.items():
        if one.kind and (one.kind.lower(), one.file_format.lower()) == (kind, file_format):
            return f"set FORMAT {name} and another table, or create an export of that type in Cost Management."
    return (
        "this type or file format is not supported. In Cost Management, create an export of cost and usage details"
        " (FOCUS, actual or amortized) as CSV or Parquet."
    )


def _rows(fields: _Manifest) -> int | None:
    counts = [blob.data_row_count for blob in fields.blobs]
    if counts and None not in counts:
        return sum(count for count in counts if count is not None)
    return fields.data_row_count


def _day(text: str, field: str, manifest: Manifest) -> date:
    """Return a day. One export spells its dates in three ways: with Z, with +00:00 and with neither."""
    return day_of(datetime.fromisoformat, text, f"runInfo.{field}", "a date", manifest)


def _submitted(text: str, manifest: Manifest) -> str:
    """Return the submitted time with seven decimals of a second, so that two times compare as text."""
    day_of(_utc, text, "runInfo.submittedTime", "a UTC time", manifest)
    seconds, _, fraction = text.removesuffix("Z").removesuffix("+00:00").partition(".")
    return f"{seconds}.{fraction:0<7}Z"


def _utc(text: str) -> datetime:
    if _UTC_TIME.fullmatch(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text)
