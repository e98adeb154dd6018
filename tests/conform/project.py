"""The buckets and datasets of one run in a project. They have one prefix and one label, and none outlives the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

PREFIX = "billing-conform-"
LABEL = {"billing-conform": "true"}
FIRST_ANSWER_SECONDS = 20.0  # the clients themselves repeat a request for up to ten minutes
_DAY_MILLISECONDS = 24 * 60 * 60 * 1000
_ROUNDS = 5  # an upload that was cut off may still write an object after a listing
_WORKERS = 8


@dataclass(frozen=True)
class Names:
    buckets: str  # begins the names of the buckets
    dataset: str


@dataclass(frozen=True, order=True)
class Held:
    """A bucket or a dataset whose name begins with the prefix."""

    kind: str
    name: str
    labelled: bool  # whether a run made it

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def deletion(self, project: str) -> str:
        """Return the command that deletes it by hand."""
        if self.kind == "bucket":
            return f"gcloud storage rm --recursive gs://{self.name}"
        return f"bq rm -r -f --dataset {project}:{self.name}"


class GoogleProject:
    """A place for the contract tests.

    Buckets serve all tests of a run, because a project may create only one every two seconds. Each test has its own
    datasets. What a killed run leaves empties itself within two days: objects by lifecycle, tables by expiration.
    """

    def __init__(self, project: str, location: str, storage: Any, client: Any, credentials: Any) -> None:
        self.project, self.location = project, location
        self.storage, self.bigquery, self.credentials = storage, client, credentials
        self.name = f"{PREFIX}{uuid4().hex[:8]}"
        self._buckets: set[str] = set()
        self._used: set[str] = set()
        self._datasets: list[str] = []

    def names(self) -> Names:
        """Return the names for one test."""
        return Names(self.name, f"{_as_dataset(self.name)}_{uuid4().hex[:6]}")

    def create_bucket(self, name: str) -> None:
        """Create the bucket, unless an earlier test did."""
        self._used.add(name)
        if name in self._buckets:
            return
        self._buckets.add(name)
        bucket = self.storage.bucket(name)
        bucket.labels = LABEL
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        bucket.soft_delete_policy.retention_duration_seconds = 0
        bucket.add_lifecycle_delete_rule(age=1)
        self.storage.create_bucket(bucket, location=self.location)

    def create_dataset(self, name: str) -> None:
        self._datasets.append(name)
        dataset = bigquery.Dataset(f"{self.project}.{name}")
        dataset.location, dataset.labels = self.location, LABEL
        dataset.default_table_expiration_ms = _DAY_MILLISECONDS
        self.bigquery.create_dataset(dataset)

    def clear(self) -> None:
        """Empty the buckets and delete the datasets that a test has used."""
        while self._used:
            self._empty(min(self._used))
            self._used.remove(min(self._used))
        while self._datasets:
            self._delete_dataset(self._datasets[-1])
            self._datasets.pop()

    def probe(self) -> None:
        """Make the first bucket, dataset and query, so that what is missing is known before the tests."""
        names = self.names()
        self.create_bucket(f"{names.buckets}-objects")
        self.create_dataset(names.dataset)
        self.bigquery.query_and_wait("SELECT 1")
        self.clear()

    def held(self, prefix: str = PREFIX) -> list[Held]:
        """Return what the project holds under the prefix."""
        soon = bigquery.DEFAULT_RETRY.with_timeout(FIRST_ANSWER_SECONDS)
        buckets = self.storage.list_buckets(project=self.project, prefix=prefix, retry=soon)
        datasets = self.bigquery.list_datasets(self.project, retry=soon)
        found = [  # an emulator may ignore the parameter `prefix`, and what is found is deleted
            Held("bucket", one.name, one.labels.items() >= LABEL.items())
            for one in buckets
            if one.name.startswith(prefix)
        ]
        found += [
            Held("dataset", one.dataset_id, one.labels.items() >= LABEL.items())
            for one in datasets
            if one.dataset_id.startswith(_as_dataset(prefix))
        ]
        return sorted(found)

    def delete(self, held: Sequence[Held]) -> None:
        for one in held:
            if one.kind == "dataset":
                self._delete_dataset(one.name)
            else:
                self._delete_bucket(one.name)

    def delete_run(self) -> list[Held]:
        """Delete everything of this run. Return what is left."""
        for _ in range(_ROUNDS):
            held = self.held(self.name)
            if not held:
                return []
            self.delete(held)
        return self.held(self.name)

    def _delete_dataset(self, name: str) -> None:
        self.bigquery.delete_dataset(f"{self.project}.{name}", delete_contents=True, not_found_ok=True)

    def _delete_bucket(self, name: str) -> None:
        self._empty(name)
        try:
            self.storage.bucket(name).delete()
        except (Conflict, NotFound):
            return  # an object came meanwhile, or the bucket is gone: the next round knows

    def _empty(self, name: str) -> None:
        with ThreadPoolExecutor(_WORKERS) as pool:
            for _ in pool.map(_delete_object, self._objects(name)):
                pass

    def _objects(self, bucket: str) -> Iterator[Any]:
        try:
            yield from self.storage.list_blobs(bucket)
        except NotFound:
            return


def _delete_object(blob: Any) -> None:
    try:
        blob.delete()
    except NotFound:
        return


def _as_dataset(name: str) -> str:
    return name.replace("-", "_")
