"""The SQL of `focus_costs`: the charges of all sources as FOCUS 1.2 rows.

The mappings are in `schemas/focus_from_<name>.json`. Each source has its own view, and `focus_costs` is their union,
because a view has at most 256 K characters.

The query of a source has these steps. Each is a SELECT from the one before.
1. The columns that the mapping reads, each with the type that the mapping names. A missing column is NULL, and so is
   empty text.
2. `values`: what `parts` needs, such as the sum of an array.
3. `summaries`: what other rows of the table say. They are joined.
4. `steps`: the values that several FOCUS columns need. A step may use the steps before it.
5. The FOCUS columns.
6. The unit prices and the amounts in the pricing currency that the export lacks: `prices.py` computes them.
No step changes the partition column, so a query with a filter by month reads only the partitions of that month.
No step fails, whatever a row holds: a value that does not fit is NULL.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import indent
from typing import Literal

import msgspec

from billing.columns.field import Field
from billing.formats import SCHEMAS
from billing.views.casts import bounded
from billing.views.prices import EXCHANGE_RATE, with_prices
from billing.views.read_column import listed, literal, read_column
from billing.views.summaries import Summary, with_summaries


class FocusColumn(msgspec.Struct, frozen=True):
    """A column in the FOCUS specification."""

    name: str
    type: str
    level: str  # Mandatory, Conditional or Recommended
    nullable: bool
    allowed: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """The SQL of one FOCUS column. `decision` says that the provider's documents leave it open: a mapping decision."""

    expression: str | list[str]
    note: str = ""
    decision: bool = False


class Lookup(msgspec.Struct, frozen=True):
    """A value from `schemas/<lookup>.json`, which lists keys by service and services by category."""

    lookup: str
    key: str  # SQL
    gives: Literal["category", "service"]

    def case(self) -> str:
        """Return SQL that gives the category or the service of a key, or NULL."""
        path = SCHEMAS / f"{self.lookup}.json"
        listed = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, list[str]]])
        lines = [
            f"  WHEN {literal(key)} THEN {literal(category if self.gives == 'category' else service)}"
            for category, services in listed.items()
            for service, keys in services.items()
            for key in keys
        ]
        return "\n".join([f"CASE {self.key}", *lines, "END"])


class FocusMapping(msgspec.Struct, frozen=True):
    """The mapping of one kind of export. With a `base`, only what differs from that mapping."""

    focus: dict[str, Rule]  # by FOCUS column
    columns: dict[str, str] = {}  # the columns that the mapping reads, with their types
    summaries: dict[str, Summary] = {}  # what other rows of the table say, by name
    values: dict[str, str | list[str]] = {}  # values that `parts` needs, by name
    steps: dict[str, str | list[str] | Lookup] = {}  # values that several rules need, by name
    account: str = ""  # SQL of x_BillingAccountId, if it is not BillingAccountId
    discounts: str = "CAST(NULL AS STRING)"  # SQL of x_DiscountSource
    exchange_rate: str = "CAST(NULL AS BIGNUMERIC)"  # SQL of what one unit of the pricing currency is worth
    parts: str | None = None  # SQL of an array of names: a row becomes one row for each, with the name as `part`
    base: str | None = None


@dataclass(frozen=True)
class FocusSource:
    """A table that `focus_costs` reads, and the mapping for it."""

    key: str
    provider: str
    mapping: str
    table: str


EXTRA_COLUMNS = ("x_BillingAccountId", "x_DiscountSource", "x_source", "x_provider")
FOCUS_COLUMNS = msgspec.json.decode((SCHEMAS / "focus_1.2.json").read_bytes(), type=tuple[FocusColumn, ...])


@cache
def mapping_of(name: str) -> FocusMapping:
    """Return the mapping `schemas/focus_from_<name>.json` with all its rules."""
    mapping = _read(name)
    if mapping.base is None:
        return mapping
    base = mapping_of(mapping.base)
    return msgspec.structs.replace(
        base,
        focus={**base.focus, **mapping.focus},
        columns={**base.columns, **mapping.columns},
        values={**base.values, **mapping.values},
        steps={**base.steps, **mapping.steps},
        account=mapping.account or base.account,
    )


