"""`make bench`: measure how fast the emulator's BigQuery loads a month, and how long other requests then wait.

The month has 1,000,000 rows of 120 columns in 8 equal gzip files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb
from google.cloud import bigquery

from tests.emulator import Emulator

_STRINGS, _MONEY, _TIMES = 70, 40, 8
_FILES = 8


def columns() -> list[tuple[str, str, str]]:
    """Return name, BigQuery type and DuckDB expression of each column, mixed as in a Cost and Usage Report."""
    times = [
        (f"t{n}", "TIMESTAMP", f"'2025-09-' || lpad((i % 28 + 1)::VARCHAR, 2, '0') || 'T{n:02d}:00:00Z'")
        for n in range(_TIMES)
    ]
    money = [(f"m{n}", "BIGNUMERIC", f"((i * {n + 7} % 999983) / 1e9)::DECIMAL(18, 10)") for n in range(_MONEY)]
    strings = [
        (f"s{n}", "STRING", f"CASE WHEN i % {n % 3 + 1} = 0 THEN 'value ' || (i * {n + 3} % 1009) END")
        for n in range(_STRINGS)
    ]
    plain = [("line", "INTEGER", "i"), ("month", "TIMESTAMP", "'2025-09-01T00:00:00.000Z'")]
    return [*plain, *times, *money, *strings]


def write_file(path: Path, rows: int) -> None:
    select = ", ".join(f"{expression} AS {name}" for name, _, expression in columns())
    duckdb.execute(f"COPY (SELECT {select} FROM range({rows}) r(i)) TO '{path}' (FORMAT csv, HEADER, COMPRESSION gzip)")


class Bystander(threading.Thread):
    """Sends small requests in a loop and keeps how long each one took."""

    def __init__(self, client: bigquery.Client, dataset: str) -> None:
        super().__init__(daemon=True)
        self._client = client
        self._dataset = dataset
        self._done = threading.Event()
        self.waits: list[float] = []

    def run(self) -> None:
        while not self._done.is_set():
            started = time.perf_counter()
            self._client.get_dataset(self._dataset)
            list(self._client.query_and_wait("SELECT 1"))
            self.waits.append(time.perf_counter() - started)
            time.sleep(0.05)

    def finish(self) -> None:
        self._done.set()
        self.join()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--at-least", type=int, default=60_000, help="rows per second below which the exit code is 1")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Emulator() as cloud:
        schema = [bigquery.SchemaField(name, kind) for name, kind, _ in columns()]
        client = cloud.bigquery
        client.create_dataset("bench")
        table = bigquery.Table(f"{cloud.project}.bench.month", schema=schema)
        table.time_partitioning = bigquery.TimePartitioning(type_="MONTH", field="month")
        client.create_table(table)
        cloud.create_bucket("bench-bucket")
        part = Path(folder) / "part.csv.gz"
        write_file(part, options.rows // _FILES)
        for number in range(_FILES):
            cloud.upload("bench-bucket", f"part-{number}.csv.gz", part)
        config = bigquery.LoadJobConfig(
            schema=schema, skip_leading_rows=1, write_disposition="WRITE_TRUNCATE", allow_quoted_newlines=True
        )
        bystander = Bystander(client, "bench")
        bystander.start()
        started = time.perf_counter()
        job = client.load_table_from_uri(
            "gs://bench-bucket/*", f"{cloud.project}.bench.month$202509", job_config=config
        )
        job.result(timeout=600)
        seconds = time.perf_counter() - started
        bystander.finish()
    rate = job.output_rows / seconds
    print(f"{job.output_rows:,} rows of {len(schema)} columns in {seconds:.1f} s")
    print(f"{rate:,.0f} rows/s (at least {options.at_least:,})")
    print(f"slowest of {len(bystander.waits)} other requests during the load: {max(bystander.waits):.2f} s")
    return 0 if rate >= options.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
