"""`read`: what is in the bucket becomes one kind of snapshot."""

from __future__ import annotations

import json

from billing.decisions.snapshot import (
    IncompleteDelivery,
    MissingManifest,
    MonthSnapshot,
    OtherManifest,
    UnplacedManifest,
    UnreadableManifest,
)
from billing.workflows.events import handle_event
from billing.workflows.read import read
from tests.fakes.deployment import FakeDeployment
from tests.unit.workflows.september import AZURE, SEPTEMBER, azure_run, upload, upload_objects

RUN = azure_run(1)


def read_manifest(deployment: FakeDeployment, name: str = RUN.manifest) -> object:
    return read(deployment.services(), deployment.source(AZURE), name)


def test_no_manifest(deployment: FakeDeployment) -> None:
    assert read_manifest(deployment) == MissingManifest(RUN.manifest)


def test_manifest_of_another_export(deployment: FakeDeployment) -> None:
    manifest = json.loads(RUN.manifest_bytes)
    manifest["exportConfig"]["exportName"] = "usage"
    upload_objects(deployment, {RUN.manifest: json.dumps(manifest).encode()})

    assert read_manifest(deployment) == OtherManifest(RUN.manifest, "usage", "focus-cost")


def test_unreadable_manifest(deployment: FakeDeployment) -> None:
    upload_objects(deployment, {RUN.manifest: b"{"})

    snapshot = read_manifest(deployment)

    assert isinstance(snapshot, UnreadableManifest)
    assert (snapshot.month, snapshot.rejection.code) == (SEPTEMBER, "MANIFEST_NOT_JSON")


def test_unreadable_manifest_in_a_path_without_a_month(deployment: FakeDeployment) -> None:
    name = "azure/focus-cost/manifest.json"
    upload_objects(deployment, {name: b"{"})

    snapshot = read_manifest(deployment, name)

    assert isinstance(snapshot, UnplacedManifest)
    assert snapshot.rejection.code == "MANIFEST_NOT_JSON"


def test_missing_files_of_a_month_that_was_never_loaded(deployment: FakeDeployment) -> None:
    upload_objects(deployment, {RUN.manifest: RUN.manifest_bytes})

    snapshot = read_manifest(deployment)

    assert isinstance(snapshot, IncompleteDelivery)
    assert (snapshot.execution, snapshot.missing.code) == ("run-1", "WAITING_FOR_FILES")


def test_missing_files_of_a_month_that_was_loaded(deployment: FakeDeployment) -> None:
    upload(deployment, RUN)
    event = {"bucket": deployment.source(AZURE).bucket, "name": RUN.manifest}
    handle_event(deployment.settings, "azure", event, deployment.services())
    newer = azure_run(2)
    upload_objects(deployment, {newer.manifest: newer.manifest_bytes})

    snapshot = read_manifest(deployment, newer.manifest)

    assert isinstance(snapshot, MonthSnapshot)
    assert (snapshot.execution, snapshot.state.loaded_executions) == ("run-2", ("run-1",))


def test_complete_delivery(deployment: FakeDeployment) -> None:
    upload(deployment, RUN)

    snapshot = read_manifest(deployment)

    assert isinstance(snapshot, MonthSnapshot)
    assert [file.name for file in snapshot.delivery.files] == list(RUN.files)
    assert snapshot.table.identity.name == deployment.source(AZURE).destination
