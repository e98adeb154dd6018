"""Parse manifests of AWS Data Exports, which deliver CUR 2.0 and FOCUS as gzip CSV or Parquet.

AWS publishes no example of these manifests, so the parser requires only the list of data files.
"""

import hashlib
import re
from datetime import UTC, datetime

import msgspec

from billing.errors import BillingError
from billing.manifests.aws_scope import account_scope
from billing.manifests.model import Column, DataFile, Export, Manifest, checked_id, decode, landed_names
from billing.settings import Source

_SUFFIX = "-Manifest.json"
# [path/]data|metadata/BILLING_PERIOD=2025-09/[execution/]<file>; only create-new deliveries have the execution folder
_PATH = re.compile(
    r"(?P<root>(?:.*/)?)(?P<kind>data|metadata)/(?P<period>(?i:billing_period)=(?P<month>20\d\d-(?:0[1-9]|1[0-2])))/"
    r"(?:(?P<execution>[^/]+)/)?(?P<file>[^/]+)",
    re.ASCII,
)
_DATA_FILE_END = re.compile(r"-\d+\.(csv\.gz|csv\.zip|zip|snappy\.parquet|parquet)", re.ASCII)
_S3_ADDRESS = re.compile(r"s3://([^/]+)/(.*)", re.DOTALL)
_TIME_IN_ID = re.compile(r"(?:^|.*\D)(\d{8}T\d{6})(?:\.?\d{3})?Z(?:\W.*)?", re.ASCII)
_ARN = re.compile(r"arn:[^:]*:bcm-data-exports:[^:]*:(\d{12}):", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# File format to the endings of its files, and to the setting at AWS.
_FILE_FORMATS = {
    "CSV": ((".csv.gz",), "text/csv and GZIP"),
    "PARQUET": ((".parquet",), "Parquet"),
}
# Money in CSV becomes BIGNUMERIC, because it has more decimals than a DOUBLE holds.
_TYPES = {
    "string": "STRING",
    "varchar": "STRING",
    "double": "BIGNUMERIC",
    "float": "BIGNUMERIC",
    "decimal": "BIGNUMERIC",
    "bigint": "INTEGER",
    "integer": "INTEGER",
    "int": "INTEGER",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_milliseconds": "TIMESTAMP",  # in the dictionary of FOCUS 1.2
    "map": "JSON",
}


class _Column(msgspec.Struct):
    name: str
    type: str | None = None


class _Manifest(msgspec.Struct, rename="camel"):
    data_files: list[str]
    columns: list[_Column | str] | None = None
    execution_id: str | None = None
    export_arn: object = None


def manifest_names(source: Source, name: str) -> tuple[str, ...]:
    """Return the manifests that may decide about an object, or `()` if it does not belong to the export.

    For a data file in an execution folder, the manifest is in the execution folder of the metadata, or above it in
    the folder of the period. The folder of the period is spelled as in the name of the object.
    """
    place = _PATH.fullmatch(name.removeprefix(source.prefix))
    if place is None:
        return ()
    rest = place["file"].removeprefix(source.export_name)
    if rest == _SUFFIX and place["kind"] == "metadata":
        return (name,)
    if rest == place["file"] or place["kind"] == "metadata" or not _DATA_FILE_END.fullmatch(rest):
        return ()
    folder = f"{source.prefix}{place['root']}metadata/{place['period']}/"
    executions = (f"{place['execution']}/", "") if place["execution"] else ("",)
    return tuple(f"{folder}{execution}{source.export_name}{_SUFFIX}" for execution in executions)


def parse(source: Source, manifest: Manifest) -> Export:
    """Parse a manifest.

    Raises BillingError: the REJECT code of what is wrong with it.
    """
    place = _PATH.fullmatch(manifest.name.removeprefix(source.prefix))
    if place is None:
        raise BillingError(
            "MANIFEST_INVALID", f"{manifest.name} is not in a folder like metadata/BILLING_PERIOD=2025-09."
        )
    fields = decode(_Manifest, manifest)
    _check_format(fields.data_files, source, manifest)
    data_folder = f"{source.prefix}{place['root']}data/{place['period']}/"
    names = landed_names(_keys(fields.data_files, manifest), source, manifest, data_folder)
    folder = _execution_folder(names, place["month"], source, manifest)
    execution = fields.execution_id or folder or place["execution"]
    submitted = _start_in(folder, execution)
    return Export(
        name=source.export_name,
        execution=checked_id(execution or _digest_id(manifest), "executionId", manifest),
        month=place["month"],
        order_key=_order_key(submitted, manifest),
        files=tuple(DataFile(name, None, None) for name in names),
        columns=tuple(map(_column, fields.columns or ())),
        overwrites=folder is None,
        covers_until=None,
        rows=None,
        submitted=submitted,
        has_execution_id=execution is not None,
        scope=account_scope(_account_in(fields.export_arn), place["root"]),
    )


def _account_in(arn: object) -> str | None:
    """Return the account of an ARN like arn:aws:bcm-data-exports:us-east-1:123456789012:export/cur2-1a2b."""
    match = _ARN.match(arn) if isinstance(arn, str) else None
    return match[1] if match is not None else None


def _keys(files: list[str], manifest: Manifest) -> list[str]:
    """Return keys. A manifest names files by key, or by `s3://` address in one bucket.

    The name of the bucket is not checked, because Storage Transfer copies only the right bucket under the prefix.
    """
    addresses = [_S3_ADDRESS.fullmatch(file) for file in files]
    buckets = {address[1] for address in addresses if address is not None}
    if len(buckets) > 1:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} names files in {len(buckets)} buckets.")
    return [file if address is None else address[2] for file, address in zip(files, addresses, strict=True)]


