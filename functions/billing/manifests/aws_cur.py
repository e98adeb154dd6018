"""Parse manifests of the AWS Cost and Usage Report (CUR v1).

Files are gzip CSV or Parquet. AWS delivers in one of three layouts: create new, overwrite, or Athena.
"""

import re
from datetime import date, datetime, timedelta

import msgspec

from billing.errors import BillingError
from billing.manifests.aws_scope import account_scope
from billing.manifests.model import (
    Column,
    DataFile,
    Export,
    Manifest,
    OtherExport,
    checked_id,
    day_of,
    decode,
    landed_names,
    last_day_of_month,
    whole_month,
)
from billing.settings import Source

_SUFFIX = "-Manifest.json"
# [path/]<first day>-<end>/[assembly/]<file>; only create-new deliveries have the assembly folder
_PERIOD_PATH = re.compile(r"(?P<period>(?:.*/)?\d{8}-\d{8}/)(?:(?P<assembly>[^/]+)/)?(?P<file>[^/]+)")
_PERIOD_FOLDER = re.compile(r"\d{8}-\d{8}/", re.ASCII)
# [path/]<report>/<report>/year=2025/month=9/<file>
_ATHENA_PATH = re.compile(
    r"(?P<path>(?:.*/)?)(?P<report>[^/]+)/year=(?P<year>20\d\d)/month=(?P<month>\d{1,2})/(?P<file>[^/]+)", re.ASCII
)
_DATA_FILE_END = re.compile(r"-\d+\.(csv\.gz|csv\.zip|snappy\.parquet)")
# The words of CSV manifests, then those of Parquet manifests.
# Money in CSV becomes BIGNUMERIC, because amounts have ten decimals and more.
_TYPES = {
    "String": "STRING",
    "OptionalString": "STRING",
    "BigDecimal": "BIGNUMERIC",
    "OptionalBigDecimal": "BIGNUMERIC",
    "DateTime": "TIMESTAMP",
    "OptionalDateTime": "TIMESTAMP",
    "Interval": "STRING",  # two timestamps, separated by a slash
    "STRING": "STRING",
    "DOUBLE": "FLOAT",
    "TIMESTAMP": "TIMESTAMP",
}
# File format to the manifest's contentType and compression, and to the setting at AWS.
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
    account: object = None  # of the payer


class _Name(msgspec.Struct, rename="camel"):
    report_name: str


def manifest_names(source: Source, name: str) -> tuple[str, ...]:
    """Return the manifests that may decide about an object, or `()` if it belongs to no report of this source.

    For a file in an assembly folder this is the manifest in the period folder. AWS writes the same manifest into both
    folders, and overwrites the one in the period folder on each refresh.
    With the Athena layout, AWS documents the manifest next to the data. It was also seen in the period folder.
    """
    path = name.removeprefix(source.prefix)
    athena = _ATHENA_PATH.fullmatch(path)
    if athena is not None:
        return _athena_manifests(source, name, athena)
    match = _PERIOD_PATH.fullmatch(path)
    if match is None or not _belongs_to(source, match["file"]):
        return ()
    return (f"{source.prefix}{match['period']}{source.export_name}{_SUFFIX}",)


def _athena_manifests(source: Source, name: str, match: re.Match[str]) -> tuple[str, ...]:
    month = int(match["month"])
    if match["report"] != source.export_name or not _belongs_to(source, match["file"]) or not 1 <= month <= 12:
        return ()
    file = source.export_name + _SUFFIX
    if match["file"] == file:
        return (name,)
    start = date(int(match["year"]), month, 1)
    end = last_day_of_month(start) + timedelta(days=1)
    return (f"{source.prefix}{match['path']}{start:%Y%m%d}-{end:%Y%m%d}/{file}", f"{name.rpartition('/')[0]}/{file}")


def _belongs_to(source: Source, file: str) -> bool:
    rest = file.removeprefix(source.export_name)
    return rest != file and (rest == _SUFFIX or _DATA_FILE_END.fullmatch(rest) is not None)


def parse(source: Source, manifest: Manifest) -> Export | OtherExport:
    """Parse a manifest.

    Raises BillingError: the REJECT code of what is wrong with it.
    """
    report = decode(_Name, manifest).report_name
    if report != source.export_name:
        return OtherExport(report[:200])
    fields = decode(_Manifest, manifest)
    _check_format(fields, source, manifest)
    files = tuple(DataFile(name, None, None) for name in landed_names(fields.report_keys, source, manifest))
    month = _month(fields.billing_period, manifest)
    return Export(
        name=report,
        execution=checked_id(fields.assembly_id, "assemblyId", manifest),
        month=month,
        order_key=f"{manifest.generation:020d}",
        files=files,
        columns=tuple(_column(column, source) for column in fields.columns),
        overwrites=not all(f"/{fields.assembly_id}/" in file.name for file in files),
        covers_until=None,
        rows=None,
        scope=account_scope(fields.account, _root(source, manifest)),
    )


def _root(source: Source, manifest: Manifest) -> str:
    """Return the folder of all months of the report, below the prefix of the source."""
    path = manifest.name.removeprefix(source.prefix)
    athena, period = _ATHENA_PATH.fullmatch(path), _PERIOD_FOLDER.search(path)
    if athena is not None:
        return athena["path"]
    return path[: period.start()] if period is not None else ""


def _column(column: _Column, source: Source) -> Column:
    """Return a column. A type that is not in the table keeps its word, and the plan takes the published type.

    A Parquet manifest has the column names of the files. A CSV manifest has the two halves of the header's names.
    """
    kind = column.type and _TYPES.get(column.type, column.type)
    is_parquet = source.format.file_format == "PARQUET"
    return Column(column.name if is_parquet else f"{column.category}/{column.name}", kind)


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
            f" FORMAT {source.format_name} of this source needs {' and '.join(wanted)}: set {setting},"
            " or add a source with another FORMAT for this report.",
        )


def _month(period: _Period, manifest: Manifest) -> str:
    """Return the month. AWS writes the first day of the next month as the end, and documents the last day."""
    start, end = (_day(text, field, manifest) for field, text in (("start", period.start), ("end", period.end)))
    if end.day != 1 and end != last_day_of_month(start):
        raise BillingError("SPANS_MONTHS", f"{manifest.name} covers {start} to {end}, which is not one month.")
    return whole_month(start, end - timedelta(days=1) if end.day == 1 else end, manifest)


def _day(text: str, field: str, manifest: Manifest) -> date:
    return day_of(_time, text, f"billingPeriod.{field}", "like 20250901T000000.000Z", manifest)


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S.%f%z")
