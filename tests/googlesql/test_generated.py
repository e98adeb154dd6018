"""Google's evaluator and the emulator give the same values and types for generated expressions.

The expressions are of the kinds that the product uses, over nasty values. `make fuzz` makes new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from google.api_core.exceptions import BadRequest, InternalServerError

from tests.emulator import Emulator
from tests.googlesql.analyzer import Analyzer
from tests.googlesql.compared import Failure, Google, Laptop, Values, differences
from tests.googlesql.engines import engines
from tests.googlesql.generated import Expression, Generator
from tests.googlesql.kinds import Kind
from tests.googlesql.known_kinds import known_kinds

pytestmark = pytest.mark.timeout(300)  # the first test of a machine waits until GoogleSQL is compiled
SEED, ROWS, NESTED = 1, 12, 40
Engines = tuple[Google, Laptop]


@pytest.fixture(scope="module")
def both(analyzer: Analyzer, emulator: Emulator) -> Engines:
    return engines(analyzer, emulator, Random(SEED), ROWS)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(known_kinds(), Random(SEED))


def literal(text: str, kind: str) -> Expression:
    return Expression(Kind("scalar", kind, text))


# spellings of values in SQL, and types of numbers that the statement has
LITERALS = (
    *(literal(text, "STRING") for text in (r"'a\'b\\c\n\t\"'", r'"a\"b\'c"', r"r'\d+\.\n'", r"'\x41\u00e9\U0001F600'")),
    *(literal(text, "STRING") for text in (r"'\101\a\b\f\r\v\?\`'", "'''a'b\n''c'''", '"""a"b"""', "'a''b'")),
    *(
        literal(text, "BIGNUMERIC")
        for text in ("0.01 * bignumeric_0", "1 - bignumeric_0 / 100", "ROUND(bignumeric_0, 2)")
    ),
    *(
        literal(text, "BIGNUMERIC")
        for text in ("BIGNUMERIC '1e-38'", "CAST('1e25' AS BIGNUMERIC)", "CAST(1.5 AS BIGNUMERIC)")
    ),
    *(
        literal(text, "NUMERIC")
        for text in ("ROUND(numeric_0, 2)", "numeric_0 / 3", "NUMERIC '1.5'", "0.1 * numeric_0")
    ),
    *(literal(text, "FLOAT64") for text in ("1e25", "1.5", "ROUND(float64_0, 2)", "int64_0 / 7", "1 / 3", "0.1 + 0.2")),
    *(literal(text, "INT64") for text in ("7", "0x1F", "2 * 3", "ABS(int64_1 + 1)")),
    literal('JSON \'{"b":1,"a":[1.0]}\'', "JSON"),
    literal("TIMESTAMP '2025-09-01 00:00:00+02:00'", "TIMESTAMP"),
    literal("DATE '2024-02-29'", "DATE"),
)


def test_every_kind_of_expression_is_equal(both: Engines, generator: Generator) -> None:
    expressions = generator.one_of_each()

    found = [str(one) for one in differences(*both, expressions)]

    assert len(expressions) > 250
    assert found == []


def test_nested_expressions_are_equal(both: Engines, generator: Generator) -> None:
    assert [str(one) for one in differences(*both, generator.nested(NESTED))] == []


def test_literals_are_read_alike(both: Engines) -> None:
    assert [str(one) for one in differences(*both, LITERALS)] == []


def test_function_that_no_text_had_is_noticed(analyzer: Analyzer) -> None:
    with analyzer.collecting() as kinds:
        analyzer.analyze("SELECT UPPER(LOWER(x)), CAST(1 AS NUMERIC) FROM UNNEST(['a']) AS x", {})

    assert kinds - known_kinds() == {
        Kind("scalar", "STRING", "UPPER(«STRING»)"),
    }


class Wrong(Laptop):
    """An emulator that answers wrongly."""

    def __init__(self, laptop: Laptop, wrong: Failure | str) -> None:
        super().__init__(laptop.client, laptop.table)
        self._wrong = wrong

    def values(self, expressions: Sequence[Expression], ids: Sequence[int]) -> list[tuple[str, Values]]:
        return [
            (kind, dict.fromkeys(found, self._wrong) if "UPPER" in one.sql else found)
            for one, (kind, found) in zip(expressions, super().values(expressions, ids), strict=True)
        ]


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ("b", "UPPER('a')"),
        (Failure(BadRequest("No function UPPER")), "UPPER('a')"),
        (Failure(InternalServerError("an internal error")), "UPPER('a')"),
        (Failure(BadRequest("The emulator does not know UPPER")), None),
    ],
)
def test_smallest_part_that_differs_is_found(both: Engines, wrong: Failure | str, found: str | None) -> None:
    google, laptop = both
    inner = literal("UPPER('a')", "STRING")
    whole = Expression(Kind("scalar", "STRING", "CONCAT(«STRING», 'c')"), (inner,))

    listed = [one.expression.sql for one in differences(google, Wrong(laptop, wrong), [whole])]

    assert listed == ([] if found is None else [found])


def test_wrong_type_is_found(both: Engines) -> None:
    [found] = differences(*both, [literal("int64_0 + 1", "NUMERIC")])

    assert (found.google, found.emulator) == ("type NUMERIC", "type INT64")
