"""AWS Cost and Usage Report, version 1: gzip CSV and Parquet, create-new, overwrite and Athena delivery."""

import re
from datetime import date, datetime, timedelta

import msgspec

from billing.errors import BillingError
from billing.manifests.model import (
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
from billing.settings import Source

_SUFFIX = "-Manifest.json"
# [path/]<first day>-<end>/[assembly/]<file>: AWS writes create-new deliveries into assembly folders
_PERIOD = re.compile(r"(?P<period>(?:.*/)?\d{8}-\d{8}/)(?:(?P<assembly>[^/]+)/)?(?P<file>[^/]+)")
# [path/]<report>/<report>/year=2025/month=9/<file>: where Athena is to read the report
_ATHENA = re.compile(
    r"(?P<path>(?:.*/)?)(?P<report>[^/]+)/year=(?P<year>20\d\d)/month=(?P<month>\d{1,2})/(?P<file>[^/]+)", re.ASCII
)
_DATA = re.compile(r"-\d+\.(csv\.gz|csv\.zip|snappy\.parquet)")
# CSV's vocabulary, then Parquet's. Money in CSV is BIGNUMERIC: amounts have ten decimals and more.
_TYPES = {
    "String": "STRING",
    "OptionalString": "STRING",
    "BigDecimal": "BIGNUMERIC",
    "OptionalBigDecimal": "BIGNUMERIC",
    "DateTime": "TIMESTAMP",
    "Interval": "STRING",  # two timestamps with a slash between
    "STRING": "STRING",
    "DOUBLE": "FLOAT",
    "TIMESTAMP": "TIMESTAMP",
}
# contentType and compression of a manifest, and what to choose at AWS
_FILE_FORMATS = {
    "CSV": (("text/csv", "GZIP"), "the report's compression to GZIP"),
    "PARQUET": (("Parquet", "Parquet"), "the report's compression to Parquet"),
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


def manifest_names(source: Source, name: str) -> tuple[str, ...]:
    """The manifests that may decide about an object; none for an object that is none of ours.

    The period folder's manifest is the authority, also for objects in an assembly folder: AWS writes
    the same manifest into both, and overwrites the period folder's on each refresh. With Athena's layout, reports
    were seen with it in the period folder, and documented with it beside the data.
    """
    path = name.removeprefix(source.prefix)
    athena = _ATHENA.fullmatch(path)
    if athena is not None:
        return _athena_manifests(source, name, athena)
    match = _PERIOD.fullmatch(path)
    if match is None or not _is_ours(match["file"], source):
        return ()
    return (f"{source.prefix}{match['period']}{source.export_name}{_SUFFIX}",)


def _athena_manifests(source: Source, name: str, match: re.Match[str]) -> tuple[str, ...]:
    month = int(match["month"])
    if match["report"] != source.export_name or not _is_ours(match["file"], source) or not 1 <= month <= 12:
        return ()
    file = source.export_name + _SUFFIX
    if match["file"] == file:
        return (name,)
    start = date(int(match["year"]), month, 1)
    end = last_day(start) + timedelta(days=1)
    return (f"{source.prefix}{match['path']}{start:%Y%m%d}-{end:%Y%m%d}/{file}", f"{name.rpartition('/')[0]}/{file}")


def _is_ours(file: str, source: Source) -> bool:
    rest = file.removeprefix(source.export_name)
    return rest != file and (rest == _SUFFIX or _DATA.fullmatch(rest) is not None)


def parse(source: Source, manifest: Manifest) -> Export | OtherExport:
    """Raises BillingError with the code of what is wrong with the manifest."""
    report = decode(_Name, manifest).report_name
    if report != source.export_name:
        return OtherExport(report[:200])
    fields = decode(_Manifest, manifest)
    _check_format(fields, source, manifest)
    files = tuple(DataFile(name, None, None) for name in landed_names(fields.report_keys, source, manifest))
    month = _month(fields.billing_period, manifest)
    return Export(
        name=report,
        execution=identity(fields.assembly_id, "assemblyId", manifest),
        month=month,
        order_key=f"{manifest.generation:020d}",
        files=files,
        columns=tuple(_column(column, source) for column in fields.columns),
        overwrites=not all(f"/{fields.assembly_id}/" in file.name for file in files),
        covers_until=None,
        rows=None,
    )


def _column(column: _Column, source: Source) -> Column:
    """A type that is none of the vocabulary stays as it is spelled: whoever plans the load names it.

    Of Parquet the manifest has the columns' final names, of CSV the two halves of the header's.
    """
    kind = column.type and _TYPES.get(column.type, column.type)
    is_final = source.format.file_format == "PARQUET"
    return Column(column.name if is_final else f"{column.category}/{column.name}", kind)


def _check_format(fields: _Manifest, source: Source, manifest: Manifest) -> None:
    wanted, setting = _FILE_FORMATS[source.format.file_format]
    if fields.compression.lower() == "zip":
        raise BillingError(
            "COMPRESSION_UNSUPPORTED",
            f"{manifest.name} has compression ZIP, which BigQuery cannot read: set {setting}.",
        )
    if (fields.content_type.lower(), fields.compression.lower()) != tuple(word.lower() for word in wanted):
        raise BillingError(
            "FORMAT_UNSUPPORTED",
            f"{manifest.name} has contentType {fields.content_type} and compression {fields.compression};"
            f" this source's FORMAT {source.format_name} wants {' and '.join(wanted)}: set {setting},"
            " or give the report as it is a source of its own, with the FORMAT that it has.",
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
