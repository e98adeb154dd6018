"""A delivery: an export and the objects of the landing bucket that belong to it."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.manifests import MAX_FILES, Export, folder_of

_MAX_FILES_IN_STATE = 2 * MAX_FILES + 1  # 10,000 files take 300 KB of dlt's state


@dataclass(frozen=True)
class StoredObject:
    """An object of the landing bucket, as a listing shows it."""

    name: str
    size: int
    crc32c: str
    generation: int
    updated: datetime
    written: datetime | None = None  # time at the provider, if Storage Transfer kept it as custom time

    @property
    def content(self) -> str:
        return f"{self.size}:{self.crc32c}"


@dataclass(frozen=True)
class Delivery:
    """An export, and all objects in its folders."""

    export: Export
    manifest: str  # object name
    objects: Mapping[str, StoredObject]  # by name

    @property
    def files(self) -> tuple[StoredObject, ...]:
        """The data files that are there, in the manifest's order."""
        return tuple(self.objects[file.name] for file in self.export.files if file.name in self.objects)

    @property
    def content(self) -> str:
        """A digest of the files' bytes. With another content, it is another delivery."""
        return _digest(f"{file.name}\n{file.content}" for file in self.files)

    @property
    def generations(self) -> str:
        """A digest of the files' generations: it changes if a file is replaced, even by equal bytes."""
        return _digest(f"{file.name}\n{file.generation}" for file in self.files)

    @property
    def byte_count(self) -> int:
        return sum(file.size for file in self.files)

    def uris(self, bucket: str, without: Collection[str] = ()) -> tuple[str, ...]:
        """Return the addresses of the files for a load job, except those that have nothing to load."""
        return tuple(f"gs://{bucket}/{file.name}" for file in self.export.files if file.name not in without)

    @property
    def contents(self) -> dict[str, str]:
        """The content of every file in the folders, by digest of its name. Empty if dlt's state has no room for them.

        It includes files that only an earlier delivery named, because a later one may name them again.
        """
        if len(self.objects) > _MAX_FILES_IN_STATE:
            return {}
        return {name_digest(name): file.content for name, file in self.objects.items() if name != self.manifest}


def folders_of(export: Export, manifest: str) -> list[str]:
    """Return the folders of a delivery's files. An overwrite delivery also needs the folder of its manifest."""
    folders = {folder_of(file.name) for file in export.files}
    if export.overwrites:
        folders.add(folder_of(manifest))
    return sorted(folders)


def name_digest(name: str) -> str:
    """Shorten an object name: 10,000 full names would be too much for dlt's state."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in sorted(lines):
        digest.update(line.encode() + b"\0")
    return digest.hexdigest()[:24]
