"""Read the discovery documents that google-api-python-client ships, and find the method of a path.

https://developers.google.com/discovery/v1/reference/apis
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_PLACEHOLDER = re.compile(r"\{\+?\w+\}")


@dataclass(frozen=True)
class Method:
    id: str
    verb: str
    pattern: re.Pattern[str]
    parameters: Json  # those of the query, with the global ones
    request: str | None  # names of schemas
    answer: str | None
    media: str  # "upload", "download" or nothing
    has_download: bool


@dataclass(frozen=True)
class Document:
    api: str
    schemas: Json
    batch_path: str
    methods: dict[tuple[str, int], list[Method]]  # by verb and number of segments

    def find(self, verb: str, path: str) -> Method | None:
        candidates = self.methods.get((verb, path.count("/")), ())
        return next((method for method in candidates if method.pattern.fullmatch(path)), None)

    def verbs(self, path: str) -> list[str]:
        """Return the verbs that the document has for a path."""
        return sorted({verb for verb, _ in self.methods if self.find(verb, path)})


@cache
def document(api: str) -> Document:
    """Return the document of an API like `storage.v1`. Raises LookupError if Google has none."""
    file = _folder() / f"{api}.json"
    if not file.is_file():
        raise LookupError(f"There is no discovery document of {api}: name an API and its version, like storage.v1.")
    content = json.loads(file.read_bytes())
    methods: defaultdict[tuple[str, int], list[Method]] = defaultdict(list)
    for method, raw_path in _methods(content):
        methods[method.verb, raw_path.count("/")].append(method)
    for found in methods.values():  # a fixed text wins over a placeholder, as `iam` over `{entity}`
        found.sort(key=lambda method: method.pattern.pattern.count("[^/"))
    return Document(api, content["schemas"], f"/{content['batchPath']}", dict(methods))


def _folder() -> Path:
    package = importlib.util.find_spec("googleapiclient")
    if package is None or package.origin is None:
        raise RuntimeError("google-api-python-client is not installed: run `make setup`.")
    return Path(package.origin).parent / "discovery_cache/documents"


def _methods(content: Json) -> Iterator[tuple[Method, str]]:
    """Yield each method with its path: also for uploads and downloads, which have paths of their own."""
    for raw in _raw_methods(content):
        own = f"/{content['servicePath']}{raw.get('flatPath') or raw['path']}"
        yield _method(content, raw, own), own
        if "mediaUpload" in raw:
            path = raw["mediaUpload"]["protocols"]["simple"]["path"]
            path = _PLACEHOLDER.sub("{x}", path)
            yield _method(content, raw, path, media="upload"), path
        if raw.get("useMediaDownloadService"):
            yield _method(content, raw, f"/download{own}", media="download"), f"/download{own}"


def _raw_methods(resource: Json) -> Iterator[Json]:
    yield from resource.get("methods", {}).values()
    for nested in resource.get("resources", {}).values():
        yield from _raw_methods(nested)


def _method(content: Json, raw: Json, path: str, media: str = "") -> Method:
    own = {name: value for name, value in raw.get("parameters", {}).items() if value["location"] == "query"}
    # What follows a colon at the end is a verb: `jobs/{job}` does not stand for `jobs/j:resume`.
    pattern = "[^/]+".join(re.escape(part) for part in _PLACEHOLDER.split(path))
    pattern = re.sub(r"\[\^/\]\+$", "[^/:]+", pattern)
    return Method(
        id=raw["id"],
        verb=raw["httpMethod"],
        pattern=re.compile(pattern),
        parameters={**content["parameters"], **own},
        request=raw.get("request", {}).get("$ref"),
        answer=raw.get("response", {}).get("$ref"),
        media=media,
        has_download=raw.get("supportsMediaDownload", False),
    )
