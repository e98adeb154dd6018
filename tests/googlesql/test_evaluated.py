"""Google's evaluator and DuckDB give the same FOCUS rows, to the last decimal, for the same rows of an export."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

import duckdb
import pytest

from billing.columns.field import Field
from billing.formats import FORMATS
from billing.gcp.bigquery import schema_field
from billing.views.billed import billed_query
from billing.views.casts import as_timestamp, parsed_json
from billing.views.charges import charges_view
from billing.views.focus import FOCUS_COLUMNS, FocusSource, source_query
from billing.views.read_column import read_column
from tests.googlesql.analyzer import Analyzer
from tests.googlesql.odd_types import SOURCE
from tests.googlesql.types import Column, columns_of
from tests.unit.views import focus_rows as by_duckdb
from tests.unit.views.bigquery_sql import database_with, rows
from tests.unit.views.exported import Loaded, create_focus_costs
from tests.unit.views.test_casts import JSON_TEXTS, TIMES
from tests.unit.views.test_focus_charges import (  # noqa: F401 (pytest runs them here again, on both engines)
    test_aws_line_item_becomes,
    test_azure_price_is_for_a_block_of_units,
    test_azures_earlier_names_are_read,
    test_cur_2_has_tags_in_one_of_two_columns,
    test_effective_cost_of_a_commitment_equals_its_price,
    test_empty_text_is_null,
    test_on_demand_usage_in_amortized_cost_is_billed,
    test_tag_columns_have_the_keys_of_their_sources,
    test_tags_of_aws_lose_only_their_prefix,
    test_tags_of_azure_are_parsed,
)

pytestmark = pytest.mark.timeout(300)  # the first test of a machine waits until GoogleSQL is compiled
JSON_COLUMNS = frozenset(column.name for column in FOCUS_COLUMNS if column.type == "JSON")
# DuckDB divides decimals as DOUBLE, whose fifteenth digit may differ. The emulator's BigQuery divides exactly.
PRICES = ("ContractedUnitPrice", "ListUnitPrice")
QUOTIENTS = {*PRICES, *(f"PricingCurrency{name}" for name in (*PRICES, "EffectiveCost")), "PricingQuantity"}
_DOUBLE, _ALL = Context(prec=12), Context(prec=80)
Exported = tuple[duckdb.DuckDBPyConnection, Mapping[str, Loaded]]
Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """One month of the same charges in every format."""
    with duckdb.connect() as database:
        yield database, create_focus_costs(database, tuple(FORMATS), tmp_path_factory.mktemp("exports"), rows=60)


@pytest.fixture
def acme() -> Iterator[duckdb.DuckDBPyConnection]:
    with database_with("billing") as connection:
        yield connection


@pytest.fixture(autouse=True)
def on_both_engines(analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests of single charges compare both engines, before they compare DuckDB's rows with what they expect."""

    def focus_rows(
        database: duckdb.DuckDBPyConnection, mapping: str, fields: Sequence[Field], *charges: Row, provider: str = "aws"
    ) -> list[dict[str, Any]]:
        found = by_duckdb.focus_rows(database, mapping, fields, *charges, provider=provider)
        given = rows(database, "SELECT * FROM acme.billing.charges")
        source = FocusSource("mine", provider, mapping, "acme.billing.charges")
        assert comparable(by_google(analyzer, source, fields, given)) == comparable(found)
        return found

    monkeypatch.setattr("tests.unit.views.test_focus_charges.focus_rows", focus_rows)


@pytest.mark.parametrize("name", FORMATS)
def test_generated_months_are_equal_on_both_engines(analyzer: Analyzer, exported: Exported, name: str) -> None:
    database, sources = exported
    source, fields, _ = sources[name]

    google = by_google(analyzer, source, fields, rows(database, f"SELECT * FROM {source.table}"))

    assert len(google) > 50
    ours = rows(database, f"SELECT * FROM acme.billing.focus_costs_{name}")
    # As text, GoogleSQL's evaluator writes a DOUBLE of 16 digits with 17.
    digits = _DOUBLE if any(field.type == "FLOAT" for field in fields) else _ALL
    assert comparable(google, digits) == comparable(ours, digits)


@pytest.mark.parametrize("change", [{"BilledCost": Decimal("0.1")}, {"Tags": '{"a": "c"}'}, {"PricingQuantity": None}])
def test_differing_value_is_seen(change: Row) -> None:
    row = {"BilledCost": Decimal("0.100000000000000001"), "Tags": '{"a": "b"}', "PricingQuantity": Decimal(1) / 3}

    assert comparable([row]) == comparable([dict(row)])
    assert comparable([row]) != comparable([{**row, **change}])


