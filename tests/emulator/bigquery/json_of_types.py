"""Make JSON of a value of any type, from what DuckDB's to_json writes and the name of the type.

TO_JSON_STRING and JSON_OBJECT differ: the first writes a fraction of NUMERIC as a text.
https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tests.emulator.bigquery import bignumeric, casts, scaled
from tests.emulator.bigquery.json_texts import (
    Number,
    Pairs,
    escaped,
    first_of_each,
    of_decimal,
    of_double,
    renumbered,
    written,
)

_MOST_EXACT = 2**53  # a larger number is a text
_WORD = re.compile(r'"(?:[^"]|"")*"|[(),]|\[\]|[^\s(),"\[\]]+')
_BYTE = re.compile(r"\\x([0-9A-F]{2})")
_NO_NUMBER = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_BIGNUMERIC = ("near", "rest")


class Type:
    """A type of DuckDB: a name, and the parts of a STRUCT or the element of a list."""

    def __init__(self, name: str, parts: Sequence[tuple[str, Type]] = ()) -> None:
        self.name = name
        self.parts = dict(parts)


def text(found: str | None, kind: str) -> str:
    """Return what TO_JSON_STRING gives. `found` is DuckDB's JSON of the value, `kind` its type."""
    return "null" if found is None else written(_converted(_loaded(found), _type(kind), is_text=True))


def value(found: str | None, kind: str) -> str:
    """Return the JSON value."""
    return "null" if found is None else written(_converted(_loaded(found), _type(kind), is_text=False))


def joined(keys: Sequence[str | None], values: Sequence[str]) -> str:
    """Return a JSON object of keys and of JSON. Raises ValueError if a key is NULL."""
    if None in keys:
        raise ValueError("JSON_OBJECT: a key is NULL")
    if len(keys) != len(values):
        raise ValueError("JSON_OBJECT: the arrays of keys and values have different lengths")
    members = first_of_each(list(zip(map(str, keys), map(Number, values), strict=True)))
    return written(members)


def of_arrays(keys: Sequence[str | None] | None, found: str | None, kind: str) -> str:
    """Return a JSON object of an array of keys and one of values. Raises ValueError if one is NULL."""
    if keys is None or found is None:
        raise ValueError("JSON_OBJECT: an array is NULL")
    element = _type(kind).parts[""]
    return joined(keys, [written(_converted(one, element, is_text=False)) for one in _loaded(found)])


def _loaded(found: str) -> Any:
    return json.loads(found, object_pairs_hook=Pairs, parse_int=Number, parse_float=Number, parse_constant=Number)


def _converted(found: Any, kind: Type, *, is_text: bool) -> Any:
    if found is None or kind.name in ("BOOLEAN", "DATE"):
        return found
    if kind.name == "VARCHAR":
        return Number(escaped(written(found))) if is_text else found
    if kind.name == "JSON":
        return renumbered(found)
    if kind.name == "[]":
        return [_converted(one, kind.parts[""], is_text=is_text) for one in found]
    if kind.name == "STRUCT":
        return _structure(found, kind, is_text=is_text)
    return _scalar(found, kind.name, is_text=is_text)


def _structure(found: Pairs, kind: Type, *, is_text: bool) -> Any:
    if tuple(kind.parts) == _BIGNUMERIC:
        near, rest = (str(part) for _, part in found)
        return _decimal(Decimal(scaled.to_text(bignumeric.value_of({"near": near, "rest": rest}))), is_text=is_text)
    return Pairs((name, _converted(part, kind.parts[name], is_text=is_text)) for name, part in found)


def _scalar(found: Any, name: str, *, is_text: bool) -> Any:
    if name == "DOUBLE":
        return _double(float(found), is_text=is_text)
    if name.startswith("DECIMAL"):
        return _decimal(Decimal(found), is_text=is_text)
    if name.endswith("INT") or name == "INTEGER":
        return str(found) if is_text and abs(int(found)) > _MOST_EXACT else Number(found)
    if name == "BLOB":
        return base64.b64encode(_bytes(found)).decode()
    if name == "TIME":
        return casts.even_decimals(found)
    if name.startswith("TIMESTAMP"):
        moment = casts.even_decimals(found.replace(" ", "T").removesuffix("+00"))
        return f"{moment}Z" if "ZONE" in name else moment
    raise NotImplementedError(f"The emulator does not make JSON of a {name}")


def _double(number: float, *, is_text: bool) -> Any:
    if not math.isfinite(number):
        return _NO_NUMBER[str(number)]
    return Number(casts.double_text(number)) if is_text else of_double(number or 0.0)


def _decimal(number: Decimal, *, is_text: bool) -> Any:
    if not is_text:
        return of_decimal(number)
    is_short = number == number.to_integral_value() and abs(number) <= _MOST_EXACT
    digits = f"{number:f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return Number(digits) if is_short else digits


def _bytes(found: str) -> bytes:
    return _BYTE.sub(lambda code: chr(int(code[1], 16)), found).encode("latin-1")


@lru_cache
def _type(kind: str) -> Type:
    return _read(iter([*_WORD.findall(kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_WITH_ZONE")), ""]))[0]


def _read(words: Iterator[str]) -> tuple[Type, str]:
    """Return a type, and the word after it."""
    name, parts = next(words), []
    word = next(words)
    if word == "(":
        while word != ")":
            part = next(words)
            if name != "STRUCT":
                word = next(words)  # the digits of DECIMAL
                continue
            found, word = _read(words)
            parts.append((part.strip('"').replace('""', '"'), found))
        word = next(words)
    made = Type(name, parts)
    while word == "[]":
        made, word = Type("[]", [("", made)]), next(words)
    return made, word
