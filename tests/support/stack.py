"""Buckets, datasets and tables for tests that run the handlers in their own process, many to one local cloud.

It makes what `terraform apply` makes, in a fraction of the time; `tests/terraform/test_system.py` holds it to that.
Whole systems, with functions, triggers and transfers, are Terraform's: `tests/support/system.py`.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from google.cloud import bigquery

from tests.emulator import LocalCloud
from tests.samples import Delivery, SampleObject, sink_name
from tests.support.paths import SCHEMAS

_FORMATS = json.loads((SCHEMAS / "formats.json").read_text())


@dataclass(frozen=True)
class SourceSpec:
    """One source as a user configures it."""

    key: str = "AWS_CUR"
    format: str = "aws_cur_v1_csv"
    export_name: str = "acme-cur"
    source_path: str = "exports/aws/"
    prefix: str = "aws/"
    table: str = "aws_cur"
    version: str = ""  # of FOCUS: decides the table's columns
    settle_hours: str = "3"
    type_overrides: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def shape(self) -> dict[str, Any]:
        """The format's row of the table that Terraform and the functions read."""
        shape: dict[str, Any] = _FORMATS[self.format]
        return shape

    @property
    def provider(self) -> str:
        return str(self.shape["provider"])


AWS = SourceSpec()
AZURE = SourceSpec(
    key="AZURE_BILLING",
    format="azure_focus_parquet",
    export_name="focus-cost",
    source_path="exports/azure/",
    prefix="azure/",
    table="azure_focus",
    version="1.2-preview",
)


class Stack:
    """One deployment in a local cloud; `name` keeps several of them apart in one cloud.

    Only with `focus` it has FOCUS views: each first load would spend a second of the laptop's BigQuery on them.
    """

    def __init__(
        self,
        cloud: LocalCloud,
        sources: tuple[SourceSpec, ...] = (AWS, AZURE),
        name: str = "billing",
        *,
        focus: bool = False,
    ) -> None:
        self.cloud = cloud
        self.sources = sources
        self.dataset = name.replace("-", "_")
        self.focus_dataset = f"{self.dataset}_focus" if focus else ""
        self.bookkeeping = f"{name}-bookkeeping"
        self._landing = {provider: f"{name}-landing-{provider}" for provider in ("aws", "azure")}
        self._name = name

    def create(self) -> "Stack":
        for bucket in (self.bookkeeping, *self._landing.values()):
            self.cloud.create_bucket(bucket)
        for name in filter(None, (self.dataset, self.focus_dataset)):
            dataset = bigquery.Dataset(f"{self.cloud.project}.{name}")
            dataset.location = self.cloud.location
            self.cloud.bigquery.create_dataset(dataset)
        for source in self.sources:
            self.create_tables(source)
        return self

    def bucket(self, source: SourceSpec) -> str:
        return self._landing[source.provider]

    def table_id(self, source: SourceSpec) -> str:
        return f"{self.cloud.project}.{self.dataset}.{source.table}"

    def environment(self) -> dict[str, str]:
        variables = {
            "DESTINATION__BIGQUERY__PROJECT_ID": self.cloud.project,
            "DESTINATION__BIGQUERY__LOCATION": self.cloud.location,
            "BOOKKEEPING_BUCKET": self.bookkeeping,
            "FOCUS_DATASET": self.focus_dataset,
        }
        for source in self.sources:
            fields = {
                "BUCKET": self.bucket(source),
                "PREFIX": source.prefix,
                "SOURCE_PATH": source.source_path,
                "FORMAT": source.format,
                "EXPORT_NAME": source.export_name,
                "DATASET": self.dataset,
                "TABLE_NAME": source.table,
                "SETTLE_HOURS": source.settle_hours,
                "TYPE_OVERRIDES": json.dumps(source.type_overrides),
            }
            variables.update({f"SOURCES__{source.key}__{name}": value for name, value in fields.items()})
        return variables

    def create_table(self, source: SourceSpec) -> None:
        """Partitioned by month and clustered; AWS with its starting columns, Azure with its version's full schema."""
        shape = source.shape
        path = SCHEMAS / f"{shape['table_schema'].format(version=source.version)}.json"
        table = bigquery.Table(self.table_id(source), schema=_fields(json.loads(path.read_text())))
        table.time_partitioning = bigquery.TimePartitioning(type_="MONTH", field=shape["partition"])
        table.clustering_fields = [shape["cluster"]]
        self.cloud.bigquery.create_table(table)

    def create_tables(self, source: SourceSpec) -> None:
        self.create_table(source)
        self._create_tracking(source)

    def _create_tracking(self, source: SourceSpec) -> None:
        columns = [
            {
                "name": source.shape["execution_column"],
                "type": "STRING",
                "description": "The provider's id of the delivery",
            },
            *json.loads((SCHEMAS / "load_tracking.json").read_text()),
        ]
        self.cloud.bigquery.create_table(
            bigquery.Table(f"{self.table_id(source)}_load_tracking", schema=_fields(columns))
        )

    def deliver(self, source: SourceSpec, delivery: Delivery, *kinds: str) -> None:
        """Copies a delivery's objects into the landing bucket as Storage Transfer would; all kinds by default."""
        for item in delivery.objects:
            is_folder_marker = item.name.endswith("/")  # the local cloud keeps objects as files, and refuses these
            if not is_folder_marker and (not kinds or item.kind in kinds):
                self.deliver_object(source, item)

    def deliver_object(self, source: SourceSpec, item: SampleObject) -> str:
        name = sink_name(item.name, source.source_path, source.prefix)
        self.cloud.upload(self.bucket(source), name, item.path)
        return name


def _fields(columns: list[dict[str, str]]) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField.from_api_repr(column) for column in columns]