def test_text_is_read_as_time_and_json(analyzer: Analyzer) -> None:
    fields = [Field("x", "STRING")]
    query = f"SELECT x, {as_timestamp('x', 'STRING')} AS time, {parsed_json('x')} AS value FROM `{SOURCE.destination}`"
    given = [{"x": text} for text in (*TIMES, *JSON_TEXTS)]

    found = analyzer.evaluate(query, {SOURCE.destination: schema_of(fields)}, {SOURCE.destination: given})

    times = {row["x"]: row["time"] and f"{row['time']:%Y-%m-%d %H:%M:%S.%f}".removesuffix(".000000") for row in found}
    assert {text: times[text] for text in TIMES} == TIMES
    assert {row["x"]: row["value"] for row in found if row["x"] in JSON_TEXTS} == JSON_TEXTS


def test_number_that_json_cannot_hold_is_rounded(analyzer: Analyzer) -> None:
    """DuckDB keeps the text of a number."""
    query = "SELECT " + parsed_json("""'{"a":0.1234567890123456789, "b":"c"}'""") + " AS value"

    assert analyzer.evaluate(query, {}, {}) == [{"value": {"a": 0.12345678901234568, "b": "c"}}]


def test_map_with_keys_that_are_numbers_becomes_json(analyzer: Analyzer) -> None:
    fields = [Field("discount", "MAP<INTEGER, STRING>")]
    query = charges_view(SOURCE, fields).partition(" AS\n")[2]
    given = [{"discount": [{"key": 7, "value": "a"}, {"key": None, "value": "b"}]}]

    found = analyzer.evaluate(query, {SOURCE.destination: schema_of(fields)}, {SOURCE.destination: given})

    assert found == [{"discount": {"7": "a"}}]


def test_key_of_a_map_that_is_no_text_is_left_out(analyzer: Analyzer) -> None:
    """BYTES that are not UTF-8 end a query that casts them."""
    fields = [Field("resource_tags", "MAP<BYTES, STRING>")]
    query = f"SELECT {read_column('resource_tags', 'TAGS', fields, 'aws')} FROM `{SOURCE.destination}`"
    given = [{"resource_tags": [{"key": b"\xff", "value": "a"}, {"key": b"team", "value": "b"}]}]

    found = analyzer.evaluate(query, {SOURCE.destination: schema_of(fields)}, {SOURCE.destination: given})

    assert found == [{"resource_tags": {"team": "b"}}]


def test_invoice_that_is_a_number_counts_as_an_invoice(analyzer: Analyzer) -> None:
    kinds = {SOURCE.format.partition: "TIMESTAMP", SOURCE.format.cost: "BIGNUMERIC", "bill_invoice_id": "INTEGER"}
    fields = [Field(name, kind) for name, kind in kinds.items()]
    given = [dict(zip(kinds, (by_duckdb.MONTH, Decimal(1), invoice), strict=True)) for invoice in (None, 7, 8)]
    query = billed_query(SOURCE, "2025-09", fields, 10)

    [found] = analyzer.evaluate(query, {SOURCE.destination: schema_of(fields)}, {SOURCE.destination: given})

    assert found == {"currency": None, "row_count": 3, "cost": 3, "unreadable": 0, "without_invoice": 1, "bad_rows": 0}


def by_google(
    analyzer: Analyzer, source: FocusSource, fields: Sequence[Field], given: Sequence[Row]
) -> list[dict[str, Any]]:
    return analyzer.evaluate(source_query(source, fields), {source.table: schema_of(fields)}, {source.table: given})


def schema_of(fields: Sequence[Field]) -> tuple[Column, ...]:
    return columns_of([schema_field(field).to_api_repr() for field in fields])


def comparable(found: Sequence[Row], digits: Context = _ALL) -> list[str]:
    """Return rows in one order, as neither engine promises one, with JSON as its content."""
    return sorted(
        json.dumps({name: _comparable(name, value, digits) for name, value in row.items()}, default=str, sort_keys=True)
        for row in found
    )


def _comparable(name: str, value: Any, digits: Context) -> Any:
    if isinstance(value, Decimal):
        if name in QUOTIENTS:
            return str(round(value, 15).normalize(_DOUBLE))  # and has 18 decimals
        return str(value.normalize(digits))
    return json.loads(value) if name in JSON_COLUMNS and isinstance(value, str) else value
