"""Cloud Functions (2nd gen): the deployed folder or zip, run by functions-framework in processes of their own."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tests.emulator.processes import Child, StartError, accepts_connections, free_port
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON_VARIABLE = "FUNCTIONS_PYTHON"
_START_SECONDS = 60.0
_START_TRIES = 3
LogSink = Callable[[str, str], None]


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


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def functions_python() -> Path:
    """The interpreter that has exactly the packages of functions/requirements.txt."""
    default = ROOT / ".venv-functions/bin/python"
    python = Path(os.environ.get(PYTHON_VARIABLE) or default)
    if not python.exists():
        raise StartError(f"No Python for the functions at {python}: run `make`, or name one in {PYTHON_VARIABLE}.")
    return python.absolute()  # not resolved: a venv's python is a link, and the link is what makes it a venv


class Function:
    """A deployed function: up to `max_instances` processes, each handling one request at a time."""

    def __init__(
        self, spec: FunctionSpec, home: Path, endpoints: Mapping[str, str], on_line: LogSink | None = None
    ) -> None:
        self.spec = spec
        self._code = _unpack(spec.source, home / "code")
        self._home = home
        self._endpoints = endpoints
        self._on_line = on_line
        self._lines: list[str] = []
        self._idle: list[_Instance] = []
        self._busy: list[_Instance] = []
        self._free = threading.Condition()
        self._deleted = False
        self._peak_mib = 0.0

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def max_instances(self) -> int:
        return self.spec.max_instances

    def start(self) -> None:
        """Starts one instance now, so that a function which cannot start says so at its deployment."""
        with self._instance():
            pass

    def deliver(self, headers: Mapping[str, str], body: bytes) -> int:
        return self.request("POST", headers, body).status

    def call(self, payload: Any = None, method: str = "POST") -> Answer:
        return self.request(method, {"Content-Type": "application/json"}, json.dumps(payload).encode())

    def request(self, method: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Status 0 stands for an instance that died or did not answer in time: the platform sees no response then."""
        try:
            with self._instance() as instance:
                return instance.request(method, headers, body, self.spec.timeout_seconds + 5)
        except (OSError, http.client.HTTPException, StartError) as problem:
            self._keep_line(f"{self.name}: no answer: {problem}")
            return Answer(0, str(problem).encode())

    def log_lines(self) -> list[str | dict[str, Any]]:
        """What the instances wrote, oldest first; a line that is a JSON object is given parsed."""
        for child in self._children():
            child.drain()
        return [_parsed(line) for line in list(self._lines)]

    def kill(self) -> None:
        """Ends all instances as a crash would; the next request starts a new one."""
        for child in self._children():
            child.kill()

    def delete(self) -> None:
        with self._free:
            self._deleted = True
            self._free.notify_all()
        self.rss_mib()
        for child in self._children():
            child.stop()

    def rss_mib(self) -> float:
        """Peak resident memory so far, summed over the process tree of the largest instance."""
        sizes = [child.memory_mib("VmHWM") for child in self._children()]
        self._peak_mib = max([self._peak_mib, *sizes])
        return self._peak_mib

    def _children(self) -> list[Child]:
        with self._free:
            return [instance.child for instance in (*self._idle, *self._busy) if instance.child]

    @contextmanager
    def _instance(self) -> Iterator[_Instance]:
        instance = self._take()
        try:
            instance.ensure_running()
            if self._deleted and instance.child:  # deleted while this instance was being started
                instance.child.kill()
                raise StartError(f"{self.name} was deleted")
            yield instance
        finally:
            with self._free:
                self._busy.remove(instance)
                self._idle.append(instance)
                self._free.notify()

    def _take(self) -> _Instance:
        with self._free:
            while not self._deleted:
                if self._idle:
                    instance = self._idle.pop()
                elif len(self._busy) < self.max_instances:
                    instance = _Instance(self.spec, self._code, self._home, self._endpoints, self._keep_line)
                else:
                    self._free.wait()
                    continue
                self._busy.append(instance)
                return instance
        raise StartError(f"{self.name} was deleted")

    def _keep_line(self, line: str) -> None:
        self._lines.append(line)
        if self._on_line:
            self._on_line(self.name, line)


class _Instance:
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
        """What Google sets, and nothing of the developer's own.

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
            # concurrency 1: one worker with one thread handles one request at a time
            "WORKERS": "1",
            "THREADS": "1",
        }


def _unpack(source: Path, target: Path) -> Path:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        with zipfile.ZipFile(source) as archive:
            archive.extractall(target)
    return target


def _parsed(line: str) -> str | dict[str, Any]:
    if not line.startswith("{"):
        return line
    try:
        value: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return line
    return value
