"""The tables of the REST API: patches, views and deletes, for which bqemulator changes only its catalogue.

https://cloud.google.com/bigquery/docs/reference/rest/v2/tables
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bqemulator.api.dependencies import AppContext
from bqemulator.api.routes import datasets as stock_datasets
from bqemulator.api.routes import jobs as stock_jobs
from bqemulator.api.routes import tables as stock
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import TableMeta, TableSchema
from bqemulator.domain.errors import AlreadyExistsError, NotFoundError, ValidationError
from bqemulator.storage.sql_identifiers import quoted_table_ref
from fastapi import APIRouter, Request, Response

from tests.emulator.bigquery.answers import dataset_list
from tests.emulator.bigquery.csv_files import quoted
from tests.emulator.bigquery.errors import JobError
from tests.emulator.bigquery.schemas import Fields, duckdb_columns, merge_for_patch, parse_fields
from tests.emulator.permissions.bigquery_access import Access

Json = dict[str, Any]

# Long transactions on one table run one after the other: DuckDB would fail the later commit, BigQuery allows both.
TABLE_LOCKS: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)


class Tables:
    def __init__(self, context: AppContext, location: str, access: Access) -> None:
        self._context = context
        self._access = access
        self._location = location

    def router(self) -> APIRouter:
        router = APIRouter()
        datasets = "/bigquery/v2/projects/{project}/datasets"
        tables = f"{datasets}/{{dataset}}/tables"
        router.add_api_route(datasets, self.insert_dataset, methods=["POST"])
        router.add_api_route(datasets, self.list_datasets, methods=["GET"])
        router.add_api_route(tables, self.insert, methods=["POST"])
        router.add_api_route(f"{tables}/{{table}}", self.get, methods=["GET"])
        router.add_api_route(f"{tables}/{{table}}", self.change, methods=["PATCH", "PUT"])
        router.add_api_route(f"{tables}/{{table}}", self.delete, methods=["DELETE"], status_code=204)
        return router

    async def insert_dataset(self, project: str, request: Request) -> Json:
        """Create a dataset in our location only. Without a location, BigQuery would create it in the US."""
        location = (await request.json()).get("location", "US")
        if location.lower() != self._location.lower():
            raise ValidationError(
                f"The emulator has one location, {self._location}: no dataset can be created in {location}."
            )
        created: Json = await stock_datasets.insert_dataset(project, request, self._context)
        return created

    def list_datasets(self, project: str, maxResults: int = 1000) -> Json:  # noqa: N803 - the API's own spelling
        return dataset_list(stock_datasets.list_datasets(project, self._context, maxResults))

    async def insert(self, project: str, dataset: str, request: Request) -> Json:
        if self._context.catalog.get_dataset(project, dataset) is None:
            raise NotFoundError(f"Not found: Dataset {project}:{dataset}")
        body: Json = await request.json()
        name = body["tableReference"]["tableId"]
        if await self._unexpired(project, dataset, name) is not None:
            raise AlreadyExistsError(f"Already Exists: Table {project}:{dataset}.{name}")
        if "view" in body:
            return self._resource(await self._replace_view(project, dataset, name, body))
        if fields := (body.get("schema") or {}).get("fields"):
            body["schema"]["fields"] = [stock._field_to_rest(field) for field in parse_fields(fields)]
        await stock.insert_table(project, dataset, request, self._context)
        created = self._find(project, dataset, name)
        if expires := body.get("expirationTime"):
            moment = datetime.fromtimestamp(int(expires) / 1000, UTC)
            created = self._context.catalog.update_table(created.model_copy(update={"expiration_time": moment}))
        return self._resource(created)

    async def get(self, project: str, dataset: str, table: str) -> Json:
        if dataset.startswith("_"):
            anonymous: Json = stock.get_table(project, dataset, table, self._context)
            return anonymous
        await self._unexpired(project, dataset, table)
        return self._resource(self._find(project, dataset, table))

    async def change(self, project: str, dataset: str, table: str, request: Request) -> Response:
        """Handle PATCH and PUT alike: neither may lose a column."""
        seen = self._find(project, dataset, table)
        if request.headers.get("if-match") not in (None, "*", seen.etag):
            return _precondition_failed()
        body: Json = await request.json()
        if "view" in body:
            changed = await self._replace_view(project, dataset, table, body)
            return Response(json.dumps(self._resource(changed)), media_type="application/json")
        async with TABLE_LOCKS[_label(seen)]:
            current = self._find(project, dataset, table)
            if current.schema_ != seen.schema_ and "if-match" in request.headers:
                return _precondition_failed()
            changed = self._change_table(current, body)
        return Response(json.dumps(self._resource(changed)), media_type="application/json")

    async def delete(self, project: str, dataset: str, table: str) -> Response:
        existing = self._find(project, dataset, table)
        if existing.table_type == "VIEW":
            await self._run_sql(project, f"DROP VIEW `{project}`.`{dataset}`.`{table}`")
            return Response(status_code=204)
        deleted: Response = await stock.delete_table(project, dataset, table, self._context)
        return deleted

    async def _unexpired(self, project: str, dataset: str, table: str) -> TableMeta | None:
        """Return the table, or None if there is none. One that has expired is deleted first."""
        found = self._context.catalog.get_table(project, dataset, table)
        if found is None or found.expiration_time is None or found.expiration_time > self._context.clock.now():
            return found
        await stock.delete_table(project, dataset, table, self._context)
        return None

    def _find(self, project: str, dataset: str, table: str) -> TableMeta:
        found = self._context.catalog.get_table(project, dataset, table)
        if found is None:
            raise NotFoundError(f"Not found: Table {project}:{dataset}.{table}")
        return found

    def _change_table(self, existing: TableMeta, body: Json) -> TableMeta:
        if wanted := (body.get("schema") or {}).get("fields"):
            existing = set_schema(self._context, existing, parse_fields(wanted))
        changes: Json = {
            name: body[key]
            for name, key in (("friendly_name", "friendlyName"), ("description", "description"))
            if key in body
        }
        if "labels" in body:
            changes["labels"] = {key: value for key, value in body["labels"].items() if value is not None}
        return _updated(self._context, existing.model_copy(update=changes))

    async def _replace_view(self, project: str, dataset: str, name: str, body: Json) -> TableMeta:
        if body["view"].get("useLegacySql"):
            raise ValidationError("The emulator has no legacy SQL views.")
        # whoever creates a view must be able to query its tables: cloud.google.com/bigquery/docs/views
        self._access.check_statements(body["view"]["query"], project)
        await self._run_sql(
            project, f"CREATE OR REPLACE VIEW `{project}`.`{dataset}`.`{name}` AS {body['view']['query']}"
        )
        view = self._find(project, dataset, name)
        return _updated(
            self._context,
            view.model_copy(update={"view_query": body["view"]["query"], "description": body.get("description")}),
        )

    def _resource(self, table: TableMeta) -> Json:
        resource: Json = {**stock._table_to_rest(table), "location": self._location}
        if table.expiration_time is not None:
            resource["expirationTime"] = str(int(table.expiration_time.timestamp() * 1000))
        if table.table_type == "VIEW":
            resource["view"] = {"query": table.view_query, "useLegacySql": False}
        return resource

    async def _run_sql(self, project: str, sql: str) -> None:
        await stock_jobs.execute_query_job(project, f"job_{uuid4().hex}", sql, None, self._context)


async def add_columns(context: AppContext, table: TableMeta, fields: Fields) -> None:
    async with TABLE_LOCKS[_label(table)]:
        table = context.catalog.get_table(table.project_id, table.dataset_id, table.table_id)
        known = {field.name.lower() for field in table.schema_.fields}
        for field in fields:
            if field.name.lower() in known:
                raise ValidationError(f"Column already exists: {field.name}")
        set_schema(context, table, (*table.schema_.fields, *fields))


def set_schema(context: AppContext, table: TableMeta, wanted: Fields) -> TableMeta:
    """Add the new columns to the table and to the catalogue. An error changes neither."""
    try:
        fields = merge_for_patch(table.schema_.fields, wanted, _label(table))
    except JobError as error:
        raise ValidationError(error.message) from error
    target = quoted_table_ref(table.project_id, table.dataset_id, table.table_id)
    for name, kind in duckdb_columns(fields[len(table.schema_.fields) :]):
        context.engine.execute(f"ALTER TABLE {target} ADD COLUMN {quoted(name)} {kind}")
    return _updated(context, table.model_copy(update={"schema_": TableSchema(fields=fields)}))


def _label(table: TableMeta) -> str:
    return f"{table.project_id}:{table.dataset_id}.{table.table_id}"


def describe_view(
    context: AppContext, reference: tuple[str, str, str], description: str | None, columns: dict[str, str]
) -> None:
    view = context.catalog.get_table(*reference)
    if view is not None and (description or columns):
        fields = tuple(f.model_copy(update={"description": columns.get(f.name)}) for f in view.schema_.fields)
        _updated(context, view.model_copy(update={"schema_": TableSchema(fields=fields), "description": description}))


def _updated(context: AppContext, table: TableMeta) -> TableMeta:
    now = context.clock.now()
    etag = generate_etag(table.project_id, table.dataset_id, table.table_id, str(now))
    updated: TableMeta = context.catalog.update_table(
        table.model_copy(update={"last_modified_time": now, "etag": etag})
    )
    return updated


def _precondition_failed() -> Response:
    message = "Precondition Failed"
    error = {
        "message": message,
        "domain": "global",
        "reason": "conditionNotMet",
        "location": "If-Match",
        "locationType": "header",
    }
    body = {"error": {"code": 412, "message": message, "errors": [error], "status": "FAILED_PRECONDITION"}}
    return Response(json.dumps(body), status_code=412, media_type="application/json")
