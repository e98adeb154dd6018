"""Storage and BigQuery, over the REST endpoints that the real provider's own arguments and variables name."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tests.emulator.terraform_provider.table_schemas import hidden_columns, live_schema, same_schema, schema_change
from tests.emulator.terraform_provider.values import UNKNOWN, Object, RefusedError, Value

_TIMEOUT_SECONDS = 60


class Service(Protocol):
    """What one resource type does beyond its recorded state; `read` answers None for what is gone."""

    def planned(self, plan: Object, prior: Object | None) -> list[str]:
        """May change the plan; returns the attributes that make it a replacement."""

    def read(self, state: Object) -> Object | None: ...

    def create(self, state: Object) -> Object: ...

    def update(self, prior: Object, state: Object) -> Object: ...

    def delete(self, state: Object) -> None: ...


class Rest:
    def __init__(self, endpoint: str | None, setting: str) -> None:
        self._endpoint = endpoint
        self._setting = setting

    def call(self, method: str, path: str, body: Any = None, *, upload: str | None = None) -> Object | None:
        """None is 404. `upload` is the content type of a body of bytes, which goes to the upload address."""
        url = self._url(path, is_upload=upload is not None)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content-Type": upload or "application/json", "Authorization": "Bearer standin"}
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                content: Object = json.loads(answer.read() or b"{}")
                return content
        except urllib.error.HTTPError as error:
            if error.code == 404 and method in ("GET", "DELETE"):
                return None
            raise RefusedError(f"googleapi: Error {error.code}: {_message(error.read())}", f"{method} {url}") from None

    def _url(self, path: str, *, is_upload: bool) -> str:
        if not self._endpoint:
            raise RefusedError(
                f"The stand-in provider talks to no real cloud: name an endpoint in {self._setting} to apply"
            )
        base = self._endpoint.rstrip("/")
        return f"{base.replace('/storage/v1', '/upload/storage/v1') if is_upload else base}/{path}"


def quoted(value: Value) -> str:
    return urllib.parse.quote(str(value), safe="")


class Recorded:
    """A resource that lives in the state alone."""

    def planned(self, plan: Object, prior: Object | None) -> list[str]:
        return []

    def read(self, state: Object) -> Object | None:
        return state

    def create(self, state: Object) -> Object:
        return state

    def update(self, prior: Object, state: Object) -> Object:
        return state

    def delete(self, state: Object) -> None:
        return None


class Bucket(Recorded):
    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def read(self, state: Object) -> Object | None:
        return state if self._rest.call("GET", f"b/{quoted(state['name'])}") is not None else None

    def create(self, state: Object) -> Object:
        body = {"name": state["name"], "location": state["location"]}
        self._rest.call("POST", f"b?project={quoted(state['project'])}", body)
        return state

    def delete(self, state: Object) -> None:
        path = f"b/{quoted(state['name'])}"
        while names := self._objects(path):
            if not state.get("force_destroy"):
                raise RefusedError(
                    f"Error trying to delete bucket {state['name']} containing objects "
                    "without `force_destroy` set to true"
                )
            for name in names:
                self._rest.call("DELETE", f"{path}/o/{quoted(name)}")
        self._rest.call("DELETE", path)

    def _objects(self, path: str) -> list[str]:
        return [item["name"] for item in (self._rest.call("GET", f"{path}/o") or {}).get("items", [])]


class BucketObject(Recorded):
    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def planned(self, plan: Object, prior: Object | None) -> list[str]:
        """A changed file is uploaded again, in place; the provider compares hashes, as far as the file exists yet."""
        content = _content(plan)
        if content is None:
            return []
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        if prior and prior["md5hash"] != digest:
            plan.update(dict.fromkeys(("crc32c", "md5hash", "md5hexhash", "generation"), UNKNOWN))
        return []

    def read(self, state: Object) -> Object | None:
        answer = self._rest.call("GET", f"b/{quoted(state['bucket'])}/o/{quoted(state['name'])}")
        return self._with_answer(state, answer) if answer else None

    def create(self, state: Object) -> Object:
        content = _content(state)
        if content is None:
            raise RefusedError(f"google_storage_bucket_object: open {state.get('source')}: no such file or directory")
        path = f"b/{quoted(state['bucket'])}/o?uploadType=media&name={quoted(state['name'])}"
        answer = self._rest.call("POST", path, content, upload=state.get("content_type") or "application/octet-stream")
        return self._with_answer(state, answer or {})

    def update(self, prior: Object, state: Object) -> Object:
        return self.create(state) if state["md5hash"] in (None, UNKNOWN) else state

    def delete(self, state: Object) -> None:
        self._rest.call("DELETE", f"b/{quoted(state['bucket'])}/o/{quoted(state['name'])}")

    def _with_answer(self, state: Object, answer: Mapping[str, Any]) -> Object:
        digest = answer["md5Hash"]
        hashes = {"crc32c": answer["crc32c"], "md5hash": digest, "md5hexhash": base64.b64decode(digest).hex()}
        return {**state, **hashes, "generation": int(answer["generation"])}


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
            raise RefusedError(
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
        """It sends the whole schema, with the columns it hides; a column less is an ALTER TABLE of its own."""
        dropped = schema_change(prior["schema"], state["schema"]) == "drop" if prior.get("schema") else False
        if dropped and not state.get("ignore_auto_generated_schema"):
            raise RefusedError(
                f"google_bigquery_table {state['table_id']}: the real provider would now DROP COLUMN, with its data",
                "The local cloud drops no columns: leave them in the schema, or ignore changes of it.",
            )
        answer = self._rest.call("PUT", self._path(state), self._body(state))
        return self._with_answer(state, answer or {})

    def delete(self, state: Object) -> None:
        if state.get("deletion_protection") is not False:
            raise RefusedError(
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


def _content(state: Object) -> bytes | None:
    """What is to be uploaded; None while it is unknown or its file does not exist yet."""
    content, source = state.get("content"), state.get("source")
    if isinstance(content, str):
        return content.encode()
    return Path(source).read_bytes() if isinstance(source, str) and Path(source).is_file() else None


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:300].decode(errors="replace")
