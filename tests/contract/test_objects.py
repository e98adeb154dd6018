"""Cloud Storage as the product uses it, on both clouds; Google's rules stand in the laptop's own contract tests."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import google_crc32c
import pytest
from google.api_core.exceptions import NotFound, PreconditionFailed, RequestRangeNotSatisfiable

from tests.support.deployment import Deployment


@pytest.fixture
def objects(deployment: Deployment) -> Any:
    return deployment.storage.bucket(deployment.source("aws_cur").bucket)


def _put(objects: Any, name: str, content: bytes = b"content", **options: Any) -> Any:
    blob = objects.blob(name)
    blob.upload_from_string(content, **options)
    return blob


def test_every_write_is_a_new_and_greater_generation(objects: Any) -> None:
    first, second = (_put(objects, "a").generation for _ in range(2))

    assert second > first
    read = objects.blob("a")
    assert read.download_as_bytes(checksum=None) == b"content"
    assert read.generation == second


def test_an_object_is_created_once(objects: Any) -> None:
    _put(objects, "lease", b"mine", if_generation_match=0)

    with pytest.raises(PreconditionFailed):
        _put(objects, "lease", b"theirs", if_generation_match=0)
    assert objects.blob("lease").download_as_bytes() == b"mine"


@pytest.mark.parametrize(
    "act",
    [
        lambda blob, generation: blob.upload_from_string(b"new", if_generation_match=generation),
        lambda blob, generation: blob.delete(if_generation_match=generation),
    ],
    ids=["write", "delete"],
)
def test_only_the_current_generation_is_written_over_or_deleted(
    objects: Any, act: Callable[[Any, int], object]
) -> None:
    old = _put(objects, "lease", b"1").generation
    current = _put(objects, "lease", b"2").generation

    with pytest.raises(PreconditionFailed):
        act(objects.blob("lease"), old)
    assert objects.blob("lease").download_as_bytes() == b"2"
    act(objects.blob("lease"), current)


@pytest.mark.parametrize(
    "act", [lambda blob: blob.download_as_bytes(), lambda blob: blob.delete()], ids=["read", "delete"]
)
def test_of_a_blob_that_has_a_generation_by_its_last_answer_that_one_is_meant(
    objects: Any, act: Callable[[Any], object]
) -> None:
    """By the client: google-cloud-storage's blob.py."""
    old = _put(objects, "lease", b"1")
    _put(objects, "lease", b"2")

    with pytest.raises(NotFound):
        act(old)
    assert objects.blob("lease").download_as_bytes() == b"2"


def test_a_deleted_object_is_gone_and_its_name_free(objects: Any) -> None:
    _put(objects, "lease").delete()

    with pytest.raises(NotFound):
        objects.blob("lease").download_as_bytes()
    with pytest.raises(NotFound):
        objects.blob("lease").delete(if_generation_match=1)
    _put(objects, "lease", if_generation_match=0)


@pytest.mark.parametrize(
    ("start", "end", "read"),
    [(0, 3, b"0123"), (4, 100, b"456789"), (None, 5, b"012345"), (9, 9, b"9")],
)
def test_a_range_is_read_to_its_inclusive_end(objects: Any, start: int | None, end: int, read: bytes) -> None:
    _put(objects, "a", b"0123456789")

    assert objects.blob("a").download_as_bytes(start=start, end=end, raw_download=True, checksum=None) == read


def test_an_empty_object_has_no_range(objects: Any) -> None:
    generation = _put(objects, "a", b"").generation
    blob = objects.blob("a")

    with pytest.raises(RequestRangeNotSatisfiable):
        blob.download_as_bytes(end=100, raw_download=True, checksum=None)
    blob.reload()
    assert blob.generation == generation


def test_a_generation_that_was_replaced_is_not_found(objects: Any) -> None:
    old = _put(objects, "a", b"1").generation
    new = _put(objects, "a", b"2").generation

    with pytest.raises(NotFound):
        objects.blob("a", generation=old).download_as_bytes(start=0, end=0, raw_download=True, checksum=None)
    assert objects.blob("a", generation=new).download_as_bytes() == b"2"


def test_a_listing_tells_names_in_order_size_checksum_generation_and_both_times(
    deployment: Deployment, objects: Any
) -> None:
    written = datetime(2025, 9, 3, 4, 5, 6, tzinfo=UTC)
    deployment.put(objects.name, "p/b", b"content", written)
    deployment.put(objects.name, "p/a", b"other")

    one, two = deployment.storage.list_blobs(objects, prefix="p/")
    checksum = base64.b64encode(google_crc32c.Checksum(b"content").digest()).decode()
    assert [one.name, two.name] == ["p/a", "p/b"]
    assert (two.size, two.crc32c, two.custom_time) == (7, checksum, written)
    assert one.custom_time is None
    assert one.generation > two.generation
    assert one.updated >= two.updated


def test_a_delimiter_leaves_out_what_lies_deeper(deployment: Deployment, objects: Any) -> None:
    for name in ("p/1/a", "p/file", "p/other", "q"):
        _put(objects, name)

    assert [blob.name for blob in deployment.storage.list_blobs(objects, prefix="p/", delimiter="/")] == [
        "p/file",
        "p/other",
    ]
    assert [blob.name for blob in deployment.storage.list_blobs(objects, prefix="p/", delimiter=None)] == [
        "p/1/a",
        "p/file",
        "p/other",
    ]


def test_a_missing_bucket_is_not_found(deployment: Deployment) -> None:
    with pytest.raises(NotFound):
        list(deployment.storage.list_blobs(deployment.storage.bucket("no-such-bucket"), prefix=""))
