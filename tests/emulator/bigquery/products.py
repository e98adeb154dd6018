"""Multiply decimals exactly to 18 places. DuckDB alone adds up the scales, which leaves two digits before the point."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tests.emulator.bigquery.conversions import BIGNUMERIC_DECIMALS

_PRODUCT = "bigquery_product"
_WIDE, _HALF = f"DECIMAL(38, {BIGNUMERIC_DECIMALS})", f"DECIMAL(38, {BIGNUMERIC_DECIMALS // 2})"
_HIGH_X, _HIGH_Y = f"x::{_HALF}", f"y::{_HALF}"
_LOW_X, _LOW_Y = f"(x - {_HIGH_X})", f"(y - {_HIGH_Y})"
# The upper and lower 9 decimals are multiplied apart, and the sum is rounded once.
_OF_DECIMALS = f"{_HIGH_X} * {_HIGH_Y} + ({_HIGH_X} * {_LOW_Y} + {_LOW_X} * {_HIGH_Y} + {_LOW_X} * {_LOW_Y})::{_WIDE}"


def create_macro(connection: Any) -> None:
    """Create one overload per pair of types."""
    same = ", ".join(f"(x {kind}, y {kind}) AS x * y" for kind in ("BIGINT", "HUGEINT", "DOUBLE"))
    connection.execute(f"CREATE OR REPLACE MACRO {_PRODUCT}(x {_WIDE}, y {_WIDE}) AS {_OF_DECIMALS}, {same}")


class ProductRule:
    """A rule of bqemulator's translator: `x * y` becomes a call of the macro, and so does SAFE_MULTIPLY(x, y)."""

    name = "PRODUCT"

    def applies_to(self, node: exp.Expression) -> bool:
        """Match products of numbers, not of intervals."""
        return isinstance(node, exp.Mul | exp.SafeMultiply) and not node.find(exp.Interval)

    def rewrite(self, node: exp.Expression) -> exp.Expression:
        product = exp.Anonymous(this=_PRODUCT, expressions=[node.this.copy(), node.expression.copy()])
        return exp.Try(this=product) if isinstance(node, exp.SafeMultiply) else product
