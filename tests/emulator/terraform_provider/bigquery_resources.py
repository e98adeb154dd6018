"""Datasets and tables."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.emulator.terraform_provider.rest import Rest, quoted
from tests.emulator.terraform_provider.services import Recorded
from tests.emulator.terraform_provider.table_schemas import (
    compact,
    hidden_columns,
    live_schema,
    same_schema,
    schema_change,
)
from tests.emulator.terraform_provider.values import UNKNOWN, Object, ProviderError

# What a new dataset has if its request names no entry: cloud.google.com/bigquery/docs/reference/rest/v2/datasets
DEFAULT_ACCESS = [
    {"role": "WRITER", "specialGroup": "projectWriters"},
    {"role": "OWNER", "specialGroup": "projectOwners"},
    {"role": "OWNER", "userByEmail": "applier@example.com"},
    {"role": "READER", "specialGroup": "projectReaders"},
]
# The attributes of an entry and their names in the API.
_ENTRY = {
    "domain": "domain",
    "group_by_email": "groupByEmail",
    "iam_member": "iamMember",
    "role": "role",
    "special_group": "specialGroup",
    "user_by_email": "userByEmail",
}
_ONE_CHANGE_AT_A_TIME = threading.Lock()


class Dataset(Recorded):
    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def planned(self, plan: Object, prior: Object | None) -> list[str]:
        """Keep the entries of the dataset if the configuration names none: the block is computed, too."""
        if prior is not None and not plan.get("access"):
            plan["access"] = prior.get("access")
        return []

    def read(self, state: Object) -> Object | None:
        answer = self._rest.call("GET", dataset_path(state))
        return None if answer is None else _with_dataset(state, answer)

    def create(self, state: Object) -> Object:
        """Create the dataset. Without an entry of its own it gets Google's."""
        reference = {"projectId": state["project"], "datasetId": state["dataset_id"]}
        given = [_entry(block) for block in state["access"] or []]
        body = {"datasetReference": reference, "location": state["location"], "access": given or DEFAULT_ACCESS}
        answer = self._rest.call("POST", f"projects/{quoted(state['project'])}/datasets", body) or {}
        return _with_dataset(state, answer)

    def update(self, prior: Object, state: Object) -> Object:
        """Replace all entries if the configuration changes one."""
        if _sorted(prior.get("access")) != _sorted(state.get("access")):
            given = [_entry(block) for block in state.get("access") or []]
            self._rest.call("PATCH", dataset_path(state), {"access": given})
        return state

    def delete(self, state: Object) -> None:
        with_contents = state.get("delete_contents_on_destroy")
        tables = (self._rest.call("GET", f"{dataset_path(state)}/tables") or {}).get("tables")
        if tables and not with_contents:
            name = f"{state['project']}:{state['dataset_id']}"
            raise ProviderError(
                f"Error when reading or editing Dataset: googleapi: Error 400: Dataset {name} is still in use"
            )
        self._rest.call("DELETE", f"{dataset_path(state)}?deleteContents={str(bool(with_contents)).lower()}")


class DatasetAccess(Recorded):
    """One entry in a dataset's access list. A dataset that does not exist here, like Google's export, is left out."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def read(self, state: Object) -> Object | None:
        answer = self._rest.call("GET", dataset_path(state))
        return state if answer is None or _entry(state) in answer.get("access", []) else None

    def create(self, state: Object) -> Object:
        self._change(state, lambda entries, own: [*entries, own])
        return state

    def delete(self, state: Object) -> None:
        self._change(state, lambda entries, own: [entry for entry in entries if entry != own])

    def _change(self, state: Object, change: Callable[[list[Object], Object], list[Object]]) -> None:
        own = _entry(state)
        with _ONE_CHANGE_AT_A_TIME:  # the real provider has a lock for each dataset, too
            answer = self._rest.call("GET", dataset_path(state))
            if own and answer is not None:
                entries = change(answer.get("access", []), own)
                self._rest.call("PATCH", dataset_path(state), {"access": entries})


def dataset_path(state: Object) -> str:
    return f"projects/{quoted(state['project'])}/datasets/{quoted(state['dataset_id'])}"


def _entry(block: Object) -> Object:
    """Return an entry as the API has it."""
    entry = {name: block[key] for key, name in _ENTRY.items() if block.get(key)}
    for authorized in block.get("dataset") or []:
        names = {"projectId": "project_id", "datasetId": "dataset_id"}
        [reference] = authorized["dataset"]
        entry["dataset"] = {
            "dataset": {name: reference[key] for name, key in names.items()},
            "targetTypes": authorized["target_types"],
        }
    return entry


def _as_blocks(entries: Sequence[Mapping[str, Any]]) -> list[Object]:
    nothing: Object = {key: [] for key in ("condition", "routine", "view")}
    return [
        nothing | {key: entry.get(name, "") for key, name in _ENTRY.items()} | {"dataset": _authorized(entry)}
        for entry in entries
    ]


def _authorized(entry: Mapping[str, Any]) -> list[Object]:
    if "dataset" not in entry:
        return []
    reference, targets = entry["dataset"]["dataset"], entry["dataset"]["targetTypes"]
    names = {"project_id": reference["projectId"], "dataset_id": reference["datasetId"]}
    return [{"dataset": [names], "target_types": targets}]


def _with_dataset(state: Object, answer: Mapping[str, Any]) -> Object:
    times = {"creation_time": "creationTime", "last_modified_time": "lastModifiedTime"}
    known = {name: int(answer[key]) for name, key in times.items()}
    return {**state, **known, "etag": answer["etag"], "access": _as_blocks(answer.get("access", []))}


def _sorted(blocks: Any) -> list[str]:
    return sorted(json.dumps(block, sort_keys=True) for block in blocks or [])


class Table(Recorded):
    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def planned(self, plan: Object, prior: Object | None) -> list[str]:
        if isinstance(plan.get("schema"), str):
            plan["schema"] = compact(plan["schema"])
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
            "generated_schema_columns": "",
        }
        configured = None if state.get("schema") is UNKNOWN else state.get("schema")
        if state.get("ignore_auto_generated_schema") and configured:
            hidden = hidden_columns(configured, live)
            known["generated_schema_columns"] = json.dumps(hidden) if hidden else ""
            names = {column["name"] for column in hidden}
            live = [column for column in live if column["name"] not in names]
        return {**state, **known, "schema": live_schema(configured, live)}
