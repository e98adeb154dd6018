"""Which headers are read, and what files that disagree with each other are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from billing.columns.agree import csv_columns, parquet_columns
from billing.columns.header import Header
from billing.decisions.delivery import StoredObject
from billing.decisions.sample import sample
from billing.errors import BillingError
from billing.manifests import Column


def files(*sizes: int) -> list[StoredObject]:
    now = datetime(2025, 10, 1, tzinfo=UTC)
    return [StoredObject(f"file-{number}", size, "crc", 1, now) for number, size in enumerate(sizes)]


def header(*columns: str | tuple[str, str | None]) -> Header:
    return Header(tuple(Column(one, None) if isinstance(one, str) else Column(*one) for one in columns), True)


@pytest.mark.parametrize("count", [0, 1, 19, 20])
def test_up_to_twenty_files_are_all_looked_at(count: int) -> None:
    few = files(*range(count))
    assert sample(few, 20) == few


@pytest.mark.parametrize("count", [21, 22, 39, 40, 100, 9999, 10_000])
@pytest.mark.parametrize("largest", [0, 1, 7, 20])
def test_of_more_files_twenty_are_looked_at_with_the_first_the_last_and_the_largest(count: int, largest: int) -> None:
    many = files(*(1000 if number == largest else 1 for number in range(count)))
    chosen = sample(many, 20)
    assert {many[0], many[-1], many[largest]} <= set(chosen)
    assert 19 <= len(chosen) <= 20
    assert chosen == sorted(chosen, key=many.index)


def test_the_sample_is_spread_evenly() -> None:
    numbers = [int(file.name.removeprefix("file-")) for file in sample(files(*range(101)), 20)]
    assert numbers == [0, 6, 11, 17, 22, 28, 33, 39, 44, 50, 56, 61, 67, 72, 78, 83, 89, 94, 100]


def test_csv_files_share_one_header() -> None:
    assert csv_columns([("a", header("x", "y")), ("b", header("x", "y"))]) == ("x", "y")


@pytest.mark.parametrize(
    ("other", "difference"),
    [(("y", "x"), "y"), (("x", "z"), "z"), (("x",), "their number"), (("x", "y", "z"), "their number")],
)
def test_csv_headers_that_disagree_are_rejected_with_the_first_difference(
    other: tuple[str, ...], difference: str
) -> None:
    with pytest.raises(BillingError) as raised:
        csv_columns([("a", header("x", "y")), ("b", header("x", "y")), ("c", header(*other))])
    assert str(raised.value) == f"HEADERS_DIFFER: c has another header than a; first difference: {difference}."


def test_parquet_files_give_the_union_of_their_columns() -> None:
    found = parquet_columns(
        [("a", header(("x", "STRING"), ("y", "DATE"))), ("b", header(("z", None), ("x", "STRING")))]
    )
    assert found == (Column("x", "STRING"), Column("y", "DATE"), Column("z", None))


@pytest.mark.parametrize("kind", ["DATE", None])
def test_parquet_files_that_disagree_on_a_type_are_rejected(kind: str | None) -> None:
    with pytest.raises(BillingError) as raised:
        parquet_columns([("a", header(("x", "STRING"))), ("b", header(("x", kind)))])
    assert str(raised.value) == "HEADERS_DIFFER: b has column x with another type than others."


def test_compressed_and_plain_files_in_one_delivery_are_rejected() -> None:
    pair = [("a.csv", header("x")), ("b.csv.gz", replace(header("x"), gzipped=True))]
    with pytest.raises(BillingError, match=r"COMPRESSION_UNSUPPORTED: Of a\.csv and b\.csv\.gz, one is compressed"):
        csv_columns(pair)
