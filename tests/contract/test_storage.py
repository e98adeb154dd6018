"""Cloud Storage: what the loader needs of it, on the fakes and the emulator, and more on the emulator alone."""

from __future__ import annotations

import base64
import gzip
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import (
    MethodNotImplemented,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
)
from google.cloud.storage import Blob, Bucket

from tests.emulator import Emulator
from tests.support.deployment import Deployment

CONTENT = gzip.compress(b"month,item,cost\n" * 500)


def put(objects: Any, name: str, content: bytes = CONTENT, **options: Any) -> Any:
    blob = objects.blob(name)
    blob.upload_from_string(content, **options)
    return blob


# objects resource: generation is "the content generation of this object": every write is a new one
def test_every_write_has_a_greater_generation(objects: Any) -> None:
    first, second = (put(objects, "a").generation for _ in range(2))

    read = objects.blob("a")
    read.reload()

    assert second > first
    assert read.generation == second


# ifGenerationMatch: "Setting to 0 makes the operation succeed only if there are no live versions of the object"
def test_object_is_created_once(objects: Any) -> None:
    put(objects, "lease", b"mine", if_generation_match=0)

    with pytest.raises(PreconditionFailed):
        put(objects, "lease", b"theirs", if_generation_match=0)
    assert objects.blob("lease").download_as_bytes() == b"mine"


