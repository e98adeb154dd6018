"""Choose the files of a large delivery whose headers are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing.decisions.delivery import StoredObject
from billing.decisions.sample import sample


def files_of_size(*sizes: int) -> list[StoredObject]:
    now = datetime(2025, 10, 1, tzinfo=UTC)
    return [StoredObject(f"file-{number}", size, "crc", 1, now) for number, size in enumerate(sizes)]


@pytest.mark.parametrize("count", [0, 1, 19, 20])
def test_up_to_twenty_files_are_all_read(count: int) -> None:
    few = files_of_size(*range(count))

    assert sample(few, 20) == few


@pytest.mark.parametrize("count", [21, 22, 39, 40, 100, 9999, 10_000])
@pytest.mark.parametrize("largest", [0, 1, 7, 20])
def test_sample_has_the_first_last_and_largest_file(count: int, largest: int) -> None:
    many = files_of_size(*(1000 if number == largest else 1 for number in range(count)))

    chosen = sample(many, 20)

    assert {many[0], many[-1], many[largest]} <= set(chosen)
    assert 19 <= len(chosen) <= 20
    assert chosen == sorted(chosen, key=many.index)


def test_sample_has_equal_distances() -> None:
    chosen = sample(files_of_size(*range(101)), 20)

    numbers = [int(file.name.removeprefix("file-")) for file in chosen]
    assert numbers == [0, 6, 11, 17, 22, 28, 33, 39, 44, 50, 56, 61, 67, 72, 78, 83, 89, 94, 100]
