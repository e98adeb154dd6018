"""Run the emulator's BigQuery in its own process, so that a load does not slow down the tests."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.emulator.processes import Child, accepts_connections, free_port
from tests.support.paths import ROOT

_START_SECONDS = 60.0


class BigQueryServer:
    def __init__(
        self, home: Path, storage_root: Path, location: str, project: str, policy_file: Path, *, on_disk: bool = False
    ) -> None:
        self._home = home
        self._storage_root = storage_root
        self._location = location
        self._project = project
        self._policy_file = policy_file
        self._on_disk = on_disk
        self._child: Child | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def begin_start(self) -> None:
        """Start the process without waiting: it imports for seconds, and the other parts can start meanwhile."""
        self._home.mkdir()
        self._port = free_port()
        settings = {
            "port": self._port,
            "home": str(self._home),
            "storage_root": str(self._storage_root),
            "location": self._location,
            "project": self._project,
            "policy_file": str(self._policy_file),
            "on_disk": self._on_disk,
        }
        argv = [sys.executable, "-m", "tests.emulator.bigquery", json.dumps(settings)]
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "TMPDIR": str(self._home),
            "PYTHONPATH": str(ROOT),
        }
        self._child = Child("bigquery", argv, env=env, cwd=self._home)

    def finish_start(self) -> None:
        if self._child is None:
            raise RuntimeError("BigQuery was not started: call begin_start() first.")
        self._child.wait_until(lambda: accepts_connections(self._port), timeout=_START_SECONDS)

    def stop(self) -> None:
        if self._child:
            self._child.kill()  # its state is temporary, so there is nothing to save
