"""Translate SAFE.PARSE_JSON of a subquery, which DuckDB's TRY does not take."""

from __future__ import annotations

from sqlglot import exp


class SafeJsonRule:
    """A rule of bqemulator's translator: TRY(JSON(x)) becomes TRY_CAST(x AS JSON)."""

    name = "SAFE_PARSE_JSON"

    def applies_to(self, node: exp.Expression) -> bool:
        return isinstance(node, exp.Try) and isinstance(node.this, exp.ParseJSON)

    def rewrite(self, node: exp.Expression) -> exp.Expression:
        return exp.TryCast(this=node.this.this.copy(), to=exp.DataType.build("JSON"))
