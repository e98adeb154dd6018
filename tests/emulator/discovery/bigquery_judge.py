"""Judge every request and answer of the emulator's BigQuery, between its routes and the rest of its server."""

from __future__ import annotations

import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.emulator.discovery.exchange import refusal, reply_violations, request_violations

_API = "bigquery.v2"


class BigQueryJudge:
    """Refuse a request with 400, and turn an answer into a 501, if Google's document has not what they have."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, target = scope["method"], _target(scope)
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        body = await _body(receive)
        if problems := request_violations(_API, method, target, headers, body):
            await _answer(send, 400, _JSON_HEADERS, json.dumps(refusal(400, problems)).encode())
            return
        reply = _Reply()
        await self._app(scope, _Replay(body, receive), reply)
        kind = dict(reply.headers).get(b"content-type", b"").decode()
        if problems := reply_violations(_API, method, target, reply.status, kind, bytes(reply.content)):
            await _answer(send, 501, _JSON_HEADERS, json.dumps(refusal(501, problems)).encode())
            return
        await _answer(send, reply.status, reply.headers, bytes(reply.content))


_Headers = list[tuple[bytes, bytes]]
_JSON_HEADERS: _Headers = [(b"content-type", b"application/json")]


class _Reply:
    """What a route sends, kept until it is judged."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: _Headers = []
        self.content = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
        else:
            self.content += message.get("body", b"")


class _Replay:
    """Give the body that was read already, and then what the client sends."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._receive = receive

    async def __call__(self) -> Message:
        return self._messages.pop() if self._messages else await self._receive()


def _target(scope: Scope) -> str:
    """Return path and query as sent: `path` alone has lost its escapes."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode()


async def _body(receive: Receive) -> bytes:
    content = bytearray()
    while (message := await receive())["type"] == "http.request":
        content += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(content)


async def _answer(send: Send, status: int, headers: _Headers, content: bytes) -> None:
    lengths = [(b"content-length", str(len(content)).encode())] if content or status != 204 else []
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    await send({"type": "http.response.start", "status": status, "headers": [*kept, *lengths]})
    await send({"type": "http.response.body", "body": content})
