"""Write the data files of an Azure export, and read their totals back."""

from __future__ import annotations

from pathlib import Path
from string import Template

import duckdb

from tests.samples import azure_csv, engine, parquet
from tests.samples.azure_sample import AzureSample
from tests.samples.columns import spelled
from tests.samples.model import local_path

PHYSICAL = {
    "Decimal": "CAST({} AS DECIMAL(38, 18))",
    "String": "CAST({} AS VARCHAR)",
    "DateTimeOffset": "to_timestamp(epoch({}))",  # microseconds of UTC; a cast would mean the machine's time zone
    "Boolean": "CAST({} AS BOOLEAN)",
}


def write_file(
    sample: AzureSample, home: Path, connection: duckdb.DuckDBPyConnection, number: int, first: int, last: int
) -> engine.Part:
    path = local_path(home, sample.blob_names[number])
    path.parent.mkdir(parents=True, exist_ok=True)
    values = sample.values() | {"cost": sample.dataset.cost}
    rows = engine.sql("azure_rows.sql", values | {"first": first, "last": last})
    physical = PHYSICAL if sample.form == "parquet" else _texts(sample)
    typed = ", ".join(f'{physical[c.type].format(c.value or "NULL")} AS "{c.name}"' for c in sample.columns)
    select = Template(f"{rows} SELECT {typed} FROM charge WHERE {sample.dataset.shows}").substitute(values)
    if sample.form != "parquet":
        header = [spelled(c.name, sample.headers) for c in sample.columns]
        amounts = [header.index(spelled(name, sample.headers)) for name in sample.dataset.amounts]
        return azure_csv.write(connection.execute(select), header, path, amounts)
    connection.execute(f"COPY ({select}) TO '{path}' ({parquet.COPY_OPTIONS})")
    service, *sums = sample.dataset.amounts
    added = ", ".join(f"sum({name}::DECIMAL(38, 18))" for name in sums)
    found = engine.read_back(connection, f"SELECT {service}, count(*), {added} FROM read_parquet('{path}') GROUP BY 1")
    return [(*line, None)[:4] for line in found]


def _texts(sample: AzureSample) -> dict[str, str]:
    """Return how CSV spells the types: FOCUS 1.0 has no seconds, actual and amortized cost have American dates."""
    dates = {"FocusCost": "%Y-%m-%dT%H:%MZ" if sample.version in ("1.0-preview(v1)", "1.0") else "%Y-%m-%dT%H:%M:%SZ"}
    spelling = dates.get(sample.dataset.type, "%m/%d/%Y")
    return {
        "Decimal": "CAST(CAST({} AS DECIMAL(38, 18)) AS VARCHAR)",
        "String": "CAST({} AS VARCHAR)",
        "DateTimeOffset": f"strftime({{}}, '{spelling}')",
        "Boolean": "IF({}, 'True', 'False')",
    }
