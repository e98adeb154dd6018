"""What a run makes in a project is empty within two days, even if nothing deletes it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.conform.project import LABEL, PREFIX, GoogleProject, Held


def test_bucket_and_dataset_of_a_run_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    files = storage.Client("my-project", credentials=AnonymousCredentials())
    monkeypatch.setattr(
        files,
        "create_bucket",
        lambda bucket, location: made.append({**bucket._properties, "name": bucket.name, "location": location}),
    )
    tables = SimpleNamespace(create_dataset=lambda dataset: made.append(dataset.to_api_repr()))
    project = GoogleProject("my-project", "EU", files, tables, None)

    for _ in range(2):
        project.create_bucket(f"{project.names().buckets}-objects")
    project.create_dataset(project.names().dataset)

    bucket, dataset = made
    assert bucket["name"].startswith(PREFIX)
    assert bucket["lifecycle"]["rule"] == [{"action": {"type": "Delete"}, "condition": {"age": 1}}]
    assert bucket["softDeletePolicy"]["retentionDurationSeconds"] == 0
    assert dataset["datasetReference"]["datasetId"].startswith(PREFIX.replace("-", "_"))
    assert dataset["defaultTableExpirationMs"] == "86400000"
    assert bucket["location"] == dataset["location"] == "EU"
    assert bucket["labels"] == dataset["labels"] == LABEL


def test_only_names_with_the_prefix_are_found() -> None:
    buckets = [SimpleNamespace(name=name, labels=LABEL) for name in ("acme-billing", f"{PREFIX}a", f"my-{PREFIX}b")]
    datasets = [SimpleNamespace(dataset_id=name, labels={}) for name in ("billing", "billing_conform_a", "billing_c")]
    files, tables = (
        SimpleNamespace(list_buckets=lambda **_: buckets),
        SimpleNamespace(list_datasets=lambda *_, **__: datasets),
    )

    held = GoogleProject("my-project", "EU", files, tables, None).held()

    assert held == [
        Held("bucket", "billing-conform-a", labelled=True),
        Held("dataset", "billing_conform_a", labelled=False),
    ]


@pytest.mark.parametrize(
    ("held", "command"),
    [
        (Held("bucket", "billing-conform-a", labelled=False), "gcloud storage rm --recursive gs://billing-conform-a"),
        (Held("dataset", "billing_conform_a", labelled=False), "bq rm -r -f --dataset my-project:billing_conform_a"),
    ],
)
def test_what_is_left_is_deleted_by_a_command(held: Held, command: str) -> None:
    assert held.deletion("my-project") == command
