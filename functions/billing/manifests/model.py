"""`Export`, which every parser makes of a manifest, and the checks that all parsers share."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

import msgspec

from billing.errors import BillingError
from billing.settings import Source

# Bytes. A real manifest with 10,000 files has less than 4 MB, and its Python objects take 20 times more.
MAX_MANIFEST = 8 * 2**20
MAX_COLUMNS = 10_000  # in one table: docs.cloud.google.com/bigquery/quotas#all_tables
MAX_FILES = 10_000  # URIs in one load job: docs.cloud.google.com/bigquery/quotas#load_jobs
_MAX_NAME_BYTES = 1024  # of an object: docs.cloud.google.com/storage/docs/objects
_MAX_ID_CHARACTERS = 200
_MAX_VALUES = 250_000  # counted before decoding; a real manifest of 10,000 files and 10,000 columns has 100,000
_MAX_DEPTH = 32  # a real manifest has 4; the limit of the JSON parser depends on the version of Python
_MAX_FOLDERS = 10  # a delivery has one, and each costs a listing
_BRACKET_OR_TEXT = re.compile(rb'[][{}]|"(?:[^"\\]++|\\.)*+"', re.DOTALL)  # brackets inside a text do not count
_HOSTILE = re.compile(r"[\x00-\x1f\x7f-\x9f*]|%2[ef]|(^|/)\.\.?/|(^|/)\.{0,2}$", re.IGNORECASE)
_ID = re.compile(r"[\w.:+-]+", re.ASCII)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Column:
    """A column of the data files."""

    name: str  # as the source spells it
    type: str | None  # a BigQuery type; the source's own word if unknown; None if the source gives no type
    has_values: bool = True  # False: every value in the Parquet file is NULL, so its type says nothing


@dataclass(frozen=True)
class DataFile:
    """A data file that a manifest names. Azure manifests count bytes and rows, AWS manifests do not."""

    name: str  # of the object in the landing bucket
    size: int | None  # bytes
    rows: int | None


@dataclass(frozen=True)
class Export:
    """One delivery of one month, as its manifest describes it."""

    name: str
    execution: str  # the provider's id of the delivery
    month: str  # like 2025-09
    # The newer of two deliveries of a month has the greater key. It begins with a time, which `billing_status` shows as
    # delivered_at: 20 digits of microseconds since 1970, or UTC as text, like 2025-10-05T09:42:01.
    order_key: str
    files: tuple[DataFile, ...]
    columns: tuple[Column, ...]
    overwrites: bool  # the next delivery has the same object names, so the presence of a file proves nothing
    covers_until: str | None  # last day covered, like 2025-09-16; None if a run always covers its whole month
    rows: int | None
    submitted: datetime | None = None  # when the run began, if the manifest says so
    scope: str = ""  # whose export it is, as kind and value, like `account 123456789012`; each may have this name
    has_execution_id: bool = True  # False: the provider gave no id, so equal manifests cannot be told apart

    @property
    def rank(self) -> tuple[str, str]:
        """Of two complete deliveries of a month, the one of greater rank stands: it covers more days, or is newer."""
        return (self.covers_until or "", self.order_key)


@dataclass(frozen=True)
class OtherExport:
    """A manifest under the source's prefix that belongs to another export."""

    name: str


@dataclass(frozen=True)
class Manifest:
    """A manifest object as it was read."""

    name: str
    generation: int  # Cloud Storage's version number, in microseconds since 1970: a later write has a greater one
    data: bytes

    @property
    def folder(self) -> str:
        return folder_of(self.name)


def folder_of(name: str) -> str:
    """Return the folder of an object: '' or a path that ends in '/'."""
    return name[: name.rfind("/") + 1]


def decode(kind: type[_T], manifest: Manifest) -> _T:
    """Decode the JSON into a typed struct. The message names the wrong field.

    Raises BillingError: MANIFEST_TOO_LARGE, MANIFEST_NOT_JSON, MANIFEST_INVALID.
    """
    if len(manifest.data) > MAX_MANIFEST:
        raise BillingError("MANIFEST_TOO_LARGE", f"{manifest.name} has more than {MAX_MANIFEST} bytes.")
    if sum(map(manifest.data.count, (b",", b"[", b"{"))) > _MAX_VALUES:
        raise BillingError("MANIFEST_TOO_LARGE", f"{manifest.name} has more than {_MAX_VALUES} values.")
    try:
        return msgspec.json.decode(manifest.data, type=kind)
    except msgspec.ValidationError as exc:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name}: {exc}.") from exc
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
        raise BillingError("MANIFEST_NOT_JSON", f"{manifest.name} is not complete JSON: {exc}.") from exc


def check_shape(manifest: Manifest) -> None:
    """Reject JSON that is nested too deep, or has a key twice in one object. Two readers may read that differently.

    Raises BillingError: MANIFEST_INVALID, MANIFEST_NOT_JSON.
    """

    def reject_repeated_key(pairs: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BillingError("MANIFEST_INVALID", f"{manifest.name} has the key {key[:40]!r} twice in one object.")
            seen.add(key)

    if _is_deeper_than(_MAX_DEPTH, manifest.data):
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} is nested more than {_MAX_DEPTH} deep.")
    try:
        json.loads(manifest.data, object_pairs_hook=reject_repeated_key)
    except (ValueError, RecursionError) as exc:
        raise BillingError("MANIFEST_NOT_JSON", f"{manifest.name} is not complete JSON: {exc}.") from exc


