"""Files of one delivery agree on their columns, or are rejected."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from billing.columns.agree import csv_columns, parquet_columns
from billing.columns.header import Header
from billing.errors import BillingError
from billing.manifests import Column


def header(*columns: str | tuple[str, str | None]) -> Header:
    return Header(tuple(Column(one, None) if isinstance(one, str) else Column(*one) for one in columns), True)


def test_csv_files_share_one_header() -> None:
    assert csv_columns([("a", header("x", "y")), ("b", header("x", "y"))]) == ("x", "y")


@pytest.mark.parametrize(
    ("other", "difference"),
    [(("y", "x"), "y"), (("x", "z"), "z"), (("x",), "their number"), (("x", "y", "z"), "their number")],
)
def test_csv_headers_that_differ_are_rejected(other: tuple[str, ...], difference: str) -> None:
    with pytest.raises(BillingError) as raised:
        csv_columns([("a", header("x", "y")), ("b", header("x", "y")), ("c", header(*other))])
    found = f"c has another header than a; first difference: {difference}"
    assert str(raised.value) == f"HEADERS_DIFFER: {found}. Deliver the month again."


def test_parquet_files_give_the_union_of_their_columns() -> None:
    found = parquet_columns(
        [("a", header(("x", "STRING"), ("y", "DATE"))), ("b", header(("z", None), ("x", "STRING")))]
    )
    assert found == (Column("x", "STRING"), Column("y", "DATE"), Column("z", None))


@pytest.mark.parametrize(("kind", "named"), [("DATE", "DATE"), (None, "nested")])
def test_parquet_files_that_disagree_on_a_type_are_rejected(kind: str | None, named: str) -> None:
    with pytest.raises(BillingError) as raised:
        parquet_columns([("a", header(("x", "STRING"))), ("b", header(("x", kind)))])

    found = f"Column x is STRING in a, but {named} in b"
    assert str(raised.value) == f"HEADERS_DIFFER: {found}: deliver the month again."


NULLS = Header((Column("x", "INTEGER", has_values=False),), True)
TEXT = Header((Column("x", "STRING"),), True)


@pytest.mark.parametrize("headers", itertools.permutations([("a", NULLS), ("b", TEXT), ("c", NULLS)]))
def test_file_with_values_gives_the_type_of_a_column(headers: tuple[tuple[str, Header], ...]) -> None:
    assert parquet_columns(headers) == TEXT.columns


def test_column_without_values_in_any_file_has_none() -> None:
    assert parquet_columns([("a", NULLS), ("b", NULLS)]) == NULLS.columns


def test_compressed_and_plain_files_in_one_delivery_are_rejected() -> None:
    pair = [("a.csv", header("x")), ("b.csv.gz", replace(header("x"), gzipped=True))]
    with pytest.raises(BillingError, match=r"COMPRESSION_UNSUPPORTED: Of a\.csv and b\.csv\.gz, one is compressed"):
        csv_columns(pair)
