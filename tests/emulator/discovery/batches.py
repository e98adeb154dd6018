"""Read and write the parts of a batch: requests in one, or answers in one, in the same order.

https://docs.cloud.google.com/storage/docs/batch
"""

from __future__ import annotations

import email
import email.message
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

_BOUNDARY = "batch_of_the_emulator"
MULTIPART = f"multipart/mixed; boundary={_BOUNDARY}"


@dataclass(frozen=True)
class BatchRequest:
    method: str
    target: str
    headers: Mapping[str, str]  # with lower-case names
    body: bytes
    id: str = ""


@dataclass(frozen=True)
class BatchReply:
    status: int
    kind: str  # the content type
    body: bytes


def batch_requests(kind: str, body: bytes) -> list[BatchRequest]:
    return [
        BatchRequest(first[0], first[1], headers, content, own_id)
        for first, headers, content, own_id in _messages(kind, body)
    ]


def batch_replies(kind: str, body: bytes) -> list[BatchReply]:
    return [
        BatchReply(int(first[1]), headers.get("content-type", ""), content)
        for first, headers, content, _ in _messages(kind, body)
    ]


def written(requests: Sequence[BatchRequest], replies: Sequence[BatchReply]) -> bytes:
    """Return the body of the answer, whose content type is MULTIPART."""
    parts = [_part(request, reply) for request, reply in zip(requests, replies, strict=True)]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def parts_of(kind: str, body: bytes) -> list[email.message.Message]:
    """Return the parts of a multipart body."""
    whole = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    return [part for part in whole.walk() if not part.is_multipart()]


def payload(part: email.message.Message) -> bytes:
    content = part.get_payload(decode=True)
    return content.strip() if isinstance(content, bytes) else b""


def _messages(kind: str, body: bytes) -> Iterator[tuple[list[str], dict[str, str], bytes, str]]:
    """Yield of each part the words of its first line, its own headers, its body and its id."""
    for part in parts_of(kind, body):
        first, _, rest = payload(part).partition(b"\n")
        inner = email.message_from_bytes(rest)
        headers = {name.lower(): value for name, value in inner.items()}
        yield first.decode().split(), headers, payload(inner), part.get("Content-ID", "")


def _part(request: BatchRequest, reply: BatchReply) -> bytes:
    about = [f"--{_BOUNDARY}", "Content-Type: application/http"]
    if request.id:
        about.append(f"Content-ID: <response-{request.id.strip('<>')}>")
    inner = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    if reply.body:
        inner += [f"Content-Type: {reply.kind}", f"Content-Length: {len(reply.body)}"]
    return "\r\n".join([*about, "", *inner, "", ""]).encode() + reply.body + b"\r\n"
