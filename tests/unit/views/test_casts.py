"""No value of a row makes a view fail: casts that give NULL, and a search for functions that could fail."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from billing.columns.field import Field, map_of
from billing.formats import FORMATS
from billing.views.billed import billed_query
from billing.views.casts import as_number, as_text, as_timestamp, bounded, parsed_json
from billing.views.focus import union_query
from billing.views.quality import quality_query
from billing.views.status import statements
from billing_cli.report.queries import months_query, split_query
from tests.unit.values import aws, azure
from tests.unit.views.bigquery_sql import PHYSICAL, connect, rows, translated
from tests.unit.views.focus_rows import MONTH, fields_of, query_of

MAPPINGS = sorted({one.focus for one in FORMATS.values()} | {"google_billing"})
NO_NUMBERS = ("nan", "inf", "-inf", "1e39", "-1e39", "1e300", "1e28")


def value_of(sql: str, value: str, kind: str) -> object:
    """Return what the SQL gives for a value of that DuckDB type in the column x."""
    with connect() as database:
        [row] = rows(
            database, f"SELECT {translated(f'SELECT {sql}')[7:]} AS found FROM (SELECT '{value}'::{kind} AS x)"
        )
    return row["found"]


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize(("kind", "physical"), [("FLOAT", "DOUBLE"), ("STRING", "VARCHAR"), (None, "DOUBLE")])
def test_what_is_no_number_is_null(kind: str | None, physical: str, value: str) -> None:
    assert value_of(as_number("x", kind), value, physical) is None


@pytest.mark.parametrize(
    ("kind", "physical", "value", "number"),
    [
        ("FLOAT", "DOUBLE", "0.4021308468", "0.4021308468"),
        ("FLOAT", "DOUBLE", "-1e-7", "-0.0000001"),
        ("STRING", "VARCHAR", "12.5", "12.5"),
        ("STRING", "VARCHAR", "", None),
        ("STRING", "VARCHAR", "twelve", None),
        ("BIGNUMERIC", "DECIMAL(38, 18)", "1.000000000000000001", "1.000000000000000001"),
        ("INTEGER", "BIGINT", "-7", "-7"),
        ("NUMERIC", "DECIMAL(38, 9)", "0.5", "0.5"),
        (None, "BIGINT", "7", "7"),
        ("BOOLEAN", "BOOLEAN", "true", None),
        ("TIMESTAMP", "TIMESTAMPTZ", "2025-09-01", None),
    ],
)
def test_number_is_read_exactly(kind: str | None, physical: str, value: str, number: str | None) -> None:
    assert value_of(as_number("x", kind), value, physical) == (number and Decimal(number))


@pytest.mark.parametrize(
    ("kind", "physical", "value", "text"),
    [
        ("STRING", "VARCHAR", "a", "a"),
        ("STRING", "VARCHAR", "", None),
        ("BIGNUMERIC", "DECIMAL(38, 2)", "1.50", "1.50"),
        ("BOOLEAN", "BOOLEAN", "true", "true"),
        ("BYTES", "BLOB", "a", "a"),
        ("JSON", "JSON", '{"a":1}', '{"a":1}'),
    ],
)
def test_every_type_has_a_text(kind: str, physical: str, value: str, text: str | None) -> None:
    assert value_of(as_text("x", kind), value, physical) == text


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("TIMESTAMP", "x"),
        ("DATE", "CAST(x AS TIMESTAMP)"),
        ("INTEGER", "CAST(NULL AS TIMESTAMP)"),
    ],
)
def test_every_type_has_a_time_or_none(kind: str, sql: str) -> None:
    assert as_timestamp("x", kind) == sql


# text of a column, and the time that both engines read in it
TIMES = {
    "2025-09-01": "2025-09-01 00:00:00",
    "2025-09-01 12:34:56": "2025-09-01 12:34:56",
    "2025-09-01T12:34Z": "2025-09-01 12:34:00",
    "2025-09-01T12:34": "2025-09-01 12:34:00",
    "2025-09-01T12:34+02:00": "2025-09-01 10:34:00",
    "2025-09-01T12:34:56.1234567Z": "2025-09-01 12:34:56.123456",
    "": None,
    "09/01/2025": None,
    "2025-09": None,
}
# text of a column, and the JSON that both engines read in it
JSON_TEXTS = {
    '{"a":"b"}': {"a": "b"},
    '{"a":"b\tc"}': {"a": "b c"},
    '{"a":"\\ud83d\\ude00"}': {"a": "\U0001f600"},
    '{"a":"x\\ud83dy", "b": "\\uDE00"}': {"a": "xy", "b": ""},
    '{"a":"C:\\\\ud83d"}': {"a": "C:\\ud83d"},
    '{"a":1.5}': {"a": 1.5},
    "{": None,
    "": None,
}


@pytest.mark.parametrize("text", TIMES)
def test_text_is_read_as_a_time(acme: duckdb.DuckDBPyConnection, text: str) -> None:
    acme.execute("CREATE TABLE acme.billing.charges AS SELECT ? AS x", [text])

    [row] = rows(acme, translated(f"SELECT {as_timestamp('x', 'STRING')} AS found FROM `acme.billing.charges`"))

    assert row["found"] == (TIMES[text] and datetime.fromisoformat(f"{TIMES[text]}+00:00"))


@pytest.mark.parametrize("text", JSON_TEXTS)
def test_text_is_read_as_json(acme: duckdb.DuckDBPyConnection, text: str) -> None:
    acme.execute("CREATE TABLE acme.billing.charges AS SELECT ? AS x", [text])

    [row] = rows(acme, translated(f"SELECT {parsed_json('x')} AS found FROM `acme.billing.charges`"))

    assert (row["found"] and json.loads(row["found"])) == JSON_TEXTS[text]


POISON = {
    "FLOAT": NO_NUMBERS,
    "STRING": ("", "nan", "1e400", "{", '{"a":1e400}', "9999-12-31", "0000-01-01", "1000000000000000000000000K Hours"),
    "BIGNUMERIC": ("9999999999999999999", "-9999999999999999999", "0.000000000000000001"),
    "TIMESTAMP": ("9999-12-31 23:59:59", "0001-01-01 00:00:00"),
    "DATE": ("9999-12-31", "0001-01-01"),
    "JSON": ("null", "[1]", '{"a":[1]}'),
    "BOOLEAN": ("true",),
    "INTEGER": ("9223372036854775807", "-9223372036854775808"),
    "BYTES": ("\\xFF\\x00",),
}


@pytest.mark.parametrize("kind", POISON)
@pytest.mark.parametrize("mapping", [name for name in MAPPINGS if name != "google_billing"])
def test_view_of_a_source_answers_whatever_its_columns_hold(
    acme: duckdb.DuckDBPyConnection, mapping: str, kind: str
) -> None:
    """Every column that the mapping reads has this type and these values. The partition column cannot."""
    [partition] = {one.partition for one in FORMATS.values() if one.focus == mapping}
    names = [field.name for field in fields_of(mapping) if field.name != partition]
    physical = {**PHYSICAL, "BYTES": "BLOB"}[kind]
    columns = ", ".join(f'"{name}" {physical}' for name in names)
    acme.execute(f'CREATE TABLE acme.billing.charges ("{partition}" TIMESTAMPTZ, {columns})')
    for value in POISON[kind]:
        acme.execute(f"INSERT INTO acme.billing.charges VALUES (?{', ?' * len(names)})", [MONTH, *[value] * len(names)])
    fields = [Field(partition, "TIMESTAMP"), *(Field(name, kind) for name in names)]

    acme.execute(f"CREATE VIEW acme.billing.focus_costs AS {translated(query_of(mapping, fields))}")
    found = rows(acme, "SELECT * FROM acme.billing.focus_costs")

    assert len(found) == len(POISON[kind])
    assert {row["BillingPeriodStart"] for row in found} == {MONTH}
    [total] = rows(acme, "SELECT SUM(BilledCost) AS cost FROM acme.billing.focus_costs")
    assert kind != "FLOAT" or total["cost"] in (None, 0)


def test_entry_of_a_map_without_a_key_is_left_out(acme: duckdb.DuckDBPyConnection) -> None:
    acme.execute(
        "CREATE TABLE acme.billing.charges AS SELECT TIMESTAMPTZ '2025-09-01' AS BillingPeriodStart,"
        " [{'key': NULL, 'value': 'a'}, {'key': 'team', 'value': 'b'}] AS \"Tags\""
    )
    fields = [Field("BillingPeriodStart", "TIMESTAMP"), Field("Tags", map_of("STRING", "STRING"))]

    [row] = rows(acme, translated(query_of("native", fields)))

    assert row["Tags"] == '{"team":"b"}'


def every_query() -> dict[str, str]:
    """Return the SQL of every view, with columns of every type, and of every other query over billing data."""
    typed = {
        f"{mapping} with {kind}": query_of(mapping, [Field(field.name, kind) for field in fields_of(mapping)])
        for mapping in MAPPINGS
        for kind in (*POISON, map_of("STRING", "STRING"))
        if (mapping, kind) != ("google_billing", "BYTES")  # it reads a part of a RECORD, which is a FLOAT64
    }
    usual = {mapping: query_of(mapping, fields_of(mapping)) for mapping in MAPPINGS}
    sources = [aws(), azure(), aws(FORMAT="aws_focus_csv")]
    maps = [Field("Tags", map_of("STRING", "BIGNUMERIC")), Field("BilledCost", "FLOAT"), Field("product", "JSON")]
    status = {f"statement {n}": text for n, text in enumerate(statements(sources, {"aws_cur": maps}))}
    charges = "FROM `p.d.focus_costs`"
    others = {
        "union": union_query(["p.d.one"]),
        "quality": quality_query("p.d.focus_costs", ["p.d.billing_status"]),
        "billed": billed_query(aws(), "2025-09", [Field("line_item_unblended_cost", "FLOAT")], 2),
        "months": months_query(charges),
        "split": split_query(charges, "ServiceName", "ServiceName"),
    }
    return {**usual, **typed, **status, **others}


def may_fail(node: exp.Expression, query: str = "") -> bool:
    """Return whether the node is a function that ends a query for some values of its arguments."""
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return not _fits(node, query)
    if isinstance(node, exp.Div | exp.Mul):
        return not isinstance(node.expression, exp.Literal)
    if isinstance(node, exp.ParseJSON | exp.StrToDate | exp.ParseTime | exp.StrToTime | exp.UnixToTime):
        return not isinstance(node.parent, exp.SafeFunc) and not isinstance(node.this, exp.Literal)
    if isinstance(node, exp.DateAdd | exp.DateSub | exp.TimestampAdd | exp.TimestampSub):
        return node.find_ancestor(exp.If) is None and node.this.find(exp.If) is None  # guarded by a comparison
    return isinstance(node, exp.JSONObject) and not all("key IS NULL" in one.sql() for one in node.find_all(exp.Where))


def _fits(cast: exp.Cast, query: str) -> bool:
    """Return whether a cast takes every value of its type. `query` ends with the type of its columns."""
    if isinstance(cast.this, exp.Null | exp.Literal):
        return True
    return {
        exp.DType.TEXT: not query.endswith("BYTES"),
        exp.DType.DOUBLE: True,  # of numbers
        exp.DType.TIMESTAMPTZ: query.endswith("DATE"),
        exp.DType.BIGDECIMAL: query.endswith("INTEGER"),
    }.get(cast.to.this, False)


def test_no_function_in_a_view_can_fail() -> None:
    queries = every_query()

    found = {
        f"{name}: {node.sql('bigquery')[:90]}"
        for name, query in queries.items()
        for node in sqlglot.parse_one(query, read="bigquery").walk()
        if may_fail(node, name)
    }

    assert found == set()
    assert len(queries) > 50


def is_binary(node: exp.Expression, query: str = "") -> bool:
    """Return whether a cast may make a BIGNUMERIC or NUMERIC of a FLOAT64. BigQuery expands its binary value.

    `query` ends with the type of its columns. A text has the digits that the provider wrote.
    """
    if not isinstance(node, exp.Cast) or node.to.this not in (exp.DType.BIGDECIMAL, exp.DType.DECIMAL):
        return False
    value = node.this.unnest()
    if isinstance(value, exp.Column):
        return not query.endswith(("STRING", "INTEGER"))
    texts = (exp.Null, exp.Literal, exp.Replace, exp.RegexpExtract, exp.JSONExtractScalar)
    is_text = isinstance(value, texts) or (isinstance(value, exp.Cast) and value.to.this == exp.DType.TEXT)
    return not is_text and not isinstance(value, exp.SafeDivide | exp.SafeMultiply)  # of numbers that are BIGNUMERIC


def test_no_float_becomes_a_decimal_but_by_its_text() -> None:
    queries = every_query()

    found = {
        f"{name}: {node.sql('bigquery')[:90]}"
        for name, query in queries.items()
        for node in sqlglot.parse_one(query, read="bigquery").walk()
        if is_binary(node, name)
    }

    assert found == set()
    assert any("CAST(CAST(" in query.replace("SAFE_", "") for query in queries.values())


@pytest.mark.parametrize("sql", ["CAST(a AS BIGNUMERIC)", "SAFE_CAST(a.b AS NUMERIC)", "CAST(ABS(a) AS BIGNUMERIC)"])
def test_search_finds_a_float_that_becomes_a_decimal(sql: str) -> None:
    assert any(map(is_binary, sqlglot.parse_one(f"SELECT {sql}", read="bigquery").walk()))


@pytest.mark.parametrize(
    "sql",
    [
        *("a / b", "a * b", "PARSE_DATE('%Y', a)", "PARSE_JSON(a)", "DATE_ADD(a, INTERVAL 1 DAY)"),
        *("TIMESTAMP_ADD(a, INTERVAL 1 DAY)", "TIMESTAMP_MICROS(a)", "CAST(a AS INT64)", "CAST(a AS DATE)"),
    ],
)
def test_search_finds_what_can_fail(sql: str) -> None:
    assert any(map(may_fail, sqlglot.parse_one(f"SELECT {sql}", read="bigquery").walk()))


def test_limit_leaves_room_for_the_sum_of_a_month() -> None:
    assert bounded("x") == "IF(ABS(CAST(x AS FLOAT64)) < 1e28, x, NULL)"
    assert Decimal("1e28") * 10**10 < Decimal(2**255) / 10**38
