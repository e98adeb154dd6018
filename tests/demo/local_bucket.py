"""A folder as the client of Cloud Storage would show it after the transfer, so that the product itself can read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from google.api_core.exceptions import NotFound, RequestRangeNotSatisfiable

from tests.demo.exports_folder import FoundSource
from tests.emulator.terraform_provider.transfers import is_object_name, names_in


@dataclass(frozen=True)
class LocalBlob:
    """An object. A later name has a greater generation, because the transfer copies in the order of names."""

    name: str
    path: Path
    generation: int
    updated: datetime

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @property
    def crc32c(self) -> str:
        return ""

    @property
    def custom_time(self) -> None:
        """The time of the file need not be that of the provider."""

    def reload(self) -> None:
        pass

    def download_as_bytes(self, start: int = 0, end: int | None = None, **_: object) -> bytes:
        if not self.path.is_file():
            raise NotFound(self.name)
        if self.size == 0:
            raise RequestRangeNotSatisfiable(self.name)
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read() if end is None else file.read(end + 1 - start)


class LocalBucket:
    """Bucket and client in one. It only reads."""

    def __init__(self, found: FoundSource, now: datetime) -> None:
        removed = found.source.source_path
        names = [name for name in found.own_names(names_in(found.bucket)) if name.startswith(removed)]
        self._blobs = {
            name.removeprefix(removed): LocalBlob(name.removeprefix(removed), found.bucket / name, number, now)
            for number, name in enumerate(names, 1)
            if is_object_name(name)
        }
        self.unusable = [name for name in names if not is_object_name(name)]

    def bucket(self, _name: str) -> LocalBucket:
        return self

    def blob(self, name: str, generation: int = 0) -> LocalBlob:
        return self._blobs[name]

    def list_blobs(self, _bucket: LocalBucket, prefix: str, delimiter: str | None, **_: object) -> Iterator[LocalBlob]:
        for name, blob in self._blobs.items():
            if name.startswith(prefix) and not (delimiter and delimiter in name[len(prefix) :]):
                yield blob
