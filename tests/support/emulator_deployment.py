"""A deployment that is created by requests, in a fraction of the time that `terraform apply` takes.

It is on the emulator, or in the project of `make conform`.

`tests/terraform/test_system.py` compares its tables and environment with Terraform's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self
from uuid import uuid4

from google.cloud import bigquery

from billing.gcp.services import Services, build_services
from billing.workflows.publish_views import publish_dataset_views
from tests.emulator import Emulator
from tests.fakes.wire import Wire
from tests.support.clock import SteppedClock
from tests.support.cloud import Cloud
from tests.support.deployment import ITEM, Deployment, Loads, environment_for, key_of, settings_from
from tests.support.paths import SCHEMAS
from tests.support.sources import AWS, AZURE, SourceSpec


class CloudDeployment(Deployment):
    """What holds however the buckets and tables were created."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.clock = SteppedClock()
        self.storage, self.bigquery = cloud.storage, cloud.bigquery

    @property
    def emulator(self) -> Emulator:
        assert isinstance(self.cloud, Emulator)
        return self.cloud

    def put(self, bucket: str, name: str, data: bytes, written: datetime | None = None) -> None:
        blob = self.storage.bucket(bucket).blob(name)
        blob.custom_time = written
        blob.upload_from_string(data, content_type="application/octet-stream")

    def services(self, wire: Wire | None = None) -> Services:
        clock = wire.machine if wire is not None else self.clock
        credentials = self.cloud.credentials
        services: Services = build_services(self.settings, self.storage, self.bigquery, credentials, clock)
        return services

    def items(self, key: str) -> dict[str, list[str]]:
        source = self.source(key)
        handle = self.bigquery.get_table(source.destination)
        if ITEM[key] not in {field.name for field in handle.schema}:
            return {}  # nothing was ever loaded
        rows = self.query(
            f"SELECT FORMAT_TIMESTAMP('%Y-%m', {source.format.partition}) AS month, {ITEM[key]} AS item"
            f" FROM `{source.destination}`"
        )
        months = {row["month"] for row in rows}
        return {month: sorted(row["item"] for row in rows if row["month"] == month) for month in months}

    def loads(self, key: str) -> Loads:
        source = self.source(key)
        publish_dataset_views(self.services(), {}, source)
        rows = self.query(f"SELECT * FROM `{source.destination}_loads` ORDER BY loaded_at")
        return [{**row, "execution": row[source.format.execution_column]} for row in rows]

    def query(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.bigquery.query_and_wait(sql)]

    def lose_dlt_tables(self) -> None:
        for table in ("_dlt_loads", "_dlt_pipeline_state", "_dlt_version"):
            self.bigquery.delete_table(f"{self.settings.project}.{self.dataset}.{table}", not_found_ok=True)

    def undo_last_completion(self) -> None:
        loads = f"`{self.settings.project}.{self.dataset}._dlt_loads`"
        self.query(f"DELETE FROM {loads} WHERE load_id = (SELECT MAX(load_id) FROM {loads})")


class DirectDeployment(CloudDeployment):
    """Only with `focus` it has FOCUS views. They would take a second of each first load.

    `name` begins the names of buckets and datasets, so that several deployments share one cloud.
    """

    def __init__(
        self,
        cloud: Cloud,
        sources: Iterable[SourceSpec] = (AWS, AZURE),
        name: str | None = None,
        *,
        focus: bool = False,
    ) -> None:
        super().__init__(cloud)
        self.name = name or f"t{uuid4().hex[:10]}"
        self._focus = focus
        self.configure(*sources)

    def configure(self, *sources: SourceSpec) -> None:
        self.sources = sources
        self.settings = settings_from(self.environment())

    def environment(self) -> dict[str, str]:
        return environment_for(self.sources, self.cloud.project, self.cloud.location, self.name, focus=self._focus)

    def create(self) -> Self:
        buckets = {self.settings.bookkeeping_bucket, *(f"{self.name}-landing-{one}" for one in ("aws", "azure"))}
        for bucket in sorted(buckets):
            self.cloud.create_bucket(bucket)
        for name in filter(None, (self.dataset, self.settings.focus_dataset)):
            self.cloud.create_dataset(name)
        for source in self.sources:
            self.create_tables(source)
        return self

    def create_tables(self, spec: SourceSpec) -> None:
        self.create_table(spec)
        self._create_tracking_table(spec)

    def create_table(self, spec: SourceSpec) -> None:
        """Create the table of a source: by month, clustered."""
        table = bigquery.Table(self.source(spec).destination, schema=_fields(spec.table_schema))
        table.time_partitioning = bigquery.TimePartitioning(type_="MONTH", field=spec.shape["partition"])
        table.clustering_fields = [spec.shape["cluster"]]
        self.bigquery.create_table(table)

    def _create_tracking_table(self, spec: SourceSpec) -> None:
        execution = {
            "name": spec.shape["execution_column"],
            "type": "STRING",
            "description": "The provider's id of the delivery",
        }
        columns = [execution, *json.loads((SCHEMAS / "load_tracking.json").read_text())]
        name = f"{self.source(spec).destination}_load_tracking"
        self.bigquery.create_table(bigquery.Table(name, schema=_fields(columns)))

    def recreate_table(self, key: str) -> None:
        self.bigquery.delete_table(self.source(key).destination)
        self.create_table(next(spec for spec in self.sources if key_of(spec) == key))


class EmulatorDeployment(DirectDeployment):
    """On the emulator."""


def _fields(columns: list[dict[str, str]]) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField.from_api_repr(column) for column in columns]
