"""One shape for both clouds, the one in memory and the laptop's: two sources' buckets and tables, clients and rooms."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from datetime import datetime
from pathlib import Path
from typing import Any

from google.cloud import bigquery
from google.oauth2.credentials import Credentials

from billing.clock import Clock
from billing.formats import SCHEMAS
from billing.gcp.services import Services, build_services
from billing.settings import Settings, Source, read_settings
from billing.workflows.publish_views import publish_dataset_views
from tests.emulator import LocalCloud
from tests.fakes.cloud import MemoryCloud
from tests.fakes.wire import Wire
from tests.support.harness import SteppedClock
from tests.support.stack import AWS, AZURE, SourceSpec, Stack

Loads = list[dict[str, Any]]
ITEM = {"aws_cur": "identity_line_item_id", "azure_billing": "ResourceId"}  # the column that tells rows apart


class Site(ABC):
    settings: Settings
    clock: Clock
    storage: Any
    bigquery: Any

    def source(self, key: str) -> Source:
        return next(source for source in self.settings.sources if source.key == key)

    @property
    def where(self) -> dict[str, str]:
        return {"project": self.settings.project, "location": self.settings.location}

    @abstractmethod
    def step(self, **by: float) -> None: ...

    @abstractmethod
    def put(self, bucket: str, name: str, data: bytes, written: datetime | None = None) -> None:
        """As Storage Transfer does: `written` is the object's time at the provider."""

    @abstractmethod
    def rooms(self, wire: Wire | None = None) -> Services: ...

    @abstractmethod
    def items(self, key: str) -> dict[str, list[str]]:
        """By month, the items that the table holds, sorted."""

    @abstractmethod
    def loads(self, key: str) -> Loads:
        """The rows of the view of the loads, oldest first."""

    @abstractmethod
    def recreate_table(self, key: str) -> None: ...

    @abstractmethod
    def lose_dlt_tables(self) -> None: ...

    @abstractmethod
    def undo_last_completion(self) -> None:
        """As if the process had died before dlt said that its last load is complete."""


class MemorySite(Site):
    def __init__(self) -> None:
        self.cloud = MemoryCloud()
        self.clock = self.cloud.clock
        self.settings = _MEMORY
        self.storage, self.bigquery = self.cloud.storage(), self.cloud.bigquery()
        for bucket in {self.settings.bookkeeping_bucket, *(source.bucket for source in self.settings.sources)}:
            self.cloud.buckets.live[bucket] = {}
        for source in self.settings.sources:
            self.recreate_table(source.key)

    def step(self, **by: float) -> None:
        self.cloud.clock.step(**by)

    def put(self, bucket: str, name: str, data: bytes, written: datetime | None = None) -> None:
        self.cloud.clock.step(seconds=0.01)
        self.cloud.buckets.write(bucket, name, data, self.clock.now(), written)

    def rooms(self, wire: Wire | None = None) -> Services:
        return self.cloud.services(self.settings, wire)

    def items(self, key: str) -> dict[str, list[str]]:
        partitions = self.cloud.tables.get(self.source(key).destination).partitions
        months = {f"{month[:4]}-{month[4:]}": rows for month, rows in partitions.items()}
        return {month: sorted(str(dict(row)[ITEM[key]]) for row in rows) for month, rows in months.items() if rows}

    def loads(self, key: str) -> Loads:
        source = self.source(key)
        rows = self.cloud.books.loads(source.destination)
        return [{**row, "execution": row[source.format.execution_column]} for row in rows]

    def recreate_table(self, key: str) -> None:
        columns = {"aws_cur": _AWS_COLUMNS, "azure_billing": _AZURE_COLUMNS}[key]
        self.cloud.clock.step(seconds=0.01)
        self.cloud.tables.create(self.source(key).destination, columns, columns[0].name, self.clock.now())

    def lose_dlt_tables(self) -> None:
        self.cloud.books.lose_dlt_tables()

    def undo_last_completion(self) -> None:
        self.cloud.books.complete.discard(max(self.cloud.books.complete))


class LocalSite(Site):
    """A deployment in the laptop's cloud. A moment of the past is its own: only the loader's clock can be stepped."""

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self.stack = Stack(cloud, _SPECS, name).create()
        self.clock = SteppedClock()
        self.settings = read_settings(self.stack.environment(), folder=Path("/nowhere"))
        self.storage, self.bigquery = cloud.storage, cloud.bigquery

    def step(self, **by: float) -> None:
        assert isinstance(self.clock, SteppedClock)
        self.clock.step(**by)

    def put(self, bucket: str, name: str, data: bytes, written: datetime | None = None) -> None:
        blob = self.storage.bucket(bucket).blob(name)
        blob.custom_time = written
        blob.upload_from_string(data, content_type="application/octet-stream")

    def rooms(self, wire: Wire | None = None) -> Services:
        credentials = Credentials("local")
        rooms: Services = build_services(self.settings, self.storage, self.bigquery, credentials, self.clock)
        return rooms

    def items(self, key: str) -> dict[str, list[str]]:
        source = self.source(key)
        handle = self.bigquery.get_table(source.destination)
        if ITEM[key] not in {field.name for field in handle.schema}:
            return {}  # nothing was ever loaded
        rows = self._query(
            f"SELECT FORMAT_TIMESTAMP('%Y-%m', {source.format.partition}) AS month, {ITEM[key]} AS item"
            f" FROM `{source.destination}`"
        )
        months = {row["month"] for row in rows}
        return {month: sorted(row["item"] for row in rows if row["month"] == month) for month in months}

    def loads(self, key: str) -> Loads:
        source = self.source(key)
        publish_dataset_views(self.rooms(), {}, source)
        rows = self._query(f"SELECT * FROM `{source.destination}_loads` ORDER BY loaded_at")
        return [{**row, "execution": row[source.format.execution_column]} for row in rows]

    def recreate_table(self, key: str) -> None:
        spec = next(spec for spec in _SPECS if spec.key.lower() == key)
        self.bigquery.delete_table(self.source(key).destination)
        self.stack.create_table(spec)

    def lose_dlt_tables(self) -> None:
        for table in ("_dlt_loads", "_dlt_pipeline_state", "_dlt_version"):
            self.bigquery.delete_table(f"{self.settings.project}.{self.stack.dataset}.{table}", not_found_ok=True)

    def undo_last_completion(self) -> None:
        loads = f"`{self.settings.project}.{self.stack.dataset}._dlt_loads`"
        self._query(f"DELETE FROM {loads} WHERE load_id = (SELECT MAX(load_id) FROM {loads})")

    def _query(self, sql: str) -> Loads:
        return [dict(row) for row in self.bigquery.query_and_wait(sql)]


_SPECS: tuple[SourceSpec, ...] = (AWS, AZURE)


def _columns(*names: str, file: str) -> list[bigquery.SchemaField]:
    known = {column["name"]: column for column in json.loads((SCHEMAS / file).read_text())}
    return [bigquery.SchemaField.from_api_repr(known[name]) for name in names]


_AWS_COLUMNS = _columns("bill_billing_period_start_date", "line_item_unblended_cost", file="aws_cur_v1.json")
_AZURE_COLUMNS = _columns("BillingPeriodStart", "BilledCost", "ResourceId", file="azure_focus_1.2-preview.json")


class _Names:
    """What a stack needs to know of a cloud to name its parts."""

    project = "memory-project"
    location = "europe-west1"


_MEMORY = read_settings(Stack(_Names(), _SPECS).environment(), folder=Path("/nowhere"))  # type: ignore[arg-type]
