"""Read what a server got and what it gives, and let the judge decide. A server calls these at its edge."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.emulator.discovery.batches import BatchRequest, batch_replies, batch_requests, parts_of, payload
from tests.emulator.discovery.documents import document
from tests.emulator.discovery.judge import answer_violations, violations

_JSON = "application/json"


def request_violations(api: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> list[str]:
    """Judge one request. `target` is its path and query as sent, and `headers` have lower-case names."""
    parts, method = urlsplit(target), documented_method(method, target)
    kind = headers.get("content-type", "")
    if parts.path == document(api).batch_path:
        return [
            problem
            for one in batch_requests(kind, body)
            for problem in request_violations(api, one.method, one.target, one.headers, one.body)
        ]
    query = parse_qsl(parts.query, keep_blank_values=True)
    try:
        decoded = _decoded(kind, body, dict(query)) if body else None
    except (ValueError, IndexError) as error:
        return [f"{api} {method} {parts.path}: the body is no JSON: {error}."]
    return violations(api, method, parts.path, query, decoded)


def reply_violations(api: str, method: str, target: str, status: int, kind: str, content: bytes) -> list[str]:
    """Judge one answer. Only a 2xx answer in JSON has a schema; `kind` is its content type.

    A batch has `batch_violations`, because its answers belong to the requests in it.
    """
    parts, method = urlsplit(target), documented_method(method, target)
    is_media = ("alt", "media") in parse_qsl(parts.query) or parts.path == document(api).batch_path
    if not 200 <= status < 300 or not content or is_media:
        return []
    if not kind.startswith(_JSON):
        return [f"{api} {method} {parts.path} answer: its type is {kind!r}, and not {_JSON}."]
    try:
        answer = json.loads(content)
    except ValueError as error:
        return [f"{api} {method} {parts.path} answer: it is no JSON: {error}."]
    return answer_violations(api, method, parts.path, answer)


def batch_violations(api: str, requests: Sequence[BatchRequest], kind: str, content: bytes) -> list[str]:
    """Judge the answer to a batch: one answer for each request, in their order."""
    replies = batch_replies(kind, content)
    if len(replies) != len(requests):
        return [f"{api} batch answer: it has {len(replies)} answers for {len(requests)} requests."]
    return [
        problem
        for one, reply in zip(requests, replies, strict=True)
        for problem in reply_violations(api, one.method, one.target, reply.status, reply.kind, reply.body)
    ]


def refusal(status: int, problems: Sequence[str]) -> dict[str, Any]:
    """Return the body of the error that names all problems.

    The status is 400 for a request. For an answer it is 501, because Google's clients repeat a call that ends in 500.
    """
    message = " ".join(problems)
    reason = "invalid" if status < 500 else "notImplemented"
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return {"error": {"code": status, "message": message, "errors": errors}}


def documented_method(method: str, target: str) -> str:
    """Return the method by which the document knows a request: the bytes of an upload that has begun come by PUT.

    https://docs.cloud.google.com/storage/docs/performing-resumable-uploads
    """
    return "POST" if method == "PUT" and target.startswith("/upload/") and "upload_id=" in target else method


def _decoded(kind: str, body: bytes, query: Mapping[str, str]) -> Any:
    """Return the JSON of a body, or None for bytes of an object or of a file to load.

    https://docs.cloud.google.com/storage/docs/uploads-downloads
    """
    if "upload_id" in query or query.get("uploadType") == "media":
        return None
    if query.get("uploadType") == "multipart":
        return json.loads(payload(parts_of(kind, body)[0]))
    return json.loads(body)
