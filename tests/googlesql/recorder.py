"""A BigQuery client that writes down every SQL text that it gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery
from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeProto

from tests.googlesql.types import array_of, scalar

# How the product's scripts create views, joined by semicolons.
_NEXT_STATEMENT = re.compile(r";\n(?=CREATE OR REPLACE VIEW )")
_CREATED = re.compile(r"CREATE OR REPLACE VIEW `([^`]+)` AS\n")
Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Text:
    """One SQL statement, and the types of its query parameters."""

    part: str  # which part of the product sent it
    sql: str
    parameters: tuple[tuple[str, str], ...] = ()  # name and type; an array has the type of its elements in brackets
    view: str = ""  # the whole name of the view that it creates, or whose query it is

    @property
    def parameter_types(self) -> dict[str, TypeProto]:
        return {
            name: array_of(scalar(kind[1:-1])) if kind.startswith("[") else scalar(kind)
            for name, kind in self.parameters
        }

    @property
    def branches(self) -> list[str]:
        """Return the queries that it is the union of, if it is one."""
        branches = _CREATED.sub("", self.sql).split("\nUNION ALL\n")
        return branches if len(branches) > 1 else []


@dataclass
class RecordingClient:
    """It knows tables and views, but no rows. `fails` tells for which texts it raises an error."""

    tables: Mapping[str, Sequence[bigquery.SchemaField]]
    texts: list[Text] = field(default_factory=list)
    part: str = ""
    fails: Callable[[str], Exception | None] = lambda sql: None
    answers: Mapping[str, Rows] = field(default_factory=dict)  # rows for a query that contains the key

    def query_and_wait(self, sql: str, job_config: bigquery.QueryJobConfig, **options: object) -> Rows:
        self._record(sql, job_config)
        return next((rows for part, rows in self.answers.items() if part in sql), [])

    def query(self, sql: str, job_config: bigquery.QueryJobConfig | None = None, **options: object) -> None:
        self._record(sql, job_config)

    def get_table(self, name: str, retry: object) -> Any:
        known = {"created": datetime(2025, 9, 1, tzinfo=UTC), "etag": "1", "name": name}
        if name in self.tables:
            return SimpleNamespace(schema=self.tables[name], **known)
        if name in self.views:
            return SimpleNamespace(view_query="of an older version", **known)
        raise NotFound(f"Not found: Table {name}")

    def create_table(self, view: bigquery.Table, retry: object) -> None:
        self._publish(f"{view.project}.{view.dataset_id}.{view.table_id}", view.view_query)

    def update_table(self, view: Any, fields: Sequence[str], retry: object) -> None:
        assert list(fields) == ["view_query"]
        self._publish(view.name, view.view_query)

    def list_tables(self, dataset: str, page_size: int, retry: object) -> list[Any]:
        known = [name.rpartition(".") for name in (*self.tables, *self.views)]
        return [SimpleNamespace(table_id=table) for folder, _, table in known if folder == dataset]

    def get_job(self, job_id: str, **options: object) -> Any:
        raise NotFound(f"Not found: Job {job_id}")

    def _publish(self, name: str, query: str) -> None:
        self._record(query, None, name)

    @property
    def views(self) -> dict[str, str]:
        """Return the newest text of each view."""
        return {text.view: text.sql for text in self.texts if text.view}

    def _record(self, sql: str, config: bigquery.QueryJobConfig | None, view: str = "") -> None:
        parameters = tuple((one.name, _kind(one)) for one in (config.query_parameters if config is not None else ()))
        for statement in _NEXT_STATEMENT.split(sql):
            created = _CREATED.match(statement)
            self.texts.append(Text(self.part, statement, parameters, created[1] if created else view))
        failure = self.fails(sql)
        if failure is not None:
            raise failure


def refused(sql: str) -> Exception:
    error: Exception = BadRequest(f"Refused: {sql[:40]}")
    return error


def _kind(parameter: Any) -> str:
    is_array = isinstance(parameter, bigquery.ArrayQueryParameter)
    return f"[{parameter.array_type}]" if is_array else str(parameter.type_)
