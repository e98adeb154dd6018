"""Read what a server got and what it gives, and let the judge decide. A server calls these at its edge."""

from __future__ import annotations

import email
import email.message
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.emulator.discovery.documents import document
from tests.emulator.discovery.judge import answer_violations, violations

_JSON = "application/json"


def request_violations(api: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> list[str]:
    """Judge one request. `target` is its path and query as sent, and `headers` have lower-case names."""
    parts, method = urlsplit(target), _method(method, target)
    kind = headers.get("content-type", "")
    if parts.path == document(api).batch_path:
        return [problem for one in _requests_in_batch(kind, body) for problem in request_violations(api, *one)]
    query = parse_qsl(parts.query, keep_blank_values=True)
    try:
        decoded = _decoded(kind, body, dict(query)) if body else None
    except (ValueError, IndexError) as error:
        return [f"{api} {method} {parts.path}: the body is no JSON: {error}."]
    return violations(api, method, parts.path, query, decoded)


def reply_violations(api: str, method: str, target: str, status: int, kind: str, content: bytes) -> list[str]:
    """Judge one answer. Only a 2xx answer in JSON has a schema; `kind` is its content type."""
    parts, method = urlsplit(target), _method(method, target)
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


def refusal(status: int, problems: Sequence[str]) -> dict[str, Any]:
    """Return the body of the error that names all problems.

    The status is 400 for a request. For an answer it is 501, because Google's clients repeat a call that ends in 500.
    """
    message = " ".join(problems)
    reason = "invalid" if status < 500 else "notImplemented"
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return {"error": {"code": status, "message": message, "errors": errors}}


def _method(method: str, target: str) -> str:
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
        return json.loads(_payload(_parts(kind, body)[0]))
    return json.loads(body)


def _requests_in_batch(kind: str, body: bytes) -> list[tuple[str, str, dict[str, str], bytes]]:
    """Read a batch: each part is a request with its own headers (docs.cloud.google.com/storage/docs/batch)."""
    requests = []
    for part in _parts(kind, body):
        first, _, rest = _payload(part).partition(b"\n")
        method, target = first.decode().split()[:2]
        inner = email.message_from_bytes(rest)
        headers = {name.lower(): value for name, value in inner.items()}
        requests.append((method, target, headers, _payload(inner)))
    return requests


def _parts(kind: str, body: bytes) -> list[email.message.Message]:
    whole = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    return [part for part in whole.walk() if not part.is_multipart()]


def _payload(part: email.message.Message) -> bytes:
    content = part.get_payload(decode=True)
    return content.strip() if isinstance(content, bytes) else b""
