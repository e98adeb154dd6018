"""Say which names in a field mask are no fields: https://protobuf.dev/reference/protobuf/google.protobuf/#field-mask

A mask is a parameter of the query or a field of the body. It names fields of the resource, in camel or in snake case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tests.emulator.discovery.documents import Json

_FORMAT = "google-fieldmask"
_PARAMETER = "updateMask"
_WORD = re.compile(r"_(\w)")


def mask_problems(schemas: Json, request: str, query: Sequence[tuple[str, str]], body: Any) -> Iterator[str]:
    """Yield one sentence for each path in a mask of a request that its resource does not have."""
    properties = schemas[request].get("properties", {})
    inside = [name for name, schema in properties.items() if schema.get("format") == _FORMAT]
    resource = _resource(properties) if inside else request
    given = body if isinstance(body, dict) else {}
    masks = [(f"query parameter {name}", value) for name, value in query if name == _PARAMETER]
    masks += [(f"field {name}", given[name]) for name in inside if isinstance(given.get(name), str)]
    for label, mask in masks:
        for path in filter(None, mask.split(",")):
            if not _has(schemas, resource, path.split(".")):
                yield f"{label}: {path}: {resource} has no such field."


def _resource(properties: Json) -> str:
    """Return the schema of the resource beside the mask in a request."""
    return next(str(schema["$ref"]) for schema in properties.values() if "$ref" in schema)


def _has(schemas: Json, name: str, path: Sequence[str]) -> bool:
    """Return True if the schema has the path. What is below a map or a list is not looked at."""
    schema = schemas[name].get("properties", {}).get(_WORD.sub(lambda found: found[1].upper(), path[0]))
    if schema is None:
        return False
    return len(path) == 1 or "$ref" not in schema or _has(schemas, schema["$ref"], path[1:])
