"""The settings of buckets, which fake-gcs-server does not keep: location, access, labels, versions, soft delete.

https://cloud.google.com/storage/docs/json_api/v1/buckets#resource
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.emulator.project_number import number_of

Json = dict[str, Any]

_BUCKET = re.compile(r"/storage/v1/b/(?P<name>[^/]+)/?$")
_AGENT = re.compile(r"/storage/v1/projects/(?P<project>[^/]+)/serviceAccount$")
_MULTI_REGIONS = ("ASIA", "EU", "US")
# What a bucket has without a setting.
_DEFAULTS: Mapping[str, Any] = {
    "iamConfiguration": {"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": {"enabled": False}},
    "location": "US",
    "rpo": "DEFAULT",
    "softDeletePolicy": {"retentionDurationSeconds": "604800"},
    "storageClass": "STANDARD",
}


class BucketSettings:
    def __init__(self) -> None:
        self._kept: dict[str, Json] = {}

    def record(self, method: str, path: str, body: bytes) -> None:
        """Keep what an accepted request sets."""
        parts = urlsplit(path)
        if method == "POST" and parts.path.rstrip("/") == "/storage/v1/b":
            given = json.loads(body)
            project = parse_qs(parts.query).get("project", [""])[0]
            self._kept[given["name"]] = {**_DEFAULTS, **_without_null(given), "projectNumber": number_of(project)}
        elif named := _BUCKET.match(parts.path):
            name = unquote(named["name"])
            if method == "DELETE":
                self._kept.pop(name, None)
            elif method in ("PATCH", "PUT"):
                self._kept[name] = _patched(self._kept.get(name, dict(_DEFAULTS)), json.loads(body or b"{}"))

    def answer(self, content: bytes) -> bytes:
        """Return the answer with the settings of each bucket in it."""
        if b'"storage#bucket' not in content:
            return content
        found = json.loads(content)
        for resource in found.get("items", [found]):
            kept = self._kept.get(resource.get("name"))
            if kept is not None:
                resource.update(_as_answer(kept))
        return json.dumps(found).encode()


def asks_for_versions(path: str, body: bytes) -> bool:
    """Return True if a write turns versions of objects on."""
    of_bucket = urlsplit(path).path.rstrip("/") == "/storage/v1/b" or _BUCKET.match(urlsplit(path).path)
    settings: Json = json.loads(body) if of_bucket and body else {}
    return bool((settings.get("versioning") or {}).get("enabled"))


def service_agent(method: str, path: str) -> Json | None:
    """Return the account of Cloud Storage in a project, if the request asks for it."""
    asked = _AGENT.match(urlsplit(path).path) if method == "GET" else None
    if asked is None:
        return None
    account = f"service-{number_of(asked['project'])}@gs-project-accounts.iam.gserviceaccount.com"
    return {"kind": "storage#serviceAccount", "email_address": account}


def _as_answer(kept: Json) -> Json:
    location = kept["location"].upper()
    seconds = str(kept["softDeletePolicy"]["retentionDurationSeconds"])  # a number of 64 bits
    return {
        **kept,
        "location": location,
        "locationType": "multi-region" if location in _MULTI_REGIONS else "region",
        "softDeletePolicy": {**kept["softDeletePolicy"], "retentionDurationSeconds": seconds},
    }


def _patched(kept: Json, change: Json) -> Json:
    """Merge objects. Null removes a setting, and a bucket without it has the default."""
    merged = dict(kept)
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(kept.get(name), dict):
            merged[name] = _patched(kept[name], value)
        else:
            merged[name] = _DEFAULTS.get(name) if value is None else value
    return _without_null(merged)


def _without_null(settings: Json) -> Json:
    return {
        name: _without_null(value) if isinstance(value, dict) else value
        for name, value in settings.items()
        if value is not None
    }
