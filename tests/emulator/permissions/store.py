"""Keep the policy of each deployment on an emulator. BigQuery, which is another process, reads it from a file."""

from __future__ import annotations

import threading
from functools import reduce
from pathlib import Path

from tests.emulator.permissions.policy import Policy


class PolicyStore:
    """The policies of all deployments, by any key. Together they are the policy of the project."""

    def __init__(self, project: str, file: Path) -> None:
        self._project = project
        self._file = file
        self._policies: dict[object, Policy] = {}
        self._lock = threading.Lock()
        self.policy = Policy(project)

    def put(self, key: object, policy: Policy) -> None:
        """Replace the policy of a deployment. It counts for every request that begins after this returns."""
        with self._lock:
            self._policies[key] = policy
            self._write()

    def remove(self, key: object) -> None:
        with self._lock:
            if self._policies.pop(key, None) is not None:
                self._write()

    def _write(self) -> None:
        self.policy = reduce(Policy.joined, self._policies.values(), Policy(self._project))
        new = self._file.with_suffix(".new")
        new.write_text(self.policy.to_json())
        new.replace(self._file)


class PolicyFile:
    """The file of a PolicyStore, read again when it was replaced."""

    def __init__(self, project: str, file: Path) -> None:
        self._file = file
        self._read = (0, 0)
        self._policy = Policy(project)

    @property
    def policy(self) -> Policy:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return self._policy
        version = (found.st_mtime_ns, found.st_ino)
        if version != self._read:
            self._policy, self._read = Policy.from_json(self._file.read_text()), version
        return self._policy
