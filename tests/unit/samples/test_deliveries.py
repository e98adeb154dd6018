"""Properties of the samples of both providers, names in the landing bucket, and changed manifests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery, sink_name, with_manifest

GENERATORS = (aws_cur_delivery, azure_focus_delivery)


@pytest.mark.parametrize("generate", GENERATORS)
def test_same_seed_gives_the_same_bytes(tmp_path: Path, generate: Callable[..., Delivery]) -> None:
    first, again, other = (
        generate(tmp_path / folder, "2025-09", rows=300, seed=seed) for folder, seed in (("a", 1), ("b", 1), ("c", 2))
    )

    contents = [[(item.name, item.path.read_bytes()) for item in one.objects] for one in (first, again)]

    assert contents[0] == contents[1]
    assert first.totals == again.totals != other.totals


@pytest.mark.parametrize("generate", GENERATORS)
def test_revision_has_another_execution_and_other_amounts(tmp_path: Path, generate: Callable[..., Delivery]) -> None:
    first, second = (generate(tmp_path, "2025-09", rows=100, revision=n) for n in (1, 2))

    assert first.execution != second.execution
    assert (first.totals.rows, second.totals.rows) == (100, 103)
    assert first.totals.cost != second.totals.cost


@pytest.mark.parametrize(
    ("name", "source", "sink", "landed"),
    [
        ("exports/aws/cur/a.csv.gz", "exports/aws/", "gcs-transfer/aws_cur/", "gcs-transfer/aws_cur/cur/a.csv.gz"),
        ("exports/aws/cur/a.csv.gz", "", "landing/", "landing/exports/aws/cur/a.csv.gz"),
        ("exports//cur/a.csv.gz", "exports/", "", "/cur/a.csv.gz"),
        ("a/a/a", "a/", "a/", "a/a/a"),
    ],
)
def test_transfer_replaces_the_source_path_by_the_sink_path(name: str, source: str, sink: str, landed: str) -> None:
    assert sink_name(name, source, sink) == landed


def test_transfer_never_copies_outside_its_source_path() -> None:
    with pytest.raises(ValueError, match="is outside other/"):
        sink_name("exports/a", "other/", "")


def test_with_manifest_changes_both_copies_and_not_the_original(tmp_path: Path) -> None:
    def compress_as_zip(manifest: dict[str, Any]) -> None:
        manifest["compression"] = "ZIP"

    delivery = aws_cur_delivery(tmp_path, "2025-09", rows=10)
    changed = with_manifest(delivery, compress_as_zip)
    first, second = (o.path.read_bytes() for o in changed.manifests)

    assert delivery.manifest()["compression"] == "GZIP"
    assert changed.manifest() == delivery.manifest() | {"compression": "ZIP"}
    assert first == second
    assert [o.name for o in changed.objects] == [o.name for o in delivery.objects]
    assert changed.data == delivery.data


def test_with_manifest_can_change_nested_fields(tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, "2025-09", rows=10, files=1)
    changed = with_manifest(delivery, lambda m: m["blobs"][0].update(byteCount=1))

    assert changed.manifest()["blobs"][0]["byteCount"] == 1
    assert delivery.manifest()["blobs"][0]["byteCount"] == delivery.data[0].path.stat().st_size
