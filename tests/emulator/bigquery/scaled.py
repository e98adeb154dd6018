"""Exact arithmetic on BIGNUMERIC values as Python integers: a value times 10^38.

The results are those of Google's own evaluator: half is rounded away from zero, and what does not fit is an error.
https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

DECIMALS = 38
ONE = 10**DECIMALS
LOWEST, HIGHEST = -(2**255), 2**255 - 1  # of a scaled value

_NUMBER = re.compile(r"\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?\s*", re.ASCII)
_MOST_DIGITS = 400  # an exponent beyond it gives zero or an overflow, whatever the digits


def parse(text: str) -> int:
    """Read a decimal number. Raises ValueError if the text is no number, or if it does not fit."""
    parts = _NUMBER.fullmatch(text)
    if parts is None or not (parts[2] or parts[3]):
        raise ValueError(f"Invalid BIGNUMERIC value: {text}")
    exponent = int(parts[4] or 0)
    if exponent < -DECIMALS:  # Google then looks at no digit
        return 0
    if exponent == -DECIMALS and not parts[2]:
        raise ValueError(f"Invalid BIGNUMERIC value: {text}")
    fraction = parts[3] or ""
    digits = int(f"{parts[2]}{fraction}")
    most = _MOST_DIGITS + len(parts[2]) + len(fraction)
    power = max(-most, min(most, exponent - len(fraction) + DECIMALS))
    size = digits * int(10**power) if power >= 0 else _rounded(digits, int(10**-power))
    return checked(-size if parts[1] == "-" else size)


def of_double(value: float) -> int:
    """Expand the binary value, as Google does: 0.1 is 0.10000000000000000555…"""
    if not math.isfinite(value):
        raise ValueError(f"Illegal conversion of non-finite floating point number to BIGNUMERIC: {value}")
    exact = Fraction(value) * ONE
    return checked(_rounded(exact.numerator, exact.denominator))


def to_text(value: int) -> str:
    """Write a value without zeros at the end and without an exponent."""
    whole, rest = divmod(abs(value), ONE)
    decimals = f"{rest:0{DECIMALS}d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def multiply(x: int, y: int) -> int:
    return checked(_rounded(x * y, ONE))


def divide(x: int, y: int) -> int:
    if y == 0:
        raise ValueError("division by zero")
    return checked(_rounded(x * ONE, y))


def remainder(x: int, y: int) -> int:
    """Return what is left of x, with its sign. The quotient is not rounded, and may be larger than a BIGNUMERIC."""
    if y == 0:
        raise ValueError("division by zero")
    left = abs(x) % abs(y)
    return -left if x < 0 else left


def rounded(value: int, digits: int) -> int:
    """Round to so many decimals, or before the point if it is negative."""
    if digits >= DECIMALS:
        return value
    unit = int(10 ** (DECIMALS - max(digits, -DECIMALS - 1)))
    return checked(_rounded(value, unit) * unit)


def truncated(value: int, digits: int) -> int:
    if digits >= DECIMALS:
        return value
    unit = int(10 ** (DECIMALS - max(digits, -DECIMALS - 1)))
    size = abs(value) // unit * unit
    return -size if value < 0 else size


def checked(value: int) -> int:
    if not LOWEST <= value <= HIGHEST:
        raise ValueError("BIGNUMERIC overflow")
    return value


def _rounded(x: int, y: int) -> int:
    """Divide, and round half away from zero."""
    size = (2 * abs(x) + abs(y)) // (2 * abs(y))
    return -size if (x < 0) != (y < 0) else size
