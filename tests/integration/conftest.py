"""One local cloud per test process; every test makes datasets and buckets of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from google.cloud import bigquery

from tests.local_cloud import Backoff, LocalCloud


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(backoff=Backoff(first_seconds=0.2, longest_seconds=1.0)) as running:
        yield running


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
