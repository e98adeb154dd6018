"""A generated delivery: its objects as the provider names them, and their totals."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

Kind = Literal["data", "manifest", "ignored"]
Mode = Literal["create_new", "overwrite", "athena"]
FileFormat = Literal["csv", "parquet"]


@dataclass(frozen=True)
class SampleObject:
    name: str  # the S3 key or blob name, as the manifest spells it
    path: Path  # the local file that holds the bytes
    kind: Kind


@dataclass(frozen=True)
class Totals:
    rows: int
    cost: Decimal  # CUR: lineItem/UnblendedCost; FOCUS: BilledCost
    by_service: Mapping[str, Decimal]  # AWS: product code; Azure: ServiceName
    effective_cost: Decimal | None  # Azure only


@dataclass(frozen=True)
class Delivery:
    provider: str  # as in formats.json
    month: str  # 2025-09
    execution: str  # assemblyId or runId
    objects: tuple[SampleObject, ...]  # data, then manifests, then objects that a loader must ignore
    totals: Totals
    columns: tuple[str, ...]  # as the header spells them, in file order

    @property
    def data(self) -> tuple[SampleObject, ...]:
        return self._of("data")

    @property
    def manifests(self) -> tuple[SampleObject, ...]:
        return self._of("manifest")

    @property
    def ignored(self) -> tuple[SampleObject, ...]:
        return self._of("ignored")

    def manifest(self) -> dict[str, Any]:
        """Return the parsed manifest. If there are two, they have the same bytes."""
        parsed: dict[str, Any] = json.loads(self.manifests[0].path.read_bytes())
        return parsed

    def _of(self, kind: Kind) -> tuple[SampleObject, ...]:
        return tuple(o for o in self.objects if o.kind == kind)


def sink_name(source_name: str, source_path: str, sink_path: str) -> str:
    """Return the name in the landing bucket: Storage Transfer strips the source path and prepends the sink path.

    Both paths are '' or end in '/'. The rest of the key does not change: a double slash stays one.
    """
    if not source_name.startswith(source_path):
        raise ValueError(f"{source_name} is outside {source_path}: a transfer does not copy it.")
    return sink_path + source_name.removeprefix(source_path)


def with_manifest(delivery: Delivery, change: Callable[[dict[str, Any]], None]) -> Delivery:
    """Return a copy whose manifests `change` has modified. The files of the original do not change."""
    return replace(delivery, objects=tuple(_changed(o, change) for o in delivery.objects))


def _changed(item: SampleObject, change: Callable[[dict[str, Any]], None]) -> SampleObject:
    if item.kind != "manifest":
        return item
    manifest = json.loads(item.path.read_bytes())
    change(manifest)
    return replace(item, path=beside(item.path, manifest_bytes(manifest)))


def beside(path: Path, content: bytes) -> Path:
    """Write other bytes for the same object into a file next to the first one."""
    digest = hashlib.sha256(content).hexdigest()[:12]
    return write(path.with_name(f"{digest}.{path.name}"), content)


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, indent=2, ensure_ascii=False).encode()


def local_path(folder: Path, name: str) -> Path:
    """Return the file of an object. The name of a folder marker ends in '/', which a file name cannot."""
    return folder / (f"{name}.folder-marker" if name.endswith("/") else name)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def objects(
    home: Path, data: Sequence[str], manifests: Mapping[str, bytes], ignored: Mapping[str, bytes]
) -> tuple[SampleObject, ...]:
    """Return the objects of a delivery in `home`. The data files exist already; the others are written."""
    written: list[tuple[str, Kind, bytes]] = [
        *((name, "manifest", content) for name, content in manifests.items()),
        *((name, "ignored", content) for name, content in ignored.items()),
    ]
    return (
        *(SampleObject(name, local_path(home, name), "data") for name in data),
        *(SampleObject(name, write(local_path(home, name), content), kind) for name, kind, content in written),
    )


def place(delivery: Delivery, source: Path, *kinds: str) -> None:
    """Copy a delivery, or its objects of these kinds, into a folder that represents the provider's bucket.

    An existing file of the same name is overwritten.
    """
    for item in delivery.objects:
        if not item.name.endswith("/") and (not kinds or item.kind in kinds):
            target = source / item.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(item.path, target)


def month_start(month: str) -> datetime:
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def month_end(month: str) -> datetime:
    """Return the exclusive end: the first of the next month."""
    start = month_start(month)
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
