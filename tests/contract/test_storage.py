"""What Cloud Storage promises, kept by the laptop's, for what the product uses of it."""

from __future__ import annotations

import base64
import gzip
import threading
from collections.abc import Callable
from typing import Any

import google_crc32c
import pytest
from google.api_core.exceptions import MethodNotImplemented, NotFound, PreconditionFailed
from google.cloud.storage import Blob, Bucket

from tests.emulator import Emulator

CONTENT = gzip.compress(b"month,item,cost\n" * 500)


@pytest.fixture
def objects(emulator: Emulator, bucket: str) -> Bucket:
    return emulator.storage.bucket(bucket)


def put(objects: Bucket, name: str, content: bytes = CONTENT, **options: Any) -> Blob:
    blob = objects.blob(name)
    blob.upload_from_string(content, **options)
    return blob


# objects resource: generation is "the content generation of this object": every write is a new one
def test_every_write_is_a_new_generation(objects: Bucket) -> None:
    first, second = put(objects, "a").generation, put(objects, "a").generation
    assert second > first
    assert objects.get_blob("a").generation == second


# ifGenerationMatch: "Setting to 0 makes the operation succeed only if there are no live versions of the object"
def test_an_object_is_created_once(objects: Bucket) -> None:
    put(objects, "lease", b"mine", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        put(objects, "lease", b"theirs", if_generation_match=0)
    assert objects.blob("lease").download_as_bytes() == b"mine"


def test_of_creations_at_the_same_time_one_wins(objects: Bucket) -> None:
    outcomes: list[str] = []

    def create(text: str) -> None:
        try:
            put(objects, "lease", text.encode(), if_generation_match=0)
            outcomes.append("created")
        except PreconditionFailed:
            outcomes.append("refused")

    threads = [threading.Thread(target=create, args=(str(n),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["created", *["refused"] * 5]


# ifGenerationMatch on insert, get and delete: "succeed conditional on whether the object's current generation matches"
@pytest.mark.parametrize(
    "act",
    [
        lambda blob, generation: blob.upload_from_string(b"new", if_generation_match=generation),
        lambda blob, generation: blob.download_as_bytes(if_generation_match=generation),
        lambda blob, generation: blob.reload(if_generation_match=generation),
        lambda blob, generation: blob.delete(if_generation_match=generation),
    ],
    ids=["upload", "download", "reload", "delete"],
)
def test_a_generation_that_is_not_current_is_refused(objects: Bucket, act: Callable[[Blob, int], object]) -> None:
    old = put(objects, "lease", b"1").generation
    current = put(objects, "lease", b"2").generation
    with pytest.raises(PreconditionFailed):
        act(objects.blob("lease"), old)
    assert objects.blob("lease").download_as_bytes() == b"2"
    act(objects.blob("lease"), current)


# media download answers with the header X-Goog-Generation, from which the client fills blob.generation
@pytest.mark.parametrize("options", [{}, {"raw_download": True}, {"start": 0, "end": 9, "raw_download": True}])
def test_a_download_tells_the_generation_it_read(objects: Bucket, options: dict[str, Any]) -> None:
    written = put(objects, "a.csv.gz").generation
    read = objects.blob("a.csv.gz")
    assert read.download_as_bytes(**options) == (CONTENT[:10] if "end" in options else CONTENT)
    assert read.generation == written


# transcoding: an object stored with Content-Encoding: gzip is decompressed, unless asked for raw
def test_content_encoding_is_undone_unless_raw(objects: Bucket) -> None:
    blob = objects.blob("encoded.csv")
    blob.content_encoding = "gzip"
    blob.upload_from_string(CONTENT, content_type="text/csv")
    assert objects.blob("encoded.csv").download_as_bytes() == gzip.decompress(CONTENT)
    assert objects.blob("encoded.csv").download_as_bytes(raw_download=True) == CONTENT
    assert objects.blob("encoded.csv").download_as_bytes(start=0, end=3, raw_download=True) == CONTENT[:4]


def test_a_generation_that_is_gone_is_not_found(objects: Bucket) -> None:
    old = put(objects, "a", b"1").generation
    put(objects, "a", b"2")
    with pytest.raises(NotFound):
        objects.blob("a", generation=old).download_as_bytes()


@pytest.mark.parametrize(
    "act",
    [
        lambda bucket: bucket.blob("gone").download_as_bytes(),
        lambda bucket: bucket.blob("gone").delete(),
        lambda bucket: bucket.client.bucket("no-such-bucket").blob("x").upload_from_string(b""),
        lambda bucket: list(bucket.client.list_blobs("no-such-bucket")),
    ],
)
def test_what_is_not_there_is_not_found(objects: Bucket, act: Callable[[Bucket], object]) -> None:
    with pytest.raises(NotFound):
        act(objects)


# objects resource: crc32c is big-endian base64, size and times are set; listings carry them all
def test_a_listing_tells_size_checksum_generation_and_times(objects: Bucket) -> None:
    written = put(objects, "p/a.csv.gz")
    (listed,) = objects.list_blobs(prefix="p/")
    checksum = base64.b64encode(google_crc32c.Checksum(CONTENT).digest()).decode()
    assert (listed.size, listed.crc32c, listed.generation) == (len(CONTENT), checksum, written.generation)
    assert listed.updated
    assert listed.time_created


# objects.list: names in order; "The recommended upper value for maxResults is 1000", and no page holds more
def test_listings_are_ordered_and_come_in_pages(objects: Bucket) -> None:
    for number in reversed(range(7)):
        put(objects, f"p/{number}", b"x")
    pages = list(objects.list_blobs(prefix="p/", page_size=3).pages)
    assert [[blob.name for blob in page] for page in pages] == [["p/0", "p/1", "p/2"], ["p/3", "p/4", "p/5"], ["p/6"]]
    assert [blob.name for blob in objects.list_blobs(prefix="p/", start_offset="p/5")] == ["p/5", "p/6"]
    assert sum(1 for _ in objects.list_blobs(prefix="p/", max_results=4)) == 4


def test_a_page_holds_a_thousand_objects_at_most(objects: Bucket) -> None:
    for number in range(1001):
        objects.client._connection.api_request(
            method="POST", path=f"/b/{objects.name}/o", query_params={"uploadType": "media", "name": f"{number:04}"},
            api_base_url=f"{objects.client._connection.API_BASE_URL}/upload", data=b"x", content_type="text/plain",
        )  # fmt: skip
    pages = objects.list_blobs(page_size=5000).pages
    assert [sum(1 for _ in page) for page in pages] == [1000, 1]


def test_a_delimiter_gives_folders(objects: Bucket) -> None:
    for name in ("p/1/a", "p/1/b", "p/2/c", "p/file"):
        put(objects, name, b"x")
    listing = objects.list_blobs(prefix="p/", delimiter="/")
    assert [blob.name for blob in listing] == ["p/file"]
    assert listing.prefixes == {"p/1/", "p/2/"}


# naming: any UTF-8; AWS periods are folders named 20230901-20231001
@pytest.mark.parametrize("name", ["billing/20230901-20231001/ä ö+%&?.csv", "spaces and 'quotes'"])
def test_names_survive(objects: Bucket, name: str) -> None:
    put(objects, name, b"x")
    assert [blob.name for blob in objects.list_blobs()] == [name]
    assert objects.blob(name).download_as_bytes() == b"x"


# a name is any text to Google; files in folders cannot tell a//b from a/b
@pytest.mark.parametrize("name", ["a//b", "/a", "a/../b", "a/"])
def test_a_name_that_a_folder_would_change_is_refused(objects: Bucket, name: str) -> None:
    with pytest.raises(MethodNotImplemented, match="The local cloud keeps objects as files"):
        put(objects, name, b"x")


def test_a_large_upload_in_chunks_arrives_whole(objects: Bucket) -> None:
    content = bytes(range(256)) * 5000
    blob = objects.blob("large", chunk_size=512 * 1024)
    blob.upload_from_string(content)
    assert objects.blob("large").download_as_bytes() == content
    assert blob.generation == objects.get_blob("large").generation
