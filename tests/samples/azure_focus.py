"""Azure Cost Management exports of type FocusCost, snappy Parquet, in both overwrite behaviours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from tests.samples import engine
from tests.samples.columns import Column, azure_columns
from tests.samples.model import (
    Delivery,
    Mode,
    SampleObject,
    local_path,
    manifest_bytes,
    month_end,
    month_start,
    write,
)

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000000"
BEHAVIOUR = {"create_new": "CreateNewReport", "overwrite": "OverwritePreviousReport"}
# Seen in real manifests of one and the same export: the spelling of startDate's zone, and of endDate's.
ZONES = (("Z", "Z"), ("", ""), ("", "+00:00"))
ROW_GROUP = 20_480  # rows held in memory per file
PHYSICAL = {
    "Decimal": "CAST({} AS DECIMAL(38, 18))",
    "String": "CAST({} AS VARCHAR)",
    "DateTimeOffset": "to_timestamp(epoch({}))",  # microseconds of UTC; a cast would mean the machine's time zone
    "Boolean": "CAST({} AS BOOLEAN)",
}


@dataclass(frozen=True)
class FocusSample:
    month: str
    rows: int
    files: int
    version: str
    seed: int
    revision: int
    mode: Mode
    export_name: str
    root: str
    submitted: datetime
    through_day: int | None
    subscriptions: int
    columns: tuple[Column, ...]
    execution: str

    @property
    def last_day(self) -> datetime:
        """The manifest's endDate, inclusive: the day of the run, or the month's last for a month that is over."""
        end = month_end(self.month) - timedelta(days=1)
        return end.replace(day=self.through_day) if self.through_day else end

    @property
    def folder(self) -> str:
        start, end = month_start(self.month), month_end(self.month) - timedelta(days=1)
        # The folder is named minutes after the submission, when the run has ended.
        stamp = f"{self.submitted + timedelta(minutes=4):%Y%m%d%H%M}" if self.mode == "create_new" else ""
        parts = (self.root, self.export_name, f"{start:%Y%m%d}-{end:%Y%m%d}", stamp, self.execution)
        return "/".join(p for p in parts if p) + "/"

    @property
    def blob_names(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}part_{n}_0001.snappy.parquet" for n in range(self.files))


def azure_focus_delivery(
    folder: Path,
    month: str,
    *,
    rows: int,
    files: int = 2,
    version: str = "1.2-preview",
    seed: int = 1,
    revision: int = 1,
    mode: Mode = "create_new",
    export_name: str = "focus-cost",
    root: str = "exports/azure",
    submitted: datetime | None = None,
    through_day: int | None = None,
    subscriptions: int = 5,
    columns: Sequence[Column] | None = None,
    execution: str | None = None,
) -> Delivery:
    """One run of one month. A revision restates it: another run, later, 3 rows more, other amounts.

    `through_day` makes it month-to-date. No rows: no blobs either, as the provider does. Files are kept under
    `folder`/<runId>/.
    """
    sample = FocusSample(
        month, rows + 3 * (revision - 1) if rows else 0, files if rows else 0, version, seed, revision, mode,
        export_name, root, submitted or _usual_run(month, revision, through_day), through_day, subscriptions,
        tuple(columns or azure_columns(version)),
        execution or engine.identifier("azure", root, export_name, month, mode, version, rows, seed, revision),
    )  # fmt: skip
    home = folder / sample.execution
    with engine.database(engine.sql("azure_catalog.sql", _values(sample))) as connection:
        parts = engine.per_file(connection, sample.rows, sample.files, lambda *job: _write_file(sample, home, *job))
    objects = [SampleObject(k, local_path(home, k), "data") for k in sample.blob_names]
    content = manifest_bytes(manifest(sample, _blobs(objects, parts)))
    name = f"{sample.folder}manifest.json"
    objects.append(SampleObject(name, write(local_path(home, name), content), "manifest"))
    objects += [SampleObject(k, write(local_path(home, k), c), "ignored") for k, c in ignored(sample).items()]
    names = tuple(c.name for c in sample.columns)
    return Delivery("azure", month, sample.execution, tuple(objects), engine.totals(parts), names)


def manifest(sample: FocusSample, blobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    start_zone, end_zone = ZONES[(month_start(sample.month).month + sample.revision) % 3]
    digit = engine.key(sample.execution) % 10  # the seventh digit of a fraction counted in 100 ns
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
            "type": "FocusCost",
            "timeFrame": "MonthToDate",
            "granularity": "Daily",
        },
        "deliveryConfig": {
            "partitionData": True,
            "dataOverwriteBehavior": BEHAVIOUR[sample.mode],
            "fileFormat": "Parquet",
            "compressionMode": "Snappy",
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


def ignored(sample: FocusSample) -> dict[str, bytes]:
    """What stands beside an export in a real container: folder markers, strays, another export under the same root."""
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


def _write_file(
    sample: FocusSample, home: Path, connection: duckdb.DuckDBPyConnection, number: int, first: int, last: int
) -> engine.Part:
    path = local_path(home, sample.blob_names[number])
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = engine.sql("azure_rows.sql", _values(sample) | {"first": first, "last": last})
    select = Template(f"SELECT {_typed(sample.columns)} FROM charge").substitute(_values(sample))
    options = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP}"
    connection.execute(f"COPY ({rows} {select}) TO '{path}' ({options})")
    query = (
        "SELECT ServiceName, count(*), sum(BilledCost::DECIMAL(38, 18)), sum(EffectiveCost::DECIMAL(38, 18)) "
        f"FROM read_parquet('{path}') GROUP BY 1"
    )
    return engine.read_back(connection, query)


def _typed(columns: Sequence[Column]) -> str:
    return ", ".join(f'{PHYSICAL[c.type].format(c.value or "NULL")} AS "{c.name}"' for c in columns)


def _blobs(data: Sequence[SampleObject], parts: Sequence[engine.Part]) -> list[dict[str, Any]]:
    return [
        {"blobName": o.name, "byteCount": o.path.stat().st_size, "dataRowCount": sum(line[1] for line in part)}
        for o, part in zip(data, parts, strict=True)
    ]


def _usual_run(month: str, revision: int, through_day: int | None) -> datetime:
    """The day reached, or the fifth of the next month: the last time a month-to-date export delivers a month."""
    day = month_start(month).replace(day=through_day) if through_day else month_end(month) + timedelta(days=4)
    return day + timedelta(hours=9 + 6 * (revision - 1), minutes=42, seconds=1, microseconds=283798)


def _values(sample: FocusSample) -> dict[str, object]:
    """What the SQL files name with a dollar sign."""
    return {
        "key": engine.key(sample.seed, sample.month),
        "amount_key": engine.key(sample.seed, sample.month, sample.revision),
        "subscriptions": sample.subscriptions,
        "start": f"{month_start(sample.month):%Y-%m-%d}",
        "end": f"{month_end(sample.month):%Y-%m-%d}",
        "days": sample.last_day.day,
        "invoice": "''" if sample.through_day else f"'G{sample.month.replace('-', '')}0042'",
    }
