"""What a month costs, as the load history measures it: by currency, or why not."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, NotFound

from billing.columns.field import Field
from billing.decisions.billed import Billed, CurrencyCost
from billing.gcp.history import LoadHistory
from tests.fakes.clock import FakeClock
from tests.unit.values import aws, settings


def row(
    currency: str | None,
    count: int = 1,
    cost: str = "1",
    unreadable: int = 0,
    without: int | None = 0,
    bad_rows: int = 0,
) -> dict[str, Any]:
    return {
        "currency": currency,
        "row_count": count,
        "cost": Decimal(cost),
        "unreadable": unreadable,
        "without_invoice": without,
        "bad_rows": bad_rows,
    }


def billed(answer: list[dict[str, Any]] | Exception) -> Billed:
    """Measure a month with this answer to the query."""

    def query(sql: str) -> list[dict[str, Any]]:
        if isinstance(answer, Exception):
            raise answer
        return answer

    warehouse: Any = SimpleNamespace(query=query)
    return LoadHistory(warehouse, settings(), None, FakeClock()).billed(aws(), "2025-09", [])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], Billed(costs=())),
        ([row("USD", 3, "4.5")], Billed((CurrencyCost("USD", 3, Decimal("4.5")),), invoiced=True)),
        (
            [row("USD", without=0, unreadable=2), row(None, without=1, unreadable=1)],
            Billed(
                (CurrencyCost("USD", 1, Decimal(1)), CurrencyCost(None, 1, Decimal(1))), invoiced=False, unreadable=3
            ),
        ),
        ([row("USD", without=None)], Billed((CurrencyCost("USD", 1, Decimal(1)),), invoiced=None)),
    ],
    ids=["no row", "one currency", "two currencies", "no column of invoices"],
)
def test_each_row_is_a_currency(rows: list[dict[str, Any]], expected: Billed) -> None:
    assert billed(rows) == expected


def test_columns_with_bad_bytes_are_asked_for_only_if_rows_have_some() -> None:
    found = [row("USD", bad_rows=2), row("EUR", bad_rows=1)]
    answers = [found, [{"tag": True, "city": False, "note": True}]]
    warehouse: Any = SimpleNamespace(query=lambda sql: answers.pop(0))

    measured = LoadHistory(warehouse, settings(), None, FakeClock()).billed(aws(), "2025-09", [Field("tag", "STRING")])

    assert (measured.bad_rows, measured.bad_columns, answers) == (3, ("tag", "note"), [])


def test_columns_that_no_query_can_name_leave_the_cost_known() -> None:
    def query(sql: str) -> list[dict[str, Any]]:
        if "bad_rows" not in sql:
            raise BadRequest("The query is too large.")
        return [row("USD", cost="4.5", bad_rows=2)]

    warehouse: Any = SimpleNamespace(query=query)
    measured = LoadHistory(warehouse, settings(), None, FakeClock()).billed(aws(), "2025-09", [Field("tag", "STRING")])

    assert (measured.failure, measured.bad_rows) == ("", 2)
    assert measured.costs == (CurrencyCost("USD", 1, Decimal("4.5")),)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ([row(f"C{number}") for number in range(101)], "the month has more than 100 currencies."),
        ([row("C" * 41)], "a currency has 41 characters, more than 40."),
        (BadRequest("BIGNUMERIC overflow"), "400 BIGNUMERIC overflow"),
    ],
    ids=["too many", "too long", "a query that fails"],
)
def test_month_that_cannot_be_measured_says_why(answer: list[dict[str, Any]] | Exception, failure: str) -> None:
    assert billed(answer) == Billed(failure=failure)


def test_missing_table_is_an_error() -> None:
    with pytest.raises(NotFound):
        billed(NotFound("Not found: Table"))
