"""Table schemas are compared as the real provider does."""

from __future__ import annotations

import json

import pytest

from tests.emulator.terraform_provider.table_schemas import hidden_columns, live_schema, same_schema, schema_change


def schema(columns: str, mode: str | None = None) -> str:
    """Return a schema as JSON. `columns` is like "a STRING, b DATE"."""
    fields = [dict(zip(("name", "type"), column.split(), strict=True)) for column in columns.split(", ")]
    return json.dumps([field | ({"mode": mode} if mode else {}) for field in fields])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a STRING", "a STRING", "none"),
        ("a INT64", "a INTEGER", "none"),
        ("a STRING", "a STRING, b DATE", "add"),
        ("a STRING, b DATE", "a STRING", "drop"),
        ("a STRING, b DATE", "a STRING, c DATE", "replace"),
        ("a STRING", "a DATE", "replace"),
    ],
)
def test_schema_changes_are_classified_as_by_the_provider(old: str, new: str, expected: str) -> None:
    assert schema_change(schema(old), schema(new)) == expected


def test_required_column_can_only_be_relaxed() -> None:
    required, nullable = schema("a STRING", mode="REQUIRED"), schema("a STRING")

    assert schema_change(required, nullable) == "add"
    assert schema_change(nullable, required) == "replace"


def test_removed_nested_column_replaces_the_table() -> None:
    nested = (
        '[{"name": "r", "type": "RECORD", "fields": [{"name": "a", "type": "STRING"}, {"name": "b", "type": "DATE"}]}]'
    )
    less = '[{"name": "r", "type": "STRUCT", "fields": [{"name": "a", "type": "STRING"}]}]'

    assert schema_change(nested, less) == "replace"
    assert schema_change(less, nested) == "add"


def test_equivalent_live_schema_keeps_the_configured_text() -> None:
    configured = '[{"name":"a","type":"INT64"}]'
    live = [{"name": "a", "type": "INTEGER", "mode": "NULLABLE"}]

    assert live_schema(configured, live) == configured
    assert same_schema(configured, live_schema(None, live))
    assert hidden_columns(configured, [*live, {"name": "b", "type": "DATE"}]) == [{"name": "b", "type": "DATE"}]
