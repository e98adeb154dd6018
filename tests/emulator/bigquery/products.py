"""`x * y` of decimals: DuckDB adds up their scales, and holds nothing above 100 where both have 18 decimals."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tests.emulator.bigquery.conversions import BIGNUMERIC_DECIMALS

_PRODUCT = "bigquery_product"
_WIDE, _HALF = f"DECIMAL(38, {BIGNUMERIC_DECIMALS})", f"DECIMAL(38, {BIGNUMERIC_DECIMALS // 2})"
_HIGH_X, _HIGH_Y = f"x::{_HALF}", f"y::{_HALF}"
_LOW_X, _LOW_Y = f"(x - {_HIGH_X})", f"(y - {_HIGH_Y})"
# Upper and lower halves of the decimals apart, and rounded once: exact to 18 decimals.
_OF_DECIMALS = f"{_HIGH_X} * {_HIGH_Y} + ({_HIGH_X} * {_LOW_Y} + {_LOW_X} * {_HIGH_Y} + {_LOW_X} * {_LOW_Y})::{_WIDE}"


def create_macro(connection: Any) -> None:
    """DuckDB takes the overload that fits the types."""
    same = ", ".join(f"(x {kind}, y {kind}) AS x * y" for kind in ("BIGINT", "HUGEINT", "DOUBLE"))
    connection.execute(f"CREATE OR REPLACE MACRO {_PRODUCT}(x {_WIDE}, y {_WIDE}) AS {_OF_DECIMALS}, {same}")


class ProductRule:
    """A rule of the emulator's translator."""

    name = "PRODUCT"

    def applies_to(self, node: exp.Expression) -> bool:
        """Of numbers: an interval is multiplied as ever."""
        return isinstance(node, exp.Mul) and not node.find(exp.Interval)

    def rewrite(self, node: exp.Expression) -> exp.Expression:
        return exp.Anonymous(this=_PRODUCT, expressions=[node.this.copy(), node.expression.copy()])
