"""Limit dates to the years 1 to 9999, as BigQuery does. DuckDB alone goes on to the year 294247.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#date_type
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tests.emulator.bigquery import safe

_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999  # microseconds since 1970
_MONTH, _MONTH_OR_NULL = "date_of_text", "date_or_null_of_text"  # Python functions of `exact_functions.py`
_MICROS, _MICROS_OR_NULL = "timestamp_of_micros", "timestamp_or_null_of_micros"
_IN_RANGE, _IN_RANGE_OR_NULL = "bigquery_date_in_range", "bigquery_date_in_range_or_null"


def create_macros(connection: Any) -> None:
    """Create one that fails outside the range, and one that gives NULL: DuckDB's TRY does not take error()."""
    outside = "error('The date or timestamp is outside the years 1 to 9999')"
    for name, otherwise in ((_IN_RANGE, outside), (_IN_RANGE_OR_NULL, "NULL")):
        check = f"CASE WHEN epoch_us(x) NOT BETWEEN {_FIRST} AND {_LAST} THEN {otherwise} ELSE x END"
        connection.execute(f"CREATE OR REPLACE MACRO {name}(x) AS {check}")
    for name, otherwise in ((_MICROS, outside), (_MICROS_OR_NULL, "NULL")):
        check = f"CASE WHEN x NOT BETWEEN {_FIRST} AND {_LAST} THEN {otherwise} ELSE make_timestamptz(x) END"
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
        is_safe = safe.is_safe(node)  # SAFE.PARSE_DATE(...)
        if isinstance(node, exp.StrToTime):
            return _parsed(node, is_safe=is_safe)
        amount = node.expression.this if isinstance(node.expression, exp.Interval) else None
        if amount is None or isinstance(amount, exp.Literal):
            return _checked(node, is_safe=is_safe)
        if node.expression.text("unit").upper() == "MICROSECOND":
            return _in_microseconds(node, amount, is_safe=is_safe)
        # DuckDB fails for a number of days that is too large, also beside NULL
        is_known = exp.Is(this=node.this.copy(), expression=exp.Null()).not_()
        return exp.Case(ifs=[exp.If(this=is_known, true=_checked(node, is_safe=is_safe))])


def _in_microseconds(node: exp.Expression, amount: exp.Expression, *, is_safe: bool) -> exp.Expression:
    """Compute with integers: DuckDB multiplies an interval as DOUBLE. bqemulator adds TIMESTAMP_MICROS to 1970."""
    if isinstance(node.this, exp.Cast) and node.this.this.is_string:
        return exp.Anonymous(this=_MICROS_OR_NULL if is_safe else _MICROS, expressions=[amount.copy()])
    exact = exp.Anonymous(this="to_microseconds", expressions=[amount.copy()])
    return _checked(type(node)(this=node.this.copy(), expression=exact), is_safe=is_safe)


def _parsed(node: exp.StrToTime, *, is_safe: bool) -> exp.Expression:
    """Read a text as BigQuery does: DuckDB also takes words like `epoch`."""
    text = exp.Anonymous(
        this=_MONTH_OR_NULL if is_safe else _MONTH, expressions=[node.this.copy(), node.args["format"].copy()]
    )
    return exp.cast(text, exp.DType.TIMESTAMP)


def _checked(node: exp.Expression, *, is_safe: bool) -> exp.Expression:
    return exp.Anonymous(this=_IN_RANGE_OR_NULL if is_safe else _IN_RANGE, expressions=[node.copy()])
