"""Evaluate expressions by Google's evaluator and by the emulator, over the same rows, and find what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.api_core.exceptions import BadRequest, GoogleAPICallError
from google.cloud import bigquery

from tests.googlesql.analyzer import Analyzer
from tests.googlesql.errors import RefusedError
from tests.googlesql.generated import Expression
from tests.googlesql.nasty import COLUMNS, ROWS, WITH, Row
from tests.googlesql.types import columns_of

ERROR = "an error"  # the value of an expression that ends the query
_AT_ONCE = 40  # expressions of a statement
_MOST_ERRORS = 1  # rows of an expression whose error is compared: each needs a statement
_TABLE = "acme.nasty.t"
Item = TypeVar("Item")
Values = Mapping[int, Any]  # by the id of the row


@dataclass(frozen=True)
class Failure:
    """What the emulator answers instead of rows."""

    error: Exception

    @property
    def is_loud(self) -> bool:
        """Return whether the emulator refuses what it cannot do as Google does, and says so."""
        return "The emulator " in str(self.error)

    def __repr__(self) -> str:
        return f"{type(self.error).__name__}: {str(self.error).partition('?prettyPrint=false: ')[2] or self.error}"


@dataclass(frozen=True)
class Difference:
    expression: Expression
    row: Row
    google: Any
    emulator: Any

    def __str__(self) -> str:
        given = {name: value for name, value in self.row.items() if self.expression.reads(name)}
        return f"{self.expression.sql}\n  of {given}\n  Google: {self.google!r}\n  emulator: {self.emulator!r}"


class Google:
    """Google's evaluator."""

    def __init__(self, analyzer: Analyzer, rows: Sequence[Row]) -> None:
        self._analyzer = analyzer
        self.rows = rows

    def values(self, expressions: Sequence[Expression]) -> list[Values]:
        """Return the value of each expression in each row."""
        listed = ", ".join(
            f"ISERROR({one.sql}) AS e{n}, NULLIFERROR({one.sql}) AS v{n}" for n, one in enumerate(expressions)
        )
        query = f"{WITH.format(_TABLE)} SELECT id, {listed} FROM {ROWS}"
        try:
            answer = self._analyzer.evaluate(query, {_TABLE: COLUMNS}, {_TABLE: self.rows})
        except RefusedError:  # ISERROR does not see an error in the argument of a window function
            if len(expressions) == 1:
                return [{row["id"]: ERROR for row in self.rows}]
            return [values for one in expressions for values in self.values([one])]
        return [{row["id"]: ERROR if row[f"e{n}"] else row[f"v{n}"] for row in answer} for n in range(len(expressions))]


class Laptop:
    """The emulator's BigQuery, with the same rows in a table."""

    def __init__(self, client: bigquery.Client, table: str) -> None:
        self.client = client
        self.table = table

    def values(self, expressions: Sequence[Expression], ids: Sequence[int]) -> list[tuple[str, Values]]:
        """Return the type and the values of each expression. A statement that fails is divided."""
        if not expressions or not ids:
            return [("", {}) for _ in expressions]
        found = self._values(expressions, ids)
        if not isinstance(found, Failure):
            return found
        if len(expressions) == 1:
            return [("", self._one_failure(expressions[0], ids, found))]
        half = len(expressions) // 2
        return self.values(expressions[:half], ids) + self.values(expressions[half:], ids)

    def _one_failure(self, expression: Expression, ids: Sequence[int], failure: Failure) -> Values:
        """Find one row in which an expression fails."""
        while len(ids) > 1:
            first, second = ids[: len(ids) // 2], ids[len(ids) // 2 :]
            found = self._values([expression], first)
            ids, failure = (first, found) if isinstance(found, Failure) else (second, failure)
        return {ids[0]: failure}

    def _values(self, expressions: Sequence[Expression], ids: Sequence[int]) -> list[tuple[str, Values]] | Failure:
        listed = ", ".join(f"{one.sql} AS v{n}" for n, one in enumerate(expressions))
        query = f"{WITH.format(self.table)} SELECT id, {listed} FROM {ROWS} WHERE id IN ({', '.join(map(str, ids))})"
        try:
            answer = self.client.query_and_wait(query, retry=None, job_retry=None)
            rows = list(answer)
        except (GoogleAPICallError, ValueError, ArithmeticError) as error:  # or the client cannot read the answer
            return Failure(error)
        types = [column.type for column in columns_of([field.to_api_repr() for field in answer.schema])]
        return [(types[n + 1], {row["id"]: row[f"v{n}"] for row in rows}) for n in range(len(expressions))]


def differences(google: Google, laptop: Laptop, expressions: Sequence[Expression]) -> Iterator[Difference]:
    """Yield one difference for each expression that has any: that of its smallest part that differs."""
    for some in _chunks(expressions, _AT_ONCE):
        for found in _differing(google, laptop, some):
            parts = [part for part in found.expression.walk() if part.kind.role != "leaf"][:-1]
            smaller = next(differences(google, laptop, parts), None)
            if smaller is not None:
                yield smaller
            elif not _is_skipped(google, found, parts):
                yield found


def _is_skipped(google: Google, found: Difference, parts: Sequence[Expression]) -> bool:
    """Return whether a part fails on both engines, and only Google has evaluated it.

    Neither promises to evaluate what cannot change the result, such as the second part of `NULL = x`.
    """
    if found.google is not ERROR or isinstance(found.emulator, Failure) or not parts:
        return False
    return any(values[found.row["id"]] is ERROR for values in google.values(parts))


def _differing(google: Google, laptop: Laptop, expressions: Sequence[Expression]) -> Iterator[Difference]:
    expected = google.values(expressions)
    for fails in (False, True):
        some = [pair for pair in zip(expressions, expected, strict=True) if (ERROR in pair[1].values()) is fails]
        rows = [row["id"] for row in google.rows]
        found = [_alone(laptop, *pair) for pair in some] if fails else laptop.values([one for one, _ in some], rows)
        for (expression, values), (kind, got) in zip(some, found, strict=True):
            yield from _first(google, expression, values, kind, got)


def _alone(laptop: Laptop, expression: Expression, values: Values) -> tuple[str, Values]:
    """Ask for the rows without an error at once, and for some with an error."""
    right = [row for row, value in values.items() if value is not ERROR]
    wrong = [row for row, value in values.items() if value is ERROR]
    [(kind, got)] = laptop.values([expression], right)
    return kind, {**got, **{row: laptop.values([expression], [row])[0][1][row] for row in wrong[:_MOST_ERRORS]}}


def _first(google: Google, expression: Expression, values: Values, kind: str, got: Values) -> Iterator[Difference]:
    wanted = expression.kind.type
    if kind not in ("", wanted):
        yield Difference(expression, {}, f"type {wanted}", f"type {kind}")
        return
    for row in google.rows:
        if row["id"] in got and not _is_equal(values[row["id"]], got[row["id"]]):
            yield Difference(expression, row, values[row["id"]], got[row["id"]])
            return


def _is_equal(google: Any, emulator: Any) -> bool:
    if isinstance(emulator, Failure):
        return emulator.is_loud or (google is ERROR and isinstance(emulator.error, BadRequest))
    if isinstance(google, float):  # NaN is NaN, and 0.0 is not -0.0
        return repr(google) == repr(emulator)
    if isinstance(emulator, list) and google is None:  # the REST API knows no array that is NULL
        return not emulator
    return type(google) is type(emulator) and google == emulator


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
