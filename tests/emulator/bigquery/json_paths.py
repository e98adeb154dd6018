"""Read a part of JSON by its path. The rules are those of Google's own evaluator.

Google reads a STRING only until it has found the part, and takes more than JSON: single quotes, a comma before the end.
A JSON value is known to be right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tests.emulator.bigquery.json_texts import Number, Pairs, escaped, first_of_each, written

_STEP = re.compile(r"\.([A-Za-z_][A-Za-z_0-9]*)|\[([0-9]+)\]")
_SPACES = re.compile(r"[ \t\n\v\f\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+|(?!\.))(?:[eE][+-]?[0-9]+|(?![eE]))")
_WORD = re.compile("true|false|null")
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CODE = re.compile("u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})")
_REPLACEMENT = "\ufffd"

Steps = tuple[str | int, ...]


def scalar(text: str, path: str, *, is_json: bool) -> str | None:
    """Return a string, number or boolean as text, as JSON_VALUE does. Anything else is None."""
    value = _part(text, path, is_json)
    if value is None or isinstance(value, dict | list):
        return None
    return written(value) if isinstance(value, bool) else str(value)


def elements(text: str, path: str, *, is_json: bool) -> list[str] | None:
    """Return the elements of an array, as JSON_QUERY_ARRAY does. Anything else is None."""
    value = _part(text, path, is_json)
    return [escaped(written(one)) for one in value] if type(value) is list else None


def _part(text: str, path: str, is_json: bool) -> Any:
    steps = _steps(path)
    if is_json:
        return _follow(json.loads(text, object_pairs_hook=first_of_each, parse_int=Number, parse_float=Number), steps)
    try:
        return _Reader(text).part(steps)
    except ValueError:
        return None


@lru_cache
def _steps(path: str) -> Steps:
    if path[:1] != "$" or _STEP.sub("", path) != "$":
        raise NotImplementedError(f"The emulator does not read the JSON path {path}: use names and numbers only")
    return tuple(int(found[2]) if found[2] else found[1] for found in _STEP.finditer(path))


def _follow(value: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
    return value


class _Reader:
    """Read the text of JSON from left to right. Raises ValueError where it is none."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def part(self, steps: Steps) -> Any:
        if not steps:
            return self._value()
        step, rest = steps[0], steps[1:]
        if isinstance(step, str):
            return self._member(step, rest)
        whole = self._value()
        return _follow(whole, steps)

    def _member(self, name: str, rest: Steps) -> Any:
        if not self._takes("{"):
            return None
        while not self._takes("}"):
            key = self._key()
            if key == name:
                return self.part(rest)
            self._value()
            self._separator("}")
        return None

    def _value(self) -> Any:
        mark = self._next()
        if mark == "{":
            return self._object()
        if mark == "[":
            return self._array()
        if mark and mark in "\"'":
            return self._string()
        word = _WORD.match(self._text, self._at)
        number = None if word else _NUMBER.match(self._text, self._at)
        found = word or number
        if found is None:
            raise ValueError("no JSON")
        self._at = found.end()
        return _WORDS[found[0]] if word else Number(found[0])

    def _object(self) -> Pairs:
        pairs = Pairs()
        self._takes("{")
        while not self._takes("}"):
            key = self._key()
            pairs.append((key, self._value()))
            self._separator("}")
        return pairs

    def _array(self) -> list[Any]:
        values: list[Any] = []
        self._takes("[")
        while not self._takes("]"):
            values.append(None if self._next() == "," else self._value())
            self._separator("]")
        return values

    def _key(self) -> str:
        if self._next() not in ('"', "'"):
            raise ValueError("no key")
        key = self._string()
        if not self._takes(":"):
            raise ValueError("no colon")
        return key

    def _string(self) -> str:
        quote = self._text[self._at]
        parts: list[str] = []
        self._at += 1
        while self._at < len(self._text):
            mark = self._text[self._at]
            self._at += 1
            if mark == quote:
                return "".join(parts)
            parts.append(self._escape() if mark == "\\" else mark)
        raise ValueError("no end of a string")

    def _escape(self) -> str:
        code = _CODE.match(self._text, self._at)
        if code is not None:
            self._at = code.end()
            number = int(code[1] or code[2], 16)
            return _REPLACEMENT if 0xD800 <= number < 0xE000 else chr(number)
        mark = self._text[self._at : self._at + 1]
        if not mark or mark in "ux":
            raise ValueError("no escape")
        self._at += 1
        return _ESCAPES.get(mark, mark)

    def _separator(self, end: str) -> None:
        if not self._takes(",") and self._next() != end:
            raise ValueError("no comma")

    def _takes(self, mark: str) -> bool:
        found = self._next() == mark
        self._at += found
        return found

    def _next(self) -> str:
        spaces = _SPACES.match(self._text, self._at)
        assert spaces is not None
        self._at = spaces.end()
        return self._text[self._at : self._at + 1]
