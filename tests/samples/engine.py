"""Run the generating SQL on one DuckDB, with one thread per file and nothing random."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, localcontext
from string import Template
from typing import TypeVar

import duckdb

from tests.samples.columns import HERE
from tests.samples.model import Totals

_WORKERS = 2
T = TypeVar("T")
Part = Sequence[tuple[str, int, Decimal, Decimal | None]]  # service, rows, cost, effective cost


def sql(name: str, values: Mapping[str, object]) -> str:
    return Template((HERE / name).read_text(encoding="utf-8")).substitute(values)


def database(script: str) -> duckdb.DuckDBPyConnection:
    """Open a database with one thread per query, so that the order of rows never depends on the machine."""
    connection = duckdb.connect(config={"threads": 1, "memory_limit": "1GB"})
    # Otherwise Parquet columns in which no NULL can occur become REQUIRED, and the schema depends on the values.
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    connection.execute(script)
    return connection


def per_file(
    connection: duckdb.DuckDBPyConnection,
    rows: int,
    files: int,
    write: Callable[[duckdb.DuckDBPyConnection, int, int, int], T],
) -> list[T]:
    """Call write(connection, file number from 0, first row, row after the last) for every file, two at a time."""
    edges = [rows * n // max(files, 1) for n in range(files + 1)]
    with ThreadPoolExecutor(_WORKERS) as pool:
        jobs = [pool.submit(write, connection.cursor(), n, edges[n], edges[n + 1]) for n in range(files)]
        return [job.result() for job in jobs]


def read_back(connection: duckdb.DuckDBPyConnection, query: str) -> Part:
    part: Part = connection.execute(query).fetchall()
    return part


def totals(parts: Iterable[Part]) -> Totals:
    """Add up the totals of the files, at a precision at which no sum is rounded."""
    rows, cost, effective = 0, Decimal(0), None
    by_service: dict[str, Decimal] = {}
    with localcontext(prec=76):
        for service, part_rows, part_cost, part_effective in (line for part in parts for line in part):
            rows += part_rows
            cost += part_cost
            by_service[service] = by_service.get(service, Decimal(0)) + part_cost
            if part_effective is not None:
                effective = (effective or Decimal(0)) + part_effective
    return Totals(rows, cost, dict(sorted(by_service.items())), effective)


def key(*parts: object) -> int:
    """Return a 60-bit number that depends on all parts: the seed of a draw."""
    return int.from_bytes(_digest(*parts)[:8]) >> 4


def identifier(*parts: object) -> str:
    """Return a UUID that is the same for the same parts."""
    return str(uuid.UUID(bytes=_digest(*parts)[:16], version=4))


def _digest(*parts: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
