"""The handlers in a process of their own, in the cloud of the process that started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage
from google.oauth2.credentials import Credentials

from tests.emulator import Emulator, Events
from tests.support.paths import FUNCTIONS, ROOT


class JoinedCloud(Emulator):
    """Another process's cloud, found by its endpoints in the environment; it is neither started nor stopped here."""

    def __init__(self) -> None:
        project, location = os.environ["LOCAL_PROJECT"], os.environ["LOCATION"]
        self.project, self.location = project, location
        self.events, self.functions = Events(), {}
        self.storage = storage.Client(
            project=project,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": os.environ["STORAGE_EMULATOR_HOST"]},
        )
        self.bigquery = bigquery.Client(
            project=project,
            location=location,
            credentials=Credentials("local-cloud"),
            client_options={"api_endpoint": os.environ["BIGQUERY_EMULATOR_HOST"]},
        )

    def environment(self) -> dict[str, str]:
        return {name: os.environ[name] for name in os.environ if name.startswith(("STORAGE_", "BIGQUERY_", "GCE_"))}


@contextmanager
def joined() -> Iterator[JoinedCloud]:
    """Project and location by environment; dlt finds the cloud by the same variables."""
    from dlt.load.load import Load

    from tests.support.dlt_polling import impatient

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Load, "__init__", impatient(Load.__init__))
        yield JoinedCloud()


def environment_of(emulator: Emulator) -> dict[str, str]:
    """What a process needs to join the cloud."""
    return {**emulator.environment(), "LOCAL_PROJECT": emulator.project, "LOCATION": emulator.location}


def start(emulator: Emulator, module: str, *arguments: str) -> subprocess.Popen[str]:
    """`python -m module`, with pipes; it ends with the test that started it."""
    environment = {
        **os.environ,
        **environment_of(emulator),
        "PYTHONPATH": f"{ROOT}:{FUNCTIONS}",
    }
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def say(stream: IO[str], **message: object) -> None:
    stream.write(f"> {json.dumps(message)}\n")
    stream.flush()


def heard(stream: Iterable[str]) -> dict[str, object] | None:
    """The next message, past the log lines; None at the end."""
    for line in stream:
        if line.startswith("> "):
            message: dict[str, object] = json.loads(line[2:])
            return message
    return None
