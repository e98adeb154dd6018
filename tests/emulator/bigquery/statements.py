"""SQL statements that bqemulator cannot run, or runs differently from BigQuery."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import sqlglot
from bqemulator.api.dependencies import AppContext
from bqemulator.api.routes import jobs as stock
from bqemulator.catalog.models import JobMeta
from bqemulator.domain.errors import NotFoundError, PermissionDeniedError, UnsupportedFeatureError
from bqemulator.jobs import executor
from bqemulator.row_access.identity import CallerIdentity
from bqemulator.scripting.ast import SqlStmt
from bqemulator.sql import inner_query
from sqlglot import exp

from tests.emulator.bigquery import string_literals
from tests.emulator.bigquery.engine import JSON_OF_ARRAYS
from tests.emulator.bigquery.schemas import parse_fields
from tests.emulator.bigquery.tables import add_columns, describe_view
from tests.emulator.bigquery.view_record import record_view
from tests.emulator.permissions.bigquery_access import Access

Execute = Callable[..., Awaitable[JobMeta]]

_ALTER = re.compile(r"\s*ALTER\s+TABLE", re.IGNORECASE)
_CREATE_VIEW = re.compile(r"\s*CREATE\s+(OR\s+REPLACE\s+)?VIEW", re.IGNORECASE)
_REPLACE_VIEW = re.compile(r"\s*CREATE\s+OR\s+REPLACE\s+VIEW", re.IGNORECASE)
_JSON_OF_ARRAYS = re.compile(r"\bJSON_OBJECT\s*\(\s*(?=ARRAY\s*[(\[]|\[)", re.IGNORECASE)
_ROW_POLICY = re.compile(r"\s*(CREATE|DROP)\s[\w\s]*\bROW\s+ACCESS", re.IGNORECASE)
_EMPTY_RESULT = "SELECT 1 AS done LIMIT 0"
_ANONYMOUS = CallerIdentity(principal="user:anonymous@local", is_authenticated=False)


def install(location: str, access: Access) -> None:
    execute = _with_replaced_views(_without_row_policies(executor.execute_query_job))
    execute = _with_view_columns(_with_location(execute, location))
    inner_query.rewrite_for_row_access = _unchanged
    execute = _with_permissions(_with_added_columns(execute), access)
    execute = _with_json_of_arrays(_statement_by_statement(execute))
    stock.execute_query_job = _with_plain_literals(execute)


def dataset_not_found(dataset: str, location: str) -> NotFoundError:
    return NotFoundError(f"Not found: Dataset {dataset} was not found in location {location}")


def _unchanged(sql: str, **_: Any) -> str:
    """Keep views in a query. bqemulator inlines them for row access policies, which the emulator does not have."""
    return sql


def _without_row_policies(execute: Execute) -> Execute:
    async def run(project: str, job_id: str, sql: str, parameters: Any, context: AppContext, **rest: Any) -> JobMeta:
        if _ROW_POLICY.match(sql):
            raise UnsupportedFeatureError("The emulator has no row access policies.")
        return await execute(project, job_id, sql, parameters, context, **rest)

    return run


def _with_permissions(execute: Execute, access: Access) -> Execute:
    """Refuse a statement whose tables its caller may not read or change, before it runs."""

    async def run(project: str, job_id: str, sql: str, parameters: Any, context: AppContext, **rest: Any) -> JobMeta:
        access.check_statements(sql, project)
        return await execute(project, job_id, sql, parameters, context, **rest)

    return run


def _with_location(execute: Execute, location: str) -> Execute:
    """Name our location in errors. bqemulator names the US, and answers accessDenied for a missing dataset."""

    async def run(project: str, job_id: str, sql: str, parameters: Any, context: AppContext, **rest: Any) -> JobMeta:
        try:
            return await execute(project, job_id, sql, parameters, context, **rest)
        except (PermissionDeniedError, NotFoundError) as error:
            for dataset in _datasets(sql, project):
                if context.catalog.get_dataset(*dataset) is None:
                    raise dataset_not_found(":".join(dataset), location) from error
            raise type(error)(error.message.replace("in location US", f"in location {location}")) from error

    return run


def _with_replaced_views(execute: Execute) -> Execute:
    """Replace a view directly. bqemulator first tests for thirteen other kinds of statement, which is slow."""

    async def run(project: str, job_id: str, sql: str, parameters: Any, context: AppContext, **rest: Any) -> JobMeta:
        if parameters or not _REPLACE_VIEW.match(sql):
            return await execute(project, job_id, sql, parameters, context, **rest)
        await executor._run_single_sql(project, sql, None, context, caller=_ANONYMOUS)
        record_view(context, project, sql)
        return await _empty_job(execute, project, job_id, "CREATE_VIEW", context, **rest)

    return run


async def _empty_job(
    execute: Execute, project: str, job_id: str, statement_type: str, context: AppContext, **rest: Any
) -> JobMeta:
    """Return a job with an empty result, for a statement that was carried out here."""
    job = await execute(project, job_id, _EMPTY_RESULT, None, context, **rest)
    executor.JOB_SCHEMAS[job_id] = []
    return job.model_copy(update={"statistics": _statistics(job, statement_type)})


def _with_view_columns(execute: Execute) -> Execute:
    """Keep column names and descriptions of CREATE VIEW v (a, b OPTIONS(…)) AS …, which bqemulator ignores."""

    async def run(project: str, job_id: str, sql: str, parameters: Any, context: AppContext, **rest: Any) -> JobMeta:
        view = _CREATE_VIEW.match(sql) and sqlglot.parse_one(sql, read="bigquery")
        if not isinstance(view, exp.Create) or not (isinstance(view.this, exp.Schema) or _description(view)):
            return await execute(project, job_id, sql, parameters, context, **rest)
        target, described = view.this, {}
        if isinstance(target, exp.Schema):
            described = _name_columns(view.expression, target.expressions)
            view.set("this", target.this)
        job = await execute(project, job_id, view.sql("bigquery"), parameters, context, **rest)
        describe_view(context, _table_reference(view.this, project), _description(view), described)
        return job

    return run


def _with_plain_literals(execute: Execute) -> Execute:
    async def run(project: str, job_id: str, sql: str, parameters: Any, context: AppContext, **rest: Any) -> JobMeta:
        return await execute(project, job_id, string_literals.plain(sql), parameters, context, **rest)

    return run


def _with_json_of_arrays(execute: Execute) -> Execute:
    """Support JSON_OBJECT(keys, values) with two arrays, which sqlglot reads as one key and its value.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_object
    """

    async def run(project: str, job_id: str, sql: str, parameters: Any, context: AppContext, **rest: Any) -> JobMeta:
        return await execute(
            project, job_id, _JSON_OF_ARRAYS.sub(f"{JSON_OF_ARRAYS}(", sql), parameters, context, **rest
        )

    return run


def _statement_by_statement(execute: Execute) -> Execute:
    """Run the statements of a script one by one: bqemulator's interpreter does not record the views."""

    async def run(project: str, job_id: str, sql: str, parameters: Any, context: AppContext, **rest: Any) -> JobMeta:
        statements = executor._parse_script_or_raise(sql).statements
        if len(statements) < 2 or not all(isinstance(statement, SqlStmt) for statement in statements):
            return await execute(project, job_id, sql, parameters, context, **rest)
        for statement in statements:
            job = await execute(project, job_id, statement.sql, parameters, context, **rest)
        return job.model_copy(update={"statistics": _statistics(job, "SCRIPT")})

    return run


