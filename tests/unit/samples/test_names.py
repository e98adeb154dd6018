"""Names in the landing bucket, and manifests changed for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.samples import aws_cur_delivery, azure_focus_delivery, sink_name, with_manifest


@pytest.mark.parametrize(
    ("name", "source", "sink", "landed"),
    [
        ("exports/aws/cur/a.csv.gz", "exports/aws/", "gcs-transfer/aws_cur/", "gcs-transfer/aws_cur/cur/a.csv.gz"),
        ("exports/aws/cur/a.csv.gz", "", "landing/", "landing/exports/aws/cur/a.csv.gz"),
        ("exports//cur/a.csv.gz", "exports/", "", "/cur/a.csv.gz"),
        ("a/a/a", "a/", "a/", "a/a/a"),
    ],
)
def test_a_transfer_strips_the_source_path_and_puts_the_sink_path_in_front(
    name: str, source: str, sink: str, landed: str
) -> None:
    assert sink_name(name, source, sink) == landed


def test_a_transfer_never_copies_what_lies_outside_its_source_path() -> None:
    with pytest.raises(ValueError, match="does not lie under other/"):
        sink_name("exports/a", "other/", "")


def test_a_changed_manifest_leaves_the_original_alone_and_changes_every_twin(tmp_path: Path) -> None:
    def compress_as_zip(manifest: dict[str, Any]) -> None:
        manifest["compression"] = "ZIP"

    delivery = aws_cur_delivery(tmp_path, "2025-09", rows=10)
    changed = with_manifest(delivery, compress_as_zip)
    assert delivery.manifest()["compression"] == "GZIP"
    assert changed.manifest() == delivery.manifest() | {"compression": "ZIP"}
    first, second = (o.path.read_bytes() for o in changed.manifests)
    assert first == second
    assert [o.name for o in changed.objects] == [o.name for o in delivery.objects]
    assert changed.data == delivery.data


def test_a_manifest_can_be_changed_in_depth(tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, "2025-09", rows=10, files=1)
    changed = with_manifest(delivery, lambda m: m["blobs"][0].update(byteCount=1))
    assert changed.manifest()["blobs"][0]["byteCount"] == 1
    assert delivery.manifest()["blobs"][0]["byteCount"] == delivery.data[0].path.stat().st_size
