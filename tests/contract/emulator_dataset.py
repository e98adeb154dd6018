"""Create tables by month in a dataset of the emulator or of Google, load files into them, and read them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from tests.support.cloud import Cloud

Schema = Mapping[str, str]

MONTHLY: Schema = {"month": "TIMESTAMP", "item": "STRING", "cost": "BIGNUMERIC"}


def fields(schema: Schema) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField(name, kind) for name, kind in schema.items()]


class EmulatorDataset:
    def __init__(self, cloud: Cloud, bucket: str, name: str) -> None:
        self.cloud = cloud
        self.bucket = bucket
        self.name = name
        self.client = cloud.bigquery

    def table_id(self, table: str = "t") -> str:
        return f"{self.cloud.project}.{self.name}.{table}"

    def table(self, name: str = "t") -> bigquery.Table:
        return self.client.get_table(self.table_id(name))

    def column_names(self) -> list[str]:
        return [field.name for field in self.table().schema]

    def create_table(
        self, table: str = "t", schema: Schema = MONTHLY, partition: str | None = "month"
    ) -> bigquery.Table:
        wanted = bigquery.Table(self.table_id(table), schema=fields(schema))
        if partition:
            wanted.time_partitioning = bigquery.TimePartitioning(type_="MONTH", field=partition)
        return self.client.create_table(wanted)

    def upload(self, content: bytes | str, name: str | None = None) -> str:
        name = name or f"{uuid4().hex}.csv"
        data = content.encode() if isinstance(content, str) else content
        self.cloud.storage.bucket(self.bucket).blob(name).upload_from_string(data, "application/octet-stream")
        return f"gs://{self.bucket}/{name}"

    def load(
        self,
        uris: str | list[str],
        table: str = "t",
        schema: Schema | Sequence[bigquery.SchemaField] | None = MONTHLY,
        job_id: str | None = None,
        **options: Any,
    ) -> bigquery.LoadJob:
        """Insert a job with the loader's options, and do not wait for it."""
        defaults: dict[str, Any] = {
            "source_format": "CSV",
            "skip_leading_rows": 1,
            "allow_quoted_newlines": True,
            "write_disposition": "WRITE_TRUNCATE",
            "create_disposition": "CREATE_NEVER",
        }
        settings = {name: value for name, value in {**defaults, **options}.items() if value is not None}
        if settings["source_format"] != "CSV":
            settings.pop("skip_leading_rows")
            settings.pop("allow_quoted_newlines")
        config = bigquery.LoadJobConfig(**settings)
        if schema:
            config.schema = fields(schema) if isinstance(schema, Mapping) else schema
        return self.client.load_table_from_uri(uris, self.table_id(table), job_id=job_id, job_config=config)

    def load_csv(self, text: bytes | str, table: str = "t", **options: Any) -> bigquery.LoadJob:
        job = self.load(self.upload(text), table, **options)
        job.result(timeout=60)
        return job

    def sql(self, text: str) -> str:
        """Replace `$.name` by the full name of a table, or of an INFORMATION_SCHEMA view, of this dataset."""
        return re.sub(r"(?<!')\$\.([\w.]+)", rf"`{self.cloud.project}.{self.name}.\1`", text)

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.client.query_and_wait(self.sql(text))]


def failure(job: bigquery.LoadJob) -> tuple[str, list[dict[str, Any]]]:
    """Return the message and the error list of a job that fails as a bad request."""
    with pytest.raises(BadRequest) as caught:
        job.result(timeout=60)
    return str(caught.value), job.errors
