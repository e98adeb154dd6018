"""The views over a table whose columns have an unexpected type, by TYPE_OVERRIDES or from Parquet files."""

from __future__ import annotations

from collections.abc import Sequence

from billing.columns.field import Field, map_of
from billing.formats import FORMATS
from billing.views.billed import billed_query
from billing.views.charges import charges_view
from billing.views.focus import FocusSource, mapping_of, source_query
from tests.googlesql.product import MONTH
from tests.unit.values import aws

SCALARS = (
    *("BIGNUMERIC", "BOOLEAN", "BYTES", "DATE", "DATETIME", "FLOAT", "INTEGER", "JSON", "NUMERIC", "STRING", "TIME"),
    "TIMESTAMP",
)
KINDS = (
    *SCALARS,
    *(map_of("STRING", kind) for kind in SCALARS),
    *(map_of(kind, "STRING") for kind in SCALARS if kind not in ("JSON", "STRING")),
)
SOURCE = aws(FORMAT="aws_cur_v2_parquet")
MAPPINGS = ("aws_cur", "native")  # they read columns of every type that a mapping names


def fields_of_type(mapping: str, kind: str) -> list[Field]:
    """Return the columns that a mapping reads, all of one type, but for the partition column."""
    partitions = {one.partition for one in FORMATS.values()}
    names = [name for name in mapping_of(mapping).columns if "." not in name]
    return [Field(name, "TIMESTAMP" if name in partitions else kind) for name in names]


def texts_over(mapping: str, fields: Sequence[Field]) -> list[str]:
    """Return what the product sends about a table with these columns."""
    mapped = FocusSource(SOURCE.key, "aws", mapping, SOURCE.destination)
    texts = [source_query(mapped, fields)]
    if mapping == SOURCE.format.focus:
        texts += [charges_view(SOURCE, fields), billed_query(SOURCE, MONTH, fields, 100)]
    return texts
