"""Every contract test runs twice: on the cloud in memory and on the laptop's."""

from __future__ import annotations

from uuid import uuid4

import pytest
from google.cloud import bigquery

from tests.contract.warehouse import Warehouse
from tests.emulator import LocalCloud
from tests.fakes.deployments import LocalSite, MemorySite, Site


@pytest.fixture(params=["memory", "local"])
def site(request: pytest.FixtureRequest) -> Site:
    if request.param == "memory":
        return MemorySite()
    request.getfixturevalue("emulators")
    return LocalSite(request.getfixturevalue("cloud"), f"s{uuid4().hex[:10]}")


@pytest.fixture
def bucket(cloud: LocalCloud) -> str:
    name = f"bucket-{uuid4().hex[:12]}"
    cloud.create_bucket(name)
    return name


@pytest.fixture
def dataset(cloud: LocalCloud) -> str:
    name = f"dataset_{uuid4().hex[:12]}"
    wanted = bigquery.Dataset(f"{cloud.project}.{name}")
    wanted.location = cloud.location
    cloud.bigquery.create_dataset(wanted)
    return name


@pytest.fixture
def warehouse(cloud: LocalCloud, bucket: str, dataset: str) -> Warehouse:
    return Warehouse(cloud, bucket, dataset)
