"""What every provider's manifest becomes: one `Export`, and where its objects stand in the landing bucket."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

import msgspec

from billing.errors import BillingError
from billing.settings import Source

MAX_MANIFEST = (
    8 * 2**20
)  # bytes; a real one with 10,000 files stays under 4 MB, and Python's objects take 20 times more
MAX_COLUMNS = 10_000  # of one table: docs.cloud.google.com/bigquery/quotas#all_tables
MAX_FILES = 10_000  # URIs in one load job: docs.cloud.google.com/bigquery/quotas#load_jobs
T = TypeVar("T")
_LONGEST_NAME = 1024  # bytes of an object name: docs.cloud.google.com/storage/docs/objects
_LONGEST_ID = 200
_MAX_DEPTH = 32  # a real one has 4; how deep a parser goes by itself depends on Python's version
_MOST_FOLDERS = 10  # a delivery has one; each costs a listing
_BRACKET = re.compile(rb'[][{}]|"(?:[^"\\]++|\\.)*+"', re.DOTALL)  # or a text, in which none counts
_HOSTILE = re.compile(r"[\x00-\x1f\x7f-\x9f*]|%2[ef]|(^|/)\.\.?/|(^|/)\.{0,2}$", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A column as the source names it."""

    name: str
    type: str | None  # BigQuery's; None where the source gives none, and the source's own where it is unknown


@dataclass(frozen=True)
class DataFile:
    name: str  # the object in the landing bucket
    size: int | None  # bytes, where the manifest counts them
    rows: int | None


@dataclass(frozen=True)
class Export:
    """One delivery of one month, as its manifest describes it."""

    name: str
    execution: str
    month: str  # 2025-09
    order_key: str  # newer deliveries of a month compare greater
    files: tuple[DataFile, ...]
    columns: tuple[Column, ...]
    overwrites: bool  # the next delivery writes the same object names: presence proves nothing
    covers_until: str | None  # last day covered, where a run can cover less than its month
    rows: int | None
    submitted: datetime | None = None  # when the run began, where its manifest says so
    scope: str = ""  # what the export is of, where its manifest says so: one name may stand in several scopes
    has_execution_id: bool = (
        True  # the provider gave the execution an id; else equal manifests are told apart by nothing
    )


@dataclass(frozen=True)
class OtherExport:
    """A manifest under the source's prefix that belongs to another export."""

    name: str


@dataclass(frozen=True)
class Manifest:
    """A manifest object as it was read: generation orders it, data holds its bytes."""

    name: str
    generation: int
    data: bytes

    @property
    def folder(self) -> str:
        return self.name[: self.name.rfind("/") + 1]


def decode(kind: type[T], manifest: Manifest) -> T:
    """JSON to the typed struct; rejects with the path of the field at fault."""
    if len(manifest.data) > MAX_MANIFEST:
        raise BillingError("MANIFEST_TOO_LARGE", f"{manifest.name} has more than {MAX_MANIFEST} bytes.")
    try:
        return msgspec.json.decode(manifest.data, type=kind)
    except msgspec.ValidationError as exc:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name}: {exc}.") from exc
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
        raise BillingError("MANIFEST_NOT_JSON", f"{manifest.name} is not complete JSON: {exc}.") from exc


