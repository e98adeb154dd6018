"""Say what a request or an answer has that the discovery document of its API has not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import jsonschema_rs

from tests.emulator.discovery.additions import ADDITIONS
from tests.emulator.discovery.documents import Json, Method, document
from tests.emulator.discovery.field_masks import mask_problems
from tests.emulator.discovery.json_schema import scalar_schema, validator

Query = Sequence[tuple[str, str]]

_WHOLE = re.compile(r"-?[0-9]+")


def violations(api: str, method: str, path: str, query: Query = (), body: Any = None) -> list[str]:
    """Return one sentence for each thing that the document does not have. `path` is as sent, with its escapes.

    `body` is decoded JSON, or None without one.
    """
    return _not_added(undocumented(api, method, path, query, body))


def answer_violations(api: str, method: str, path: str, answer: Any) -> list[str]:
    """Return one sentence for each part of a 2xx answer in JSON that the method's schema does not have."""
    return _not_added(_in_answer(api, method, path, answer))


def body_violations(api: str, schema: str, body: Any, *, is_answer: bool = False, label: str = "") -> list[str]:
    """Return one sentence for each part of a body that a schema of the document does not have."""
    checker = validator(api, schema, is_answer=is_answer)
    if checker.is_valid(body):
        return []
    return [
        f"{api} {label or schema}: {problem}" for error in checker.iter_errors(body) for problem in _problems(error)
    ]


def undocumented(api: str, method: str, path: str, query: Query = (), body: Any = None) -> list[str]:
    """Return what `violations` returns, and also what `ADDITIONS` allows."""
    found = _find(api, method, path)
    if found is None:
        return [_no_method(api, method, path)]
    problems = [f"{api} {found.id}: {problem}" for problem in _in_query(found, query)]
    if body is None:
        return problems
    if found.request is None:
        return [*problems, f"{api} {found.id}: the discovery document has no body for this method."]
    masks = mask_problems(document(api).schemas, found.request, query, body)
    problems += [f"{api} {found.id}: {problem}" for problem in masks]
    return [*problems, *body_violations(api, found.request, body, label=found.id)]


def _in_answer(api: str, method: str, path: str, answer: Any) -> list[str]:
    found = _find(api, method, path)
    if found is None:
        return [_no_method(api, method, path)]
    if found.answer is None:
        return [f"{api} {found.id}: the discovery document has no answer for this method."]
    return body_violations(api, found.answer, answer, is_answer=True, label=f"{found.id} answer")


def _find(api: str, verb: str, path: str) -> Method | None:
    return document(api).find(verb, path)


def _no_method(api: str, verb: str, path: str) -> str:
    verbs = document(api).verbs(path)
    known = f"it has {', '.join(verbs)} for it" if verbs else "it has no method for this path"
    return f"{api} {verb} {path}: the discovery document has no such method: {known}."


def _in_query(method: Method, query: Query) -> Iterator[str]:
    for name, value in query:
        parameter = method.parameters.get(name)
        if parameter is None:
            yield f"query parameter {name}: the discovery document has no such parameter."
        else:
            yield from _in_parameter(method, name, parameter, value)
    given = [name for name, _ in query]
    for name, parameter in method.parameters.items():
        if parameter.get("required") and name not in given:
            yield f"query parameter {name} is missing: the discovery document requires it."
        if name in given and not parameter.get("repeated") and given.count(name) > 1:
            yield f"query parameter {name} is given twice: the discovery document has it once."


def _in_parameter(method: Method, name: str, parameter: Json, value: str) -> Iterator[str]:
    if (name, value) == ("alt", "media") and not method.has_download:
        yield "query parameter alt: 'media': the discovery document has no download for this method."
    if parameter["type"] == "boolean":
        if value not in ("true", "false"):
            yield f'query parameter {name}: {value!r} is not "true" or "false".'
        return
    checker = _parameter_checker(parameter["type"], parameter.get("format", ""), tuple(parameter.get("enum", ())))
    for error in checker.iter_errors(value):
        yield f"query parameter {name}: {error.message}."
    for bound, is_beyond in (("minimum", int.__lt__), ("maximum", int.__gt__)):
        if bound in parameter and _WHOLE.fullmatch(value) and is_beyond(int(value), int(parameter[bound])):
            yield f"query parameter {name}: {value} is beyond the {bound}, {parameter[bound]}."


@cache
def _parameter_checker(kind: str, form: str, values: Sequence[str]) -> jsonschema_rs.Draft202012Validator:
    schema = {"type": kind, "format": form, **({"enum": list(values)} if values else {})}
    return jsonschema_rs.Draft202012Validator(scalar_schema(schema, is_answer=False))


def _problems(error: jsonschema_rs.ValidationError) -> Iterator[str]:
    place = _place(error.instance_path)
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        for name in error.kind.unexpected:
            yield f"field {place}{'.' if place else ''}{name}: the discovery document has no such field."
    else:
        yield f"field {place or 'at the top'}: {error.message}."


def _place(path: Sequence[str | int]) -> str:
    """Return `items[0].name` for a path into a body."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _not_added(problems: Sequence[str]) -> list[str]:
    return [problem for problem in problems if not any(added.allows.fullmatch(problem) for added in ADDITIONS)]
