"""Parse each statement once. bqemulator parses the same text up to ten times."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlglot.dialects.dialect import Dialect

_MAX_STATEMENTS = 256  # in the cache; a process runs few different ones

Parse = Callable[..., list[Any]]


def install() -> None:
    Dialect.parse = _remembering(Dialect.parse)


def _remembering(parse: Parse) -> Parse:
    """Return copies of the cached trees, because callers change them."""

    @lru_cache(_MAX_STATEMENTS)
    def tree(kind: Any, normalization: Any, version: Any, sql: str) -> list[Any]:
        dialect = kind()
        dialect.normalization_strategy, dialect.version = normalization, version
        return parse(dialect, sql)

    def parse_or_copy(self: Any, sql: str, **options: Any) -> list[Any]:
        if options or self.settings:
            return parse(self, sql, **options)
        kind: Any = type(self)
        found = tree(kind, self.normalization_strategy, self.version, sql)
        return [statement and statement.copy() for statement in found]

    return parse_or_copy
