"""Deliveries of one month of the Azure source, on fakes of Google Cloud."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from billing.settings import Settings
from billing.workflows.events import handle_event
from billing.workflows.sweep import sweep
from tests.fakes.deployment import FakeDeployment
from tests.simulation.provider import STREAMS, Delivery, Kind, deliver

AZURE = "azure_billing"
SEPTEMBER = "2025-09"


def azure_run(number: int, kind: Kind = "good") -> Delivery:
    """One run of the Azure export in September. A run with a higher number is newer."""
    return deliver(STREAMS["azure"], number, kind, None)


def of_subscription(subscription: str, delivery: Delivery) -> Delivery:
    """The delivery as an export of another subscription writes it: in a folder of its own, under the same name."""
    manifest = json.loads(delivery.manifest_bytes)
    scope = f"/subscriptions/{subscription}/providers/Microsoft.CostManagement/exports/focus-cost"
    manifest["exportConfig"]["resourceId"] = scope
    folder, other = "azure/focus-cost/", f"azure/{subscription}/focus-cost/"
    data = json.dumps(manifest).replace(f"exports/{folder}", f"exports/{other}").encode()
    files = {name.replace(folder, other): content for name, content in delivery.files.items()}
    return replace(delivery, files=files, manifest=delivery.manifest.replace(folder, other), manifest_bytes=data)


def upload(deployment: FakeDeployment, delivery: Delivery) -> None:
    """Put all objects of a delivery into its landing bucket."""
    upload_objects(deployment, delivery.objects)


def upload_objects(deployment: FakeDeployment, objects: dict[str, bytes], key: str = AZURE) -> None:
    for name, data in objects.items():
        deployment.put(deployment.source(key).bucket, name, data)


def send_event(deployment: FakeDeployment, delivery: Delivery) -> None:
    """Put a delivery into its landing bucket, and handle the event of its manifest."""
    upload(deployment, delivery)
    data = {"bucket": deployment.source(AZURE).bucket, "name": delivery.manifest}
    handle_event(deployment.settings, "azure", data, deployment.services())


def run_sweep(deployment: FakeDeployment, settings: Settings | None = None) -> dict[str, Any]:
    used = settings or deployment.settings
    return sweep(used, deployment.cloud.services(used))


def rows_in_september(deployment: FakeDeployment) -> list[str]:
    return deployment.items(AZURE).get(SEPTEMBER, [])


def tracking_rows(deployment: FakeDeployment) -> list[dict[str, Any]]:
    return [row for _, _, row in deployment.cloud.history.tracking]


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return how each request ended that was logged since the last call. Nothing else may be printed."""
    return [line for line in all_log_lines(capsys) if line.get("action") != "started"]


def all_log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.err == ""
    return [json.loads(line) for line in captured.out.splitlines()]
