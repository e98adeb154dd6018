"""The judge refuses what BigQuery refuses, so that a text that passes means something."""

from __future__ import annotations

import pytest

from tests.googlesql.analyzer import Analyzer, Warehouse
from tests.googlesql.errors import RefusedError
from tests.googlesql.types import Column, array_of, scalar

pytestmark = pytest.mark.timeout(300)  # the first test of a machine waits until GoogleSQL is compiled
TABLES = {
    "acme.billing.t": (
        Column("id", scalar("STRING")),
        Column("cost", scalar("BIGNUMERIC")),
        Column("tags", scalar("JSON")),
    )
}
VIEWS = {
    "acme.billing.good": "CREATE OR REPLACE VIEW `acme.billing.good` AS SELECT cost * 2 AS twice FROM `acme.billing.t`",
    "acme.billing.bad": "CREATE OR REPLACE VIEW `acme.billing.bad` AS SELECT price FROM `acme.billing.t`",
}


@pytest.fixture
def warehouse(analyzer: Analyzer) -> Warehouse:
    return Warehouse(analyzer, TABLES, VIEWS)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT cost AS new FROM billing.t", "Unexpected keyword NEW"),
        ("SELECT price FROM billing.t", "Unrecognized name: price"),
        ("SELECT id FROM billing.gone", "Table not found: billing.gone"),
        ("SELECT id + 1 FROM billing.t", "No matching signature for operator +"),
        ("SELECT id, SUM(cost) FROM billing.t", "neither grouped nor aggregated"),
        ("SELECT id FROM billing.t UNION ALL SELECT cost FROM billing.t", "incompatible types"),
        ("SELECT list_sum([cost]) FROM billing.t", "Function not found: list_sum"),
        ("SELECT cost::STRING FROM billing.t", 'end of input but got ":"'),
        ("SELECT tags = tags FROM billing.t", "Equality is not defined for arguments of type JSON"),
        ("SELECT id FROM billing.t WHERE id IN UNNEST(@ids)", "Query parameter 'ids' not found"),
        ("SELECT id FROM billing.t; SELECT price FROM billing.t", "Unrecognized name: price"),
        ("SELECT * FROM billing.bad", "acme.billing.bad: Unrecognized name: price"),
        ("UPDATE billing.t SET id = '' WHERE TRUE", "Statement not supported"),
    ],
)
def test_wrong_text_is_refused_with_its_reason(warehouse: Warehouse, sql: str, reason: str) -> None:
    with pytest.raises(RefusedError) as refused:
        warehouse.analyze(sql)

    assert reason in str(refused.value)


def test_qualify_without_where_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(RefusedError, match="QUALIFY clause must be used in conjunction with WHERE"):
        analyzer.parse_without_reserved("SELECT id FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY id) = 1")


def test_answer_has_the_columns_of_each_statement(warehouse: Warehouse) -> None:
    script = "SELECT id IN UNNEST(@ids) AS listed FROM `acme.billing.t`; SELECT twice, ';' AS mark FROM billing.good"

    answers = warehouse.analyze(script, {"ids": array_of(scalar("STRING"))})

    assert [[(column.name, column.type) for column in answer] for answer in answers] == [
        [("listed", "BOOL")],
        [("twice", "BIGNUMERIC"), ("mark", "STRING")],
    ]