def test_one_of_several_simultaneous_creations_succeeds(emulator_objects: Bucket) -> None:
    outcomes: list[str] = []

    def create(text: str) -> None:
        try:
            put(emulator_objects, "lease", text.encode(), if_generation_match=0)
            outcomes.append("created")
        except PreconditionFailed:
            outcomes.append("rejected")

    threads = [threading.Thread(target=create, args=(str(n),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["created", *["rejected"] * 5]


# ifGenerationMatch: "succeed conditional on whether the object's current generation matches"
@pytest.mark.parametrize(
    "act",
    [
        lambda blob, generation: blob.upload_from_string(b"new", if_generation_match=generation),
        lambda blob, generation: blob.delete(if_generation_match=generation),
    ],
    ids=["write", "delete"],
)
def test_only_the_current_generation_is_changed(objects: Any, act: Callable[[Any, int], object]) -> None:
    old = put(objects, "lease", b"1").generation
    current = put(objects, "lease", b"2").generation

    with pytest.raises(PreconditionFailed):
        act(objects.blob("lease"), old)
    assert objects.blob("lease").download_as_bytes() == b"2"
    act(objects.blob("lease"), current)


@pytest.mark.parametrize(
    "act",
    [
        lambda blob, generation: blob.download_as_bytes(if_generation_match=generation),
        lambda blob, generation: blob.reload(if_generation_match=generation),
    ],
    ids=["download", "reload"],
)
def test_only_the_current_generation_is_read(emulator_objects: Bucket, act: Callable[[Blob, int], object]) -> None:
    old = put(emulator_objects, "lease", b"1").generation
    current = put(emulator_objects, "lease", b"2").generation

    with pytest.raises(PreconditionFailed):
        act(emulator_objects.blob("lease"), old)
    act(emulator_objects.blob("lease"), current)


# google-cloud-storage's blob.py: a blob asks for the generation of its last answer
@pytest.mark.parametrize(
    "act", [lambda blob: blob.download_as_bytes(), lambda blob: blob.delete()], ids=["read", "delete"]
)
def test_blob_refers_to_the_generation_of_its_last_answer(objects: Any, act: Callable[[Any], object]) -> None:
    old = put(objects, "lease", b"1")
    put(objects, "lease", b"2")

    with pytest.raises(NotFound):
        act(old)
    assert objects.blob("lease").download_as_bytes() == b"2"


def test_replaced_generation_is_not_found(objects: Any) -> None:
    old = put(objects, "a", b"1").generation
    new = put(objects, "a", b"2").generation

    with pytest.raises(NotFound):
        objects.blob("a", generation=old).download_as_bytes(start=0, end=0, raw_download=True, checksum=None)
    with pytest.raises(NotFound):
        objects.blob("a", generation=old).download_as_bytes()
    assert objects.blob("a", generation=new).download_as_bytes() == b"2"


def test_deleted_object_is_not_found_and_can_be_created_again(objects: Any) -> None:
    put(objects, "lease").delete()

    with pytest.raises(NotFound):
        objects.blob("lease").download_as_bytes()
    with pytest.raises(NotFound):
        objects.blob("lease").delete(if_generation_match=1)
    put(objects, "lease", if_generation_match=0)


@pytest.mark.parametrize(
    "act",
    [
        lambda storage, bucket: storage.bucket(bucket).blob("gone").download_as_bytes(),
        lambda storage, bucket: storage.bucket(bucket).blob("gone").delete(),
        lambda storage, _: storage.bucket("no-such-bucket").blob("x").upload_from_string(b""),
        lambda storage, _: list(storage.list_blobs(storage.bucket("no-such-bucket"), prefix="")),
    ],
    ids=["download", "delete", "upload to a missing bucket", "list a missing bucket"],
)
def test_missing_objects_and_buckets_are_not_found(
    deployment: Deployment, objects: Any, act: Callable[[Any, str], object]
) -> None:
    with pytest.raises(NotFound):
        act(deployment.storage, objects.name)


@pytest.mark.parametrize(
    ("start", "end", "read"),
    [(0, 3, b"0123"), (4, 100, b"456789"), (None, 5, b"012345"), (9, 9, b"9")],
)
def test_range_includes_its_end(objects: Any, start: int | None, end: int, read: bytes) -> None:
    put(objects, "a", b"0123456789")

    assert objects.blob("a").download_as_bytes(start=start, end=end, raw_download=True, checksum=None) == read


def test_empty_object_has_no_range(objects: Any) -> None:
    generation = put(objects, "a", b"").generation
    blob = objects.blob("a")

    with pytest.raises(RequestRangeNotSatisfiable):
        blob.download_as_bytes(end=100, raw_download=True, checksum=None)
    blob.reload()
    assert blob.generation == generation


# media download answers with the header X-Goog-Generation, from which the client fills blob.generation
@pytest.mark.parametrize("options", [{}, {"raw_download": True}, {"start": 0, "end": 9, "raw_download": True}])
def test_download_says_which_generation_it_read(objects: Any, options: dict[str, Any]) -> None:
    written = put(objects, "a.csv.gz").generation
    blob = objects.blob("a.csv.gz")

    content = blob.download_as_bytes(**options)

    assert content == (CONTENT[:10] if "end" in options else CONTENT)
    assert blob.generation == written


# transcoding: an object stored with Content-Encoding: gzip is decompressed, unless asked for raw
def test_content_encoding_is_undone_unless_raw(emulator_objects: Bucket) -> None:
    blob = emulator_objects.blob("encoded.csv")
    blob.content_encoding = "gzip"
    blob.upload_from_string(CONTENT, content_type="text/csv")

    read = emulator_objects.blob("encoded.csv")

    assert read.download_as_bytes() == gzip.decompress(CONTENT)
    assert read.download_as_bytes(raw_download=True) == CONTENT
    assert read.download_as_bytes(start=0, end=3, raw_download=True) == CONTENT[:4]


# objects resource: crc32c is big-endian base64, size and times are set; listings carry them all
def test_listing_has_name_size_checksum_generation_and_times(deployment: Deployment, objects: Any) -> None:
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


def test_delimiter_leaves_out_deeper_names(deployment: Deployment, objects: Any) -> None:
    for name in ("p/1/a", "p/file", "p/other", "q"):
        put(objects, name)

    flat, deep = (
        [blob.name for blob in deployment.storage.list_blobs(objects, prefix="p/", delimiter=delimiter)]
        for delimiter in ("/", None)
    )

    assert flat == ["p/file", "p/other"]
    assert deep == ["p/1/a", "p/file", "p/other"]


def test_delimiter_lists_folders(emulator_objects: Bucket) -> None:
    for name in ("p/1/a", "p/1/b", "p/2/c", "p/file"):
        put(emulator_objects, name, b"x")

    listing = emulator_objects.list_blobs(prefix="p/", delimiter="/")

    assert [blob.name for blob in listing] == ["p/file"]
    assert listing.prefixes == {"p/1/", "p/2/"}


# objects.list: names in order; "The recommended upper value for maxResults is 1000", and no page holds more
def test_listings_are_ordered_and_come_in_pages(emulator_objects: Bucket) -> None:
    for number in reversed(range(7)):
        put(emulator_objects, f"p/{number}", b"x")

    pages = list(emulator_objects.list_blobs(prefix="p/", page_size=3).pages)

    assert [[blob.name for blob in page] for page in pages] == [["p/0", "p/1", "p/2"], ["p/3", "p/4", "p/5"], ["p/6"]]
    assert all(blob.time_created for blob in emulator_objects.list_blobs())
    assert [blob.name for blob in emulator_objects.list_blobs(prefix="p/", start_offset="p/5")] == ["p/5", "p/6"]
    assert sum(1 for _ in emulator_objects.list_blobs(prefix="p/", max_results=4)) == 4


def test_page_holds_at_most_a_thousand_objects(emulator_objects: Bucket) -> None:
    connection = emulator_objects.client._connection
    for number in range(1001):
        connection.api_request(
            method="POST", path=f"/b/{emulator_objects.name}/o",
            query_params={"uploadType": "media", "name": f"{number:04}"},
            api_base_url=f"{connection.API_BASE_URL}/upload", data=b"x", content_type="text/plain",
        )  # fmt: skip

    pages = emulator_objects.list_blobs(page_size=5000).pages

    assert [sum(1 for _ in page) for page in pages] == [1000, 1]


# naming: any UTF-8; AWS periods are folders named 20230901-20231001
@pytest.mark.parametrize("name", ["billing/20230901-20231001/ä ö+%&?.csv", "spaces and 'quotes'"])
def test_names_are_kept(emulator_objects: Bucket, name: str) -> None:
    put(emulator_objects, name, b"x")

    assert [blob.name for blob in emulator_objects.list_blobs()] == [name]
    assert emulator_objects.blob(name).download_as_bytes() == b"x"


# Google accepts any name. The emulator keeps objects as files, where a//b is a/b.
@pytest.mark.parametrize("name", ["a//b", "/a", "a/../b", "a/"])
def test_name_that_a_folder_would_change_is_rejected(emulator_objects: Bucket, name: str) -> None:
    with pytest.raises(MethodNotImplemented, match="keeps objects as files"):
        put(emulator_objects, name, b"x")


def test_large_upload_in_chunks_arrives_whole(emulator_objects: Bucket) -> None:
    content = bytes(range(256)) * 5000
    blob = emulator_objects.blob("large", chunk_size=512 * 1024)

    blob.upload_from_string(content)

    assert emulator_objects.blob("large").download_as_bytes() == content
    assert blob.generation == emulator_objects.get_blob("large").generation


# docs, batch: "The server may perform your calls in any order", and each has its own status
def test_a_batch_answers_each_request(emulator_objects: Bucket) -> None:
    kept, gone = put(emulator_objects, "kept"), put(emulator_objects, "gone")
    kept.metadata = {"seen": "yes"}

    batch = emulator_objects.client.batch(raise_exception=False)
    with batch:
        kept.patch()
        gone.delete(if_generation_match=gone.generation)
        emulator_objects.delete_blob("missing")
        emulator_objects.delete_blob("kept", if_generation_match=1)

    statuses = [answer.status_code for answer in batch._responses]
    assert statuses == [200, 204, 404, 412]
    assert [(blob.name, blob.metadata) for blob in emulator_objects.list_blobs()] == [("kept", {"seen": "yes"})]


# docs, batch: no uploads and no downloads of objects, at most 100 calls
@pytest.mark.parametrize(
    ("requests_of_batch", "sentence"),
    [
        (["POST /upload/storage/v1/b/x/o?uploadType=media&name=a"], "no uploads, no downloads"),
        (["GET /storage/v1/b/x/o/a?alt=media"], "no uploads, no downloads"),
        (["GET /storage/v1/b/x/o/a"] * 101, "1 to 100 requests, and this one has 101"),
    ],
    ids=["upload", "download", "too many"],
)
def test_a_batch_of_bytes_or_of_too_many_calls_is_refused(
    emulator: Emulator, requests_of_batch: list[str], sentence: str
) -> None:
    parts = [f"--b\r\nContent-Type: application/http\r\n\r\n{one} HTTP/1.1\r\n\r\n" for one in requests_of_batch]
    url = f"{emulator.environment()['STORAGE_EMULATOR_HOST']}/batch/storage/v1"

    answer = requests.post(url, "".join([*parts, "--b--"]), headers={"Content-Type": "multipart/mixed; boundary=b"})

    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]


# buckets resource: location, iamConfiguration, labels, softDeletePolicy. A patch merges, and null resets.
def test_bucket_keeps_its_settings(emulator: Emulator) -> None:
    wanted = emulator.storage.bucket(f"settings-{uuid4().hex[:8]}")
    wanted.iam_configuration.uniform_bucket_level_access_enabled = True
    wanted.iam_configuration.public_access_prevention = "enforced"
    wanted.labels = {"team": "finops"}
    made = emulator.storage.create_bucket(wanted, location="eu")

    made.labels = {}
    made.patch()
    read = emulator.storage.get_bucket(wanted.name)

    assert (read.location, read.location_type, read.storage_class) == ("EU", "multi-region", "STANDARD")
    assert read.iam_configuration.uniform_bucket_level_access_enabled
    assert read.iam_configuration.public_access_prevention == "enforced"
    assert (read.labels, read.soft_delete_policy.retention_duration_seconds) == ({}, 604800)

    read.versioning_enabled = True
    with pytest.raises(MethodNotImplemented, match="keeps no old versions of objects"):
        read.patch()
    read.delete()

    assert emulator.storage.lookup_bucket(wanted.name) is None


# projects.serviceAccount: "email_address: the ID of the notification", of the form below
def test_project_has_an_agent_of_cloud_storage(emulator: Emulator) -> None:
    email = emulator.storage.get_service_account_email(project="acme-billing")

    assert re.fullmatch(r"service-\d{12}@gs-project-accounts\.iam\.gserviceaccount\.com", email)
