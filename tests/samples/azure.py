"""Azure Cost Management exports: FOCUS, actual and amortized cost of the same charges, as Parquet and CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any, Literal, Required, TypedDict, Unpack

import duckdb

from tests.samples import azure_csv, engine
from tests.samples.columns import Column, azure_columns, azure_cost_columns, spelled
from tests.samples.model import (
    Delivery,
    Mode,
    local_path,
    manifest_bytes,
    month_end,
    month_start,
    objects,
)

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000000"
BEHAVIOUR = {"create_new": "CreateNewReport", "overwrite": "OverwritePreviousReport"}
# Seen in real manifests of one and the same export: the spelling of startDate's zone, and of endDate's.
ZONES = (("Z", "Z"), ("", ""), ("", "+00:00"))
Headers = Literal["pascal", "camel", "german"]  # as EA, MCA and localised portals spell them
COST_VERSION = "c360-2025-04"
ROW_GROUP = 20_480  # rows held in memory per file
Form = Literal["parquet", "csv", "csv.gz"]
SUFFIX: Mapping[Form, str] = {"parquet": "snappy.parquet", "csv": "csv", "csv.gz": "csv.gz"}
DELIVERED = {"parquet": ("Parquet", "Snappy"), "csv": ("Csv", "None"), "csv.gz": ("Csv", "Gzip")}
PHYSICAL = {
    "Decimal": "CAST({} AS DECIMAL(38, 18))",
    "String": "CAST({} AS VARCHAR)",
    "DateTimeOffset": "to_timestamp(epoch({}))",  # microseconds of UTC; a cast would mean the machine's time zone
    "Boolean": "CAST({} AS BOOLEAN)",
}


@dataclass(frozen=True)
class Dataset:
    """One view of the charges: which it shows, and the columns of service, cost and (FOCUS) effective cost."""

    type: str
    amounts: tuple[str, ...]
    cost: str = "billed"
    shows: str = "true"


FOCUS = Dataset("FocusCost", ("ServiceName", "BilledCost", "EffectiveCost"))
# Actual cost has purchases, and what they cover at no cost; amortized cost spreads them over what they cover or waste.
ACTUAL = Dataset("ActualCost", ("MeterCategory", "Cost"), shows="kind <> 'Unused'")
AMORTIZED = Dataset("AmortizedCost", ("MeterCategory", "Cost"), cost="effective", shows="kind <> 'Purchase'")


@dataclass(frozen=True)
class AzureSample:
    dataset: Dataset
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
    form: Form
    headers: Headers

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
        return tuple(f"{self.folder}part_{n}_0001.{SUFFIX[self.form]}" for n in range(self.files))


class Run(TypedDict, total=False):
    """What `azure_delivery` takes of every dataset."""

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
    """One run of a FOCUS export of one month: see `azure_delivery`."""
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
    """One run of an export of actual or amortized cost of one month: see `azure_delivery`."""
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
    """One run of one month. A revision restates it: another run, later, 3 rows more, other amounts.

    `rows` are the charges drawn: equal seeds draw equal ones for every dataset, and each leaves out what it does not
    show. `through_day` makes it month-to-date. No rows: no blobs either, as the provider does. Files are kept under
    `folder`/<runId>/.
    """
    sample = AzureSample(
        dataset, month, rows + 3 * (revision - 1) if rows else 0, files if rows else 0, version, seed, revision, mode,
        export_name, root, submitted or _usual_run(month, revision, through_day), through_day, subscriptions,
        tuple(columns),
        execution or engine.identifier("azure", root, export_name, month, mode, version, rows, seed, revision),
        form, headers,
    )  # fmt: skip
    home = folder / sample.execution
    with engine.database(engine.sql("azure_catalog.sql", _values(sample))) as connection:
        parts = engine.per_file(connection, sample.rows, sample.files, lambda *job: _write_file(sample, home, *job))
    content = manifest_bytes(manifest(sample, _blobs(sample, home, parts)))
    items = objects(home, sample.blob_names, {f"{sample.folder}manifest.json": content}, ignored(sample))
    names = tuple(spelled(c.name, sample.headers) for c in sample.columns)
    return Delivery("azure", month, sample.execution, items, engine.totals(parts), names)


def manifest(sample: AzureSample, blobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
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
    sample: AzureSample, home: Path, connection: duckdb.DuckDBPyConnection, number: int, first: int, last: int
) -> engine.Part:
    path = local_path(home, sample.blob_names[number])
    path.parent.mkdir(parents=True, exist_ok=True)
    values = _values(sample) | {"cost": sample.dataset.cost}
    rows = engine.sql("azure_rows.sql", values | {"first": first, "last": last})
    physical = PHYSICAL if sample.form == "parquet" else _texts(sample)
    typed = ", ".join(f'{physical[c.type].format(c.value or "NULL")} AS "{c.name}"' for c in sample.columns)
    select = Template(f"{rows} SELECT {typed} FROM charge WHERE {sample.dataset.shows}").substitute(values)
    if sample.form != "parquet":
        header = [spelled(c.name, sample.headers) for c in sample.columns]
        amounts = [header.index(spelled(name, sample.headers)) for name in sample.dataset.amounts]
        return azure_csv.write(connection.execute(select), header, path, amounts)
    options = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP}"
    connection.execute(f"COPY ({select}) TO '{path}' ({options})")
    service, *sums = sample.dataset.amounts
    added = ", ".join(f"sum({name}::DECIMAL(38, 18))" for name in sums)
    found = engine.read_back(connection, f"SELECT {service}, count(*), {added} FROM read_parquet('{path}') GROUP BY 1")
    return [(*line, None)[:4] for line in found]


def _texts(sample: AzureSample) -> dict[str, str]:
    """How CSV spells the types: FOCUS 1.0 without seconds, actual and amortized cost with American dates."""
    dates = {"FocusCost": "%Y-%m-%dT%H:%MZ" if sample.version == "1.0" else "%Y-%m-%dT%H:%M:%SZ"}
    spelling = dates.get(sample.dataset.type, "%m/%d/%Y")
    return {
        "Decimal": "CAST(CAST({} AS DECIMAL(38, 18)) AS VARCHAR)",
        "String": "CAST({} AS VARCHAR)",
        "DateTimeOffset": f"strftime({{}}, '{spelling}')",
        "Boolean": "IF({}, 'True', 'False')",
    }


def _blobs(sample: AzureSample, home: Path, parts: Sequence[engine.Part]) -> list[dict[str, Any]]:
    sizes = [local_path(home, name).stat().st_size for name in sample.blob_names]
    return [
        {"blobName": name, "byteCount": size, "dataRowCount": sum(line[1] for line in part)}
        for name, size, part in zip(sample.blob_names, sizes, parts, strict=True)
    ]


def _usual_run(month: str, revision: int, through_day: int | None) -> datetime:
    """The day reached, or the fifth of the next month: the last time a month-to-date export delivers a month."""
    day = month_start(month).replace(day=through_day) if through_day else month_end(month) + timedelta(days=4)
    return day + timedelta(hours=9 + 6 * (revision - 1), minutes=42, seconds=1, microseconds=283798)


def _values(sample: AzureSample) -> dict[str, object]:
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
