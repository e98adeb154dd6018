"""The one local cloud of a test process, for all folders: what finds it by the environment could not serve two."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from dlt.load.load import Load

from tests.faults.process import JoinedCloud
from tests.faults.transport import wire
from tests.harness import Harness, SteppedClock
from tests.local_cloud import Backoff, LocalCloud
from tests.stack import AZURE, Stack


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    """In a region, or where LOCATION says: all of the fault catalogue runs in another one, too."""
    if "LOCAL_PROJECT" in os.environ:
        yield JoinedCloud()
        return
    location = os.environ.get("LOCATION", "europe-west1")
    with LocalCloud(location=location, backoff=Backoff(first_seconds=0.2, longest_seconds=1.0)) as running:
        yield running


@pytest.fixture(scope="session")
def emulators(cloud: LocalCloud) -> Iterator[None]:
    """dlt builds its own BigQuery client, which finds the local cloud by the environment alone."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        patch.setattr(Load, "__init__", impatient(Load.__init__))
        yield


def impatient(init: Callable[..., None]) -> Callable[..., None]:
    """dlt looks for finished jobs once a second: most of the time of a commit, and of these tests."""

    def wrapped(self: Any, *arguments: Any, **more: Any) -> None:
        init(self, *arguments, **more)
        self._run_loop_sleep_duration = 0.02

    return wrapped


@pytest.fixture
def harness(cloud: LocalCloud, emulators: None, request: pytest.FixtureRequest) -> Iterator[Harness]:
    """Both sources in buckets and a dataset of this test's own; the handlers run in this process."""
    focus = request.node.get_closest_marker("focus_views") is not None
    stack = Stack(cloud, name=f"t{uuid4().hex[:10]}", focus=focus).create()
    with wire() as sent:
        yield Harness(stack, SteppedClock(), sent)


@pytest.fixture
def focus_1_0_harness(cloud: LocalCloud, emulators: None) -> Iterator[Harness]:
    """One Azure source whose table was created for FOCUS 1.0r2."""
    stack = Stack(cloud, (replace(AZURE, version="1.0r2"),), name=f"t{uuid4().hex[:10]}").create()
    with wire() as sent:
        yield Harness(stack, SteppedClock(), sent)
