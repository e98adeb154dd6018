"""Ask for the caller's permission before each request to the emulator's BigQuery, between its judge and its routes."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from bqemulator.domain.errors import DomainError
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.emulator.discovery.documents import document
from tests.emulator.discovery.exchange import documented_method
from tests.emulator.permissions.bigquery_access import CALLER, Access
from tests.emulator.permissions.denied import bigquery_body
from tests.emulator.permissions.policy import dataset_path, table_path
from tests.emulator.permissions.principals import ANONYMOUS, member_of
from tests.emulator.permissions.requirements import METHODS

_API = "bigquery.v2"
_NAMED = re.compile(
    r"/projects/(?P<project>[^/]+)"
    r"(?:/datasets(?:/(?P<dataset>[^/]+)(?:/tables(?:/(?P<table>[^/]+))?)?)?|/(?:jobs|queries)(?:/(?P<job>[^/]+))?)?"
)
_JSON = [(b"content-type", b"application/json")]


class BigQueryGuard:
    """Answer 403 to an account without a grant, and remember the caller for what the request starts."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        CALLER.set(member_of(headers.get("authorization")))
        refused = self._refused(scope["method"], scope["path"], scope["query_string"].decode())
        if refused is None:
            await self._app(scope, receive, send)
            return
        status, body = refused
        await send({"type": "http.response.start", "status": status, "headers": _JSON})
        await send({"type": "http.response.body", "body": body})

    def _refused(self, verb: str, path: str, query: str) -> tuple[int, bytes] | None:
        """Return status and body of the refusal, or None. The bytes of an upload that has begun need no permission."""
        member = CALLER.get()
        if member is None or "upload_id=" in query:
            return None
        if member == ANONYMOUS:
            return 401, _error(401, "Request is missing required authentication credential.", "required")
        method = document(_API).find(documented_method(verb, f"{path}?{query}"), path)
        needed = METHODS.get(method.id) if method is not None else None
        if needed is None:
            message = f"The emulator does not know which permissions {verb} {path} needs: add it to requirements.py."
            return 501, _error(501, message, "notImplemented")
        try:
            for permission in needed.permissions:
                self._check(permission, needed.place, path)
        except DomainError as error:
            return 403, json.dumps(bigquery_body(error.message)).encode()
        return None

    def _check(self, permission: str, place: str, path: str) -> None:
        named = _NAMED.search(path)
        if named is None:
            raise LookupError(f"{path} names no project.")
        project, dataset, table, job = (unquote(named[name] or "") for name in ("project", "dataset", "table", "job"))
        if place == "job":
            self._access.check_job(permission, project, job)
            return
        if dataset.startswith("_"):  # the hidden result of a query: only its job names it
            return
        places = {
            "project": f"projects/{project}",
            "dataset": dataset_path(project, dataset),
            "table": table_path(project, dataset, table.partition("$")[0]),
        }
        self._access.check(permission, places[place])


def _error(code: int, message: str, reason: str) -> bytes:
    error = {"message": message, "domain": "global", "reason": reason}
    return json.dumps({"error": {"code": code, "message": message, "errors": [error]}}).encode()
