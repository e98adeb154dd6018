"""Call the REST endpoints of Cloud Storage and BigQuery."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.emulator.terraform_provider.values import Object, ProviderError, Value

_TIMEOUT_SECONDS = 60


class Rest:
    def __init__(self, endpoint: str | None, setting: str) -> None:
        self._endpoint = endpoint
        self._setting = setting

    def call(self, method: str, path: str, body: Any = None, *, upload: str | None = None) -> Object | None:
        """Return the answer, or None for a 404. With `upload`, a content type, send the bytes to the upload address."""
        url = self._url(path, is_upload=upload is not None)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content-Type": upload or "application/json", "Authorization": "Bearer standin"}
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                content: Object = json.loads(answer.read() or b"{}")
                return content
        except urllib.error.HTTPError as error:
            if error.code == 404 and method in ("GET", "DELETE"):
                return None
            raise ProviderError(f"googleapi: Error {error.code}: {_message(error.read())}", f"{method} {url}") from None

    def _url(self, path: str, *, is_upload: bool) -> str:
        if not self._endpoint:
            raise ProviderError(
                f"The stand-in provider cannot apply without an endpoint: name an endpoint in {self._setting}."
            )
        base = self._endpoint.rstrip("/")
        return f"{base.replace('/storage/v1', '/upload/storage/v1') if is_upload else base}/{path}"


def quoted(value: Value) -> str:
    return urllib.parse.quote(str(value), safe="")


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:300].decode(errors="replace")