def _execution_folder(names: tuple[str, ...], month: str, source: Source, manifest: Manifest) -> str | None:
    """Return the execution whose folder has all files, or None if they are directly in the folder of the period."""
    places = [_PATH.fullmatch(name.removeprefix(source.prefix)) for name in names]
    strays = (name for name, place in zip(names, places, strict=True) if place is None or place["month"] != month)
    stray = next(strays, None)
    if stray is not None:
        raise BillingError("SPANS_MONTHS", f"{manifest.name} of {month} names {stray}, which is not in that month.")
    executions = {place["execution"] for place in places if place is not None}
    if len(executions) > 1:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} names files of {len(executions)} executions.")
    return next(iter(executions), None)


def _start_in(*ids: str | None) -> datetime | None:
    """Return when an execution started, from the first id that has the time, like 20250930T094201Z-<uuid>."""
    for text in filter(None, ids):
        stamp = _TIME_IN_ID.fullmatch(text)
        if stamp is None:
            continue
        try:
            return datetime.strptime(stamp[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _order_key(start: datetime | None, manifest: Manifest) -> str:
    """Return the start of the execution in microseconds, then the generation of the manifest.

    Without a start, return the generation alone. It counts microseconds too, so the order stays right if somebody
    changes the delivery mode of the export.
    """
    generation = f"{manifest.generation:020d}"
    if start is None:
        return generation
    return f"{int((start - _EPOCH).total_seconds()) * 1_000_000:020d}/{generation}"


def _digest_id(manifest: Manifest) -> str:
    return f"{hashlib.sha256(manifest.data).hexdigest()[:16]}-{manifest.generation}"


def _column(column: _Column | str) -> Column:
    """Return a column. A type that is not in the table keeps its word, and the plan takes the published type."""
    if isinstance(column, str):
        return Column(column, None)
    kind = column.type and re.split(r"[(<]", column.type.lower(), maxsplit=1)[0].strip()  # decimal(38,9), map<...>
    return Column(column.name, kind and _TYPES.get(kind, column.type))


def _check_format(files: list[str], source: Source, manifest: Manifest) -> None:
    endings, setting = _FILE_FORMATS[source.format.file_format]
    odd = next((file for file in files if not file.endswith(endings)), None)
    if odd is None:
        return
    where = f"{manifest.name} names {odd[-200:]!r}"
    if odd.lower().endswith(".zip"):
        message = f"{where}, but BigQuery cannot read ZIP: set the export's compression and file format to {setting}."
        raise BillingError("COMPRESSION_UNSUPPORTED", message)
    raise BillingError(
        "FORMAT_UNSUPPORTED",
        f"{where}; FORMAT {source.format_name} of this source needs {' or '.join(endings)}:"
        f" set the export's compression and file format to {setting},"
        " or add a source with another FORMAT for this export.",
    )
