"""Hold BIGNUMERIC in DuckDB, whose own decimals end at 38 digits: a type of two parts, and functions for it.

A value has a near part, DECIMAL(38, 18), and the rest times 10^38. Usually the rest is 0, and a load reads the near
part as fast as any decimal. A value beyond 10^12 has exactly 10^12 as its near part. So each value has one form, and
DuckDB compares, sorts and groups the pairs as Google does the numbers. DuckDB itself has no function for such a pair:
an operation that is not defined here ends the query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

import duckdb
from duckdb.sqltypes import BIGINT, DOUBLE, VARCHAR

from tests.emulator.bigquery import scaled

NEAR_DECIMALS = 18
TYPE = f"STRUCT(near DECIMAL(38, {NEAR_DECIMALS}), rest BIGNUM)"
PLAIN_NUMBER = rf"[+-]?[0-9]{{1,12}}(\.[0-9]{{0,{NEAR_DECIMALS}}})?"  # of which the rest is 0

_NEAR_ONE, _NEAR_LIMIT = 10**NEAR_DECIMALS, 10**12
_REST_ONE = int(10 ** (scaled.DECIMALS - NEAR_DECIMALS))
TEXTS = "STRUCT(near VARCHAR, rest VARCHAR)"  # what a Python function takes and gives
_NUMBERS = ("HUGEINT", "DECIMAL(38, 9)")  # what is exact as BIGNUMERIC: INT64 and NUMERIC

Parts = dict[str, str]
Operation = Callable[[int, int], int]

_OPERATIONS: dict[str, Operation] = {
    "add": lambda x, y: scaled.checked(x + y),
    "subtract": lambda x, y: scaled.checked(x - y),
    "multiply": scaled.multiply,
    "divide": scaled.divide,
    "mod": scaled.remainder,
    "round": scaled.rounded,
    "trunc": scaled.truncated,
}
_SAFE = {"divide": "safe_quotient", "multiply": "safe_product"}
# DuckDB's own SQL for other types
_NATIVE = {
    "add": "x + y",
    "subtract": "x - y",
    "multiply": "x * y",
    "divide": "x / y",
    "mod": "x % y",
    "round": "round(x, y)",
    "trunc": "trunc(x, y)",
}


def of_text(text: str) -> str:
    """Return SQL that reads a text as BIGNUMERIC. It is NULL if BigQuery would reject the text."""
    near = f"{{'near': {text}::DECIMAL(38, {NEAR_DECIMALS}), 'rest': 0::BIGNUM}}"
    return (
        f"CASE WHEN regexp_full_match({text}, '{PLAIN_NUMBER}') THEN {near}"
        f" ELSE bignumeric_or_null_of_text({text})::{TYPE} END"
    )


def parts_of(value: int) -> Parts:
    """Split a scaled value into its two parts."""
    near = abs(value) // _REST_ONE
    near = min(near, _NEAR_LIMIT * _NEAR_ONE)
    rest = abs(value) - near * _REST_ONE
    sign = "-" if value < 0 else ""
    whole, decimals = divmod(near, _NEAR_ONE)
    return {"near": f"{sign}{whole}.{decimals:0{NEAR_DECIMALS}d}", "rest": f"{sign}{rest}"}


def value_of(parts: Parts) -> int:
    """Return the scaled value of two parts, also of sums that are not split rightly."""
    return int(parts["near"].replace(".", "")) * _REST_ONE + int(parts["rest"])


def install(connection: duckdb.DuckDBPyConnection) -> None:
    _create_functions(connection)
    _create_casts(connection)
    for name in _OPERATIONS:
        _create_operation(connection, name)
    _create_aggregates(connection)


def _create_functions(connection: duckdb.DuckDBPyConnection) -> None:
    texts = duckdb.struct_type({"near": VARCHAR, "rest": VARCHAR})

    def create(name: str, function: Callable[..., Any], takes: list[Any], gives: Any) -> None:
        connection.create_function(name, _null_for_null(function), takes, gives, null_handling="special")

    create("bignumeric_of_text", lambda text: parts_of(scaled.parse(text)), [VARCHAR], texts)
    create("bignumeric_of_double", lambda value: parts_of(scaled.of_double(value)), [DOUBLE], texts)
    create("bignumeric_or_null_of_text", _or_null(lambda text: parts_of(scaled.parse(text))), [VARCHAR], texts)
    create("bignumeric_or_null_of_double", _or_null(lambda value: parts_of(scaled.of_double(value))), [DOUBLE], texts)
    create("bignumeric_as_text", lambda parts: scaled.to_text(value_of(parts)), [texts], VARCHAR)
    create("bignumeric_joined", lambda parts: parts_of(scaled.checked(value_of(parts))), [texts], texts)
    create("bignumeric_negated", lambda parts: parts_of(scaled.checked(-value_of(parts))), [texts], texts)
    create("bignumeric_absolute", lambda parts: parts_of(scaled.checked(abs(value_of(parts)))), [texts], texts)
    for operation in ("add", "subtract", "multiply", "divide", "mod"):
        create(f"bignumeric_{operation}", _on_parts(_OPERATIONS[operation]), [texts, texts], texts)
    for operation in _SAFE:
        create(f"bignumeric_{operation}_or_null", _or_null(_on_parts(_OPERATIONS[operation])), [texts, texts], texts)
    for operation in ("round", "trunc"):
        create(f"bignumeric_{operation}", _on_digits(_OPERATIONS[operation]), [texts, BIGINT], texts)


def _null_for_null(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        return None if any(one is None for one in arguments) else function(*arguments)

    # DuckDB reads the number of parameters from the signature.
    if len(signature(function).parameters) == 1:
        return lambda x: call(x)
    return lambda x, y: call(x, y)


def _or_null(function: Callable[..., Parts]) -> Callable[..., Parts | None]:
    def call(*arguments: Any) -> Parts | None:
        try:
            return function(*arguments)
        except ValueError:
            return None

    return (lambda x: call(x)) if len(signature(function).parameters) == 1 else (lambda x, y: call(x, y))


def _on_parts(operation: Operation) -> Callable[[Parts, Parts], Parts]:
    return lambda x, y: parts_of(operation(value_of(x), value_of(y)))


def _on_digits(operation: Operation) -> Callable[[Parts, int], Parts]:
    return lambda x, digits: parts_of(operation(value_of(x), digits))


def _create_casts(connection: duckdb.DuckDBPyConnection) -> None:
    """Create macros that choose by the type of their argument."""
    texts = f"x::{TEXTS}"
    near, rest = (f"struct_extract(x, '{part}')" for part in ("near", "rest"))
    for ending in ("", "_or_null"):
        of_text = f"bignumeric{ending}_of_text"
        create_macro(
            connection,
            f"to_bignumeric{ending}",
            (f"x {TYPE}", "x"),
            ("x VARCHAR", f"{of_text}(x)::{TYPE}"),
            *((f"x {kind}", f"{of_text}(x::VARCHAR)::{TYPE}") for kind in _NUMBERS),
            ("x DOUBLE", f"bignumeric{ending}_of_double(x)::{TYPE}"),
        )
    # Any other cast takes the exact text. For FLOAT64, the text of a short number is read by DuckDB itself.
    plain = f"CASE WHEN {rest} = 0::BIGNUM THEN {near}::VARCHAR ELSE bignumeric_as_text({texts}) END"
    create_macro(connection, "bignumeric_as_number", (f"x {TYPE}", plain), ("x", "x"))
    # A number of the statement beside a BIGNUMERIC is one, too. `t` is its text.
    create_macro(
        connection,
        "number_like",
        (f"x, t, other {TYPE}", f"bignumeric_of_text(t)::{TYPE}"),
        ("x, t, other DECIMAL(38, 9)", "t::DECIMAL(38, 9)"),
        *((f"x, t, other {kind}", "x") for kind in ("BIGINT", "HUGEINT", "DOUBLE")),
        ("x, t, other", "x"),
    )
    create_macro(connection, "bignumeric_neg", (f"x {TYPE}", f"bignumeric_negated({texts})::{TYPE}"), ("x", "-x"))
    create_macro(connection, "bignumeric_abs", (f"x {TYPE}", f"bignumeric_absolute({texts})::{TYPE}"), ("x", "abs(x)"))


def _create_operation(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create the macro of an operation. BigQuery makes INT64 and NUMERIC a BIGNUMERIC, and BIGNUMERIC a FLOAT64."""
    native = _NATIVE[name]
    if name in ("round", "trunc"):
        exact = f"bignumeric_{name}(x::{TEXTS}, y::BIGINT)::{TYPE}"
        made = f"bignumeric_{name}(to_bignumeric(x)::{TEXTS}, y::BIGINT)::{TYPE}"
        numeric = ("x DECIMAL(38, 9), y HUGEINT", f"bignumeric_as_number({made})::DECIMAL(38, 9)")
        others = [(f"x {kind}, y INTEGER", native) for kind in ("DOUBLE", "HUGEINT")]
        create_macro(connection, f"exact_{name}", (f"x {TYPE}, y HUGEINT", exact), numeric, *others, ("x, y", native))
        return
    exact = f"bignumeric_{name}(to_bignumeric(x)::{TEXTS}, to_bignumeric(y)::{TEXTS})::{TYPE}"
    floats = f"bignumeric_as_number(x)::DOUBLE {native[2]} bignumeric_as_number(y)::DOUBLE"
    pairs = [(TYPE, TYPE), *((TYPE, kind) for kind in _NUMBERS), *((kind, TYPE) for kind in _NUMBERS)]
    overloads = [(f"x {x}, y {y}", exact) for x, y in pairs]
    overloads += [(f"x {x}, y {y}", floats) for x, y in ((TYPE, "DOUBLE"), ("DOUBLE", TYPE))]
    if name in _SAFE:
        _create_safe_operation(connection, name, pairs)
    natives = _natives(name)
    if name not in ("multiply", "divide"):
        natives.append(("x DECIMAL(38, 9), y DECIMAL(38, 9)", native))
    if name in ("multiply", "divide"):  # DuckDB adds up the scales of a product, and divides in FLOAT64
        as_numeric = f"bignumeric_as_number({exact})::DECIMAL(38, 9)"
        overloads.append(("x DECIMAL(38, 9), y DECIMAL(38, 9)", as_numeric))
    create_macro(connection, f"exact_{name}", *overloads, *natives, ("x, y", native))