def _read(name: str) -> FocusMapping:
    return msgspec.json.decode((SCHEMAS / f"focus_from_{name}.json").read_bytes(), type=FocusMapping, strict=True)


def source_query(source: FocusSource, fields: Sequence[Field]) -> str:
    """Return the query of one source's view. Equal arguments give equal SQL. `fields` has the columns of the table."""
    mapping = mapping_of(source.mapping)
    lines = [_rule(column.name, mapping.focus[column.name]) for column in FOCUS_COLUMNS]
    lines += [
        f"{mapping.account or sql_of(mapping.focus['BillingAccountId'].expression)} AS x_BillingAccountId",
        f"{mapping.discounts} AS x_DiscountSource",
        f"'{source.key}' AS x_source",
        f"'{source.provider}' AS x_provider",
        f"{mapping.exchange_rate} AS {EXCHANGE_RATE}",
    ]
    rows = _select(lines, _with_steps(mapping, _read_rows(mapping, source, fields)))
    return with_prices(rows)


def _read_rows(mapping: FocusMapping, source: FocusSource, fields: Sequence[Field]) -> str:
    """Return SQL of the columns that the mapping reads, with the summaries. A row with `parts` becomes several."""

    def select(names: Iterable[str]) -> str:
        columns = [read_column(name, mapping.columns[name], fields, source.provider) for name in names]
        return _select(columns, f"`{source.table}`")

    absent: list[str] = []
    rows = select(mapping.columns)
    if mapping.values:
        rows = _with_values(rows, {name: _computed(value) for name, value in mapping.values.items()})
    if mapping.summaries:
        present = frozenset(field.name.lower() for field in fields)
        rows, absent = with_summaries(rows, mapping.summaries, present, select)
    elif mapping.parts is not None:
        rows = f"{rows} AS line"
    if mapping.parts is not None:
        rows = f"{rows} CROSS JOIN UNNEST({mapping.parts}) AS part"
    return _select(["*", *absent], rows) if absent else rows


def _with_steps(mapping: FocusMapping, rows: str) -> str:
    """Return SQL of the rows with the steps. A step that names one of the last SELECT is in a SELECT of its own."""
    level: dict[str, str] = {}
    for name, step in mapping.steps.items():
        sql = _computed(step)
        if any(re.search(rf"\b{earlier}\b", sql) for earlier in level):
            rows, level = _with_values(rows, level), {}
        level[name] = sql
    return _with_values(rows, level) if level else rows


def _with_values(rows: str, values: Mapping[str, str]) -> str:
    return _select(["*", *(f"{sql} AS {name}" for name, sql in values.items())], rows)


def union_query(views: Sequence[str]) -> str:
    """Return the query of `focus_costs`. It names each column, so a view that lacks one fails."""
    names = listed([*(column.name for column in FOCUS_COLUMNS), *EXTRA_COLUMNS])
    return "\nUNION ALL\n".join(f"SELECT\n{indent(names, '  ')}\nFROM `{view}`" for view in views)


def _select(lines: Sequence[str], rows: str) -> str:
    return f"(\nSELECT\n{indent(listed(lines), '  ')}\nFROM {rows}\n)"


def _rule(name: str, rule: Rule) -> str:
    comment = f"-- {name} is a mapping decision: {rule.note}\n" if rule.decision else ""
    return f"{comment}{_computed(rule.expression)} AS {name}"


def _computed(expression: str | list[str] | Lookup) -> str:
    """Return SQL of a step or a rule. A product or a quotient may be too large for a sum, though its parts are not."""
    sql = sql_of(expression)
    return bounded(sql) if "SAFE_MULTIPLY(" in sql or "SAFE_DIVIDE(" in sql else sql


def sql_of(expression: str | list[str] | Lookup) -> str:
    if isinstance(expression, Lookup):
        return expression.case()
    return expression if isinstance(expression, str) else "\n".join(expression)


def mapping_decisions() -> Mapping[str, Mapping[str, Rule]]:
    """Return the rules that are mapping decisions, by mapping and FOCUS column."""
    names = sorted(path.stem.removeprefix("focus_from_") for path in SCHEMAS.glob("focus_from_*.json"))
    return {name: {column: rule for column, rule in _read(name).focus.items() if rule.decision} for name in names}
