"""Evaluate the part of Cloud Logging's query language that our filters use.

Google publishes no parser of this language, so only this code judges our filters. It follows
https://cloud.google.com/logging/docs/view/logging-query-language: comparisons of strings ignore case, a missing field
equals nothing, AND and OR are upper case, severities are ordered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

LogEntry = Mapping[str, Any]
Test = Callable[[LogEntry], bool]

_SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|>=|=|\(|\)|\d+|[A-Za-z_][\w.]*)')


def matches(query: str, entry: LogEntry) -> bool:
    """Return True if the query matches the entry. Raises ValueError for an unknown part of the query."""
    parser = _Parser(query)
    test = parser.either()
    if parser.tokens:
        raise ValueError(f"{parser.tokens[0]!r} is not understood in {query}")
    return test(entry)


class _Parser:
    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens = _tokens(query)

    def either(self) -> Test:
        tests = [self.both()]
        while self._take("OR"):
            tests.append(self.both())
        return lambda entry: any(test(entry) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self._take("AND"):
            tests.append(self.one())
        return lambda entry: all(test(entry) for test in tests)

    def one(self) -> Test:
        if self._take("("):
            test = self.either()
            self._expect(")")
            return test
        name = self._next()
        if name == "log_id":
            self._expect("(")
            log = self._string(self._next())
            self._expect(")")
            return lambda entry: str(entry["logName"]).endswith(f"/logs/{log.replace('/', '%2F')}")
        return self._comparison(name)

    def _comparison(self, field: str) -> Test:
        operator = self._next()
        if operator == ">=" and field == "severity":
            least = _SEVERITIES.index(self._next())
            return lambda entry: _SEVERITIES.index(entry["severity"]) >= least
        if operator != "=":
            raise ValueError(f"{field} {operator} is not understood in {self.query}")
        wanted = {value.casefold() for value in self._values()}
        return lambda entry: (found := _field(entry, field)) is not None and str(found).casefold() in wanted

    def _values(self) -> list[str]:
        if not self._take("("):
            return [self._string(self._next())]
        values = [self._string(self._next())]
        while self._take("OR"):
            values.append(self._string(self._next()))
        self._expect(")")
        return values

    def _string(self, token: str) -> str:
        if token in _SEVERITIES or token.isdigit():
            return token
        if not token.startswith('"') or "\\" in token:
            raise ValueError(f"{token} is no plain string in {self.query}")
        return token[1:-1]

    def _take(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            del self.tokens[0]
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise ValueError(f"{token!r} is missing in {self.query}")

    def _next(self) -> str:
        if not self.tokens:
            raise ValueError(f"{self.query} ends too early")
        return self.tokens.pop(0)


def _tokens(query: str) -> list[str]:
    tokens, place = [], 0
    while place < len(query.rstrip()):
        found = _TOKEN.match(query, place)
        if found is None:
            raise ValueError(f"{query[place:]!r} is not understood")
        tokens.append(found[1])
        place = found.end()
    return tokens


def _field(entry: LogEntry, path: str) -> Any:
    value: Any = entry
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
