"""Nasty values of each type, for the comparison of the emulator with Google's evaluator."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

from tests.googlesql.types import Column, scalar

_MOST_BIGNUMERIC = Decimal("578960446186580977117854925043439539266.34992332820282019728792003956564819967")
_MOST_NUMERIC = Decimal("99999999999999999999999999999.999999999")
TEXTS = (
    "", " ", "a", "A", "é", "e\u0301", "ß", "İ", "\u0131", "\U0001f600", "\u0000", "a\u0000b", "\t", "\n", "\r\n", "'",
    '"', "\\", "\\n", "\\1", "%", "_", "a%b", "100%", "\ufffd", "\u00a0", "\u2028", "\u202e", "\ufeff", "Spot",
    "my Spot.",
    "arn:aws:ec2:eu-west-1:123:instance/i-1", "/subscriptions/x/providers/Microsoft.Compute/virtualMachines/y",
    "Commitment v1: x", "Refund for one-time fee for Savings Plan ID 1", "SavingsPlanUpfrontFee", "a_b-c",
    "1K Hours", "10,000 GB/Month", "1000000K", "5 GiB", "null", "NULL", "true", "x" * 300, "é" * 40, "日本語",
)  # fmt: skip
NUMBERS = (
    "", " ", "0", "-0", "+0", "00", "1", "-1", "+1", "1.5", "-1.5", ".5", "5.", ".", "-", "+", "e5", "1e", "1e5",
    "1E+5", "1e-5", "1e25", "1e28", "9.99e27", "1e-38", "5e-39", "4e-39", "1e38", "1e39", "1e308", "1e309", "-1e400",
    "1e-400", "inf", "+inf", "-inf", "infinity", "-Infinity", "nan", "NaN", "-nan", "0x10", "0X1F", "-0x1", "1_000",
    "1,000", " 1", "1 ", "\t1\n", "1 2", "--1", "1.2.3", "1d", "1f", "1.5e3.2", "٣", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "99999999999999999999999999999.999999999",
    "99999999999999999999999999999.9999999995", "0.4021308468", "0.1", "0.30000000000000004", "123456789012345678.9",
    "1234567890.123456789012345678", "0.000000000000000000123", "0.5000000005", "3.4028235e38", "1e16", "1e15",
    "123456789012345", "1234567890123456", "12345678901234567", "1.0e21", "1e21", "1e20", "true", "null", "0b1", "1e+",
    "0." + "3" * 38, "0." + "3" * 39 + "5", "9" * 38, "9" * 39, str(_MOST_BIGNUMERIC), f"-{_MOST_BIGNUMERIC}",
    "2.2250738585072014e-308", "4.9e-324", "1.7976931348623157e308", "1e00005", "1e999999999999", "0e999999999999",
)  # fmt: skip
TIMES = (
    "2025-09-01", "2025-9-1", "25-09-01", "2025-09-01 ", " 2025-09-01", "2025-09-01 12:34:56", "2025-09-01T12:34:56",
    "2025-09-01t12:34:56", "2025-09-01 12:34", "2025-09-01T12:34Z", "2025-09-01T12:34", "2025-09-01T12:34+02:00",
    "2025-09-01T12", "2025-09-01 12:34:56.1", "2025-09-01 12:34:56.123456", "2025-09-01T12:34:56.1234567Z",
    "2025-09-01T12:34:56.123456789Z", "2025-09-01T12:34:56.1234567890Z", "2025-09-01T12:34:56.", "2025-09-01 1:2:3",
    "2025-09-01 12:34:56Z", "2025-09-01 12:34:56z", "2025-09-01 12:34:56 Z", "2025-09-01 12:34:56 UTC",
    "2025-09-01 12:34:56UTC", "2025-09-01 12:34:56+00", "2025-09-01 12:34:56+0", "2025-09-01 12:34:56+1",
    "2025-09-01 12:34:56+14:00", "2025-09-01 12:34:56+14:01", "2025-09-01 12:34:56-15:00",
    "2025-09-01 12:34:56 +02:00", "2025-09-01 12:34:56+0200", "2025-09-01 12:34:56+2:00", "2025-09-01 12:34:56-00:00",
    "2025-09-01 12:34:56 America/New_York", "2025-09-01 12:34:56America/New_York", "2025-09-01 12:34:56 PST",
    "2025-02-29", "2024-02-29", "2100-02-29", "2000-02-29 23:59:59.999999", "2025-09-31", "2025-13-01", "2025-00-01",
    "2025-09-00", "2025-09-01 24:00:00", "2025-09-01 23:59:60", "2025-09-01 12:60:00", "0001-01-01", "0000-01-01",
    "9999-12-31 23:59:59.999999", "9999-12-31", "10000-01-01", "0001-01-01 00:00:00+01:00",
    "9999-12-31 23:59:59-01:00", "1969-12-31 23:59:59.999999", "1970-01-01", "-2025-09-01", "2025/09/01",
    "09/01/2025", "2025-09", "202509", "2025-9", "25-9", "0000-05", "2025-13", "2025-", "2025-09-", " 2025-09",
    "2025-09 ", "+2025-09", "12025-09", "2025- 9", "20259", "999912", "000101", "9999-12", "0001-01", "infinity",
    "-infinity", "epoch", "now", "today", "20250901", "2025-244", "2025-09-01T12:34:56+02:00[Europe/Paris]", "", "x",
)  # fmt: skip
JSONS = (
    "{}", "[]", "null", "true", "1", '"a"', '{"a":1}', '{"b":1,"a":2}', '{"a":1,"a":2}', '{"b":{"d":1,"c":2},"a":[]}',
    '{"":1}', '{"a":null}', '{"a":null,"b":[null,{"c":null}]}', '{"a":{"b":null}}', ' { "a" : [ 1 , 2 ] } ', "{", "}",
    '{"a"}', '{a:1}', "{'a':1}", '{"a":1,}', "[1,]", "[1 2]", '{"a":1}x', '{"a":1} {"b":2}', "", " ", "nul", "NaN",
    "Infinity", "-Infinity", "[NaN]", "TRUE", "01", "+1", "-0", "-0.0", "0.0", "1.0", "1.", ".5", "1e2", "1E2", "1e+2",
    "1e-2", "1e400", "-1e400", "1e-400", "0.1234567890123456789", "0.1", "100000000000000000000", "1e16", "1e15",
    "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
    "-9223372036854775808", "-9223372036854775809", "12345678901234567890.5", "1.7976931348623157e308", "123456.789",
    "0.000001", "0.0000001", "5e-324", "1234567890123456789", "0.30000000000000004", '"\\u0041"', '"\\u00e9"',
    '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00x"', '"\\ud83d\\ud83d"', '"\\u0000"', '"a\tb"', '"a\nb"', '"\x01"',
    '"\x7f"', '"\\/"', '"\\x"', '"\\"', '"\\b\\f\\n\\r\\t\\""', '"\u2028"', '"\U0001f600"', '"<>&\'="', '"e\u0301"',
    '{"cost":"1.5","currency":"USD","rows":"3"}', '{"cost":1.50,"currency":null,"rows":[1]}',
    '{"product_name":"EC2","region":"eu"}', '{"team":"a","user:x":"b"}', '[{"a":1},{"b":[]}]', '["a",1,null,"b\\nc"]',
    '{"A":1,"a":2,"é":3,"z":4,"\U0001f600":5,"\uffff":6}', "[" * 90 + "]" * 90,
    '{"a":' * 60 + "1" + "}" * 60, "// c\n1", "/* c */ 1", "[1] // c", '{"user_team":"a", "resourceTags/user:x":"b"}',
    '\ufeff{}', '{"a":"C:\\\\ud83d"}', '{"a":[1,[2,{"b":[]}]],"c":{}}', "\u00a01", '{"a\\"b":"\\u003c"}',
)  # fmt: skip
_BIGNUMERICS = ("0", "1", "-1", "1.5", "0.1", "1e-38", "-1e-38", "1e25", "1e28", "-1e28", "9.99e27", "1e38", "123.456",
    "0.00011886691674590113", "0." + "3" * 38, "1000000", "0.5", "2.5", "-2.5", "1234567.891", "1e12", "999999999999.5",
    "1e12", "0.0000001", "100", "1.000000000000000000000000000000000001", "9007199254740993")  # fmt: skip
_NUMERICS = ("0", "1", "-1", "1.5", "0.000000001", "-0.000000001", "123456789.123456789", "0.1", "1e28", "1000000")
_INTS = (0, 1, -1, 2, 3, 7, 12, 17, 30, 100, -5, 2**31, -(2**31), 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 10**15,
    1700000000000000, 253402300799999999, 253402300800000000, -62135596800000000, -62135596800000001)  # fmt: skip
_FLOATS = (0.0, -0.0, 1.0, -1.0, 1.5, 0.1, 0.4021308468, 1e15, 1e16, 1e20, 1e21, 1e25, 1e28, 9.99e27, 1e300, -1e300,
    1e-5, 1e-4, 1e-7, 5e-324, 2.0**53, 2.0**63, 1.7976931348623157e308, math.nan, math.inf, -math.inf, 123456789.125,
    0.30000000000000004, 100.0, 1 / 3, 2 / 3, 1e-6, 1234567.0, 12345678.9, 1e22, 1.23456789012345678e17)  # fmt: skip
_DATES = ("2025-09-01", "2024-02-29", "2025-01-31", "2025-12-31", "0001-01-01", "9999-12-31", "9999-12-01",
    "1970-01-01", "1969-12-31", "2000-02-29", "1582-10-10", "0001-12-31", "2025-09-30")  # fmt: skip
_TIMESTAMPS = ("2025-09-01", "2025-09-01T12:34:56.123456", "0001-01-01", "9999-12-31T23:59:59.999999", "1970-01-01",
    "1969-12-31T23:59:59.999999", "2024-02-29T23:59:59", "2025-09-30T23:59:59.1", "9999-12-22", "1582-10-10T00:00:01",
    "2025-12-31T00:00:00.000001", "2025-03-30T01:30:00")  # fmt: skip
POOLS: Mapping[str, tuple[str, Sequence[Any]]] = {
    "text": ("STRING", TEXTS),
    "number": ("STRING", NUMBERS),
    "time": ("STRING", TIMES),
    "json": ("STRING", JSONS),
    "BIGNUMERIC": ("BIGNUMERIC", (*map(Decimal, _BIGNUMERICS), _MOST_BIGNUMERIC, _MOST_BIGNUMERIC.copy_negate())),
    "NUMERIC": ("NUMERIC", (*map(Decimal, _NUMERICS), _MOST_NUMERIC, _MOST_NUMERIC.copy_negate())),
    "INT64": ("INT64", _INTS),
    "FLOAT64": ("FLOAT64", _FLOATS),
    "BOOL": ("BOOL", (True, False)),
    "DATE": ("DATE", tuple(map(date.fromisoformat, _DATES))),
    "TIMESTAMP": ("TIMESTAMP", tuple(datetime.fromisoformat(one).replace(tzinfo=UTC) for one in _TIMESTAMPS)),
    "BYTES": ("BYTES", (b"", b"a", "é".encode(), b"\xff", b"\x00", b"\\x41")),
}
COPIES = 3  # columns for each pool
COLUMNS = (
    Column("id", scalar("INT64")),
    *(Column(f"{name.lower()}_{copy}", scalar(kind)) for name, (kind, _) in POOLS.items() for copy in range(COPIES)),
)
# Columns of types that a load does not bring, made of the others.
MADE = {
    "JSON": "SAFE.PARSE_JSON(json_{}, wide_number_mode => 'round')",
    "DATETIME": "CAST(timestamp_{} AS DATETIME)",
    "TIME": "CAST(timestamp_{} AS TIME)",
}
_MADE = [f"{sql.format(copy)} AS made_{kind.lower()}_{copy}" for kind, sql in MADE.items() for copy in range(COPIES)]
ROWS = "nasty_rows"  # a name for the rows with all columns
WITH = f"WITH {ROWS} AS (SELECT *, {', '.join(_MADE)} FROM `{{}}`)"
Row = dict[str, Any]


def rows_of(random: Random, amount: int) -> list[Row]:
    """Return rows for a table with `COLUMNS`. Each pool's values come in turn, so few are missing."""
    shuffled = {column.name: random.sample(pool := _pool(column.name), len(pool)) for column in COLUMNS[1:]}
    return [
        {"id": number, **{name: _changed(random, pool[number % len(pool)]) for name, pool in shuffled.items()}}
        for number in range(amount)
    ]


