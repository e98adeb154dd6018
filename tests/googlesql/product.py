"""Every SQL text that the product sends, collected by running its own code with a client that writes them down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud.bigquery import SchemaField

from billing.columns.dates import DateFormats
from billing.columns.field import Field
from billing.decisions.load_key import LoadKey
from billing.decisions.record import Record, TrackingRow
from billing.decisions.state import MonthState
from billing.decisions.table import TableIdentity
from billing.formats import FORMATS
from billing.gcp.bigquery import Warehouse, schema_field
from billing.gcp.load_config import MonthLoad
from billing.gcp.services import Services, build_services
from billing.gcp.staging import Staging
from billing.settings import Settings, Source
from billing.workflows.publish_views import publish_all_focus_views, publish_dataset_views
from billing_cli.report.queries import Question, gather
from billing_cli.status import read_status
from tests.fakes.cloud import FakeCloud
from tests.googlesql.recorder import RecordingClient, Rows, Text, refused
from tests.googlesql.tables import fewest, google_table, in_type, published, source_tables
from tests.support.deployment import environment_for, settings_from
from tests.support.google_export import GOOGLE_EXPORT
from tests.support.sources import AWS, AZURE, SourceSpec

PROJECT = "acme-billing"
MONTH = "2025-09"
GOOGLE_TABLE = f"{PROJECT}.google.{GOOGLE_EXPORT}"
SPECS = tuple(
    SourceSpec(re.sub(r"\W", "_", f"{name}_{version}".upper()).rstrip("_"), name, version=version)
    for name, one in FORMATS.items()
    for version in one.versions or ("",)
)
# Which columns the tables have, and in which types.
SHAPES: Mapping[str, Callable[[SourceSpec], list[Field]]] = {
    "fewest columns": fewest,
    "all columns": published,
    "numbers and dates as text": in_type("STRING", ("BIGNUMERIC", "TIMESTAMP", "DATE", "JSON")),
}
# What the queries answer that lead to another one.
_BILLED: Mapping[str, object] = {
    "currency": "USD",
    "row_count": 1,
    "cost": 1,
    "unreadable": 0,
    "without_invoice": None,
    "bad_rows": 1,
}
_ANSWERS: Mapping[str, Rows] = {
    "AS newest": [{"newest": None}],
    "AS n FROM": [{"n": 1}],
    " 0 AS bad_rows": [{**_BILLED, "bad_rows": 0}],
    "AS bad_rows": [_BILLED],
    "LOGICAL_OR(REGEXP_CONTAINS": [{}],
}


@dataclass(frozen=True)
class Conversation:
    """What the product sent about tables of one shape, and the views that it created."""

    tables: Mapping[str, Sequence[SchemaField]]
    views: Mapping[str, str]
    texts: tuple[Text, ...]  # each once


@cache
def conversation(shape: str) -> Conversation:
    """Return what the product sends about one source of every format and version."""
    return _converse(_settings(), {spec.key.lower(): SHAPES[shape](spec) for spec in SPECS})


@cache
def new_texts(shape: str) -> tuple[Text, ...]:
    """Return the texts of a shape that no shape before it has, without those that are a branch of another text's union.

    A text is analysed with the fewest columns first, because more columns cannot break it.
    """
    earlier = list(SHAPES)[: list(SHAPES).index(shape)]
    known = {text.sql for one in earlier for text in conversation(one).texts}
    texts = [text for text in conversation(shape).texts if text.sql not in known]
    branches = {branch for text in texts for branch in text.branches}
    return tuple(text for text in texts if text.sql not in branches)


def documented() -> Conversation:
    """Return what the product sends about the README's two sources and a Data Export."""
    specs = (AWS, AZURE, SourceSpec("AWS_EXPORT", "aws_cur_v2_parquet", prefix="export/", table="aws_export"))
    settings = settings_from(environment_for(specs, PROJECT, "EU", "billing", focus=True))
    return _converse(settings, {spec.key.lower(): published(spec) for spec in specs})


def _converse(settings: Settings, fields: Mapping[str, Sequence[Field]]) -> Conversation:
    """Run every part of the product that sends SQL."""
    tables: dict[str, Sequence[SchemaField]] = {GOOGLE_TABLE: google_table()}
    for source in settings.sources:
        tables |= source_tables(source, fields[source.key])
    client = RecordingClient(tables, answers=_ANSWERS)
    cloud = FakeCloud()
    services = build_services(settings, cloud.storage(), client, None, cloud.clock)
    _publish_views(services, client, fields)
    for source in settings.sources:
        client.part = source.key
        _read_history(services, client, source, fields[source.key])
        tables |= _load_by_staging(client, source, fields[source.key])
    _use_command(services, client)
    return Conversation(tables, client.views, tuple({text.sql: text for text in client.texts}.values()))


