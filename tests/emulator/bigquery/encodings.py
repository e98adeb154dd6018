"""Read bytes that are not UTF-8 as BigQuery does: "it is converted to the standard Unicode replacement character".

DuckDB refuses them. It reads copies of such files instead, which are only made when it has found one.
https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv#encoding
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.emulator.bigquery.sources import SourceFile


class NotUtf8Error(Exception):
    """DuckDB found bytes that are not UTF-8."""


@contextmanager
def as_utf8(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Yield the files, with copies for those that are not UTF-8."""
    with TemporaryDirectory() as folder:
        yield [_as_utf8(file, Path(folder) / str(number)) for number, file in enumerate(files)]


def _as_utf8(file: SourceFile, copy: Path) -> SourceFile:
    data = file.path.read_bytes()
    try:
        text = gzip.decompress(data) if file.gzipped else data
    except (OSError, EOFError, zlib.error):
        return file
    decoded = text.decode(errors="replace").encode()
    if decoded == text:
        return file
    copy.write_bytes(gzip.compress(decoded, compresslevel=1) if file.gzipped else decoded)
    return SourceFile(file.uri, copy)