def _pool(column: str) -> list[Any]:
    name = column.rpartition("_")[0]
    return list(next(values for pool, (_, values) in POOLS.items() if pool.lower() == name))


def _changed(random: Random, value: Any) -> Any:
    """Return a value, NULL or a text with a small change."""
    chance = random.random()
    if chance < 0.08:
        return None
    if isinstance(value, str) and chance > 0.85:
        at = random.randrange(len(value) + 1)
        return value[:at] + random.choice(_INSERTED) + value[at + random.randrange(2) :]
    return value


_INSERTED: Sequence[str] = (*'0159.-+eE:TZ/ {}[]",_\\%é', "\U0001f600", "u0301", "\\u0301", "\\ud83d", "null")


def as_json_line(row: Row) -> str:
    """Return a row as a load from JSON takes it."""
    return json.dumps({name: _written(value) for name, value in row.items() if value is not None})


def _written(value: Any) -> Any:
    writers: Mapping[type, Callable[[Any], Any]] = {
        bytes: lambda one: base64.b64encode(one).decode(),
        date: str,
        datetime: lambda one: f"{one:%Y-%m-%dT%H:%M:%S.%f}Z",
        Decimal: lambda one: f"{one:f}",
        float: lambda one: (
            one if math.isfinite(one) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(one, "NaN")
        ),
        int: str,
    }
    return writers.get(type(value), lambda one: one)(value)
