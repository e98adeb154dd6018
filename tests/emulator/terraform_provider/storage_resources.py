"""Buckets and their objects."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.emulator.terraform_provider import api_bodies as bodies
from tests.emulator.terraform_provider.facts import facts
from tests.emulator.terraform_provider.rest import Rest, quoted
from tests.emulator.terraform_provider.services import Recorded
from tests.emulator.terraform_provider.values import UNKNOWN, Object, ProviderError

_KIND = facts("google").resources["google_storage_bucket"]
# The settings that the emulator keeps.
_SENT = (
    *("encryption", "iamConfiguration", "labels", "lifecycle", "location", "name", "softDeletePolicy", "storageClass"),
    "versioning",
)


class Bucket(Recorded):
    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def read(self, state: Object) -> Object | None:
        answer = self._rest.call("GET", f"b/{quoted(state['name'])}")
        return None if answer is None else {**state, **_settings(answer)}

    def create(self, state: Object) -> Object:
        self._rest.call("POST", f"b?project={quoted(state['project'])}", self._body(state))
        return state

    def update(self, prior: Object, state: Object) -> Object:
        changed = {name: value for name, value in self._body(state).items() if self._body(prior).get(name) != value}
        gone = dict.fromkeys(self._body(prior).keys() - self._body(state).keys())
        self._rest.call("PATCH", f"b/{quoted(state['name'])}", {**changed, **gone})
        return state

    def _body(self, state: Object) -> Object:
        body: Object = bodies.bucket(
            bodies.api_body(_KIND, state, ("project", "force_destroy", "enable_object_retention")), state
        )
        return {name: body[name] for name in _SENT if name in body}

    def delete(self, state: Object) -> None:
        path = f"b/{quoted(state['name'])}"
        while names := self._objects(path):
            if not state.get("force_destroy"):
                raise ProviderError(
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
        """Plan an upload in place if the hash of the file differs. The file may not exist before the apply."""
        content = _content(plan)
        plan["detect_md5hash"] = prior["detect_md5hash"] if prior else None
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
            raise ProviderError(f"google_storage_bucket_object: open {state.get('source')}: no such file or directory")
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
        links = {"self_link": f"https://www.googleapis.com/storage/v1/b/{state['bucket']}/o/{quoted(state['name'])}"}
        return {**state, **hashes, **links, "detect_md5hash": digest, "generation": int(answer["generation"])}


def _settings(answer: Mapping[str, Any]) -> Object:
    """Return what may differ from the state, because somebody changed the bucket."""
    access = answer["iamConfiguration"]
    return {
        "effective_labels": answer.get("labels", {}),
        "location": answer["location"],
        "public_access_prevention": access["publicAccessPrevention"],
        "storage_class": answer["storageClass"],
        "uniform_bucket_level_access": access["uniformBucketLevelAccess"]["enabled"],
    }


def _content(state: Object) -> bytes | None:
    """Return the bytes to upload, or None if they are unknown or their file does not exist yet."""
    content, source = state.get("content"), state.get("source")
    if isinstance(content, str):
        return content.encode()
    return Path(source).read_bytes() if isinstance(source, str) and Path(source).is_file() else None
