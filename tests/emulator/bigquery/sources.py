"""Find the files of `sourceUris`: gs://bucket/name is the file bucket/name in the folder of the storage server."""

from __future__ import annotations

import glob
import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bqemulator.domain.errors import ValidationError

from tests.emulator.bigquery.errors import JobError

_URI = re.compile(r"gs://(?P<bucket>[^/*]+)/(?P<name>[^*]*(\*[^*]*)?)", re.S)
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True)
class SourceFile:
    uri: str
    path: Path

    @property
    def pattern(self) -> str:
        """Return the path for DuckDB, which takes each path as a pattern."""
        return glob.escape(str(self.path))

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @cached_property
    def magic(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(4)

    @property
    def gzipped(self) -> bool:
        """Decide by the content, because dlt uploads gzip without `.gz`."""
        return self.magic.startswith(_GZIP_MAGIC)


def find_sources(uris: Sequence[str], storage_root: Path) -> list[SourceFile]:
    """Return the files of all URIs. A URI may have one `*`, which also matches `/`.

    Raises JobError if a URI has no file, or if the files cannot be loaded together.
    """
    files = [file for uri in uris for file in _find(uri, storage_root)]
    for file in files:
        if file.magic == _ZIP_MAGIC:
            message = (
                "Error detected while parsing row starting at position: 0. Error: Bad character (ASCII 0) encountered."
            )
            raise JobError("invalid", f"Error while reading data, error message: {message} File: {file.uri}", file.uri)
    if len({file.gzipped for file in files}) > 1:
        raise JobError("invalid", "Compressed and uncompressed files cannot be loaded by the same job.", files[0].uri)
    return files


def corrupt_file(files: Sequence[SourceFile]) -> SourceFile | None:
    """Return the first broken gzip file. It reads the files to their end, so it is only called after a failed load."""
    return next((file for file in files if file.gzipped and not _is_whole(file.path)), None)


def _is_whole(path: Path) -> bool:
    try:
        with gzip.open(path) as content:
            while content.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True


def _find(uri: str, storage_root: Path) -> list[SourceFile]:
    if uri.startswith("file://"):  # an upload, which bqemulator has written to a file
        return [SourceFile(uri, Path(uri.removeprefix("file://")))]
    parts = _URI.fullmatch(uri)
    if parts is None:
        raise ValidationError(f"Source URI must be a Google Cloud Storage location: {uri}")
    bucket, name = storage_root / parts["bucket"], parts["name"]
    if "*" not in name:
        found = [bucket / name] if (bucket / name).is_file() else []
    else:
        pattern = re.compile(".*".join(re.escape(part) for part in name.split("*")), re.S)
        found = sorted(p for p in bucket.rglob("*") if p.is_file() and pattern.fullmatch(str(p.relative_to(bucket))))
    if not found:
        raise JobError("notFound", f"Not found: URI {uri}")
    return [SourceFile(f"gs://{parts['bucket']}/{path.relative_to(bucket)}", path) for path in found]
