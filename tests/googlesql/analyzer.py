"""Analyse SQL texts against tables and views, as BigQuery does before it runs them, and run queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zetasql.wasi._pb2.zetasql.local_service.local_service_pb2 import (
    AnalyzeRequest,
    AnalyzeResponse,
    EvaluateQueryRequest,
    EvaluateQueryResponse,
    ParseRequest,
    ParseResponse,
    PreparedQueryState,
    PrepareQueryRequest,
    PrepareQueryResponse,
)
from zetasql.wasi._pb2.zetasql.proto.options_pb2 import AnalyzerOptionsProto, LanguageOptionsProto
from zetasql.wasi._pb2.zetasql.proto.simple_catalog_pb2 import SimpleCatalogProto
from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeProto

from tests.googlesql.errors import RefusedError
from tests.googlesql.language import analyzer_options, bigquery
from tests.googlesql.types import Column, array_of, struct_of
from tests.googlesql.values import from_proto, to_proto

if TYPE_CHECKING:
    from tests.googlesql.client import Service

Columns = tuple[Column, ...]


class Analyzer:
    """Google's analyzer with BigQuery's dialect."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._language = bigquery(service)
        self._prepared_queries: dict[bytes, PreparedQueryState] = {}

    def analyze(
        self, script: str, tables: Mapping[str, Columns], parameters: Mapping[str, TypeProto] | None = None
    ) -> list[Columns]:
        """Return the columns of each statement's answer. A statement that answers nothing has none.

        `tables` has whole names, `project.dataset.table`. Raises RefusedError.
        """
        options = analyzer_options(self._language)
        for name, kind in (parameters or {}).items():
            options.query_parameters.add(name=name, type=kind)
        return list(self._statements(script.strip(), self._catalog(script, tables), options))

    def parse_without_reserved(self, statement: str) -> None:
        """Parse a statement as if QUALIFY was no reserved word. Raises RefusedError.

        GoogleSQL then wants a WHERE, GROUP BY or HAVING before QUALIFY. It was so in BigQuery, too, and every reader
        of SQL takes it.
        """
        language = LanguageOptionsProto()
        language.CopyFrom(self._language)
        language.ClearField("reserved_keywords")
        self._service.call("Parse", ParseRequest(sql_statement=statement, options=language), ParseResponse)

    def evaluate(
        self, query: str, tables: Mapping[str, Columns], rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[dict[str, Any]]:
        """Run a query over rows, by Google's evaluator. `rows` has whole names, too. Raises RefusedError.

        Each table is a parameter, because the evaluator takes new rows for a prepared query only so.
        """
        kinds = {f"table_{number}": array_of(struct_of(tables[name])) for number, name in enumerate(rows)}
        for parameter, name in zip(kinds, rows, strict=True):
            query = query.replace(f"`{name}`", f"UNNEST(@{parameter})")
        prepared = self._prepared(query, kinds)
        request = EvaluateQueryRequest(prepared_query_id=prepared.prepared_query_id)
        for (parameter, kind), content in zip(kinds.items(), rows.values(), strict=True):
            request.params.add(name=parameter, value=to_proto(content, kind))
        answer = self._service.call("EvaluateQuery", request, EvaluateQueryResponse)
        return [
            {
                column.name: from_proto(cell, column.type)
                for column, cell in zip(prepared.columns, row.cell, strict=True)
            }
            for row in answer.content.table_data.row
        ]

    def _prepared(self, query: str, parameters: Mapping[str, TypeProto]) -> PreparedQueryState:
        """Prepare a query once for all rows: to prepare a large view takes twenty times as long as to evaluate it."""
        options = analyzer_options(self._language)
        for name, kind in parameters.items():
            options.query_parameters.add(name=name, type=kind)
        request = PrepareQueryRequest(sql=query, options=options, simple_catalog=self._catalog(query, {}))
        key = request.SerializeToString(deterministic=True)
        if key not in self._prepared_queries:
            self._prepared_queries[key] = self._service.call("PrepareQuery", request, PrepareQueryResponse).prepared
        return self._prepared_queries[key]

    def _statements(self, script: str, catalog: SimpleCatalogProto, options: AnalyzerOptionsProto) -> Iterator[Columns]:
        request = AnalyzeRequest(options=options, simple_catalog=catalog)
        place, end = request.parse_resume_location, len(script.encode())
        place.input = script
        while place.byte_position < end:
            answer = self._service.call("Analyze", request, AnalyzeResponse)
            place.byte_position = answer.resume_byte_position
            yield _answer_columns(answer)

    def _catalog(self, script: str, tables: Mapping[str, Columns]) -> SimpleCatalogProto:
        """Return the tables that the script may name: the catalog travels with each call.

        A name in one pair of backticks is one word to the analyzer. Without backticks it is a path.
        """
        catalog, text = SimpleCatalogProto(name="bigquery"), script.lower()
        catalog.builtin_function_options.language_options.CopyFrom(self._language)
        for name, columns in tables.items():
            _, dataset, table = name.split(".", 2)
            if table.lower() not in text:
                continue
            for spelled in (name, f"{dataset}.{table}"):
                _add(catalog, spelled, columns)
            folder = next((one for one in catalog.catalog if one.name == dataset), None)
            _add(folder if folder is not None else catalog.catalog.add(name=dataset), table, columns)
        return catalog


class Warehouse:
    """Tables, and views whose columns are those of their query. A view is analysed when a text first reads it."""

    def __init__(self, analyzer: Analyzer, tables: Mapping[str, Columns], views: Mapping[str, str]) -> None:
        self._analyzer = analyzer
        self._known = dict(tables)
        self._views = {text: name for name, text in views.items()}

    def columns(self, view: str) -> Columns:
        """Return the columns of a view. Raises RefusedError."""
        if view not in self._known:
            self.analyze(next(text for text, name in self._views.items() if name == view))
        return self._known[view]

    def analyze(self, script: str, parameters: Mapping[str, TypeProto] | None = None) -> list[Columns]:
        """Return the columns of each statement's answer. Raises RefusedError."""
        for view in self._views.values():
            if view not in self._known and _reads(script, view):
                self._analyze_view(view)
        answers = self._analyzer.analyze(script, self._known, parameters)
        if script in self._views:
            self._known[self._views[script]] = answers[-1]
        return answers

    def _analyze_view(self, view: str) -> None:
        try:
            self.columns(view)
        except RefusedError as error:
            raise RefusedError(f"{view}: {error}") from error


def _reads(script: str, view: str) -> bool:
    """Return whether a script may read a view. In a statement that creates it, its name is not read."""
    _, dataset, table = view.split(".", 2)
    names = (f"`{view}`", f"{dataset}.{table}")
    return any(f"{before} {name}" in script for before in ("FROM", "JOIN") for name in names)


def _add(catalog: SimpleCatalogProto, name: str, columns: Sequence[Column]) -> None:
    table = catalog.table.add(name=name)
    for column in columns:
        table.column.add(name=column.name, type=column.proto)


def _answer_columns(answer: AnalyzeResponse) -> Columns:
    statement = answer.resolved_statement
    if statement.WhichOneof("node") == "resolved_query_stmt_node":
        listed = statement.resolved_query_stmt_node.output_column_list
    else:
        view = statement.resolved_create_statement_node.resolved_create_view_base_node.resolved_create_view_stmt_node
        listed = view.parent.output_column_list
    return tuple(Column(one.name, one.column.type) for one in listed)
