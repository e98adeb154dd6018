"""What the scenarios share. FAULTS=long runs every case instead of a sample."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from tests.emulator import Emulator
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery, with_manifest
from tests.samples.model import beside
from tests.simulation.backends import Backend, EmulatorBackend
from tests.support.sources import AWS, AZURE, SourceSpec

LONG = os.environ.get("FAULTS") == "long"
GENERATORS: Mapping[SourceSpec, Callable[..., Delivery]] = {AWS: aws_cur_delivery, AZURE: azure_focus_delivery}

# The short form leaves these out. Deployments: two processes and three threads do the same. 10,000 files take minutes.
# Rejected columns: unit tests of columns and bounds have the same cases.
_ONLY_LONG = ["test_instances.py", "test_many_files.py", "test_rejected_columns.py"]
collect_ignore = [] if LONG else _ONLY_LONG


@pytest.fixture
def emulator_backend(emulator: Emulator, emulator_environment: None) -> Callable[[], Backend]:
    """Return what creates a deployment on the emulator for one history."""
    return lambda: EmulatorBackend(emulator, f"h{uuid4().hex[:10]}")


def with_file(delivery: Delivery, index: int, content: bytes) -> Delivery:
    """Return the delivery with other bytes in that file. A manifest that counts bytes counts the new ones."""
    old = delivery.data[index]
    new = replace(old, path=beside(old.path, content))

    def recount(manifest: dict[str, Any]) -> None:
        if "blobs" in manifest:
            manifest["blobs"][index]["byteCount"] = len(content)

    objects = tuple(new if item is old else item for item in delivery.objects)
    return with_manifest(replace(delivery, objects=objects), recount)
