"""Translate SAFE.PARSE_JSON and the like without DuckDB's TRY.

TRY takes no subquery, and it hides the errors of the arguments, too. In BigQuery these end the query.
"""

from __future__ import annotations

from bqemulator.sql.rewriter import safe_helpers
from sqlglot import exp

_OR_NULL = {
    "JSON_PARSED": "JSON_PARSED_OR_NULL",
    "DATE_OR_NULL_OF_TEXT": "DATE_OR_NULL_OF_TEXT",
    "TIMESTAMP_OR_NULL_OF_MICROS": "TIMESTAMP_OR_NULL_OF_MICROS",
}


class SafeRule:
    """A rule of bqemulator's translator: TRY(f(x)) becomes f_or_null(x)."""

    name = "SAFE_WITHOUT_TRY"

    def applies_to(self, node: exp.Expression) -> bool:
        return isinstance(node, exp.Try) and _function(node).name.upper() in _OR_NULL

    def rewrite(self, node: exp.Expression) -> exp.Expression:
        function = _function(node)
        new = exp.Anonymous(
            this=_OR_NULL[function.name.upper()], expressions=[one.copy() for one in function.expressions]
        )
        if function is node.this:
            return new
        whole = node.this.copy()
        _function(whole).replace(new)
        return whole


def install() -> None:
    safe_helpers._rewrite_safe_funcs = _rewrite


def _rewrite(tree: exp.Expression) -> bool:
    """Replace SAFE.f(x) by TRY(f(x)), the inner ones first. bqemulator loses a SAFE inside another one."""
    found = list(tree.find_all(exp.SafeFunc))
    for node in reversed(found):
        node.replace(exp.Anonymous(this="TRY", expressions=[node.this.copy()]))
    return bool(found)


def is_safe(node: exp.Expression) -> bool:
    """Return whether the node is the function after SAFE. A cast may be around it."""
    parent = node.parent
    while isinstance(parent, exp.Cast):
        parent = parent.parent
    return isinstance(parent, exp.Try)


def _function(node: exp.Expression) -> exp.Expression:
    inner = node.this
    while isinstance(inner, exp.Cast):
        inner = inner.this
    return inner