def _with_added_columns(execute: Execute) -> Execute:
    """Support ALTER TABLE with several new columns. DuckDB adds one at a time, bqemulator records none."""

    async def run(project: str, job_id: str, sql: str, parameters: Any, context: AppContext, **rest: Any) -> JobMeta:
        table, columns = _added_columns(sql)
        if table is None:
            return await execute(project, job_id, sql, parameters, context, **rest)
        reference = _table_reference(table, project)
        existing = context.catalog.get_table(*reference)
        if existing is None:
            raise NotFoundError(f"Not found: Table {reference[0]}:{reference[1]}.{reference[2]}")
        known = {field.name.lower() for field in existing.schema_.fields}
        new = [column for column in columns if not (column.args.get("exists") and column.name.lower() in known)]
        raw = [{"name": column.name, "type": column.args["kind"].sql("bigquery")} for column in new]
        await add_columns(context, existing, parse_fields(raw))
        return await _empty_job(execute, project, job_id, "ALTER_TABLE", context, **rest)

    return run


def _added_columns(sql: str) -> tuple[exp.Table | None, Sequence[exp.Expression]]:
    if not _ALTER.match(sql):
        return None, ()
    tree = sqlglot.parse_one(sql, read="bigquery")
    actions = tree.args.get("actions") or []
    if not actions or not all(isinstance(action, exp.ColumnDef) for action in actions):
        raise UnsupportedFeatureError("The emulator's ALTER TABLE can only add columns.")
    return tree.this, actions


def _name_columns(query: exp.Expression, columns: Sequence[exp.Expression]) -> dict[str, str]:
    """Give the query's columns the names in the brackets. Return the descriptions in their options."""
    if not isinstance(query, exp.Select) or query.is_star or len(query.expressions) != len(columns):
        raise UnsupportedFeatureError("The emulator names a view's columns only if its SELECT lists as many.")
    query.set(
        "expressions", [value.unalias().as_(name.name) for value, name in zip(query.expressions, columns, strict=True)]
    )
    return {column.name: text for column in columns if (text := _description(column))}


def _description(node: exp.Expression) -> str | None:
    properties = node.args.get("properties") or next(iter(node.find_all(exp.Properties)), None)
    for option in properties.expressions if properties else ():
        if isinstance(option, exp.Property) and option.name.lower() == "description":
            return str(option.args["value"].name)
    return None


def _table_reference(table: exp.Table, project: str) -> tuple[str, str, str]:
    return table.catalog or project, table.db, table.name


def _datasets(sql: str, project: str) -> list[tuple[str, str]]:
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return []
    tables = tree.find_all(exp.Table)
    return [(table.catalog or project, table.db) for table in tables if table.db]


def _statistics(job: JobMeta, statement_type: str) -> dict[str, Any]:
    return {**job.statistics, "query": {**job.statistics.get("query", {}), "statementType": statement_type}}
