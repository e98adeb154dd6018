"""For all tests: the binary that pytest-terraform looks for, and the scenarios that `make faults` counts."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clouds import cloud, emulators, focus_1_0_harness, harness
from tests.local_cloud.terraform.binary import NoTerraformError, find_terraform

__all__ = ["cloud", "emulators", "focus_1_0_harness", "harness"]


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
