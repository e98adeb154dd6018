"""Buckets in memory, with the part of google.cloud.storage that the loader uses."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

import google_crc32c
from google.api_core.exceptions import NotFound, PreconditionFailed, RequestRangeNotSatisfiable

from tests.fakes.wire import Wire


@dataclass(frozen=True)
class Stored:
    name: str
    data: bytes
    generation: int
    updated: datetime
    custom_time: datetime | None


@dataclass
class Buckets:
    """Live objects by bucket. A generation is the microsecond of its write, or the next free one."""

    live: dict[str, dict[str, Stored]] = field(default_factory=dict)
    newest: int = 0

    def of(self, bucket: str) -> dict[str, Stored]:
        if bucket not in self.live:
            raise NotFound(f"The specified bucket does not exist: {bucket}")
        return self.live[bucket]

    def write(self, bucket: str, name: str, data: bytes, now: datetime, written: datetime | None = None) -> Stored:
        micros = (now - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6
        self.newest = max(round(micros), self.newest + 1)
        stored = Stored(name, data, self.newest, now, written)
        self.of(bucket)[name] = stored
        return stored


class FakeStorage:
    """A client. Its requests pass its own wire."""

    def __init__(self, buckets: Buckets, wire: Wire) -> None:
        self.buckets = buckets
        self.wire = wire

    def bucket(self, name: str) -> FakeBucket:
        return FakeBucket(self, name)

    def list_blobs(
        self, bucket: FakeBucket, prefix: str = "", delimiter: str | None = None, fields: str | None = None
    ) -> Iterator[FakeBlob]:
        """List by name. With a delimiter, leave out names that have one after the prefix."""
        found = self.wire.send("list objects", lambda: list(self.buckets.of(bucket.name).values()))
        for stored in sorted(found, key=lambda one: one.name):
            if stored.name.startswith(prefix) and not (delimiter and delimiter in stored.name.removeprefix(prefix)):
                yield FakeBlob(bucket, stored.name)._as(stored)


class FakeBucket:
    def __init__(self, client: FakeStorage, name: str) -> None:
        self.client = client
        self.name = name

    def blob(self, name: str, generation: int | None = None) -> FakeBlob:
        return FakeBlob(self, name, generation)


class FakeBlob:
    def __init__(self, bucket: FakeBucket, name: str, generation: int | None = None) -> None:
        self.bucket = bucket
        self.name = name
        self.generation = generation  # of the last answer: later reads and deletes use it
        self.size = 0
        self.crc32c = ""
        self.updated = self.custom_time = None  # type: datetime | None

    def download_as_bytes(
        self,
        start: int | None = None,
        end: int | None = None,
        raw_download: bool = False,
        checksum: str | None = None,
    ) -> bytes:
        """Read a range, in which `end` is included. An empty object has no range."""

        def act() -> Stored:
            stored = self._live()
            if not stored.data[start or 0 :] and (start, end) != (None, None):
                raise RequestRangeNotSatisfiable(f"Requested range not satisfiable: {self.name}")
            return stored

        stored = self.bucket.client.wire.send("read object", act)
        self._as(stored)
        return stored.data[start or 0 : None if end is None else end + 1]

    def reload(self) -> None:
        self._as(self.bucket.client.wire.send("get object", self._live))

    def upload_from_string(
        self,
        data: str | bytes,
        content_type: str | None = None,
        if_generation_match: int | None = None,
        checksum: str | None = None,
    ) -> None:
        """Write, with a generation only over that one. 0 means that the object must not exist."""
        client, content = self.bucket.client, data.encode() if isinstance(data, str) else data

        def act() -> Stored:
            self._check(if_generation_match)
            return client.buckets.write(self.bucket.name, self.name, content, client.wire.now())

        self._as(client.wire.send("write object", act))

    def delete(self, if_generation_match: int | None = None) -> None:
        def act() -> None:
            self._live()
            self._check(if_generation_match)
            del self.bucket.client.buckets.of(self.bucket.name)[self.name]

        self.bucket.client.wire.send("delete object", act)

    def _live(self) -> Stored:
        stored = self.bucket.client.buckets.of(self.bucket.name).get(self.name)
        if stored is None or self.generation not in (None, stored.generation):
            raise NotFound(f"No such object: {self.bucket.name}/{self.name}")
        return stored

    def _check(self, generation: int | None) -> None:
        stored = self.bucket.client.buckets.of(self.bucket.name).get(self.name)
        if generation is not None and generation != (stored.generation if stored else 0):
            raise PreconditionFailed("At least one of the pre-conditions you specified did not hold.")

    def _as(self, stored: Stored) -> FakeBlob:
        self.generation, self.size = stored.generation, len(stored.data)
        self.crc32c, self.updated, self.custom_time = crc32c(stored.data), stored.updated, stored.custom_time
        return self


@cache
def crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.Checksum(data).digest()).decode()
