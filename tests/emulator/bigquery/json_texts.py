"""Parse and write JSON as BigQuery does. The rules are those of Google's own evaluator.

The first of two equal keys wins, keys are sorted, and a number is INT64, UINT64 or FLOAT64.
https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#parse_json
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any

_LEAST, _MOST = -(2**63), 2**64 - 1
_MOST_LEVELS = 200  # Python calls itself for each
_MOST_DIGITS = 15  # before the point, without an exponent
_MOST_ZEROS = 3  # after the point
_SURROGATE = re.compile("[\ud800-\udfff]")


class Number(str):
    """A number as JSON writes it."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """The members of an object whose keys are not sorted."""


def parsed(text: str, mode: str) -> str:
    """Return JSON in BigQuery's form. Raises ValueError if the text is no JSON.

    `mode` is exact or round: what happens to a number that JSON cannot hold.
    """
    if text.count("[") + text.count("{") > _MOST_LEVELS and _levels(text) > _MOST_LEVELS:
        raise NotImplementedError(f"The emulator does not read JSON of more than {_MOST_LEVELS} levels")
    if mode not in ("exact", "round"):
        raise ValueError(f"Invalid wide_number_mode: {mode}")
    value = json.loads(
        text.removeprefix("\ufeff"),
        object_pairs_hook=first_of_each,
        parse_int=lambda digits: _integer(digits, mode),
        parse_float=lambda digits: _fraction(digits, mode),
        parse_constant=_refused,
    )
    return written(value)


def _levels(text: str) -> int:
    """Return how many brackets are open at most. Those in strings count, too."""
    return max(accumulate((mark in "[{") - (mark in "]}") for mark in text))


def first_of_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def written(value: Any) -> str:
    """Write a value. Objects are sorted by the bytes of their keys, unless they are `Pairs`."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Pairs):
        return _object(value)
    if isinstance(value, dict):
        return _object(sorted(value.items(), key=lambda pair: pair[0].encode()))
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, str) and _SURROGATE.search(value):
        raise ValueError("Half of a surrogate pair is no text")
    return json.dumps(value, ensure_ascii=False)


def escaped(text: str) -> str:
    """Escape the line ends that JavaScript does not take in a string, as TO_JSON_STRING does for texts."""
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def of_double(value: float) -> Number:
    """Write a FLOAT64 as JSON does: the shortest digits, with a point or an exponent."""
    _, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + exponent
    sign = "-" if math.copysign(1, value) < 0 else ""
    if not text:
        return Number(f"{sign}0.0")
    if 0 < point <= _MOST_DIGITS:
        return Number(f"{sign}{text[:point].ljust(point, '0')}.{text[point:] or '0'}")
    if -_MOST_ZEROS <= point <= 0:
        return Number(f"{sign}0.{'0' * -point}{text}")
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return Number(f"{sign}{text[0]}{fraction}e{point - 1:+03d}")


def of_decimal(value: Decimal) -> Number:
    """Write a NUMERIC or BIGNUMERIC: an integer if it is one that JSON can hold, else the nearest FLOAT64."""
    if value == value.to_integral_value() and _LEAST <= value <= _MOST:
        return Number(f"{value:.0f}")
    return of_double(float(value))


def _object(pairs: Sequence[tuple[str, Any]]) -> str:
    return f"{{{','.join(f'{written(key)}:{written(value)}' for key, value in pairs)}}}"


def _integer(digits: str, mode: str) -> Number:
    value = int(digits) if len(digits) < 30 else None
    return Number(value) if value is not None and _LEAST <= value <= _MOST else _fraction(digits, mode)


def _fraction(digits: str, mode: str) -> Number:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{digits} is no FLOAT64")
    if mode == "exact" and not _is_exact(digits, value):
        raise ValueError(f"{digits} has more digits than a FLOAT64")
    return of_double(value)


def _is_exact(digits: str, value: float) -> bool:
    try:
        return Decimal(digits) == Decimal(repr(value))
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return False


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def member(text: str, key: str) -> str | None:
    """Return a member of an object as JSON, or None."""
    value = _stored(text)
    return written(value[key]) if isinstance(value, dict) and key in value else None


def renumbered(value: Any) -> Any:
    """Write the numbers of a value as BigQuery does: DuckDB has written them in its own way."""
    if isinstance(value, Number):
        return of_double(float(value)) if re.search("[.eE]", value) else value
    if isinstance(value, list):
        pairs = isinstance(value, Pairs)
        return Pairs((key, renumbered(one)) for key, one in value) if pairs else [renumbered(one) for one in value]
    return value


def without_nulls(text: str) -> str:
    """Leave out the members and elements that are null."""
    return written(_without_nulls(_stored(text)))


def _stored(text: str) -> Any:
    return json.loads(text, object_pairs_hook=first_of_each, parse_int=Number, parse_float=Number)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value if one is not None] if isinstance(value, list) else value
