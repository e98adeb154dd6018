"""The two engines with the same nasty rows: Google's evaluator, and a table on the emulator."""

from __future__ import annotations

from random import Random
from uuid import uuid4

from google.cloud import bigquery

from tests.emulator import Emulator
from tests.googlesql.analyzer import Analyzer
from tests.googlesql.compared import Google, Laptop
from tests.googlesql.nasty import COLUMNS, as_json_line, rows_of


def engines(analyzer: Analyzer, emulator: Emulator, random: Random, rows: int) -> tuple[Google, Laptop]:
    """Load new rows into a new table, and return both engines."""
    given = rows_of(random, rows)
    name = f"nasty{uuid4().hex[:12]}"
    dataset = bigquery.Dataset(f"{emulator.project}.{name}")
    dataset.location = emulator.location
    emulator.bigquery.create_dataset(dataset)
    emulator.create_bucket(name)
    emulator.upload(name, "rows.json", "\n".join(map(as_json_line, given)).encode())
    schema = [bigquery.SchemaField(column.name, column.type) for column in COLUMNS]
    table = emulator.bigquery.create_table(bigquery.Table(f"{emulator.project}.{name}.t", schema=schema))
    options = bigquery.LoadJobConfig(schema=schema, source_format="NEWLINE_DELIMITED_JSON")
    emulator.bigquery.load_table_from_uri(f"gs://{name}/rows.json", table, job_config=options).result()
    return Google(analyzer, given), Laptop(emulator.bigquery, f"{emulator.project}.{name}.t")