def check_shape(manifest: Manifest) -> None:
    """Rejects a key twice in one object, which two readers would read in two ways, and nesting without end."""

    def pairs(found: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for key, _ in found:
            if key in seen:
                raise BillingError("MANIFEST_INVALID", f"{manifest.name} has the key {key[:40]!r} twice in one object.")
            seen.add(key)

    if _deeper(manifest.data, _MAX_DEPTH):
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} is nested more than {_MAX_DEPTH} deep.")
    try:
        json.loads(manifest.data, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as exc:
        raise BillingError("MANIFEST_NOT_JSON", f"{manifest.name} is not complete JSON: {exc}.") from exc


def _deeper(data: bytes, most: int) -> bool:
    depth = 0
    for match in _BRACKET.finditer(data):
        bracket = match[0]
        if bracket in b"{[":
            depth += 1
            if depth > most:
                return True
        elif bracket in b"}]":
            depth -= 1
    return False


def landed_name(key: str, source: Source, manifest: Manifest, home: str) -> str:
    """Where Storage Transfer put a key that the manifest names: source path stripped, sink path prefixed.

    Where that is not in the data's home folder, the part of the key below a folder of that name is
    looked for there. Rejects whatever would leave the source's prefix.
    """
    if _HOSTILE.search(key) or len(key.encode()) > _LONGEST_NAME:
        raise BillingError("PATH_OUTSIDE_PREFIX", f"{manifest.name} names a file that no export has: {key[:200]!r}.")
    outside = BillingError(
        "PATH_OUTSIDE_PREFIX",
        f"{manifest.name} names {key!r}, which is not under SOURCE_PATH {source.source_path!r}.",
    )
    if "://" in key:  # an address, maybe of another bucket, and no key of this one
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


def identity(text: str, field: str, manifest: Manifest) -> str:
    """An execution's id, which ends up in state, job and log: printable and of bounded length."""
    if not text or len(text) > _LONGEST_ID or not text.isprintable():
        raise BillingError("MANIFEST_INVALID", f"{manifest.name}: {field} is {text[:40]!r}, which is no id.")
    return text


def landed_names(keys: Sequence[str], source: Source, manifest: Manifest, home: str = "") -> tuple[str, ...]:
    """Every key's object, at home in the manifest's own folder if no other is given.

    Rejects two keys that are one object: its rows would be loaded twice; and what BigQuery's URIs cannot name:
    docs.cloud.google.com/bigquery/docs/cloud-storage-transfer-overview#google-cloud-storage-uri
    """
    if len(keys) > MAX_FILES:
        raise BillingError("TOO_MANY_FILES", f"{manifest.name} names {len(keys)} files; one load takes {MAX_FILES}.")
    names = tuple(landed_name(key, source, manifest, home or manifest.folder) for key in keys)
    long = next((name for name in names if len(name.encode()) > _LONGEST_NAME), None)
    if long is not None:
        raise BillingError(
            "PATH_OUTSIDE_PREFIX", f"{manifest.name} names a file that no bucket can have: {long[:200]!r}."
        )
    doubled = next((name for name in names if "//" in name), None)
    if doubled is not None:
        raise BillingError(
            "DOUBLE_SLASH",
            f"{manifest.name} names {doubled[:200]!r}: of two slashes BigQuery makes one, and reads another object.",
        )
    if len(set(names)) != len(names):
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} names a file twice.")
    folders = {name.rpartition("/")[0] for name in names}
    if len(folders) > _MOST_FOLDERS:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name} names files in {len(folders)} folders.")
    return names


def day_of(parse: Callable[[str], datetime], text: str, field: str, like: str, manifest: Manifest) -> date:
    """The day of a time as the manifest spells it; rejects what is no time, or none that a bill can have."""
    try:
        day = parse(text).date()
    except ValueError:
        day = date.min
    if not 2000 <= day.year < 3000:
        raise BillingError("MANIFEST_INVALID", f"{manifest.name}: {field} is {text[:40]!r}, not {like}.")
    return day


def whole_month(start: date, last: date, manifest: Manifest) -> str:
    """The month that the inclusive days start to last lie in, as 2025-09."""
    if (start.year, start.month) != (last.year, last.month):
        raise BillingError("SPANS_MONTHS", f"{manifest.name} covers {start} to {last}, which is not one month.")
    if start.day != 1:
        raise BillingError("STARTS_INSIDE_MONTH", f"{manifest.name} covers {start} to {last} only.")
    return f"{start:%Y-%m}"


def last_day(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
