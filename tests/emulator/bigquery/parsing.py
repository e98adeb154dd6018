"""Parse SQL fast: each statement once, because bqemulator parses the same text up to ten times, and without copies."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.expressions import POSITION_META_KEYS
from sqlglot.parser import Parser

_MAX_STATEMENTS = 256  # in the cache; a process runs few different ones

Parse = Callable[..., list[Any]]


def install() -> None:
    without_copies()
    Dialect.parse = _remembering(Dialect.parse)


def _without_positions(statement: exp.Expression) -> exp.Expression:
    """Forget where in the text each name was: half of the time of a copy goes into these numbers."""
    for node in statement.walk():
        if node._meta:
            node._meta = {key: node._meta[key] for key in node._meta.keys() - POSITION_META_KEYS} or None
    return statement


def without_copies() -> None:
    """Look for joins that unnest a column only in queries that can have one.

    sqlglot copies what follows FROM in every query to find its name. A query with a subquery in a subquery is copied at
    each level, which takes four fifths of the time to parse a view.
    """
    Parser._implicit_unnests_to_explicit = _where_joined(Parser._implicit_unnests_to_explicit)


def _where_joined(unnest: Callable[[Parser, exp.Expression], exp.Expression]) -> Callable[..., exp.Expression]:
    def changed(parser: Parser, query: exp.Expression) -> exp.Expression:
        joins = query.args.get("joins") or []
        can_unnest = any(isinstance(join.this, exp.Table) and not join.args.get("on") for join in joins)
        return unnest(parser, query) if can_unnest else query

    return changed


def _remembering(parse: Parse) -> Parse:
    """Return copies of the cached trees, because callers change them."""

    @lru_cache(_MAX_STATEMENTS)
    def tree(kind: Any, normalization: Any, version: Any, sql: str) -> list[Any]:
        dialect = kind()
        dialect.normalization_strategy, dialect.version = normalization, version
        return [statement and _without_positions(statement) for statement in parse(dialect, sql)]

    def parse_or_copy(self: Any, sql: str, **options: Any) -> list[Any]:
        if options or self.settings:
            return parse(self, sql, **options)
        kind: Any = type(self)
        found = tree(kind, self.normalization_strategy, self.version, sql)
        return [statement and statement.copy() for statement in found]

    return parse_or_copy
