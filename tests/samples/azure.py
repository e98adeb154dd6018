"""Generate Azure Cost Management exports: FOCUS, actual and amortized cost of the same charges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

from tests.samples import engine
from tests.samples.azure_files import write_file
from tests.samples.azure_sample import FOCUS, AzureSample, Dataset, Form, Headers
from tests.samples.columns import Column, azure_columns, azure_cost_columns, spelled
from tests.samples.model import Delivery, Mode, local_path, manifest_bytes, month_end, month_start, objects

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000000"
BEHAVIOUR = {"create_new": "CreateNewReport", "overwrite": "OverwritePreviousReport"}
# How real manifests of one export spell the time zones of startDate and endDate.
ZONES = (("Z", "Z"), ("", ""), ("", "+00:00"))
COST_VERSION = "c360-2025-04"
DELIVERED = {"parquet": ("Parquet", "Snappy"), "csv": ("Csv", "None"), "csv.gz": ("Csv", "Gzip")}


class Run(TypedDict, total=False):
    """The arguments of `azure_delivery` that every dataset has."""

    rows: Required[int]
    files: int
    seed: int
    revision: int
    mode: Mode
    export_name: str
    root: str
    submitted: datetime | None
    through_day: int | None
    subscriptions: int
    execution: str | None
    form: Form


def azure_focus_delivery(
    folder: Path,
    month: str,
    *,
    version: str = "1.2-preview",
    columns: Sequence[Column] | None = None,
    **run: Unpack[Run],
) -> Delivery:
    """Generate one run of a FOCUS export: see `azure_delivery`."""
    return azure_delivery(FOCUS, folder, month, version=version, columns=columns or azure_columns(version), **run)


def azure_cost_delivery(
    dataset: Dataset,
    folder: Path,
    month: str,
    *,
    columns: Sequence[Column] | None = None,
    headers: Headers = "pascal",
    **run: Unpack[Run],
) -> Delivery:
    """Generate one run of an export of actual or amortized cost: see `azure_delivery`."""
    columns = columns or azure_cost_columns()
    return azure_delivery(dataset, folder, month, version=COST_VERSION, columns=columns, headers=headers, **run)


def azure_delivery(
    dataset: Dataset,
    folder: Path,
    month: str,
    *,
    rows: int,
    columns: Sequence[Column],
    version: str,
    files: int = 2,
    seed: int = 1,
    revision: int = 1,
    mode: Mode = "create_new",
    export_name: str = "focus-cost",
    root: str = "exports/azure",
    submitted: datetime | None = None,
    through_day: int | None = None,
    subscriptions: int = 5,
    execution: str | None = None,
    form: Form = "parquet",
    headers: Headers = "pascal",
) -> Delivery:
    """Generate one run of one month. A revision restates it: a later run, 3 rows more, other amounts.

    `rows` is the number of charges that are drawn. Equal seeds draw equal charges for every dataset, and each dataset
    leaves out those that it does not show. `through_day` makes the run month-to-date. Without rows there are no blobs,
    as at Azure. The files are in `folder`/<runId>/.
    """
    sample = AzureSample(
        dataset, month, rows + 3 * (revision - 1) if rows else 0, files if rows else 0, version, seed, revision, mode,
        export_name, root, submitted or _usual_run(month, revision, through_day), through_day, subscriptions,
        tuple(columns),
        execution or engine.identifier("azure", root, export_name, month, mode, version, rows, seed, revision),
        form, headers,
    )  # fmt: skip
    home = folder / sample.execution
    with engine.database(engine.sql("azure_catalog.sql", sample.values())) as connection:
        parts = engine.per_file(connection, sample.rows, sample.files, lambda *job: write_file(sample, home, *job))
    content = manifest_bytes(manifest(sample, _blobs(sample, home, parts)))
    items = objects(home, sample.blob_names, {f"{sample.folder}manifest.json": content}, ignored(sample))
    names = tuple(spelled(c.name, sample.headers) for c in sample.columns)
    return Delivery("azure", month, sample.execution, items, engine.totals(parts), names)


def manifest(sample: AzureSample, blobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    start_zone, end_zone = ZONES[(month_start(sample.month).month + sample.revision) % 3]
    digit = engine.key(sample.execution) % 10  # Azure writes seven decimals, Python six
    return {
        "manifestVersion": "2024-04-01",
        "byteCount": sum(b["byteCount"] for b in blobs),
        "blobCount": len(blobs),
        "dataRowCount": sum(b["dataRowCount"] for b in blobs),
        "exportConfig": {
            "exportName": sample.export_name,
            "resourceId": f"{SUBSCRIPTION}/providers/Microsoft.CostManagement/exports/{sample.export_name}",
            "dataVersion": sample.version,
            "apiVersion": "2025-03-01",
            "type": sample.dataset.type,
            "timeFrame": "MonthToDate",
            "granularity": "Daily",
        },
        "deliveryConfig": {
            "partitionData": True,
            "dataOverwriteBehavior": BEHAVIOUR[sample.mode],
            "fileFormat": DELIVERED[sample.form][0],
            "compressionMode": DELIVERED[sample.form][1],
            "containerUri": f"{SUBSCRIPTION}/resourceGroups/finops/providers/Microsoft.Storage/storageAccounts/acme",
            "rootFolderPath": sample.root,
        },
        "runInfo": {
            "executionType": "Scheduled" if sample.revision == 1 else "OnDemand",
            "submittedTime": f"{sample.submitted:%Y-%m-%dT%H:%M:%S.%f}{digit}Z",
            "runId": sample.execution,
            "startDate": f"{month_start(sample.month):%Y-%m-%dT%H:%M:%S}{start_zone}",
            "endDate": f"{sample.last_day:%Y-%m-%dT%H:%M:%S}{end_zone}",
        },
        "blobs": list(blobs),
    }


def ignored(sample: AzureSample) -> dict[str, bytes]:
    """Objects that a real container has beside an export: folder markers, strays, another export in the same root."""
    run = engine.identifier("other", sample.execution)
    other = replace(sample, export_name="other-costs", execution=run, files=1)
    content = b"date,cost\n2025-09-01,1.5\n"
    name = f"{other.folder}part_0_0001.csv"
    other_manifest = manifest(other, [{"blobName": name, "byteCount": len(content), "dataRowCount": 1}])
    other_manifest["exportConfig"] |= {"type": "ActualCost", "dataVersion": "2021-10-01"}
    other_manifest["deliveryConfig"] |= {"fileFormat": "Csv", "compressionMode": "None"}
    return {
        sample.folder: b"",
        f"{sample.folder}_SUCCESS": b"",
        f"{sample.folder}_manifest.json": b"{}",
        f"{sample.folder}manifest.json.tmp": b"{",
        name: content,
        f"{other.folder}manifest.json": manifest_bytes(other_manifest),
    }


def _blobs(sample: AzureSample, home: Path, parts: Sequence[engine.Part]) -> list[dict[str, Any]]:
    sizes = [local_path(home, name).stat().st_size for name in sample.blob_names]
    return [
        {"blobName": name, "byteCount": size, "dataRowCount": sum(line[1] for line in part)}
        for name, size, part in zip(sample.blob_names, sizes, parts, strict=True)
    ]


def _usual_run(month: str, revision: int, through_day: int | None) -> datetime:
    """Return a time on `through_day`, or on the fifth of the next month: the last run of a month-to-date export."""
    day = month_start(month).replace(day=through_day) if through_day else month_end(month) + timedelta(days=4)
    return day + timedelta(hours=9 + 6 * (revision - 1), minutes=42, seconds=1, microseconds=283798)
