"""AWS Cost and Usage Reports (CUR v1), gzip CSV, in both delivery modes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from tests.samples import csv_gzip, engine
from tests.samples.columns import Column, aws_columns, column_list
from tests.samples.model import (
    Delivery,
    Kind,
    Mode,
    SampleObject,
    local_path,
    manifest_bytes,
    month_end,
    month_start,
    write,
)

PAYER = "100000000000"
BUCKET = "acme-billing-exports"
COST, SERVICE = "lineItem/UnblendedCost", "lineItem/ProductCode"


@dataclass(frozen=True)
class CurSample:
    month: str
    rows: int
    files: int
    accounts: int
    seed: int
    revision: int
    mode: Mode
    report: str
    prefix: str
    finalized: bool
    columns: tuple[Column, ...]
    execution: str

    @property
    def period_folder(self) -> str:
        return f"{self.prefix}{self.report}/{month_start(self.month):%Y%m%d}-{month_end(self.month):%Y%m%d}/"

    @property
    def data_folder(self) -> str:
        return f"{self.period_folder}{self.execution}/" if self.mode == "create_new" else self.period_folder

    @property
    def data_keys(self) -> tuple[str, ...]:
        return tuple(f"{self.data_folder}{self.report}-{n + 1}.csv.gz" for n in range(self.files))

    @property
    def manifest_keys(self) -> tuple[str, ...]:
        """Create-new writes the same manifest twice: into the assembly's folder, then over the period's."""
        return tuple(f"{f}{self.report}-Manifest.json" for f in dict.fromkeys((self.data_folder, self.period_folder)))


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
    report: str = "acme-cur",
    prefix: str = "exports/aws/",
    finalized: bool = True,
    columns: Sequence[Column] | None = None,
    execution: str | None = None,
) -> Delivery:
    """One refresh of one month. A revision restates it: another assembly, 3 rows more, other amounts.

    Files are kept under `folder`/<assemblyId>/, so that equal object names do not overwrite each other.
    """
    sample = CurSample(
        month, rows + 3 * (revision - 1) if rows else 0, files, accounts, seed, revision, mode, report, prefix,
        finalized, tuple(columns or aws_columns(month)),
        execution or engine.identifier("aws", prefix, report, month, mode, rows, seed, revision),
    )  # fmt: skip
    home = folder / sample.execution
    with engine.database(engine.sql("aws_catalog.sql", _values(sample))) as connection:
        parts = engine.per_file(connection, sample.rows, files, lambda *job: _write_file(sample, home, *job))
    contents: list[tuple[str, Kind, bytes]] = [
        (k, "manifest", manifest_bytes(manifest(sample))) for k in sample.manifest_keys
    ]
    contents += [(k, "ignored", content) for k, content in ignored(sample).items()]
    objects = [SampleObject(k, local_path(home, k), "data") for k in sample.data_keys]
    objects += [SampleObject(k, write(local_path(home, k), c), kind) for k, kind, c in contents]
    names = tuple(c.name for c in sample.columns)
    return Delivery("aws", month, sample.execution, tuple(objects), engine.totals(parts), names)


def manifest(sample: CurSample) -> dict[str, Any]:
    return {
        "assemblyId": sample.execution,
        "account": PAYER,
        "columns": [_column(c) for c in sample.columns],
        "charset": "UTF-8",
        "compression": "GZIP",
        "contentType": "text/csv",
        "reportId": hashlib.sha256(sample.report.encode()).hexdigest(),
        "reportName": sample.report,
        "billingPeriod": {"start": _basic_iso(month_start(sample.month)), "end": _basic_iso(month_end(sample.month))},
        "bucket": BUCKET,
        "reportKeys": list(sample.data_keys),
        "additionalArtifactKeys": [
            {"artifactType": f"Redshift{kind}", "name": f"{sample.data_folder}{sample.report}-Redshift{kind}.{suffix}"}
            for kind, suffix in (("Manifest", "json"), ("Commands", "sql"))
        ],
    }


def ignored(sample: CurSample) -> dict[str, bytes]:
    """What stands beside a report in a real bucket, and is not a report: each looks a little like one."""
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


def _write_file(
    sample: CurSample, home: Path, connection: duckdb.DuckDBPyConnection, number: int, first: int, last: int
) -> engine.Part:
    rows = engine.sql("aws_rows.sql", _values(sample) | {"first": first, "last": last})
    select = Template(f"SELECT {column_list(sample.columns)} FROM line").substitute(_values(sample))
    path = local_path(home, sample.data_keys[number])
    header = [c.name for c in sample.columns]
    return csv_gzip.write(connection, rows + select, header, path, cost=COST, service=SERVICE)


def _values(sample: CurSample) -> dict[str, object]:
    """What the SQL files name with a dollar sign."""
    return {
        "key": engine.key(sample.seed, sample.month),
        "amount_key": engine.key(sample.seed, sample.month, sample.revision),
        "accounts": sample.accounts,
        "start": f"{month_start(sample.month):%Y-%m-%d}",
        "hours": (month_end(sample.month) - month_start(sample.month)).days * 24,
        "period_start": f"{month_start(sample.month):%Y-%m-%d}T00:00:00.000Z",
        "period_end": f"{month_end(sample.month):%Y-%m-%d}T00:00:00.000Z",
        "invoice": "(1900000000 + account_no)::VARCHAR" if sample.finalized else "NULL",
    }


def _column(column: Column) -> dict[str, str]:
    category, _, name = column.name.partition("/")
    return {"category": category, "name": name, "type": column.type}


def _basic_iso(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}.000Z"
