"""Google's metadata server as a function sees it. The real clients read their project and their token from it.

Each account has a server of its own, because only the address tells the server who asks.

https://cloud.google.com/functions/docs/securing/function-identity#fetching_identity_and_access_tokens
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.emulator.http_threads import serve_in_thread, stop_serving
from tests.emulator.permissions.principals import email_of, token_of

_PREFIX = "/computeMetadata/v1"
_TOKEN_SECONDS = 3599


class MetadataServer:
    def __init__(self, project: str, location: str, member: str | None = None) -> None:
        """Give the token of `member`, a service account, or of the project's owner."""
        self._answers = _answers(project, location, member)
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        answers = self._answers

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # otherwise each answer waits 40 ms for an acknowledgement

            def do_GET(self) -> None:
                path = self.path.split("?")[0].rstrip("/")
                answer = answers.get(path)
                body = _encode(answer).encode()
                self.send_response(200 if answer is not None else 404)
                self.send_header("Metadata-Flavor", "Google")
                self.send_header("Content-Type", "application/json" if isinstance(answer, dict) else "application/text")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = serve_in_thread(Handler, "metadata")

    @property
    def host(self) -> str:
        if self._server is None:
            raise RuntimeError("The metadata server does not run: call start() first.")
        return f"127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        stop_serving(self._server)
        self._server = None


def _encode(answer: str | dict[str, Any] | None) -> str:
    if isinstance(answer, dict):
        return json.dumps(answer)
    return answer or ""


def _answers(project: str, location: str, member: str | None) -> dict[str, str | dict[str, Any]]:
    email = email_of(member) if member is not None else f"owner@{project}.iam.gserviceaccount.com"
    account = {"email": email, "aliases": ["default"], "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}
    token = {"access_token": token_of(member), "expires_in": _TOKEN_SECONDS, "token_type": "Bearer"}
    answers: dict[str, str | dict[str, Any]] = {
        "": "computeMetadata/",
        f"{_PREFIX}/project/project-id": project,
        f"{_PREFIX}/project/numeric-project-id": "123456789012",
        f"{_PREFIX}/universe/universe-domain": "googleapis.com",
        f"{_PREFIX}/instance/region": f"projects/123456789012/regions/{location}",
        f"{_PREFIX}/instance/zone": f"projects/123456789012/zones/{location}-1",
    }
    for name in ("default", email):
        answers[f"{_PREFIX}/instance/service-accounts/{name}"] = account
        answers[f"{_PREFIX}/instance/service-accounts/{name}/email"] = email
        answers[f"{_PREFIX}/instance/service-accounts/{name}/token"] = token
    return answers
