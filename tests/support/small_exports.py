"""The smallest deliveries: one manifest and a file of one charge, with whatever a test changes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.support.deployment import Deployment
from tests.support.harness import Harness
from tests.support.sources import SourceSpec

COST = SourceSpec(
    key="COST",
    format="azure_actual_csv",
    export_name="cost",
    source_path="exports/",
    prefix="azure/",
    table="actual_cost",
)
COST_PARQUET = SourceSpec(**{**COST.__dict__, "format": "azure_actual_parquet"})
CUR = SourceSpec(export_name="cur", source_path="exports/", table="cur")
CUR_PARQUET = SourceSpec(**{**CUR.__dict__, "format": "aws_cur_v1_parquet"})

_EXPORTS = "exports/"
AZURE_CHARGE: Mapping[str, str] = {
    "BillingPeriodStartDate": "09/01/2025",
    "BillingPeriodEndDate": "09/30/2025",
    "Date": "09/13/2025",
    "ResourceId": "r1",
    "Quantity": "1",
    "Cost": "1.5",
    "BillingCurrency": "EUR",
}
AWS_CHARGE: Mapping[str, str] = {
    "bill/BillingPeriodStartDate": "2025-09-01T00:00:00Z",
    "identity/LineItemId": "i1",
    "lineItem/UnblendedCost": "1.5",
    "lineItem/CurrencyCode": "USD",
}
AZURE_COLUMNS = "TIMESTAMPTZ '2025-09-01 00:00:00+00' AS BillingPeriodStartDate, 1.5::DECIMAL(38, 18) AS Cost"


@dataclass(frozen=True)
class SmallExport:
    """Objects by their names at the provider. The last one is the manifest."""

    objects: Mapping[str, bytes]

    def deliver(self, deployment: Deployment, spec: SourceSpec) -> str:
        """Copy the objects into the landing bucket. Return the name of the manifest there.

        The transfer removes SOURCE_PATH. If that is wrong, it still removes `exports/`.
        """
        source = deployment.source(spec)
        for name, data in self.objects.items():
            removed = source.source_path if name.startswith(source.source_path) else _EXPORTS
            landed = source.prefix + name.removeprefix(removed)
            deployment.put(source.bucket, landed, data)
        return landed

    def load(self, harness: Harness, spec: SourceSpec) -> Any:
        """Deliver all objects, and handle the manifest's event."""
        return harness.handle_object(spec, self.deliver(harness.deployment, spec))


def csv_file(*rows: Mapping[str, str]) -> bytes:
    """Return a CSV file with the columns of the first row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def parquet_file(columns: str) -> bytes:
    """Return a Parquet file with one row of these SQL expressions."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.parquet"
        duckdb.execute(f"COPY (SELECT {columns}) TO '{path}' (FORMAT parquet)")
        return path.read_bytes()


def azure_run(
    *files: bytes,
    number: int = 1,
    counts: Sequence[int | None] = (),
    root: str = "exports/cost",
    suffix: str = "csv",
    **changes: Mapping[str, object],
) -> SmallExport:
    """Return one run of an Azure export of September 2025. A run with a higher number is newer.

    `counts` has the rows of each file as the manifest counts them. `changes` update the parts of the manifest.
    """
    run = f"{number:08d}-1111-4222-8333-444444444444"
    folder = f"{root}/20250901-20250930/20251005{number:04d}/{run}"
    named = {f"{folder}/part_{part}_0001.{suffix}": data for part, data in enumerate(files)}
    file_format = {"csv": ("Csv", "None"), "csv.gz": ("Csv", "Gzip")}.get(suffix, ("Parquet", "Snappy"))
    manifest: dict[str, Any] = {
        "manifestVersion": "2024-04-01",
        "exportConfig": {"exportName": "cost", "type": "ActualCost", "resourceId": "/subscriptions/s1"},
        "deliveryConfig": {"fileFormat": file_format[0], "compressionMode": file_format[1]},
        "runInfo": {
            "submittedTime": f"2025-10-05T09:{number:02d}:00.0000000Z",
            "runId": run,
            "startDate": "2025-09-01T00:00:00",
            "endDate": "2025-09-30T00:00:00",
        },
        "blobs": [
            {"blobName": name, "byteCount": len(data), "dataRowCount": count}
            for (name, data), count in zip(named.items(), counts or [None] * len(files), strict=True)
        ],
    }
    for part, values in changes.items():
        manifest[part].update(values)
    return SmallExport({**named, f"{folder}/manifest.json": json.dumps(manifest).encode()})


def cur_report(
    *files: bytes,
    columns: Sequence[tuple[str, str | None]],
    number: int = 1,
    month: str = "2025-09",
    parquet: bool = False,
) -> SmallExport:
    """Return one delivery of a Cost and Usage Report. `columns` has the names and types of the manifest."""
    first = f"{month.replace('-', '')}01"
    period = f"exports/cur/{first}-{int(first) + 100}"
    suffix = "snappy.parquet" if parquet else "csv.gz"
    named = {f"{period}/a{number}/cur-{part}.{suffix}": data for part, data in enumerate(files, 1)}
    kind = {"compression": "Parquet", "contentType": "Parquet"} if parquet else None
    manifest = {
        "assemblyId": f"a{number}",
        "account": "123456789012",
        "columns": [_cur_column(name, type_word, parquet=parquet) for name, type_word in columns],
        "reportName": "cur",
        "billingPeriod": {"start": f"{first}T000000.000Z", "end": f"{int(first) + 100}T000000.000Z"},
        "reportKeys": list(named),
        **(kind or {"compression": "GZIP", "contentType": "text/csv"}),
    }
    return SmallExport({**named, f"{period}/cur-Manifest.json": json.dumps(manifest).encode()})


def cur_of(*rows: Mapping[str, str], types: Mapping[str, str | None] | None = None, number: int = 1) -> SmallExport:
    """Return a delivery of one gzip CSV file, whose manifest has the columns of the rows and these types."""
    columns = [(name, (types or {}).get(name)) for name in rows[0]]
    return cur_report(gzip.compress(csv_file(*rows), mtime=0), columns=columns, number=number)


def _cur_column(name: str, type_word: str | None, *, parquet: bool) -> dict[str, str]:
    category, _, rest = ("", "", name) if parquet else name.partition("/")
    return {"category": category, "name": rest, **({"type": type_word} if type_word else {})}
