"""What the view of a source makes of rows that a test gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from billing.columns.field import Field
from billing.views.focus import FocusSource, mapping_of, source_query
from tests.unit.views.bigquery_sql import PHYSICAL, create_table, insert, rows, translated

MONTH = datetime(2025, 9, 1, tzinfo=UTC)
# CUR v1 has a column for each tag. The description tells how AWS spells the key; for Parquet it does not.
TAG_COLUMNS = {
    "resource_tags_user_team": "source: resourceTags/user:team",
    "resource_tags_user_owner": "source: resource_tags_user_owner",
    "resource_tags_aws_created_by": "source: resourceTags/aws:createdBy",
    "resource_tags_user_odd": 'source: resourceTags/user:it\'s a \\ and "größe"',
}


def fields_of(mapping: str) -> list[Field]:
    """Return all columns that a mapping reads, each in its own type. Parts of RECORDs are left out."""
    kinds = mapping_of(mapping).columns.items()
    maps = ("CATEGORIES", "TAGS")
    return [Field(name, "JSON" if kind in maps else kind) for name, kind in kinds if kind in PHYSICAL]


def cur_fields(*more: Field) -> list[Field]:
    """Return the columns of a CUR v1 table, whose tags are columns of their own."""
    tags = [Field(name, "STRING", description) for name, description in TAG_COLUMNS.items()]
    return [*(field for field in fields_of("aws_cur") if field.type not in ("JSON", "TAGS")), *tags, *more]


def query_of(mapping: str, fields: Sequence[Field], *, provider: str = "aws") -> str:
    """Return the query of the view `mine` over the table acme.billing.charges."""
    return source_query(FocusSource("mine", provider, mapping, "acme.billing.charges"), fields)


def focus_rows(
    database: duckdb.DuckDBPyConnection,
    mapping: str,
    fields: Sequence[Field],
    *charges: Mapping[str, object],
    provider: str = "aws",
) -> list[dict[str, Any]]:
    """Insert charges into a table with these columns, and return what acme.billing.focus_costs shows of them."""
    create_table(database, "acme.billing.charges", {field.name: field.type for field in fields})
    insert(database, "acme.billing.charges", *charges)
    query = translated(query_of(mapping, fields, provider=provider))
    database.execute(f"CREATE OR REPLACE VIEW acme.billing.focus_costs AS {query}")
    return rows(database, "SELECT * FROM acme.billing.focus_costs")
