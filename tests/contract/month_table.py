"""The table of one source, in memory or in a cloud, and load jobs into its months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from google.cloud import bigquery

from tests.fakes.small_files import csv_file, parquet_file
from tests.support.deployment import ITEM, Deployment

SEPTEMBER, OCTOBER = "2025-09", "2025-10"


class MonthTable:
    """AWS loads CSV with a schema, Azure loads Parquet without one."""

    def __init__(self, deployment: Deployment, key: str) -> None:
        self.deployment = deployment
        self.client = deployment.bigquery
        self.source = deployment.source(key)
        self.is_aws = key == "aws_cur"
        self.item = ITEM[key]  # the column that identifies a row

    def handle(self) -> Any:
        return self.client.get_table(self.source.destination)

    def column_names(self) -> list[str]:
        return [field.name for field in self.handle().schema]

    def add_column(self, name: str, handle: Any = None) -> Any:
        """Patch the table under the etag of the handle. Return the handle that the patch sent."""
        handle = handle or self.handle()
        handle.schema = [*handle.schema, bigquery.SchemaField(name, "STRING", description=f"source: {name}")]
        self.client.update_table(handle, ["schema"])
        return handle

    def items(self) -> dict[str, list[str]]:
        return self.deployment.items(self.source.key)

    def partitions(self) -> Any:
        return self.deployment.services().warehouse.partitions(self.source)

    def file(self, month: str, *items: str) -> bytes:
        return (csv_file if self.is_aws else parquet_file)(month, items)

    def upload(self, *contents: bytes) -> list[str]:
        uris = []
        for data in contents:
            name = f"{uuid4().hex}/part"
            self.deployment.put(self.source.bucket, name, data)
            uris.append(f"gs://{self.source.bucket}/{name}")
        return uris

    def config(self) -> bigquery.LoadJobConfig:
        config = bigquery.LoadJobConfig(
            create_disposition="CREATE_NEVER",
            write_disposition="WRITE_TRUNCATE",
            schema_update_options=["ALLOW_FIELD_ADDITION"],
            source_format="CSV" if self.is_aws else "PARQUET",
        )
        if self.is_aws:
            config.skip_leading_rows, config.allow_quoted_newlines = 1, True
            config.schema = [
                bigquery.SchemaField("bill_billing_period_start_date", "TIMESTAMP"),
                bigquery.SchemaField(self.item, "STRING"),
                bigquery.SchemaField("line_item_unblended_cost", "BIGNUMERIC"),
            ]
        else:
            config.decimal_target_types = ["BIGNUMERIC"]
        return config

    def insert(self, month: str, uris: Sequence[str], job_id: str | None = None, config: Any = None) -> Any:
        """Insert a job that replaces the month, and do not wait for it."""
        return self.client.load_table_from_uri(
            list(uris),
            f"{self.source.destination}${month.replace('-', '')}",
            job_id=job_id or uuid4().hex,
            job_config=config or self.config(),
            **self.deployment.job_location,
        )

    def run(self, month: str, uris: Sequence[str], job_id: str | None = None, config: Any = None) -> Any:
        """Insert such a job and wait until it is done."""
        return self.ended(self.insert(month, uris, job_id, config))

    def query(self, sql: str, config: Any) -> Any:
        """Insert a query job and wait until it is done."""
        where = self.deployment.job_location
        return self.ended(self.client.query(sql, job_id=uuid4().hex, job_config=config, job_retry=None, **where))

    def ended(self, job: Any) -> Any:
        while job.state != "DONE":
            self.deployment.clock.sleep(0.2)
            job.reload()
        return job

    def load(self, month: str, *items: str) -> Any:
        """Load a file with one row per item."""
        return self.run(month, self.upload(self.file(month, *items)))
