"""Write one gzip CSV from a query, and read its totals back.

DuckDB writes plain CSV at 150,000 rows/s but gzip at 17,000; zlib's fastest level is four times faster than that.
The header is written here too, because DuckDB renames the second of two columns that differ only in case.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Sequence
from pathlib import Path

import duckdb

from tests.samples.engine import Part, read_back

_GZIP_WBITS = 16 + zlib.MAX_WBITS  # no name and no time in the header, so that the bytes do not change
_CHUNK_BYTES = 1 << 20


def write(
    connection: duckdb.DuckDBPyConnection, select: str, header: Sequence[str], path: Path, *, cost: str, service: str
) -> Part:
    """Write the file in constant memory, and add up the column `cost` per value of the column `service`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.with_suffix(".tmp")
    connection.execute(f"COPY ({select}) TO '{plain}' (FORMAT csv, HEADER false)")
    part = _read_back(connection, plain, header, cost, service)
    _compress(plain, _header_line(header), path)
    plain.unlink()
    return part


def _read_back(
    connection: duckdb.DuckDBPyConnection, plain: Path, header: Sequence[str], cost: str, service: str
) -> Part:
    names = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(len(header)))
    amount = f"sum(CAST(c{header.index(cost)} AS DECIMAL(38, 18)))"
    group = f"c{header.index(service)}"
    query = (
        f"SELECT {group}, count(*), {amount}, NULL FROM read_csv('{plain}', columns = {{{names}}}, header = false, "
        "auto_detect = false, quote = '\"', escape = '\"', delim = ',', new_line = '\\n') GROUP BY 1"
    )
    return read_back(connection, query)


def _header_line(header: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(header)
    return line.getvalue().encode()


def _compress(plain: Path, head: bytes, path: Path) -> None:
    deflate = zlib.compressobj(level=1, wbits=_GZIP_WBITS)
    with plain.open("rb") as source, path.open("wb") as target:
        target.write(deflate.compress(head))
        while chunk := source.read(_CHUNK_BYTES):
            target.write(deflate.compress(chunk))
        target.write(deflate.flush())
