"""SQL that joins what other rows of the same table say, such as: does this reservation have amortized costs at all?

A summary is one row for each group of rows, so BigQuery joins it without sorting the charges. A window function would
bring all charges of a month to one worker. BigQuery does not push a filter by month into the summary, so it reads the
columns of the summary in every month.
"""

from collections.abc import Callable, Mapping, Sequence
from textwrap import indent

import msgspec


class SummaryValue(msgspec.Struct, frozen=True):
    """One value of a summary: its type, and SQL that aggregates the rows of a group."""

    type: str
    expression: str | list[str]


class Summary(msgspec.Struct, frozen=True):
    """One row for each group of rows. Only a table with one of the columns in `needs` has it, so others pay nothing."""

    by: dict[str, str]  # the name of each key in the summary, and its SQL
    values: dict[str, SummaryValue]
    reads: list[str]  # the columns that keys and values read
    needs: list[str]

    def is_possible(self, present: frozenset[str]) -> bool:
        return any(name in present for name in self.needs)

    def joined(self, name: str, rows: str) -> str:
        """Return SQL of the LEFT JOIN with the summary of these rows."""
        keys = [f"{sql} AS {key}" for key, sql in self.by.items()]
        values = [f"{_text(value.expression)} AS {name}" for name, value in self.values.items()]
        selected = indent(",\n".join([*keys, *values]), "  ")
        groups = ", ".join(str(number + 1) for number in range(len(keys)))
        matched = " AND ".join(f"{sql} = {key}" for key, sql in self.by.items())
        return f"LEFT JOIN (\nSELECT\n{selected}\nFROM {rows}\nGROUP BY {groups}\n) AS {name} ON {matched}"


def with_summaries(
    rows: str, summaries: Mapping[str, Summary], present: frozenset[str], select: Callable[[Sequence[str]], str]
) -> tuple[str, list[str]]:
    """Return SQL of the rows with all summaries, and the values of those that the table cannot have: NULL.

    `present` has the columns of the table in lower case. `select` returns SQL of the rows with only these columns.
    """
    joins = [one.joined(name, select(one.reads)) for name, one in summaries.items() if one.is_possible(present)]
    absent = [
        f"CAST(NULL AS {value.type}) AS {name}"
        for one in summaries.values()
        if not one.is_possible(present)
        for name, value in one.values.items()
    ]
    return "\n".join([f"{rows} AS line", *joins]), absent


def _text(expression: str | list[str]) -> str:
    return expression if isinstance(expression, str) else "\n".join(expression)
