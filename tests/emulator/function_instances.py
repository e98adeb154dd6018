"""One instance of a function: a process of functions-framework that handles one request at a time."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.emulator.permissions.invocation import Invoker
from tests.emulator.processes import Child, StartError, accepts_connections, free_port
from tests.support.paths import ROOT

PYTHON_VARIABLE = "FUNCTIONS_PYTHON"
_START_SECONDS = 60.0
_START_TRIES = 3


@dataclass(frozen=True)
class FunctionSpec:
    name: str
    source: Path
    entry_point: str
    environment: Mapping[str, str] = field(default_factory=dict)
    trigger_bucket: str | None = None
    signature: Literal["cloudevent", "http"] = "cloudevent"
    max_instances: int = 1
    timeout_seconds: int = 540
    service_account: str | None = None  # as a member. None acts as the project's owner
    trigger_invoker: Invoker | None = None  # None calls the function whatever the grants are


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def functions_python() -> Path:
    """Return the interpreter that has exactly the packages of functions/requirements.txt."""
    default = ROOT / ".venv-functions/bin/python"
    python = Path(os.environ.get(PYTHON_VARIABLE) or default)
    if not python.exists():
        raise StartError(
            f"There is no Python for the functions at {python}: run `make setup`, or name one in {PYTHON_VARIABLE}."
        )
    return python.absolute()  # not resolved: the link to python is what makes it a venv


class Instance:
    def __init__(
        self, spec: FunctionSpec, code: Path, home: Path, endpoints: Mapping[str, str], on_line: Callable[[str], None]
    ) -> None:
        self._spec = spec
        self._code = code
        self._home = home
        self._endpoints = endpoints
        self._on_line = on_line
        self.child: Child | None = None
        self._port = 0

    def ensure_running(self) -> None:
        if self.child and self.child.alive:
            return
        if self.child:
            self.child.drain()
        for attempt in range(1, _START_TRIES + 1):
            try:
                self._start()
            except StartError as error:
                if "already in use" not in str(error) or attempt == _START_TRIES:
                    raise
            else:
                return

    def request(self, method: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        try:
            connection.request(method, "/", body=body, headers=dict(headers))
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()

    def _start(self) -> None:
        self._port = free_port()
        argv = [str(functions_python()), "-m", "functions_framework", "--host", "127.0.0.1"]
        self.child = Child(self._spec.name, argv, env=self._environment(), cwd=self._code, on_line=self._on_line)
        self.child.wait_until(lambda: accepts_connections(self._port), timeout=_START_SECONDS)

    def _environment(self) -> dict[str, str]:
        """Return the variables that Google sets, and none of the developer's own.

        https://cloud.google.com/functions/docs/configuring/env-var#runtime_environment_variables_set_automatically
        """
        spec = self._spec
        for folder in ("home", "tmp"):
            (self._home / folder).mkdir(exist_ok=True)
        return {
            **spec.environment,
            **self._endpoints,
            "PATH": os.defpath,
            "HOME": str(self._home / "home"),
            "TMPDIR": str(self._home / "tmp"),
            "PORT": str(self._port),
            "PYTHONUNBUFFERED": "1",
            "K_SERVICE": spec.name,
            "K_REVISION": f"{spec.name}-00001-abc",
            "K_CONFIGURATION": spec.name,
            "FUNCTION_TARGET": spec.entry_point,
            "FUNCTION_SIGNATURE_TYPE": spec.signature,
            "CLOUD_RUN_TIMEOUT_SECONDS": str(spec.timeout_seconds),
            # concurrency 1: one worker with one thread
            "WORKERS": "1",
            "THREADS": "1",
        }