def _is_deeper_than(limit: int, data: bytes) -> bool:
    depth = 0
    for match in _BRACKET_OR_TEXT.finditer(data):
        bracket = match[0]
        if bracket in b"{[":
            depth += 1
            if depth > limit:
                return True
        elif bracket in b"}]":
            depth -= 1
    return False


def landed_names(keys: Sequence[str], source: Source, manifest: Manifest, home: str = "") -> tuple[str, ...]:
    """Return the object of each key that the manifest names. `home` is the data folder, else the manifest's folder.

    A key is the whole name at the provider. If the manifest has only file names, put the folder before each:
    `source.source_path + manifest.folder.removeprefix(source.prefix)`.

    It rejects two keys of one object, because BigQuery would load its rows twice.
    It rejects names that a load job cannot read:
    docs.cloud.google.com/bigquery/docs/cloud-storage-transfer-overview#google-cloud-storage-uri
    Raises BillingError: TOO_MANY_FILES, PATH_OUTSIDE_PREFIX, DOUBLE_SLASH, MANIFEST_INVALID.
    """
    if len(keys) > MAX_FILES:
        raise BillingError("TOO_MANY_FILES", f"{manifest.name} names {len(keys)} files; one load takes {MAX_FILES}.")
    names = tuple(landed_name(key, source, manifest, home or manifest.folder) for key in keys)
    long = next((name for name in names if len(name.encode()) > _MAX_NAME_BYTES), None)
    if long is not None:
        too_long = f"a file name of more than {_MAX_NAME_BYTES} bytes: {long[:200]!r}"
        raise BillingError("PATH_OUTSIDE_PREFIX", f"{manifest.name} names {too_long}.")
    doubled = next((name for name in names if "//" in name), None)
    if doubled is not None:
        why = "BigQuery takes two slashes as one and reads another object"
        raise BillingError("DOUBLE_SLASH", f"{manifest.name} names {doubled[:200]!r}: {why}.")
    if len(set(names)) != len(names):
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} names a file twice.")
    folders = {name.rpartition("/")[0] for name in names}
    if len(folders) > _MAX_FOLDERS:
        found = f"names files in {len(folders)} folders; a delivery has at most {_MAX_FOLDERS}"
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} {found}.")
    return names


def landed_name(key: str, source: Source, manifest: Manifest, home: str) -> str:
    """Return the object that Storage Transfer makes of a key: without the source path, and with the prefix.

    If that object is not in the folder `home`, and the key has a folder of the same name, return the rest of the key
    in `home`.
    Raises BillingError: PATH_OUTSIDE_PREFIX.
    """
    if _HOSTILE.search(key) or len(key.encode()) > _MAX_NAME_BYTES:
        raise BillingError("PATH_OUTSIDE_PREFIX", f"{manifest.name} names a file that no export has: {key[:200]!r}.")
    outside = BillingError(
        "PATH_OUTSIDE_PREFIX",
        f"{manifest.name} names {key!r}, which is not under SOURCE_PATH {source.source_path!r}.",
    )
    if "://" in key:  # an address, maybe in another bucket
        raise outside
    mapped = None
    if key.startswith(source.source_path):
        mapped = source.prefix + key.removeprefix(source.source_path)
        if mapped.startswith(home):
            return mapped
    folder = home.rstrip("/").rpartition("/")[2]
    _, found, rest = f"/{key}".rpartition(f"/{folder}/")
    if folder and found and rest:
        return home + rest
    if mapped is None:
        raise outside
    return mapped


def checked_id(text: str, field: str, manifest: Manifest) -> str:
    """Return an execution id that fits state, job id, log and command line: letters, digits and `_.:+-`, at most 200.

    Raises BillingError: MANIFEST_INVALID.
    """
    if len(text) > _MAX_ID_CHARACTERS or _ID.fullmatch(text) is None:
        form = f"not an id of 1 to {_MAX_ID_CHARACTERS} letters, digits and _.:+-"
        raise BillingError("MANIFEST_INVALID", f"{manifest.name}: {field} is {text[:40]!r}, {form}.")
    return text


def day_of(parse: Callable[[str], datetime], text: str, field: str, like: str, manifest: Manifest) -> date:
    """Return the day of a time that `parse` reads. `like` is an example for the message.

    Raises BillingError: MANIFEST_INVALID, also for a year before 2000 or after 2999.
    """
    try:
        day = parse(text).date()
    except (ValueError, OverflowError):  # OverflowError: the offset of the time leads out of the years 1 to 9999
        day = date.min
    if not 2000 <= day.year < 3000:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name}: {field} is {text[:40]!r}, not {like}.")
    return day


def whole_month(start: date, last: date, manifest: Manifest) -> str:
    """Return the month of a period, like 2025-09. `last` is inclusive, and may be before the end of the month.

    Raises BillingError: SPANS_MONTHS, STARTS_INSIDE_MONTH.
    """
    if (start.year, start.month) != (last.year, last.month):
        raise BillingError("SPANS_MONTHS", f"{manifest.name} covers {start} to {last}, which is not one month.")
    if start.day != 1:
        raise BillingError("STARTS_INSIDE_MONTH", f"{manifest.name} covers only {start} to {last}.")
    return f"{start:%Y-%m}"


def last_day_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
