"""A delivery: an export and the objects of the landing bucket that belong to it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.manifests import Export


@dataclass(frozen=True)
class StoredObject:
    """An object of the landing bucket, as a listing shows it."""

    name: str
    size: int
    crc32c: str
    generation: int
    updated: datetime
    written: datetime | None = None  # at the provider, where Storage Transfer keeps that as custom time

    @property
    def content(self) -> str:
        return f"{self.size}:{self.crc32c}"


@dataclass(frozen=True)
class Delivery:
    """An export together with the objects that stand for it in the bucket."""

    export: Export
    manifest: str  # object name
    objects: Mapping[str, StoredObject]  # everything in the folders of the delivery, by name

    @property
    def files(self) -> tuple[StoredObject, ...]:
        return tuple(self.objects[file.name] for file in self.export.files if file.name in self.objects)

    @property
    def content(self) -> str:
        """Tells whether anything is new, whatever the generations."""
        return digest(f"{file.name}\n{file.content}" for file in self.files)

    @property
    def generations(self) -> str:
        """Names the load job, and shows a file that was replaced while it was read."""
        return digest(f"{file.name}\n{file.generation}" for file in self.files)

    @property
    def byte_count(self) -> int:
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class TableIdentity:
    """The table of a source: dropped and created again, it is another one."""

    table: str
    created: str


def name_digest(name: str) -> str:
    """A file's key in the head's content map, which must stay small for 10,000 files."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in sorted(lines):
        digest.update(line.encode() + b"\0")
    return digest.hexdigest()[:24]
