"""Start a Python process that uses the emulator of this process, and exchange messages with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import pytest
from google.cloud import bigquery, storage
from google.oauth2.credentials import Credentials

from tests.emulator import Emulator, Events
from tests.support.paths import FUNCTIONS, ROOT


class JoinedEmulator(Emulator):
    """The emulator of another process, found by the environment. It is neither started nor stopped here."""

    def __init__(self) -> None:
        project, location = os.environ["EMULATOR_PROJECT"], os.environ["EMULATOR_LOCATION"]
        self.project, self.location = project, location
        self.events, self.functions, self.credentials = Events(), {}, Credentials("local")
        self.storage = storage.Client(
            project=project,
            credentials=Credentials("local"),
            client_options={"api_endpoint": os.environ["STORAGE_EMULATOR_HOST"]},
        )
        self.bigquery = bigquery.Client(
            project=project,
            location=location,
            credentials=self.credentials,
            client_options={"api_endpoint": os.environ["BIGQUERY_EMULATOR_HOST"]},
        )

    def environment(self, member: str | None = None) -> dict[str, str]:
        """Return the variables of this process, whose account is the owner's."""
        return {name: os.environ[name] for name in os.environ if name.startswith(("STORAGE_", "BIGQUERY_", "GCE_"))}


@contextmanager
def joined() -> Iterator[JoinedEmulator]:
    """Join the emulator that the environment names. dlt finds it by the same variables."""
    from dlt.load.load import Load

    from tests.support.dlt_polling import with_short_polls

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Load, "__init__", with_short_polls(Load.__init__))
        yield JoinedEmulator()


def environment_of(emulator: Emulator) -> dict[str, str]:
    """Return the variables that a process needs to join the emulator."""
    return {**emulator.environment(), "EMULATOR_PROJECT": emulator.project, "EMULATOR_LOCATION": emulator.location}


def start(emulator: Emulator, module: str) -> subprocess.Popen[str]:
    """Start `python -m module` with pipes."""
    environment = {**os.environ, **environment_of(emulator), "PYTHONPATH": f"{ROOT}:{FUNCTIONS}"}
    pipe, command = subprocess.PIPE, [sys.executable, "-m", module]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def send_message(stream: IO[str], **message: object) -> None:
    stream.write(f"> {json.dumps(message)}\n")
    stream.flush()


def next_message(stream: Iterable[str]) -> dict[str, Any] | None:
    """Return the next message, or None at the end. Log lines are skipped."""
    for line in stream:
        if line.startswith("> "):
            message: dict[str, Any] = json.loads(line[2:])
            return message
    return None
