"""Every contract test runs twice: on the cloud in memory and on the laptop's."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.fakes.deployments import LocalSite, MemorySite, Site


@pytest.fixture(params=["memory", "local"])
def site(request: pytest.FixtureRequest) -> Site:
    if request.param == "memory":
        return MemorySite()
    request.getfixturevalue("emulators")
    return LocalSite(request.getfixturevalue("cloud"), f"s{uuid4().hex[:10]}")
