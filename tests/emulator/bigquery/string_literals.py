"""Rewrite the string literals of a statement, so that sqlglot reads every escape as BigQuery does.

https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences
"""

from __future__ import annotations

import re
from functools import lru_cache

from bqemulator.domain.errors import InvalidQueryError

_MAX_STATEMENTS = 256  # in the cache
_BODY = r"(?:\\.|(?!{quote})[^\\])*"
_STRINGS = "|".join(f"(?:{quote}{_BODY.format(quote=quote)}{quote})" for quote in ("'''", '"""', "'", '"'))
# A literal that touches the next one is an error in BigQuery, and one literal in DuckDB.
_TOKEN = re.compile(
    rf"(--[^\n]*|\#[^\n]*|/\*.*?\*/|`[^`]*`)|(?<!\w)([rR]?[bB]?|[bB][rR])({_STRINGS})(?=(['\"])?)", re.S
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.S)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SAME = "\\?\"'`"
_WRITTEN = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@lru_cache(_MAX_STATEMENTS)
def plain(sql: str) -> str:
    """Return the statement with string literals in single quotes and with few escapes."""
    return _TOKEN.sub(_rewritten, sql) if "\\" in sql or "''" in sql or '""' in sql else sql


def _rewritten(found: re.Match[str]) -> str:
    prefix, text, touching = found[2], found[3], found[4]
    if text is None:
        return found[0]
    if touching:
        raise InvalidQueryError(f"Syntax error: concatenated string literals need a space between them: {found[0]}")
    if prefix:
        return found[0]
    size = 3 if text[:3] in ("'''", '"""') else 1
    value = _ESCAPE.sub(_character, text[size:-size])
    return f"'{''.join(_WRITTEN.get(mark, mark) for mark in value)}'"


def _character(found: re.Match[str]) -> str:
    code, octal, mark = found[1] or found[2] or found[3], found[4], found[5]
    if mark in _PLAIN:
        return _PLAIN[mark]
    if mark is not None and mark in _SAME:
        return mark
    if mark is not None:
        raise InvalidQueryError(f"Syntax error: Illegal escape sequence: \\{mark}")
    return chr(int(code, 16) if code else int(octal, 8))
