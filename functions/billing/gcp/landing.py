"""The landing bucket: finds a manifest, lists a delivery's files, reads their headers by range."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from billing.columns.csv_header import csv_header
from billing.columns.header import Header, NeedMore
from billing.columns.parquet_footer import parquet_header
from billing.decisions.delivery import StoredObject
from billing.errors import BillingError
from billing.manifests import MAX_MANIFEST, Export, Manifest
from billing.settings import Source

_HEADER_BYTES = 32 * 2**10  # a CSV header of 400 columns is 12 KB before compression
_MAX_HEADER = 8 * 2**20
_ALL_HEADERS = 20  # up to so many files, every header is read; of more, a sample of that size


class LandingBucket:
    """One source's part of its bucket, by a real google.cloud.storage client."""

    def __init__(self, client: Any, source: Source) -> None:
        self._bucket = client.bucket(source.bucket)
        self._client = client
        self._source = source

    def manifest(self, name: str) -> Manifest | None:
        """One request. None where the object does not exist (yet)."""
        from google.api_core.exceptions import NotFound, RequestRangeNotSatisfiable

        blob = self._bucket.blob(name)
        try:
            data = blob.download_as_bytes(end=MAX_MANIFEST, raw_download=True, checksum=None)
        except NotFound:
            return None
        except RequestRangeNotSatisfiable:
            data = b""  # an empty object has no range
            blob.reload()
        if blob.generation is None:
            raise BillingError("TRANSIENT", f"{name} was answered without its generation, which orders deliveries.")
        return Manifest(name, int(blob.generation), data)

    def list_delivery(self, export: Export, manifest: str) -> Mapping[str, StoredObject]:
        """Everything in the folders of a delivery: one request per 1,000 objects."""
        folders = {file.name[: file.name.rfind("/") + 1] for file in export.files}
        if export.overwrites:
            folders.add(manifest[: manifest.rfind("/") + 1])
        return {stored.name: stored for folder in sorted(folders) for stored in self._list(folder, delimiter="/")}

    def list_all(self) -> Iterator[StoredObject]:
        return self._list(self._source.prefix, delimiter=None)

    def _list(self, prefix: str, delimiter: str | None) -> Iterator[StoredObject]:
        listing = self._client.list_blobs(
            self._bucket,
            prefix=prefix,
            delimiter=delimiter,
            fields="items(name,size,crc32c,generation,updated,customTime),nextPageToken",
        )
        for blob in listing:
            yield StoredObject(
                blob.name, int(blob.size), blob.crc32c, int(blob.generation), blob.updated, blob.custom_time
            )

    def headers(self, files: Sequence[StoredObject]) -> list[tuple[str, Header]]:
        """Header or footer of every file, or of a sample of more than 20, the largest always among them."""
        read = self._csv if self._source.format.file_format == "CSV" else self._parquet
        return [(file.name, read(file)) for file in sample(files, _ALL_HEADERS)]

    def _csv(self, file: StoredObject) -> Header:
        def attempt(size: int) -> Header:
            return csv_header(self._range(file, 0, size), file.name, complete=size >= file.size)

        return self._read_until_complete(file, attempt)

    def _parquet(self, file: StoredObject) -> Header:
        def attempt(size: int) -> Header:
            return parquet_header(self._range(file, max(file.size - size, 0), size), file.name, size=file.size)

        return self._read_until_complete(file, attempt)

    def _read_until_complete(self, file: StoredObject, attempt: Callable[[int], Header]) -> Header:
        size = _HEADER_BYTES
        while size <= _MAX_HEADER:
            try:
                return attempt(size)
            except NeedMore as more:
                size = max(more.size, size + 1)
        raise BillingError("HEADER_UNREADABLE", f"{file.name} has a header of more than {_MAX_HEADER} bytes.")

    def _range(self, file: StoredObject, start: int, size: int) -> bytes:
        """The stored bytes as they are, of the very generation that was listed."""
        from google.api_core.exceptions import NotFound

        if file.size == 0:
            raise BillingError("HEADER_UNREADABLE", f"{file.name} is empty (0 bytes).")
        blob = self._bucket.blob(file.name, generation=file.generation)
        end = min(start + size, file.size) - 1
        try:
            data: bytes = blob.download_as_bytes(start=start, end=end, raw_download=True, checksum=None)
        except NotFound as exc:
            raise BillingError("FILE_VANISHED", f"{file.name} was replaced or removed while it was read.") from exc
        return data


def sample(files: Sequence[StoredObject], count: int) -> list[StoredObject]:
    """All files, or of more than `count` the first, the last, the largest and others evenly between."""
    if len(files) <= count:
        return list(files)
    step = (len(files) - 1) / (count - 2)
    chosen = {round(index * step) for index in range(count - 1)}
    chosen.add(max(range(len(files)), key=lambda index: files[index].size))
    return [files[index] for index in sorted(chosen)]
