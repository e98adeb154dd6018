"""Cloud Functions (2nd gen): run a deployed folder or zip in as many instances as are needed.

Google's own `functions-framework` answers the requests. Google publishes no judge of when an instance starts or ends,
so only this code decides it. It follows https://cloud.google.com/functions/docs/configuring/concurrency
"""

from __future__ import annotations

import http.client
import json
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.emulator.function_instances import Answer, FunctionSpec, Instance
from tests.emulator.processes import Child, StartError

LogSink = Callable[[str, str], None]


class Function:
    """A deployed function with up to `max_instances` instances."""

    def __init__(
        self, spec: FunctionSpec, home: Path, endpoints: Mapping[str, str], on_line: LogSink | None = None
    ) -> None:
        self.spec = spec
        self._code = _unpack(spec.source, home / "code")
        self._home = home
        self._endpoints = endpoints
        self._on_line = on_line
        self._lines: list[str] = []
        self._idle: list[Instance] = []
        self._busy: list[Instance] = []
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
        """Start one instance, so that a deployment fails if the function cannot start."""
        with self._instance():
            pass

    def deliver(self, headers: Mapping[str, str], body: bytes) -> int:
        return self.request("POST", headers, body).status

    def call(self, payload: Any = None, method: str = "POST") -> Answer:
        return self.request(method, {"Content-Type": "application/json"}, json.dumps(payload).encode())

    def request(self, method: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request to a free instance. Status 0 means that the instance died or did not answer in time."""
        try:
            with self._instance() as instance:
                return instance.request(method, headers, body, self.spec.timeout_seconds + 5)
        except (OSError, http.client.HTTPException, StartError) as problem:
            self._keep_line(f"{self.name}: no answer: {problem}")
            return Answer(0, str(problem).encode())

    def log_lines(self) -> list[str | dict[str, Any]]:
        """Return the output of all instances, oldest line first. JSON objects are parsed."""
        for child in self._children():
            child.drain()
        return [_parsed(line) for line in list(self._lines)]

    def kill(self) -> None:
        """End all instances as a crash does. The next request starts a new one."""
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
        """Return the peak resident memory of the largest instance with its child processes."""
        sizes = [child.memory_mib("VmHWM") for child in self._children()]
        self._peak_mib = max([self._peak_mib, *sizes])
        return self._peak_mib

    def _children(self) -> list[Child]:
        with self._free:
            return [instance.child for instance in (*self._idle, *self._busy) if instance.child]

    @contextmanager
    def _instance(self) -> Iterator[Instance]:
        instance = self._take()
        try:
            instance.ensure_running()
            if self._deleted and instance.child:  # another thread deleted the function during the start
                instance.child.kill()
                raise StartError(f"{self.name} was deleted.")
            yield instance
        finally:
            with self._free:
                self._busy.remove(instance)
                self._idle.append(instance)
                self._free.notify()

    def _take(self) -> Instance:
        with self._free:
            while not self._deleted:
                if self._idle:
                    instance = self._idle.pop()
                elif len(self._busy) < self.max_instances:
                    instance = Instance(self.spec, self._code, self._home, self._endpoints, self._keep_line)
                else:
                    self._free.wait()
                    continue
                self._busy.append(instance)
                return instance
        raise StartError(f"{self.name} was deleted.")

    def _keep_line(self, line: str) -> None:
        self._lines.append(line)
        if self._on_line:
            self._on_line(self.name, line)


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