def _natives(name: str) -> list[tuple[str, str]]:
    """Return the overloads for FLOAT64 and INT64. CAST fails for a text: DuckDB's TRY does not take error()."""
    native, integers = _NATIVE[name], ("BIGINT", "HUGEINT")
    overflow = "CAST(concat('FLOAT64 overflow of ', x, ' and ', y) AS DOUBLE)"
    finite = f"CASE WHEN isfinite(x) AND isfinite(y) AND NOT isfinite({native}) THEN {overflow} ELSE {native} END"
    if name != "divide":
        return [("x DOUBLE, y DOUBLE", finite), *((f"x {kind}, y {kind}", native) for kind in integers)]
    by_zero = "CASE WHEN y = 0 AND x IS NOT NULL THEN CAST(concat('division by zero: ', x) AS DOUBLE) ELSE {} END"
    return [
        ("x DOUBLE, y DOUBLE", by_zero.format(finite)),
        *((f"x {kind}, y {kind}", by_zero.format(native)) for kind in integers),
    ]


def _create_safe_operation(connection: duckdb.DuckDBPyConnection, name: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Create SAFE_DIVIDE or SAFE_MULTIPLY without TRY, which would hide the errors of the arguments, too."""
    native = _NATIVE[name]
    parts = f"to_bignumeric(x)::{TEXTS}, to_bignumeric(y)::{TEXTS}"
    exact = f"bignumeric_{name}_or_null({parts})::{TYPE}"
    integers = "CASE WHEN y <> 0 THEN x / y END" if name == "divide" else "TRY_CAST(x::HUGEINT * y::HUGEINT AS BIGINT)"
    known = f"CASE WHEN isfinite({native}) OR NOT (isfinite(x) AND isfinite(y)) THEN {native} END"
    doubles = f"CASE WHEN y <> 0 THEN {known} END" if name == "divide" else known
    as_doubles = re.sub(r"\b([xy])\b", r"bignumeric_as_number(\1)::DOUBLE", doubles)
    mixed = [(f"x {x}, y {y}", as_doubles) for x, y in ((TYPE, "DOUBLE"), ("DOUBLE", TYPE))]
    create_macro(
        connection,
        _SAFE[name],
        *((f"x {x}, y {y}", exact) for x, y in pairs),
        *mixed,
        ("x DECIMAL(38, 9), y DECIMAL(38, 9)", f"TRY_CAST(bignumeric_as_number({exact}) AS DECIMAL(38, 9))"),
        *((f"x {kind}, y {kind}", integers) for kind in ("BIGINT", "HUGEINT")),
        ("x DOUBLE, y DOUBLE", doubles),
    )


def _create_aggregates(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the parts of a sum: `SUM(x)` becomes joined_sums(SUM(near_part(x)), SUM(rest_part(x)), ANY_VALUE(x))."""
    joined = f"bignumeric_joined({{'near': near::VARCHAR, 'rest': rest::VARCHAR}})::{TYPE}"
    both = f"CASE WHEN near IS NOT NULL THEN {joined} END"
    decimal = f"DECIMAL(38, {NEAR_DECIMALS})"
    create_macro(connection, "near_part", (f"x {TYPE}", "struct_extract(x, 'near')"), ("x", "x"))
    create_macro(connection, "rest_part", (f"x {TYPE}", "struct_extract(x, 'rest')"), ("x", "NULL::DECIMAL(1, 0)"))
    create_macro(
        connection,
        "joined_sums",
        (f"near {decimal}, rest BIGNUM, kind {TYPE}", both),  # `kind` only chooses
        *(("near HUGEINT, rest DECIMAL(1, 0), kind " + kind, "near::BIGINT") for kind in ("BIGINT", "HUGEINT")),
        ("near, rest, kind", "near"),
    )
    average = f"bignumeric_divide(total::{TEXTS}, bignumeric_of_text(amount::VARCHAR))::{TYPE}"
    create_macro(
        connection, "exact_average", (f"total {TYPE}, amount BIGINT, other", average), ("total, amount, other", "other")
    )


def create_macro(connection: duckdb.DuckDBPyConnection, name: str, *overloads: tuple[str, str]) -> None:
    """Create a macro that chooses by type, and `late_<name>` for arguments with an aggregate, a window or a macro.

    DuckDB chooses an overload before it knows the type of an aggregate. It knows the type of a lambda's parameter.
    It also plans each argument twice: once for the type, and once in the body. So calls inside calls would take
    exponential time, and a lambda's parameter takes none.
    """
    written = ", ".join(f"({parameters}) AS {body}" for parameters, body in overloads)
    connection.execute(f"CREATE OR REPLACE MACRO {name} {written}")
    names = re.findall(r"(?:^|, )(\w+)", re.sub(r"\(.*?\)", "", overloads[-1][0]))
    never = "CASE WHEN FALSE THEN other END"  # it only gives the type, and the statement need not evaluate it
    packed = ", ".join(f"'{one}': {never if one == 'other' else one}" for one in names)
    unpacked = ", ".join(f"struct_extract(late_values, '{one}')" for one in names)
    late = f"list_transform([{{{packed}}}], lambda late_values: {name}({unpacked}))[1]"
    connection.execute(f"CREATE OR REPLACE MACRO late_{name}({', '.join(names)}) AS {late}")
