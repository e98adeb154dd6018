"""Fixtures for all tests: the emulator, deployments on it, and what `make faults` counts.

A test process has one emulator, because clients find it by the environment.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dlt.load.load import Load

from tests.emulator import Backoff, Emulator
from tests.emulator.terraform_provider.binary import NoTerraformError, find_terraform
from tests.faults.process import JoinedEmulator
from tests.faults.transport import wire
from tests.support.dlt_polling import with_short_polls
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    try:
        argv = find_terraform().argv
    except NoTerraformError as error:
        config.option.dest_tf_binary = f"({error})"  # tests that need Terraform fail by themselves
        return
    folder = Path(tempfile.mkdtemp(prefix="terraform-binary-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    script = folder / "terraform"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
    script.chmod(0o755)
    config.option.dest_tf_binary = str(script)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the faults of a test into its report, so that they arrive from any worker."""
    for item in items:
        for marker in item.iter_markers("fault"):
            item.user_properties.extend(("fault", scenario) for scenario in marker.args)


@pytest.fixture(autouse=True)
def counted_checks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Report which invariants a test of a fault checked, for the table of `make faults`."""
    if request.node.get_closest_marker("fault") is None:
        yield
        return
    from tests.faults import invariants

    invariants.checks.clear()
    yield
    request.node.user_properties.extend(("checked", name) for name in invariants.checks)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """In a region, or in EMULATOR_LOCATION: the fault catalogue also runs in a second location."""
    if "EMULATOR_PROJECT" in os.environ:
        yield JoinedEmulator()
        return
    location = os.environ.get("EMULATOR_LOCATION", "europe-west1")
    with Emulator(location=location, backoff=Backoff(first_seconds=0.2, longest_seconds=1.0)) as running:
        yield running


@pytest.fixture(scope="session")
def emulator_environment(emulator: Emulator) -> Iterator[None]:
    """dlt builds its own BigQuery client, which finds the emulator only by the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        patch.setattr(Load, "__init__", with_short_polls(Load.__init__))
        yield


@pytest.fixture
def harness_of(emulator: Emulator, emulator_environment: None) -> Iterator[Callable[..., Harness]]:
    """Return a function that creates a deployment of the given sources and returns its harness."""
    with wire() as sent:

        def create(*sources: SourceSpec, focus: bool = False) -> Harness:
            return Harness(EmulatorDeployment(emulator, sources, focus=focus).create(), sent)

        yield create


@pytest.fixture
def harness(harness_of: Callable[..., Harness], request: pytest.FixtureRequest) -> Harness:
    """A deployment of the test's own, with one source of each provider."""
    return harness_of(AWS, AZURE, focus=request.node.get_closest_marker("focus_views") is not None)
