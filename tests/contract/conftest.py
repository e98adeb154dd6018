"""Where a contract test runs, by its fixture.

| fixture | where |
|---|---|
| `deployment`, `objects`, `table` | on the fakes and on the emulator |
| `emulator`, `emulator_objects`, `bucket`, `dataset` | on the emulator only |
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from google.cloud import bigquery
from google.cloud.storage import Bucket

from tests.contract.emulator_dataset import EmulatorDataset
from tests.contract.month_table import MonthTable
from tests.emulator import Emulator
from tests.fakes.deployment import FakeDeployment
from tests.support.deployment import Deployment
from tests.support.emulator_deployment import EmulatorDeployment


@pytest.fixture(params=["fake", "emulator"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    if request.param == "fake":
        return FakeDeployment()
    request.getfixturevalue("emulator_environment")
    return EmulatorDeployment(request.getfixturevalue("emulator")).create()


@pytest.fixture
def objects(deployment: Deployment) -> Any:
    return deployment.storage.bucket(deployment.source("aws_cur").bucket)


@pytest.fixture(params=["aws_cur", "azure_billing"])
def table(request: pytest.FixtureRequest, deployment: Deployment) -> MonthTable:
    """A table that has the column that identifies a row."""
    table = MonthTable(deployment, request.param)
    if table.item not in table.column_names():
        table.add_column(table.item)
    return table


@pytest.fixture
def bucket(emulator: Emulator) -> str:
    name = f"bucket-{uuid4().hex[:12]}"
    emulator.create_bucket(name)
    return name


@pytest.fixture
def emulator_objects(emulator: Emulator, bucket: str) -> Bucket:
    return emulator.storage.bucket(bucket)


@pytest.fixture
def dataset(emulator: Emulator, bucket: str) -> EmulatorDataset:
    name = f"dataset_{uuid4().hex[:12]}"
    wanted = bigquery.Dataset(f"{emulator.project}.{name}")
    wanted.location = emulator.location
    emulator.bigquery.create_dataset(wanted)
    return EmulatorDataset(emulator, bucket, name)
