"""A deployment in memory."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from google.cloud import bigquery

from billing.formats import SCHEMAS
from billing.gcp.services import Services
from tests.fakes.cloud import FakeCloud
from tests.fakes.wire import Wire
from tests.support.deployment import ITEM, Deployment, Loads, environment_for, key_of, settings_from
from tests.support.sources import AWS, AZURE, SourceSpec


class FakeDeployment(Deployment):
    def __init__(self) -> None:
        self.cloud = FakeCloud()
        self.clock = self.cloud.clock
        self.configure(AWS, AZURE)
        self.storage, self.bigquery = self.cloud.storage(), self.cloud.bigquery()
        for bucket in {self.settings.bookkeeping_bucket, *(source.bucket for source in self.settings.sources)}:
            self.cloud.buckets.live[bucket] = {}
        for source in self.settings.sources:
            self.recreate_table(source.key)

    def put(self, bucket: str, name: str, data: bytes, written: datetime | None = None) -> None:
        self.clock.step(seconds=0.01)
        self.cloud.buckets.write(bucket, name, data, self.clock.now(), written)

    def services(self, wire: Wire | None = None) -> Services:
        return self.cloud.services(self.settings, wire)

    def items(self, key: str) -> dict[str, list[str]]:
        partitions = self.cloud.tables.get(self.source(key).destination).partitions
        months = {f"{month[:4]}-{month[4:]}": rows for month, rows in partitions.items()}
        return {month: sorted(str(dict(row)[ITEM[key]]) for row in rows) for month, rows in months.items() if rows}

    def loads(self, key: str) -> Loads:
        source = self.source(key)
        rows = self.cloud.history.loads(source.destination)
        return [{**row, "execution": row[source.format.execution_column]} for row in rows]

    def query(self, sql: str) -> list[dict[str, Any]]:
        raise NotImplementedError("The fakes run no SQL.")

    def configure(self, *sources: SourceSpec) -> None:
        self.settings = settings_from(environment_for(sources, "fake-project", "europe-west1", "billing"))

    def create_tables(self, spec: SourceSpec) -> None:
        self.recreate_table(key_of(spec))

    def recreate_table(self, key: str) -> None:
        columns = {"aws": _AWS_COLUMNS, "azure": _AZURE_COLUMNS}[self.source(key).format.provider]
        self.clock.step(seconds=0.01)
        self.cloud.tables.create(self.source(key).destination, columns, columns[0].name, self.clock.now())

    def lose_dlt_tables(self) -> None:
        self.cloud.history.lose_dlt_tables()

    def undo_last_completion(self) -> None:
        self.cloud.history.complete.discard(max(self.cloud.history.complete))


def _columns(*names: str, file: str) -> list[bigquery.SchemaField]:
    known = {column["name"]: column for column in json.loads((SCHEMAS / file).read_text())}
    return [bigquery.SchemaField.from_api_repr(known[name]) for name in names]


_AWS_COLUMNS = _columns("bill_billing_period_start_date", "line_item_unblended_cost", file="aws_cur_v1.json")
_AZURE_COLUMNS = _columns("BillingPeriodStart", "BilledCost", "ResourceId", file="azure_focus_1.2-preview.json")
