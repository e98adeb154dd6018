"""The load job that BigQuery gets: every option that decides which rows a month has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from billing.clock import Clock, Timer
from billing.columns.dates import DateFormats
from billing.columns.field import Field
from billing.decisions.load_key import LoadKey
from billing.decisions.table import TableIdentity
from billing.gcp.load_config import MonthLoad
from billing.gcp.load_jobs import LoadJobs
from billing.settings import Source
from tests.unit.values import aws, azure, settings

TABLE = TableIdentity("example-project.billing.costs", "2025-01-01")
FIELDS = (Field("day", "DATE", "source: Day"), Field("tags", "MAP<STRING, STRING>", "source: Tags"))
SCHEMA = [
    {"name": "day", "type": "DATE", "mode": "NULLABLE", "description": "source: Day"},
    {
        "name": "tags",
        "type": "RECORD",
        "mode": "REPEATED",
        "description": "source: Tags",
        "fields": [
            {"name": "key", "type": "STRING", "mode": "NULLABLE"},
            {"name": "value", "type": "STRING", "mode": "NULLABLE"},
        ],
    },
]


class RecordingClient:
    """Records the insert of a load job, and answers that the job is done."""

    def load_table_from_uri(self, uris: list[str], destination: str, *, job_config: Any, **more: Any) -> Any:
        self.uris, self.destination, self.more = uris, destination, more
        self.load = job_config.to_api_repr()["load"]
        self.labels = job_config.to_api_repr()["labels"]
        return SimpleNamespace(
            job_id=more["job_id"], state="DONE", error_result=None, output_rows=1, ended=None, labels=self.labels
        )


def insert(source: Source, dates: DateFormats) -> RecordingClient:
    key = LoadKey(source, "2025-10", "run-1", "generations", TABLE, "")
    lease: Any = SimpleNamespace(record=lambda job_id: None, keep_for_job=False)
    client = RecordingClient()
    load = MonthLoad(key, ("gs://b/a", "gs://b/c"), FIELDS, dates)
    LoadJobs(client, settings(), Clock()).replace_month(load, lease, Timer(Clock()))
    return client


def test_job_replaces_one_partition_and_is_labelled() -> None:
    client = insert(aws(), DateFormats())

    assert (client.uris, client.destination) == (["gs://b/a", "gs://b/c"], "example-project.billing.costs$202510")
    assert (client.more["project"], client.more["location"]) == ("example-project", "europe-west1")
    assert client.labels == {"source": "aws_cur", "month": "2025-10"}


@pytest.mark.parametrize(
    ("dates", "formats"),
    [
        (DateFormats(), {}),
        (DateFormats("MM/DD/YYYY", "DD/MM/YYYY"), {"dateFormat": "MM/DD/YYYY", "timestampFormat": "DD/MM/YYYY"}),
    ],
    ids=["ISO dates", "other dates"],
)
def test_options_of_csv(dates: DateFormats, formats: dict[str, str]) -> None:
    client = insert(aws(), dates)

    assert client.load == {
        "sourceFormat": "CSV",
        "schema": {"fields": SCHEMA},
        "createDisposition": "CREATE_NEVER",
        "writeDisposition": "WRITE_TRUNCATE",
        "schemaUpdateOptions": ["ALLOW_FIELD_ADDITION"],
        "maxBadRecords": 0,
        "encoding": "UTF-8",
        "preserveAsciiControlCharacters": True,
        "skipLeadingRows": "1",
        "allowQuotedNewlines": True,
        **formats,
    }


def test_options_of_parquet() -> None:
    client = insert(azure(), DateFormats())

    assert client.load == {
        "sourceFormat": "PARQUET",
        "schema": {"fields": SCHEMA},
        "createDisposition": "CREATE_NEVER",
        "writeDisposition": "WRITE_TRUNCATE",
        "schemaUpdateOptions": ["ALLOW_FIELD_ADDITION"],
        "maxBadRecords": 0,
        "decimalTargetTypes": ["BIGNUMERIC"],
        "parquetOptions": {"mapTargetType": "ARRAY_OF_STRUCT"},
    }
