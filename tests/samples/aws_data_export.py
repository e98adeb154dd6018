"""Generate AWS Data Exports (CUR 2.0 and FOCUS) as gzip CSV and Parquet, in both delivery modes.

The line items are those of the CUR of the same seed and month: see `aws_usage`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from tests.samples import aws_usage, engine
from tests.samples.aws_usage import BUCKET, PAYER, Usage
from tests.samples.columns import Column, aws_focus_columns, cur2_columns
from tests.samples.model import (
    Delivery,
    FileFormat,
    Mode,
    local_path,
    manifest_bytes,
    month_end,
    month_start,
    objects,
)

Table = Literal["cur2", "focus"]
COST = {"cur2": "line_item_unblended_cost", "focus": "BilledCost"}
SERVICE = {"cur2": "line_item_product_code", "focus": "x_ServiceCode"}
PHYSICAL = {
    "string": "CAST({} AS VARCHAR)",
    "double": "CAST({} AS DOUBLE)",
    "timestamp": "CAST({} AS TIMESTAMP)::TIMESTAMP_MS",
    "map": "CAST({} AS MAP(VARCHAR, VARCHAR))",
    "map<double>": "CAST({} AS MAP(VARCHAR, DOUBLE))",
}
# FOCUS shows neither what cancels covered usage nor a discount: the cost has it. The unused part of a fee is usage.
CHARGES = {
    "cur2": "line",
    "focus": "(SELECT line.*, part FROM line, UNNEST(IF(line_type IN ('RIFee', 'SavingsPlanRecurringFee'), "
    "['charge', 'unused'], ['charge'])) p(part) WHERE line_type NOT IN ('SavingsPlanNegation', 'PrivateRateDiscount'))",
}
TEXT = {"map": "to_json({})", "map<double>": "to_json({})"}


@dataclass(frozen=True)
class Quirks:
    """Details that differ between real exports."""

    lower_case: bool  # billing_period= instead of BILLING_PERIOD=
    addresses: bool  # the manifest names files as s3://bucket/key
    bare: bool  # the manifest has the list of files and nothing else
    manifest_in: tuple[Literal["execution", "period"], ...]  # folders of the metadata, in create-new mode

    @classmethod
    def of(cls, month: str) -> Quirks:
        """Return a mix that differs from month to month."""
        number = month_start(month).month
        places: tuple[Literal["execution", "period"], ...] = ("execution", "period")
        return cls(number % 2 == 0, number % 2 == 1, number % 3 == 0, (places, places[:1], places[1:])[number // 3 % 3])


@dataclass(frozen=True)
class DataExportSample:
    usage: Usage
    table: Table
    file_format: FileFormat
    mode: Mode
    export_name: str
    prefix: str
    columns: tuple[Column, ...]
    quirks: Quirks
    execution: str

    @property
    def period(self) -> str:
        name = "billing_period" if self.quirks.lower_case else "BILLING_PERIOD"
        return f"{name}={self.usage.month}/"

    @property
    def data_folder(self) -> str:
        execution = f"{self.execution}/" if self.mode == "create_new" else ""
        return f"{self.prefix}{self.export_name}/data/{self.period}{execution}"

    @property
    def data_keys(self) -> tuple[str, ...]:
        ending = "csv.gz" if self.file_format == "csv" else "snappy.parquet"
        return tuple(f"{self.data_folder}{self.export_name}-{n + 1:05d}.{ending}" for n in range(self.usage.files))

    @property
    def manifest_keys(self) -> tuple[str, ...]:
        folder = f"{self.prefix}{self.export_name}/metadata/{self.period}"
        places = self.quirks.manifest_in if self.mode == "create_new" else ("period",)
        folders = {"execution": f"{folder}{self.execution}/", "period": folder}
        return tuple(f"{folders[place]}{self.export_name}-Manifest.json" for place in places)


def aws_data_export_delivery(
    folder: Path,
    month: str,
    *,
    rows: int,
    table: Table = "cur2",
    file_format: FileFormat = "csv",
    files: int = 2,
    accounts: int = 5,
    seed: int = 1,
    revision: int = 1,
    mode: Mode = "create_new",
    version: str = "1.2",
    export_name: str = "acme-export",
    prefix: str = "exports/aws/",
    columns: Sequence[Column] | None = None,
    quirks: Quirks | None = None,
    begun: datetime | None = None,
    execution: str | None = None,
) -> Delivery:
    """Generate one execution of one month. A revision restates it: a later execution, 3 rows more, other amounts.

    `version` is the version of FOCUS. The files are in `folder`/<execution>/.
    """
    if mode not in ("create_new", "overwrite"):
        raise ValueError(f"Data Exports have no delivery mode {mode}: use create_new or overwrite.")
    usage = Usage(month, rows + 3 * (revision - 1) if rows else 0, files, accounts, seed, revision, finalized=True)
    identifier = engine.identifier(table, prefix, export_name, month, mode, version, rows, seed, revision)
    stamp = f"{begun or _usual_run(month, revision):%Y%m%dT%H%M%SZ}-" if mode == "create_new" else ""
    sample = DataExportSample(
        usage, table, file_format, mode, export_name, prefix,
        tuple(columns or (cur2_columns() if table == "cur2" else aws_focus_columns(version))),
        quirks or Quirks.of(month), execution or f"{stamp}{identifier}",
    )  # fmt: skip
    home = folder / sample.execution
    parts = aws_usage.write_files(
        usage, sample.columns, [local_path(home, key) for key in sample.data_keys], PHYSICAL, TEXT,
        cost=COST[table], service=SERVICE[table], charges=CHARGES[table],
    )  # fmt: skip
    manifests = dict.fromkeys(sample.manifest_keys, manifest_bytes(manifest(sample)))
    items = objects(home, sample.data_keys, manifests, ignored(sample))
    names = tuple(c.name for c in sample.columns)
    return Delivery("aws", month, sample.execution, items, engine.totals(parts), names)


def manifest(sample: DataExportSample) -> dict[str, Any]:
    at = f"s3://{BUCKET}/" if sample.quirks.addresses else ""
    files = {"dataFiles": [f"{at}{key}" for key in sample.data_keys]}
    if sample.quirks.bare:
        return files
    return {
        "executionId": sample.execution,
        "exportArn": f"arn:aws:bcm-data-exports:us-east-1:{PAYER}:export/{sample.export_name}-9f8e7d6c",
        "columns": [{"name": c.name, "type": c.type.partition("<")[0]} for c in sample.columns],
        **files,
    }


def ignored(sample: DataExportSample) -> dict[str, bytes]:
    """Objects that a real bucket has beside an export. Each resembles a part of an export."""
    name, root = sample.export_name, f"{sample.prefix}{sample.export_name}/"
    other = replace(sample, export_name="other-export", execution=engine.identifier("other", sample.execution))
    content = manifest_bytes(manifest(other))
    return {
        f"{root}data/{sample.period}": b"",
        f"{root}metadata/{sample.period}{name}-Metadata.json": b'{"executionId": "not-a-manifest"}',
        f"{root}metadata/{sample.period}{name}-create-table.sql": b"CREATE EXTERNAL TABLE cur2 (...);\n",
        f"{root}metadata/{name}-Manifest.json": content,
        f"{root}metadata/{sample.period}x{name}-Manifest.json": content,
        f"{root}{name}-00001.csv.gz": b"",
        other.manifest_keys[0]: content,
    }


def _usual_run(month: str, revision: int) -> datetime:
    """Return the second day of the next month for the first revision, and eight hours more for each further one."""
    return month_end(month) + timedelta(days=1, hours=8 * (revision - 1), minutes=17, seconds=29)
