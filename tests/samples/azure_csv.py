"""Write a CSV file as Azure does (byte order mark, CRLF, a header in every part), and read its totals back."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal, localcontext
from pathlib import Path

import duckdb

from tests.samples.engine import Part

_ROWS_PER_BATCH = 1000


def write(rows: duckdb.DuckDBPyConnection, header: Sequence[str], path: Path, amounts: Sequence[int]) -> Part:
    """Write the file. `amounts` are the positions of service, cost and, if the dataset has it, effective cost."""
    with path.open("wb") as file, _plain(file, path) as target:
        text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
        lines = csv.writer(text, lineterminator="\r\n")
        lines.writerow(header)
        while batch := rows.fetchmany(_ROWS_PER_BATCH):
            lines.writerows(batch)
        text.flush()
        text.detach()
    return _read_back(path, amounts)


def _plain(file: io.BufferedWriter, path: Path) -> gzip.GzipFile | io.BufferedWriter:
    """Leave name and time out of the gzip header, so that the same rows give the same bytes."""
    return gzip.GzipFile("", "wb", 1, file, mtime=0) if path.suffix == ".gz" else file


def _read_back(path: Path, amounts: Sequence[int]) -> Part:
    counts: dict[str, int] = defaultdict(int)
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0) for _ in amounts[1:]])
    read = gzip.open if path.suffix == ".gz" else Path.open
    with read(path, "rb") as binary, localcontext(prec=76):
        rows = csv.reader(io.TextIOWrapper(binary, encoding="utf-8-sig", newline=""))
        next(rows)
        for row in rows:
            service = row[amounts[0]]
            counts[service] += 1
            sums[service] = [known + Decimal(row[at]) for known, at in zip(sums[service], amounts[1:], strict=True)]
    return [
        (service, count, sums[service][0], sums[service][1] if len(amounts) > 2 else None)
        for service, count in counts.items()
    ]
