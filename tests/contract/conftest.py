"""Where a contract test runs, by its fixture.

| fixture | where |
|---|---|
| `deployment`, `objects`, `table` | on the fakes and on the emulator; with `make conform` on Google Cloud |
| `cloud`, `cloud_objects`, `bucket`, `dataset` | on the emulator; with `make conform` on Google Cloud |
| `emulator` | on the emulator only: the test has the marker `only_local`, with the reason |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from google.cloud.storage import Bucket

from tests.conform.project import Names
from tests.contract.emulator_dataset import EmulatorDataset
from tests.contract.month_table import MonthTable
from tests.fakes.deployment import FakeDeployment
from tests.support.cloud import Cloud
from tests.support.deployment import Deployment
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.google_deployment import GoogleDeployment
from tests.support.places import google_of, places, reason_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "deployment" in metafunc.fixturenames:
        metafunc.parametrize("deployment", places(metafunc.config), indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        reason = reason_of(item, "only_google")
        if reason and google_of(config) is None:
            item.add_marker(pytest.mark.skip(reason=f"only with make conform: {reason}"))


@pytest.fixture(scope="session")
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """The emulator, or the project of `make conform`."""
    found: Cloud = google_of(request.config) or request.getfixturevalue("emulator")
    return found


@pytest.fixture
def names(request: pytest.FixtureRequest) -> Iterator[Names]:
    """The names of the test's buckets and datasets."""
    google = google_of(request.config)
    if google is None:
        unique = f"t{uuid4().hex[:10]}"
        yield Names(unique, unique)
        return
    yield google.names()
    google.clear()


@pytest.fixture
def deployment(request: pytest.FixtureRequest) -> Deployment:
    if request.param == "fake":
        return FakeDeployment()
    names: Names = request.getfixturevalue("names")
    focus = request.node.get_closest_marker("focus_views") is not None
    if request.param == "google":
        return GoogleDeployment(request.getfixturevalue("cloud"), names, focus=focus).create()
    request.getfixturevalue("emulator_environment")
    return EmulatorDeployment(request.getfixturevalue("emulator"), name=names.buckets, focus=focus).create()


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
def bucket(cloud: Cloud, names: Names) -> str:
    """An empty bucket."""
    name = f"{names.buckets}-objects"
    cloud.create_bucket(name)
    return name


@pytest.fixture
def cloud_objects(cloud: Cloud, bucket: str) -> Bucket:
    return cloud.storage.bucket(bucket)


@pytest.fixture
def dataset(cloud: Cloud, bucket: str, names: Names) -> EmulatorDataset:
    name = f"{names.dataset}_own"
    cloud.create_dataset(name)
    return EmulatorDataset(cloud, bucket, name)
