"""The SQL of a staging table, and which of its months are accepted."""

from __future__ import annotations

import pytest
import sqlglot

from billing.columns.field import Field, map_of
from billing.views.staging import check_months, months_query, swap_query
from tests.unit.values import error_of

PERIOD, ITEM = Field("Start", "TIMESTAMP"), Field("item", "STRING")
TABLE = [
    *(PERIOD, ITEM, Field("n", "INTEGER"), Field("x", "FLOAT"), Field("is_on", "BOOLEAN"), Field("doc", "JSON")),
    Field("tags", map_of("STRING", "FLOAT")),
]
MISSING = (
    "  CAST(NULL AS INT64) AS `n`,\n  CAST(NULL AS FLOAT64) AS `x`,\n  CAST(NULL AS BOOL) AS `is_on`,\n"
    "  CAST(NULL AS JSON) AS `doc`,\n  CAST(NULL AS ARRAY<STRUCT<key STRING, value FLOAT64>>) AS `tags`\nFROM `p.d.s`"
)

MONTHS = "7 in 2024-07, 6 in 2024-06, 5 in 2024-05, 4 in 2024-04, 3 in 2024-03"


@pytest.mark.parametrize(
    ("staged", "kind", "begin"),
    [
        ([PERIOD, ITEM], "TIMESTAMP", "COALESCE(`Start`, TIMESTAMP '2025-09-01 00:00:00+00')"),
        ([ITEM, Field("START", "TIMESTAMP")], "TIMESTAMP", "COALESCE(`Start`, TIMESTAMP '2025-09-01 00:00:00+00')"),
        ([ITEM], "TIMESTAMP", "TIMESTAMP '2025-09-01 00:00:00+00'"),
        ([ITEM], "DATE", "DATE '2025-09-01'"),
        ([ITEM], "DATETIME", "DATETIME '2025-09-01'"),
    ],
)
def test_swap_fills_the_period_and_writes_every_column(staged: list[Field], kind: str, begin: str) -> None:
    sql = swap_query("p.d.s", "Start", "2025-09", staged, [Field("Start", kind), *TABLE[1:]])

    assert sql == f"SELECT\n  {begin} AS `Start`,\n  `item`,\n{MISSING}"
    assert len(sqlglot.parse_one(sql, read="bigquery").named_selects) == len(TABLE)


def test_swap_keeps_columns_that_a_recreated_table_lacks() -> None:
    sql = swap_query("p.d.s", "Start", "2025-09", [ITEM, Field("new", "STRING")], [Field("Start", "DATE"), ITEM])

    assert sql == "SELECT\n  DATE '2025-09-01' AS `Start`,\n  `item`,\n  `new`\nFROM `p.d.s`"


@pytest.mark.parametrize(
    ("staged", "month"),
    [([PERIOD], "FORMAT_DATE('%Y-%m', DATE(`Start`))"), ([ITEM], "CAST(NULL AS STRING)")],
)
def test_rows_are_counted_by_month(staged: list[Field], month: str) -> None:
    sql = months_query("p.d.s", "Start", staged)

    assert sql == f"SELECT {month} AS month, COUNT(*) AS row_count FROM `p.d.s` GROUP BY 1"


@pytest.mark.parametrize("rows", [{None: 3}, {"2025-09": 2, None: 3}, {"2025-09": 2}, {}])
def test_month_and_blanks_are_accepted(rows: dict[str | None, int]) -> None:
    assert check_months(rows, "Start", "2025-09") == rows.get(None, 0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            {"2025-09": 2, "2025-08": 1, None: 3},
            "Of 6 rows, 1 have a Start outside 2025-09: 1 in 2025-08. In 3 rows it is blank.",
        ),
        (
            {f"2024-{month:02d}": month for month in range(2, 8)},
            f"Of 27 rows, 27 have a Start outside 2025-09: {MONTHS}, others in 1 more months. In 0 rows it is blank.",
        ),
    ],
)
def test_other_months_are_named_the_largest_first(rows: dict[str | None, int], message: str) -> None:
    error = error_of(check_months, rows, "Start", "2025-09")

    assert error == f"ROWS_OUTSIDE_MONTH: {message} Deliver the month again."
