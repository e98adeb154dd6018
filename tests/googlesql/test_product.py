"""Google's analyzer takes every SQL text that the product sends, and the views have the columns that they promise.

GoogleSQL does not know BigQuery's quotas, partitions and permissions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from billing.gcp.bigquery import schema_field
from billing.views.focus import EXTRA_COLUMNS, FOCUS_COLUMNS
from billing.views.status import STATUS_COLUMNS
from tests.googlesql.analyzer import Analyzer, Warehouse
from tests.googlesql.errors import RefusedError
from tests.googlesql.known_kinds import WRITE_AGAIN, known_kinds
from tests.googlesql.literals import literals_in, single_spaced, sql_literals
from tests.googlesql.odd_types import KINDS, MAPPINGS, SOURCE, fields_of_type, texts_over
from tests.googlesql.product import SHAPES, SPECS, conversation, new_texts
from tests.googlesql.recorder import Text
from tests.googlesql.types import columns_of

pytestmark = pytest.mark.timeout(300)  # the first test of a machine waits until GoogleSQL is compiled
FOCUS = {**{column.name: column.type for column in FOCUS_COLUMNS}, **dict.fromkeys(EXTRA_COLUMNS, "STRING")}


def refusal(warehouse: Warehouse, text: Text) -> str | None:
    """Return why Google refuses a text, or None."""
    try:
        warehouse.analyze(text.sql, text.parameter_types)
    except RefusedError as error:
        return str(error)
    return None


@pytest.mark.parametrize("shape", SHAPES)
def test_every_text_of_the_product_is_accepted(
    analyzer: Analyzer, warehouses: Mapping[str, Warehouse], shape: str
) -> None:
    texts = new_texts(shape)

    with analyzer.collecting() as kinds:
        refusals = [(text.part, refusal(warehouses[shape], text), text.sql[:200]) for text in texts]

    assert texts
    assert [found for found in refusals if found[1] is not None] == []
    assert kinds - known_kinds() == set(), WRITE_AGAIN


def test_every_qualify_has_a_where_before_it(analyzer: Analyzer) -> None:
    texts = [text.sql for text in new_texts("fewest columns") if "QUALIFY" in text.sql]

    for text in texts:
        analyzer.parse_without_reserved(text)

    assert texts


@pytest.mark.parametrize("shape", SHAPES)
def test_views_of_charges_have_the_columns_and_types_of_focus(warehouses: Mapping[str, Warehouse], shape: str) -> None:
    views = [view for view in conversation(shape).views if ".billing_focus.focus_costs" in view]

    columns = {view: {one.name: one.type for one in warehouses[shape].columns(view)} for view in views}

    assert len(views) == len(SPECS) + 2  # Google's own export, and the union
    assert {view: found for view, found in columns.items() if found != FOCUS} == {}
    assert list(columns[views[0]]) == list(FOCUS)


def test_status_and_quality_views_have_their_documented_columns(warehouses: Mapping[str, Warehouse]) -> None:
    warehouse = warehouses["fewest columns"]
    views = conversation("fewest columns").views
    status = [view for view in views if view.endswith(".billing_status")]
    [quality] = [view for view in views if view.endswith(".billing_quality")]

    columns = [warehouse.columns(view) for view in status]

    assert [tuple(one.name for one in found) for found in columns] == [STATUS_COLUMNS, STATUS_COLUMNS]
    assert {one.name: one.type for one in columns[0]} == {one.name: one.type for one in columns[1]}
    assert [(one.name, one.type) for one in warehouse.columns(quality)] == [
        ("source", "STRING"),
        ("month", "STRING"),
        ("BillingPeriodStart", "TIMESTAMP"),
        ("code", "STRING"),
        ("description", "STRING"),
        ("broken", "INT64"),
    ]


# TYPE_OVERRIDES can choose a type for a CSV column, and a Parquet file brings its own.
@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_any_type_make_no_text_invalid(analyzer: Analyzer, kind: str, mapping: str) -> None:
    fields = fields_of_type(mapping, kind)
    tables = {SOURCE.destination: columns_of([schema_field(field).to_api_repr() for field in fields])}

    with analyzer.collecting() as kinds:
        refusals = [(_refusal(analyzer, sql, tables), sql) for sql in texts_over(mapping, fields)]

    assert [found for found in refusals if found[0] is not None] == []
    assert kinds - known_kinds() == set(), WRITE_AGAIN


def _refusal(analyzer: Analyzer, sql: str, tables: Mapping[str, Any]) -> str | None:
    try:
        analyzer.analyze(sql, tables)
    except RefusedError as error:
        return str(error)
    return None


def test_every_sql_text_in_the_source_code_was_sent() -> None:
    """A new query belongs into `product.py`, unless one of the calls there sends it already."""
    sent = {single_spaced(text.sql) for shape in SHAPES for text in conversation(shape).texts}
    sent |= {single_spaced(sql) for kind in KINDS for sql in texts_over("aws_cur", fields_of_type("aws_cur", kind))}

    literals = sql_literals()

    assert len(literals) > 300
    assert [one.place for one in literals if not any(one.is_in(text) for text in sent)] == []


def test_sql_text_that_nobody_sent_is_found() -> None:
    source = 'def f(name):\n    """SELECT all."""\n    return f"SELECT a FROM `{name}`" " WHERE b = 1"'

    [literal] = literals_in(source, "new.py")

    assert literal.place == "new.py:3"
    assert literal.is_in("SELECT a FROM `acme.t` WHERE b = 1")
    assert not literal.is_in("SELECT a FROM `acme.t`")
