"""AWS Cost and Usage Report, version 1: gzip CSV, create-new and overwrite delivery."""

import re
from datetime import date, datetime, timedelta

import msgspec

from ..config import Source
from ..errors import BillingError
from .model import (
    Column,
    DataFile,
    Export,
    Manifest,
    OtherExport,
    day_of,
    decode,
    identity,
    landed_names,
    last_day,
    whole_month,
)

_SUFFIX = "-Manifest.json"
# [path/]<first day>-<end>/[assembly/]<file>: AWS writes create-new deliveries into assembly folders
_PERIOD = re.compile(r"(?P<period>(?:.*/)?\d{8}-\d{8}/)(?:(?P<assembly>[^/]+)/)?(?P<file>[^/]+)")
_DATA = re.compile(r"-\d+\.csv\.(gz|zip)")
# Money is BIGNUMERIC: amounts have ten decimals and more.
_TYPES = {
    "String": "STRING",
    "OptionalString": "STRING",
    "BigDecimal": "BIGNUMERIC",
    "OptionalBigDecimal": "BIGNUMERIC",
    "DateTime": "TIMESTAMP",
    "Interval": "STRING",  # two timestamps with a slash between
}


class _Column(msgspec.Struct):
    category: str
    name: str
    type: str | None = None


class _Period(msgspec.Struct):
    start: str
    end: str


class _Manifest(msgspec.Struct, rename="camel"):
    assembly_id: str
    billing_period: _Period
    columns: list[_Column]
    compression: str
    content_type: str
    report_keys: list[str]


class _Name(msgspec.Struct, rename="camel"):
    report_name: str


def manifest_name(source: Source, name: str) -> str | None:
    """The manifest that decides about an object, or None for an object that is none of ours.

    The period folder's manifest is the authority, also for objects in an assembly folder: AWS writes
    the same manifest into both, and overwrites the period folder's on each refresh.
    """
    match = _PERIOD.fullmatch(name.removeprefix(source.prefix))
    if match is None:
        return None
    report, file = source.export_name, match["file"]
    if file != report + _SUFFIX and not (file.startswith(report) and _DATA.fullmatch(file.removeprefix(report))):
        return None
    return f"{source.prefix}{match['period']}{report}{_SUFFIX}"


def is_manifest(source: Source, name: str) -> bool:
    """Whether a listed object is a month's authority."""
    return manifest_name(source, name) == name


def parse(source: Source, manifest: Manifest) -> Export | OtherExport:
    """Raises BillingError with the code of what is wrong with the manifest."""
    report = decode(_Name, manifest).report_name
    if report != source.export_name:
        return OtherExport(report[:200])
    fields = decode(_Manifest, manifest)
    _check_format(fields, manifest)
    files = tuple(DataFile(name, None, None) for name in landed_names(fields.report_keys, source, manifest))
    month = _month(fields.billing_period, manifest)
    return Export(
        name=report,
        execution=identity(fields.assembly_id, "assemblyId", manifest),
        month=month,
        order_key=f"{manifest.generation:020d}",
        files=files,
        columns=tuple(_column(column) for column in fields.columns),
        names_repeat=not all(f"/{fields.assembly_id}/" in file.name for file in files),
        covers_until=None,
        rows=None,
    )


def _column(column: _Column) -> Column:
    """A type that is none of the vocabulary stays as it is spelled: whoever plans the load names it."""
    kind = column.type and _TYPES.get(column.type, column.type)
    return Column(f"{column.category}/{column.name}", kind)


def _check_format(fields: _Manifest, manifest: Manifest) -> None:
    if fields.compression.upper() == "ZIP":
        raise BillingError(
            "COMPRESSION_UNSUPPORTED",
            f"{manifest.name} has compression ZIP, which BigQuery cannot read: set the report's compression to GZIP.",
        )
    if fields.compression.upper() != "GZIP" or fields.content_type.lower() != "text/csv":
        raise BillingError(
            "FORMAT_UNSUPPORTED",
            f"{manifest.name} has contentType {fields.content_type} and compression {fields.compression};"
            " this source's FORMAT aws_cur_v1_csv wants text/csv and GZIP.",
        )


def _month(period: _Period, manifest: Manifest) -> str:
    """The end is exclusive in practice (the first of the next month); AWS's documentation shows the last day."""
    start, end = (_day(text, field, manifest) for field, text in (("start", period.start), ("end", period.end)))
    if end.day != 1 and end != last_day(start):
        raise BillingError("SPANS_MONTHS", f"{manifest.name} covers {start} to {end}: not one month.")
    return whole_month(start, end - timedelta(days=1) if end.day == 1 else end, manifest)


def _day(text: str, field: str, manifest: Manifest) -> date:
    return day_of(_time, text, f"billingPeriod.{field}", "like 20250901T000000.000Z", manifest)


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S.%f%z")
