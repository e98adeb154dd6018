"""Turn the schemas of a discovery document into JSON Schema, once for requests and once for answers.

A request may have what Google's JSON parser accepts: null for any field, and a number as text or not, whatever the
field is (https://protobuf.dev/programming-guides/json). An answer has one form: int64 is text, int32 is a number, and
null is left out. Read-only fields may be in a request, because Google ignores them (https://google.aip.dev/203).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from tests.emulator.discovery.documents import Json, document

_INTEGER = r"^-?[0-9]+$"
_UNSIGNED = r"^[0-9]+$"
_NUMBER = r"^(-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?|NaN|-?Infinity)$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[-+][0-9]{2}:[0-9]{2})$"
# A pattern says nothing about a value that is no text, so a number passes it.
_PATTERNS = {
    "int32": _INTEGER,
    "uint32": _UNSIGNED,
    "int64": _INTEGER,
    "uint64": _UNSIGNED,
    "double": _NUMBER,
    "float": _NUMBER,
    "byte": r"^[A-Za-z0-9+/_-]*={0,2}$",
    "date-time": _TIME,
    "google-datetime": _TIME,
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "google-duration": r"^-?[0-9]+(\.[0-9]{1,9})?s$",
}
_NUMBERS = {"int64": "integer", "uint64": "integer"}  # formats of text that a request may also give as a number


@cache
def validator(api: str, name: str, *, is_answer: bool) -> jsonschema_rs.Draft202012Validator:
    """Return the checker of one schema of a document."""
    schemas = document(api).schemas
    reached, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += _references(schemas[one])
    definitions = {one: _converted(schemas[one], is_answer=is_answer) for one in reached}
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})


def scalar_schema(schema: Json, *, is_answer: bool) -> Json:
    """Convert a text, a number or a boolean."""
    form, kind = schema.get("format", ""), schema["type"]
    kinds = [kind] if is_answer else [kind, *_other_kinds(kind, form)]
    converted: Json = {"type": kinds}
    if form in _PATTERNS:
        converted["pattern"] = _PATTERNS[form]
    if is_answer and "#" in schema.get("default", ""):  # the kind of a resource, like storage#object
        converted["const"] = schema["default"]
    if "enum" in schema:
        converted["enum"] = schema["enum"] if is_answer else [*schema["enum"], None]
    return converted


def _other_kinds(kind: str, form: str) -> list[str]:
    if kind in ("integer", "number"):
        return ["string", "null"]
    return [_NUMBERS[form], "null"] if form in _NUMBERS else ["null"]


def _converted(schema: Json, *, is_answer: bool) -> Json:
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema.get("type", "any")
    nothing = [] if is_answer else ["null"]
    if kind == "any":
        return {}
    if kind == "array":
        return {"type": ["array", *nothing], "items": _converted(schema["items"], is_answer=is_answer)}
    if kind != "object":
        return scalar_schema(schema, is_answer=is_answer)
    converted: Json = {"type": ["object", *nothing]}
    if "properties" in schema or "additionalProperties" in schema:
        others = schema.get("additionalProperties")
        converted["properties"] = {
            name: _converted(nested, is_answer=is_answer) for name, nested in schema.get("properties", {}).items()
        }
        converted["additionalProperties"] = _converted(others, is_answer=is_answer) if others else False
    return converted


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for nested in schema.values():
            yield from _references(nested)
