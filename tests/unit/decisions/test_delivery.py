"""The digests of a delivery, and the folders that are listed for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.decisions.delivery import Delivery, StoredObject, folders_of
from tests.unit.decisions.examples import (
    DELIVERY,
    EXPORT,
    FILES,
    FOLDER,
    MANIFEST,
    delivery,
    overwrite_export,
    stored,
)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(delivery(replace(EXPORT, files=EXPORT.files[::-1])), id="another order"),
        pytest.param(delivery(files=[*FILES, stored("other")]), id="a file that the manifest does not name"),
    ],
)
def test_digests_depend_on_the_named_files_only(same: Delivery) -> None:
    assert (same.content, same.generations, same.byte_count) == (DELIVERY.content, DELIVERY.generations, 30)


@pytest.mark.parametrize("changed", [stored(FILES[0], "3"), stored(FILES[0], size=11)], ids=["checksum", "size"])
def test_new_bytes_change_the_content_only(changed: StoredObject) -> None:
    other = delivery(files=[changed, *FILES[1:]])

    assert other.content != DELIVERY.content
    assert other.generations == DELIVERY.generations


def test_content_depends_on_which_file_has_which_bytes() -> None:
    one_way = delivery(files=[stored(FILES[0], "3"), stored(FILES[1], "4"), FILES[2]])
    other_way = delivery(files=[stored(FILES[0], "4"), stored(FILES[1], "3"), FILES[2]])
    empty = delivery(files=[])

    assert len({DELIVERY.content, one_way.content, other_way.content, empty.content}) == 4


def test_contents_have_every_file_but_the_manifest() -> None:
    extended = delivery(overwrite_export(), files=[*FILES, stored(f"{FOLDER}cur-4.csv.gz", "1")])

    assert sorted(extended.contents.values()) == ["10:crc-1", "10:crc-2", "10:crc-2", "10:crc-2"]


def test_folders_have_the_manifest_s_own_if_it_is_overwritten() -> None:
    manifest = "in/cur-Manifest.json"

    assert folders_of(EXPORT, MANIFEST) == [FOLDER]
    assert folders_of(EXPORT, manifest) == [FOLDER]
    assert folders_of(overwrite_export(), manifest) == ["in/", FOLDER]


def test_uris_name_every_file_in_the_bucket() -> None:
    assert DELIVERY.uris("bucket") == tuple(f"gs://bucket/{name}" for name in FILES)
