"""Convert between texts, numbers and times as BigQuery's CAST does. The rules are those of Google's own evaluator.

https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SPACES = " \t\n\v\f\r"
_INTEGER = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]+))")
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan(?:\(\w*\))?)", re.I | re.A
)
_HEX_FLOAT = re.compile(r"[+-]?0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?", re.I | re.A)
_TIMESTAMP = re.compile(
    r"0?([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:[ Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]{1,6}))?"
    r"([Zz]|[+-][0-9]{1,2}(?::[0-9]{1,2}|[0-9]{2})?| [A-Za-z][\w/+-]*)?)?"
)
_OFFSET = re.compile(r"([+-])([0-9]{1,2}):?([0-9]{0,2})")
_ELEMENTS = {"%Y": "(?P<Y>[0-9]{1,4})", "%m": "(?P<m>[0-9]{1,2})", "%d": "(?P<d>[0-9]{1,2})"}
_MOST_MINUTES = 14 * 60  # of an offset


def double_text(value: float) -> str:
    """Write a FLOAT64 with 15 digits, or with 17 if it then is another number."""
    if value == 0:
        return "0"
    short = f"{value:.15g}"
    return short if float(short) == value or not math.isfinite(value) else f"{value:.17g}"


def integer_of(text: str) -> int:
    """Read an INT64. Raises ValueError."""
    found = _INTEGER.fullmatch(text.strip(_SPACES))
    if found is None:
        raise ValueError(f"Bad int64 value: {text}")
    value = int(found[2], 16) if found[2] else int(found[3])
    value = -value if found[1] == "-" else value
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"Bad int64 value: {text}")
    return value


def double_of(text: str) -> str:
    """Read a FLOAT64, and write it as DuckDB reads it, who makes NULL of Python's NaN. Raises ValueError."""
    stripped = text.strip(_SPACES)
    if _HEX_FLOAT.fullmatch(stripped):
        return repr(float.fromhex(stripped))
    if not _FLOAT.fullmatch(stripped):
        raise ValueError(f"Bad double value: {text}")
    return repr(float(stripped.partition("(")[0]))


def timestamp_of(text: str) -> str:
    """Read a TIMESTAMP, and write it in UTC as DuckDB reads it. Raises ValueError."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise ValueError(f"Invalid timestamp: '{text}'")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if second > 60:
        raise ValueError(f"Invalid timestamp: '{text}'")
    zone = found[8] or ""
    moment = datetime(year, month, day, hour, minute, tzinfo=_zone(zone[1:]) if zone.startswith(" ") else UTC)
    try:
        moment = moment.astimezone(UTC) - _offset(zone) + timedelta(seconds=second)
        moment += timedelta(microseconds=int((found[7] or "").ljust(6, "0")))
    except OverflowError as error:
        raise ValueError(f"Invalid timestamp: '{text}'") from error
    return f"{moment.isoformat(sep=' ', timespec='microseconds').removesuffix('+00:00')}+00"


def date_of(text: str, date_format: str) -> str:
    """Read a DATE in a format, as PARSE_DATE does. Raises ValueError."""
    found = _date_pattern(date_format).fullmatch(text.strip(_SPACES))
    if found is None:
        raise ValueError(f"Failed to parse input string '{text}' with format '{date_format}'")
    parts = found.groupdict()
    return date(int(parts["Y"]), int(parts["m"]), int(parts.get("d") or 1)).isoformat()


@lru_cache
def _date_pattern(date_format: str) -> re.Pattern[str]:
    elements = re.findall("%(.)", date_format)
    if not {"Y", "m"} <= set(elements) <= {"Y", "m", "d"} or len(elements) != len(set(elements)):
        raise NotImplementedError(f"The emulator parses dates with %Y, %m and %d only, not with {date_format}")
    pieces = re.split("(%.)", date_format)
    return re.compile("".join(_ELEMENTS.get(piece) or re.escape(piece) for piece in pieces))


def even_decimals(text: str) -> str:
    """Write a time with no decimals, three or six. It may end with an offset."""
    whole, point, rest = text.partition(".")
    if not point:
        return text
    decimals, sign, offset = rest.partition("+")
    decimals = decimals.rstrip("0")
    size = -(-len(decimals) // 3) * 3
    return f"{whole}{'.' if decimals else ''}{decimals.ljust(size, '0')}{sign}{offset}"


def lower(text: str) -> str:
    return text.lower()


def part_of(text: str, start: int, length: int) -> str:
    """Return what SUBSTR gives. A negative start counts from the end. Raises ValueError for a negative length."""
    if length < 0:
        raise ValueError("The length of SUBSTR is negative")
    first = start - 1 if start > 0 else max(len(text) + start, 0) if start < 0 else 0
    return text[first : first + length]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"Invalid time zone: {name}") from error


def _offset(zone: str) -> timedelta:
    found = _OFFSET.fullmatch(zone)
    if found is None:
        return timedelta()
    hours, minutes = int(found[2]), int(found[3] or 0)
    if minutes > 59 or 60 * hours + minutes > _MOST_MINUTES:
        raise ValueError(f"Invalid time zone: {zone}")
    return timedelta(hours=hours, minutes=minutes) * (-1 if found[1] == "-" else 1)
