"""AWS Data Exports, CUR 2.0 and FOCUS alike: gzip CSV and Parquet, overwrite and create-new delivery.

AWS publishes no example of their manifests: only the list of data files is required, everything else may be missing.
"""

import hashlib
import re
from datetime import UTC, datetime

import msgspec

from billing.errors import BillingError
from billing.manifests.model import Column, DataFile, Export, Manifest, decode, identity, landed_names
from billing.settings import Source

_SUFFIX = "-Manifest.json"
# [path/]data|metadata/BILLING_PERIOD=2025-09/[execution/]<file>: create-new deliveries stand in execution folders
_PLACE = re.compile(
    r"(?P<root>(?:.*/)?)(?P<kind>data|metadata)/(?P<period>(?i:billing_period)=(?P<month>20\d\d-(?:0[1-9]|1[0-2])))/"
    r"(?:(?P<execution>[^/]+)/)?(?P<file>[^/]+)",
    re.ASCII,
)
_DATA = re.compile(r"-\d+\.(csv\.gz|csv\.zip|zip|snappy\.parquet|parquet)", re.ASCII)
_ADDRESS = re.compile(r"s3://([^/]+)/(.*)", re.DOTALL)
_STAMP = re.compile(r"(?:^|.*\D)(\d{8}T\d{6})(?:\.?\d{3})?Z(?:\W.*)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What the endings of files mean, and what to choose at AWS.
_FILE_FORMATS = {
    "CSV": ((".csv.gz",), "text/csv and GZIP"),
    "PARQUET": ((".parquet",), "Parquet"),
}
# Money in CSV is BIGNUMERIC: it has more decimals than a DOUBLE holds.
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
    "map": "JSON",
}


class _Column(msgspec.Struct):
    name: str
    type: str | None = None


class _Manifest(msgspec.Struct, rename="camel"):
    data_files: list[str]
    columns: list[_Column | str] | None = None
    execution_id: str | None = None


def manifest_names(source: Source, name: str) -> tuple[str, ...]:
    """The manifests that may decide about an object; none for an object that is none of ours.

    For a data file in an execution's folder: the one in the execution's folder of the metadata, or directly in the
    period's. Of the spellings of BILLING_PERIOD, the one that the object has.
    """
    place = _PLACE.fullmatch(name.removeprefix(source.prefix))
    if place is None:
        return ()
    rest = place["file"].removeprefix(source.export_name)
    if rest == _SUFFIX and place["kind"] == "metadata":
        return (name,)
    if rest == place["file"] or place["kind"] == "metadata" or not _DATA.fullmatch(rest):
        return ()
    folder = f"{source.prefix}{place['root']}metadata/{place['period']}/"
    executions = (f"{place['execution']}/", "") if place["execution"] else ("",)
    return tuple(f"{folder}{execution}{source.export_name}{_SUFFIX}" for execution in executions)


def parse(source: Source, manifest: Manifest) -> Export:
    """Raises BillingError with the code of what is wrong with the manifest."""
    place = _PLACE.fullmatch(manifest.name.removeprefix(source.prefix))
    if place is None:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} is in no folder BILLING_PERIOD=2025-09 of metadata.")
    fields = decode(_Manifest, manifest)
    _check_format(fields.data_files, source, manifest)
    data_folder = f"{source.prefix}{place['root']}data/{place['period']}/"
    names = landed_names(_keys(fields.data_files, manifest), source, manifest, data_folder)
    folder = _execution_folder(names, place["month"], source, manifest)
    execution = fields.execution_id or folder or place["execution"]
    return Export(
        name=source.export_name,
        execution=identity(execution or _unnamed(manifest), "executionId", manifest),
        month=place["month"],
        order_key=_order_key(_begun(folder, execution), manifest),
        files=tuple(DataFile(name, None, None) for name in names),
        columns=tuple(map(_column, fields.columns or ())),
        overwrites=folder is None,
        covers_until=None,
        rows=None,
        submitted=_begun(folder, execution),
        has_execution_id=execution is not None,
    )


def _keys(files: list[str], manifest: Manifest) -> list[str]:
    """Keys in the bucket, from addresses of one bucket or from keys.

    Which bucket is not asked: under the source's prefix lies only what Storage Transfer copied from the right one.
    """
    addresses = [_ADDRESS.fullmatch(file) for file in files]
    buckets = {address[1] for address in addresses if address is not None}
    if len(buckets) > 1:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} names files in {len(buckets)} buckets.")
    return [file if address is None else address[2] for file, address in zip(files, addresses, strict=True)]


def _execution_folder(names: tuple[str, ...], month: str, source: Source, manifest: Manifest) -> str | None:
    """The one execution in whose folder all files stand; None where they stand in the period's own."""
    places = [_PLACE.fullmatch(name.removeprefix(source.prefix)) for name in names]
    strays = (name for name, place in zip(names, places, strict=True) if place is None or place["month"] != month)
    stray = next(strays, None)
    if stray is not None:
        raise BillingError("SPANS_MONTHS", f"{manifest.name} of {month} names {stray}, which is not of that month.")
    executions = {place["execution"] for place in places if place is not None}
    if len(executions) > 1:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} names files of {len(executions)} executions.")
    return next(iter(executions), None)


def _begun(*ids: str | None) -> datetime | None:
    """When an execution began, where an id of it has the time, like 20250930T094201Z-<uuid>."""
    for text in filter(None, ids):
        stamp = _STAMP.fullmatch(text)
        if stamp is None:
            continue
        try:
            return datetime.strptime(stamp[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _order_key(begun: datetime | None, manifest: Manifest) -> str:
    """Microseconds: of the execution's time, and of two in one second the later manifest; else of the manifest's own.

    A generation counts microseconds too, so that a source whose delivery mode was changed goes on in order.
    """
    generation = f"{manifest.generation:020d}"
    if begun is None:
        return generation
    return f"{int((begun - _EPOCH).total_seconds()) * 1_000_000:020d}/{generation}"


def _unnamed(manifest: Manifest) -> str:
    return f"{hashlib.sha256(manifest.data).hexdigest()[:16]}-{manifest.generation}"


def _column(column: _Column | str) -> Column:
    """A type that is none of the vocabulary stays as it is spelled: whoever plans the load names it."""
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
        message = f"{where}, and BigQuery cannot read ZIP: set the export's compression and file format to {setting}."
        raise BillingError("COMPRESSION_UNSUPPORTED", message)
    raise BillingError(
        "FORMAT_UNSUPPORTED",
        f"{where}; this source's FORMAT {source.format_name} wants {' or '.join(endings)}: set the export's compression"
        f" and file format to {setting}, or give the export as it is a source of its own, with the FORMAT that it has.",
    )
