"""Read the landing bucket: a manifest, the list of a delivery's files, and the first or last bytes of a file."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from billing.columns.csv_header import csv_header
from billing.columns.header import NO_HEADER, Header, NeedMore
from billing.columns.parquet_footer import parquet_header
from billing.decisions.delivery import Delivery, StoredObject, folders_of
from billing.decisions.sample import sample
from billing.errors import BillingError
from billing.manifests import MAX_MANIFEST, Column, Export, Manifest
from billing.settings import Source

_HEADER_BYTES = 32 * 2**10  # a CSV header of 400 columns is 12 KB before compression
_MAX_HEADER = 8 * 2**20
_READERS = 8  # headers that are read at the same time; a client keeps 10 connections
_FILES_WITH_ROWS = 20  # files whose first rows are kept, to find the format of dates


class LandingBucket:
    """One source's part of its bucket. The client is a google.cloud.storage one."""

    def __init__(self, client: Any, source: Source) -> None:
        self._bucket = client.bucket(source.bucket)
        self._client = client
        self._source = source

    def manifest(self, name: str) -> Manifest | None:
        """Return the manifest, or None if it does not exist yet. One request."""
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
            raise BillingError("TRANSIENT", f"{name} was read without its generation, which orders deliveries.")
        return Manifest(name, int(blob.generation), data)

    def list_delivery(self, export: Export, manifest: str) -> Delivery:
        """List the folders of a delivery. One request per 1,000 objects."""
        folders = folders_of(export, manifest)
        objects = {stored.name: stored for folder in folders for stored in self._list(folder, delimiter="/")}
        return Delivery(export, manifest, objects)

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
        """Read the header or footer of every file, by file name. A file of 0 bytes has none.

        One request per file, and more for a long header.
        Equal columns are kept once: 10,000 files have the same ones.
        """
        with_rows = {file.name for file in sample([file for file in files if file.size], _FILES_WITH_ROWS)}
        kept: dict[tuple[Column, ...], tuple[Column, ...]] = {}

        def read(file: StoredObject) -> tuple[str, Header]:
            if not file.size:
                return file.name, NO_HEADER
            is_csv = self._source.format.file_format == "CSV"
            header = self._csv(file, rows=file.name in with_rows) if is_csv else self._parquet(file)
            return file.name, replace(header, columns=kept.setdefault(header.columns, header.columns))

        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(read, files))

    def _csv(self, file: StoredObject, *, rows: bool) -> Header:
        def attempt(size: int) -> Header:
            return csv_header(self._range(file, 0, size), file.name, complete=size >= file.size, rows=rows)

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
        """Read stored bytes of the generation that was listed, without decompressing them."""
        from google.api_core.exceptions import NotFound

        blob = self._bucket.blob(file.name, generation=file.generation)
        end = min(start + size, file.size) - 1
        try:
            data: bytes = blob.download_as_bytes(start=start, end=end, raw_download=True, checksum=None)
        except NotFound as exc:
            raise BillingError("FILE_VANISHED", f"{file.name} was replaced or removed while it was read.") from exc
        return data
