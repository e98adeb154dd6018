"""Generate AWS Cost and Usage Reports (CUR v1) as gzip CSV and Parquet, in every delivery mode."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.samples import aws_usage, engine
from tests.samples.aws_usage import BUCKET, PAYER, Usage
from tests.samples.columns import Column, athena_columns, athena_name, aws_columns
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

COST, SERVICE = "lineItem/UnblendedCost", "lineItem/ProductCode"
TEXT, DOUBLE, TIMESTAMP = "CAST({} AS VARCHAR)", "CAST({} AS DOUBLE)", "CAST({} AS TIMESTAMPTZ)"
PHYSICAL = {
    **dict.fromkeys(("String", "OptionalString", "Interval"), TEXT),
    **dict.fromkeys(("BigDecimal", "OptionalBigDecimal"), DOUBLE),
    "DateTime": TIMESTAMP,
}
CATEGORIES = (
    *("identity", "bill", "lineItem", "discount", "product", "pricing", "reservation", "savingsPlan", "splitLineItem"),
    *("costCategory", "resourceTags"),
)
PARQUET_TYPES = {TEXT: "STRING", DOUBLE: "DOUBLE", TIMESTAMP: "TIMESTAMP"}  # as a Parquet report's manifest spells them


@dataclass(frozen=True)
class CurSample:
    usage: Usage
    file_format: FileFormat
    mode: Mode
    report: str
    prefix: str
    columns: tuple[Column, ...]
    execution: str

    @property
    def start(self) -> datetime:
        return month_start(self.usage.month)

    @property
    def end(self) -> datetime:
        return month_end(self.usage.month)

    @property
    def period_folder(self) -> str:
        return f"{self.prefix}{self.report}/{self.start:%Y%m%d}-{self.end:%Y%m%d}/"

    @property
    def data_folder(self) -> str:
        if self.mode == "athena":
            return f"{self.prefix}{self.report}/{self.report}/year={self.start.year}/month={self.start.month}/"
        return f"{self.period_folder}{self.execution}/" if self.mode == "create_new" else self.period_folder

    @property
    def data_keys(self) -> tuple[str, ...]:
        file = "{}.csv.gz" if self.file_format == "csv" else "{:05d}.snappy.parquet"
        return tuple(f"{self.data_folder}{self.report}-{file.format(n + 1)}" for n in range(self.usage.files))

    @property
    def manifest_keys(self) -> tuple[str, ...]:
        """Every name under which the manifest is written.

        Create-new writes it twice: into the folder of the assembly, then over the one in the folder of the period.
        With Athena's layout, real reports have it beside the data or in the folder of the period. Here even months
        have the first, odd months the second.
        """
        folders = {
            "create_new": (self.data_folder, self.period_folder),
            "overwrite": (self.period_folder,),
            "athena": (self.period_folder if self.start.month % 2 else self.data_folder,),
        }[self.mode]
        return tuple(f"{folder}{self.report}-Manifest.json" for folder in folders)


def aws_cur_delivery(
    folder: Path,
    month: str,
    *,
    rows: int,
    files: int = 3,
    accounts: int = 5,
    seed: int = 1,
    revision: int = 1,
    mode: Mode = "create_new",
    file_format: FileFormat = "csv",
    report: str = "acme-cur",
    prefix: str = "exports/aws/",
    finalized: bool = True,
    columns: Sequence[Column] | None = None,
    execution: str | None = None,
) -> Delivery:
    """Generate one refresh of one month. A revision restates it: another assembly, 3 rows more, other amounts.

    The files are in `folder`/<assemblyId>/, so that equal object names do not overwrite each other.
    """
    usage = Usage(month, rows + 3 * (revision - 1) if rows else 0, files, accounts, seed, revision, finalized)
    wanted = tuple(columns or aws_columns(month))
    sample = CurSample(
        usage, file_format, mode, report, prefix, wanted if file_format == "csv" else athena_columns(wanted),
        execution or engine.identifier("aws", prefix, report, month, mode, rows, seed, revision),
    )  # fmt: skip
    home = folder / sample.execution
    parts = aws_usage.write_files(
        usage, sample.columns, [local_path(home, key) for key in sample.data_keys], PHYSICAL,
        cost=_final(sample, COST), service=_final(sample, SERVICE),
    )  # fmt: skip
    manifests = dict.fromkeys(sample.manifest_keys, manifest_bytes(manifest(sample)))
    items = objects(home, sample.data_keys, manifests, ignored(sample))
    names = tuple(c.name for c in sample.columns)
    return Delivery("aws", month, sample.execution, items, engine.totals(parts), names)


def manifest(sample: CurSample) -> dict[str, Any]:
    return {
        "assemblyId": sample.execution,
        "account": PAYER,
        "columns": [_column(sample, c) for c in sample.columns],
        "charset": "UTF-8",
        "compression": "GZIP" if sample.file_format == "csv" else "Parquet",
        "contentType": "text/csv" if sample.file_format == "csv" else "Parquet",
        "reportId": hashlib.sha256(sample.report.encode()).hexdigest(),
        "reportName": sample.report,
        "billingPeriod": {"start": _basic_iso(sample.start), "end": _basic_iso(sample.end)},
        "bucket": BUCKET,
        "reportKeys": list(sample.data_keys),
        "additionalArtifactKeys": [
            {"artifactType": f"Redshift{kind}", "name": f"{sample.data_folder}{sample.report}-Redshift{kind}.{suffix}"}
            for kind, suffix in (("Manifest", "json"), ("Commands", "sql"))
        ],
    }


def ignored(sample: CurSample) -> dict[str, bytes]:
    """Objects that a real bucket has beside a report. Each resembles a part of a report."""
    report, own, period = sample.report, f"{sample.prefix}{sample.report}/", sample.period_folder
    other = manifest(replace(sample, report="other-report", execution=engine.identifier("other", sample.execution)))
    other_folder = f"{sample.prefix}other-report/{period.removeprefix(own)}"
    entries = [{"url": f"s3://{BUCKET}/{k}", "mandatory": True} for k in sample.data_keys]
    markers = {folder: b"" for folder in (sample.prefix, own, period) if folder}
    return markers | {
        f"{sample.data_folder}{report}-RedshiftManifest.json": json.dumps({"entries": entries}).encode(),
        f"{sample.data_folder}{report}-RedshiftCommands.sql": b"copy awsbilling from 's3://...' gzip csv;\n",
        f"{period}{report}-create-table.sql": b"CREATE EXTERNAL TABLE IF NOT EXISTS cur (...);\n",
        f"{period}{report}-Metadata.json": b'{"assemblyId": "not-a-manifest"}',
        f"{period}x{report}-Manifest.json": manifest_bytes(other),
        f"{own}crawler-cfn.yml": b"AWSTemplateFormatVersion: 2010-09-09\n",
        f"{own}cost_and_usage_data_status/cost_and_usage_data_status.parquet": b"PAR1",
        f"{other_folder}other-report-Manifest.json": manifest_bytes(other),
    }


def _final(sample: CurSample, header: str) -> str:
    return header if sample.file_format == "csv" else athena_name(header)


def _column(sample: CurSample, column: Column) -> dict[str, str]:
    if sample.file_format == "parquet":
        category = next(c for c in CATEGORIES if column.name.startswith(f"{athena_name(c)}_"))
        return {"category": category, "name": column.name, "type": PARQUET_TYPES[PHYSICAL[column.type]]}
    category, _, name = column.name.partition("/")
    return {"category": category, "name": name, "type": column.type}


def _basic_iso(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}.000Z"
