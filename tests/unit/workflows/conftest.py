from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.deployment import FakeDeployment
from tests.simulation.sequential import without_threads


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The fakes are for one thread."""
    with without_threads():
        yield


@pytest.fixture
def deployment() -> FakeDeployment:
    return FakeDeployment()
