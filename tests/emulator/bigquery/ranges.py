"""Limit dates to the years 1 to 9999, as BigQuery does. DuckDB alone goes on to the year 294247.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#date_type
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999  # microseconds since 1970
_IN_RANGE, _IN_RANGE_OR_NULL = "bigquery_date_in_range", "bigquery_date_in_range_or_null"


def create_macros(connection: Any) -> None:
    """Create one that fails outside the range, and one that gives NULL: DuckDB's TRY does not take error()."""
    outside = "error('The date or timestamp is outside the years 1 to 9999')"
    for name, otherwise in ((_IN_RANGE, outside), (_IN_RANGE_OR_NULL, "NULL")):
        check = f"CASE WHEN epoch_us(x) NOT BETWEEN {_FIRST} AND {_LAST} THEN {otherwise} ELSE x END"
        connection.execute(f"CREATE OR REPLACE MACRO {name}(x) AS {check}")


class RangeRule:
    """A rule of bqemulator's translator: what computes or parses a date becomes an argument of the macro."""

    name = "DATE_RANGE"

    def applies_to(self, node: exp.Expression) -> bool:
        """Match sums of a date and an interval, and functions that make a date of a text or a number."""
        if isinstance(node, exp.Add | exp.Sub):
            return isinstance(node.expression, exp.Interval) and not isinstance(node.this, exp.Interval)
        return isinstance(node, exp.StrToTime | exp.UnixToTime)

    def rewrite(self, node: exp.Expression) -> exp.Expression:
        is_safe = node.find_ancestor(exp.Try) is not None  # SAFE.PARSE_DATE(...)
        return exp.Anonymous(this=_IN_RANGE_OR_NULL if is_safe else _IN_RANGE, expressions=[node.copy()])
