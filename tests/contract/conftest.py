"""Every contract test runs twice: on the cloud in memory and on the laptop's."""

from __future__ import annotations

from uuid import uuid4

import pytest
from google.cloud import bigquery

from tests.contract.warehouse import Warehouse
from tests.emulator import Emulator
from tests.fakes.deployment import FakeDeployment
from tests.support.deployment import Deployment
from tests.support.emulator_deployment import EmulatorDeployment


@pytest.fixture(params=["memory", "local"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    if request.param == "memory":
        return FakeDeployment()
    request.getfixturevalue("emulator_environment")
    return EmulatorDeployment(request.getfixturevalue("emulator")).create()


@pytest.fixture
def bucket(emulator: Emulator) -> str:
    name = f"bucket-{uuid4().hex[:12]}"
    emulator.create_bucket(name)
    return name


@pytest.fixture
def dataset(emulator: Emulator) -> str:
    name = f"dataset_{uuid4().hex[:12]}"
    wanted = bigquery.Dataset(f"{emulator.project}.{name}")
    wanted.location = emulator.location
    emulator.bigquery.create_dataset(wanted)
    return name


@pytest.fixture
def warehouse(emulator: Emulator, bucket: str, dataset: str) -> Warehouse:
    return Warehouse(emulator, bucket, dataset)