def _settings() -> Settings:
    """Return settings with one source of every format and version. Each provider has its own dataset."""
    environment = {
        **environment_for(SPECS, PROJECT, "EU", "billing", focus=True),
        **{f"SOURCES__{spec.key}__PREFIX": f"{spec.key}/" for spec in SPECS},
        **{f"SOURCES__{spec.key}__TABLE_NAME": spec.key.lower() for spec in SPECS},
        **{f"SOURCES__{spec.key}__DATASET": f"billing_{spec.provider}" for spec in SPECS},
        "GOOGLE_BILLING_EXPORT": GOOGLE_TABLE,
    }
    return settings_from(environment)


def _publish_views(services: Services, client: RecordingClient, fields: Mapping[str, Sequence[Field]]) -> None:
    """Publish all views, first those of each source by itself: the script over a whole dataset fails once."""
    firsts = {source.dataset: source for source in services.settings.sources}
    for source in firsts.values():
        client.part = f"views of {source.dataset}"
        with _failing(client, lambda sql: refused(sql) if sql.count("CREATE OR REPLACE VIEW") > 2 else None):
            publish_dataset_views(services, fields, source)
        publish_dataset_views(services, fields, source)
    client.part = "views of the FOCUS dataset"
    publish_all_focus_views(services)


def _read_history(services: Services, client: RecordingClient, source: Source, fields: Sequence[Field]) -> None:
    """Read one source's history and partitions, as the functions do before and after a load."""
    history = services.history
    history.read_months(source)
    history.read(source, MONTH)
    with _failing(client, lambda sql: NotFound("Not found: Table _dlt_loads") if "_dlt_loads" in sql else None):
        history.read_months(source)
        history.read(source, MONTH)
    history.newest_load(source)
    history.billed(source, MONTH, fields)
    services.warehouse.partitions(source)


def _load_by_staging(
    client: RecordingClient, source: Source, fields: Sequence[Field]
) -> Mapping[str, Sequence[SchemaField]]:
    """Load a month through a staging table, with and without a period in the files. Return the staging tables."""
    key = LoadKey(source, MONTH, "execution", "generations", TableIdentity(source.destination, "1"), "")
    staged = {"1": fields[::2], "2": [field for field in fields if field.name != source.format.partition]}
    table, tables = Warehouse(client).table(source), {}
    for attempt, some in staged.items():
        staging = Staging(client, MonthLoad(key, (), tuple(some), DateFormats()), attempt)
        staging.count_blanks(0)
        client.query(staging.swap_sql(table))
        tables[staging.name] = [schema_field(field) for field in some]
    return tables


def _use_command(services: Services, client: RecordingClient) -> None:
    """Run `billing status` and `billing report`, also while the view over all sources fails."""
    settings = services.settings
    client.part = "status"
    read_status(settings, services)
    with _failing(client, lambda sql: refused(sql) if "_loads`" in sql else None):
        read_status(settings, services)
    client.part = "report"
    gather(settings, services, Question(tag="team", sources=(settings.sources[0].key,)))
    with _failing(client, lambda sql: refused(sql) if f"FROM `{settings.focus_view}`" in sql else None):
        gather(settings, services, Question(tag="team"))
    client.part = "jobs"
    services.jobs.may_still_run("job")
    client.part = "commit"
    _commit_without_dlt_table(services, settings.sources[0])


def _commit_without_dlt_table(services: Services, source: Source) -> None:
    """Commit while a table of dlt's is missing: the loader drops another one, so that dlt creates all again."""
    failures = iter([NotFound("Not found: Table acme:billing_aws._dlt_pipeline_state")])

    def run_dlt(*arguments: object) -> None:
        for failure in failures:
            raise failure

    history: Any = services.history
    history._run = run_dlt
    history.commit(source, Record(MONTH, MonthState(), TrackingRow("loaded", "execution", {})))


@contextmanager
def _failing(client: RecordingClient, fails: Callable[[str], Exception | None]) -> Iterator[None]:
    client.fails = fails
    yield
    client.fails = lambda sql: None
