"""The in-process harness of the integration tests; FAULTS=long runs every case instead of a sample."""

import os
from collections.abc import Iterator

import pytest

from tests.faults import invariants
from tests.integration.conftest import cloud, emulators, harness

__all__ = ["cloud", "emulators", "harness"]

LONG = os.environ.get("FAULTS") == "long"


@pytest.fixture(autouse=True)
def counted_checks(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test checked, for the table of `make faults`."""
    invariants.checks.clear()
    yield
    request.node.user_properties.extend(("checked", name) for name in invariants.checks)
