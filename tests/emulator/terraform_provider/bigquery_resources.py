"""Datasets and tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.emulator.terraform_provider.rest import Rest, quoted
from tests.emulator.terraform_provider.services import Recorded
from tests.emulator.terraform_provider.table_schemas import hidden_columns, live_schema, same_schema, schema_change
from tests.emulator.terraform_provider.values import UNKNOWN, Object, ProviderError


class Dataset(Recorded):
    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def read(self, state: Object) -> Object | None:
        return state if self._rest.call("GET", self._path(state)) is not None else None

    def create(self, state: Object) -> Object:
        reference = {"projectId": state["project"], "datasetId": state["dataset_id"]}
        body = {"datasetReference": reference, "location": state["location"]}
        self._rest.call("POST", f"projects/{quoted(state['project'])}/datasets", body)
        return state

    def delete(self, state: Object) -> None:
        with_contents = state.get("delete_contents_on_destroy")
        tables = (self._rest.call("GET", f"{self._path(state)}/tables") or {}).get("tables")
        if tables and not with_contents:
            name = f"{state['project']}:{state['dataset_id']}"
            raise ProviderError(
                f"Error when reading or editing Dataset: googleapi: Error 400: Dataset {name} is still in use"
            )
        self._rest.call("DELETE", f"{self._path(state)}?deleteContents={str(bool(with_contents)).lower()}")

    def _path(self, state: Object) -> str:
        return f"projects/{quoted(state['project'])}/datasets/{quoted(state['dataset_id'])}"


class Table(Recorded):
    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def planned(self, plan: Object, prior: Object | None) -> list[str]:
        if prior is None or UNKNOWN in (plan.get("schema"), prior.get("schema")):
            return []
        if same_schema(plan.get("schema"), prior.get("schema")):
            plan["schema"] = prior["schema"]
            return []
        return ["schema"] if schema_change(prior["schema"], plan["schema"]) == "replace" else []

    def read(self, state: Object) -> Object | None:
        answer = self._rest.call("GET", self._path(state))
        return self._with_answer(state, answer) if answer is not None else None

    def create(self, state: Object) -> Object:
        answer = self._rest.call("POST", self._path({**state, "table_id": ""}).rstrip("/"), self._body(state))
        return self._with_answer(state, answer or {})

    def update(self, prior: Object, state: Object) -> Object:
        """Send the whole schema with the hidden columns. A removed column would need an ALTER TABLE."""
        dropped = schema_change(prior["schema"], state["schema"]) == "drop" if prior.get("schema") else False
        if dropped and not state.get("ignore_auto_generated_schema"):
            raise ProviderError(
                f"google_bigquery_table {state['table_id']}: the real provider would drop a column with its data",
                "The emulator cannot drop columns: keep them in the schema, or ignore changes to it.",
            )
        answer = self._rest.call("PUT", self._path(state), self._body(state))
        return self._with_answer(state, answer or {})

    def delete(self, state: Object) -> None:
        if state.get("deletion_protection") is not False:
            raise ProviderError(
                f"cannot destroy table {state['id']} without setting deletion_protection=false "
                "and running `terraform apply`"
            )
        self._rest.call("DELETE", self._path(state))

    def _path(self, state: Object) -> str:
        dataset = f"projects/{quoted(state['project'])}/datasets/{quoted(state['dataset_id'])}"
        return f"{dataset}/tables/{quoted(state['table_id'])}"

    def _body(self, state: Object) -> Object:
        names = {"projectId": "project", "datasetId": "dataset_id", "tableId": "table_id"}
        body: Object = {"tableReference": {key: state[name] for key, name in names.items()}}
        body |= {key: state[key] for key in ("description",) if state.get(key) is not None}
        if state.get("friendly_name") is not None:
            body["friendlyName"] = state["friendly_name"]
        body["labels"] = state.get("effective_labels") or {}
        if state.get("schema"):
            hidden = json.loads(state.get("generated_schema_columns") or "[]")
            body["schema"] = {"fields": [*json.loads(state["schema"]), *hidden]}
        for partitioning in state.get("time_partitioning") or []:
            body["timePartitioning"] = {key: partitioning[key] for key in ("type", "field") if partitioning.get(key)}
        if state.get("clustering"):
            body["clustering"] = {"fields": state["clustering"]}
        return body

    def _with_answer(self, state: Object, answer: Mapping[str, Any]) -> Object:
        live = answer.get("schema", {}).get("fields", [])
        known = {
            "creation_time": int(answer["creationTime"]),
            "last_modified_time": int(answer["lastModifiedTime"]),
            "etag": answer["etag"],
            "location": answer.get("location"),
            "type": answer["type"],
            "num_rows": int(answer.get("numRows") or 0),
            "num_bytes": int(answer.get("numBytes") or 0),
            "num_long_term_bytes": 0,
            "generated_schema_columns": None,
        }
        configured = None if state.get("schema") is UNKNOWN else state.get("schema")
        if state.get("ignore_auto_generated_schema") and configured:
            hidden = hidden_columns(configured, live)
            known["generated_schema_columns"] = json.dumps(hidden) if hidden else None
            names = {column["name"] for column in hidden}
            live = [column for column in live if column["name"] not in names]
        return {**state, **known, "schema": live_schema(configured, live)}
