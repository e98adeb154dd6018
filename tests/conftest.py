"""Fixtures for all tests: the emulator, deployments on it, and what `make faults` counts.

A test process has one emulator, for its clients find it by the environment.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from dlt.load.load import Load

from tests.emulator import Backoff, Emulator
from tests.emulator.terraform_provider.binary import NoTerraformError, find_terraform
from tests.faults.process import JoinedCloud
from tests.faults.transport import wire
from tests.support.dlt_polling import impatient
from tests.support.harness import Harness, SteppedClock
from tests.support.stack import AZURE, Stack


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    try:
        argv = find_terraform().argv
    except NoTerraformError as error:
        config.option.dest_tf_binary = f"({error})"  # the tests that need one fail by themselves
        return
    folder = Path(tempfile.mkdtemp(prefix="terraform-binary-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    script = folder / "terraform"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
    script.chmod(0o755)
    config.option.dest_tf_binary = str(script)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's scenarios travel with its report, from any worker."""
    for item in items:
        for marker in item.iter_markers("fault"):
            item.user_properties.extend(("fault", scenario) for scenario in marker.args)


@pytest.fixture(autouse=True)
def counted_checks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Which invariants a scenario's test checked, for the table of `make faults`."""
    if request.node.get_closest_marker("fault") is None:
        yield
        return
    from tests.faults import invariants

    invariants.checks.clear()
    yield
    request.node.user_properties.extend(("checked", name) for name in invariants.checks)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Emulator]:
    """In a region, or where EMULATOR_LOCATION says: all of the fault catalogue runs in another one, too."""
    if "EMULATOR_PROJECT" in os.environ:
        yield JoinedCloud()
        return
    location = os.environ.get("EMULATOR_LOCATION", "europe-west1")
    with Emulator(location=location, backoff=Backoff(first_seconds=0.2, longest_seconds=1.0)) as running:
        yield running


@pytest.fixture(scope="session")
def emulator_environment(cloud: Emulator) -> Iterator[None]:
    """dlt builds its own BigQuery client, which finds the local cloud by the environment alone."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        patch.setattr(Load, "__init__", impatient(Load.__init__))
        yield


@pytest.fixture
def harness(cloud: Emulator, emulator_environment: None, request: pytest.FixtureRequest) -> Iterator[Harness]:
    """Both sources in buckets and a dataset of this test's own; the handlers run in this process."""
    focus = request.node.get_closest_marker("focus_views") is not None
    stack = Stack(cloud, name=f"t{uuid4().hex[:10]}", focus=focus).create()
    with wire() as sent:
        yield Harness(stack, SteppedClock(), sent)


@pytest.fixture
def focus_1_0_harness(cloud: Emulator, emulator_environment: None) -> Iterator[Harness]:
    """One Azure source whose table was created for FOCUS 1.0r2."""
    stack = Stack(cloud, (replace(AZURE, version="1.0r2"),), name=f"t{uuid4().hex[:10]}").create()
    with wire() as sent:
        yield Harness(stack, SteppedClock(), sent)
