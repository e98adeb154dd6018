"""Run a specification of charges: what `focus_costs` shows of each kind of charge. DuckDB runs the SQL.

A specification is a list of `Charge`. A test takes each with every `Export` that can have it:

    assert focus_facts(acme, export, charge) == expected_facts(charge)

A row of `Charge.focus` names every cost, 0 too: one of the columns `FACTS` that it leaves out must be NULL. Other
columns are compared where a row names them. Rows have no order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb

from billing.columns.field import Field
from billing.views.focus import FOCUS_COLUMNS
from tests.unit.views.bigquery_sql import PHYSICAL, insert, rows, translated
from tests.unit.views.focus_rows import query_of

Row = Mapping[str, Any]
FACTS = (
    *("ChargeCategory", "ChargeClass", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost"),
    *("CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity"),
    *("CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit"),
)
_TYPES = {column.name: column.type for column in FOCUS_COLUMNS}


@dataclass(frozen=True)
class Charge:
    """One kind of charge. Its rows are all that the table holds, so neighbours in the month are listed, too."""

    kind: str
    exported: Sequence[Row]  # rows of the export. A column that a row leaves out is NULL
    focus: Sequence[Row]  # rows of `focus_costs`, with the right values


@dataclass(frozen=True)
class Export:
    """A kind of export that a mapping reads: the columns of its table with their types."""

    name: str
    mapping: str  # schemas/focus_from_<mapping>.json
    provider: str
    fields: tuple[Field, ...]
    always: Row = field(default_factory=dict, hash=False)  # values of every row, such as the billing period
    physical: Mapping[str, str] = field(default_factory=dict, hash=False)  # DuckDB's type of a RECORD, by column

    def without(self, *columns: str) -> Export:
        """Return the export of an account that does not get these columns."""
        return replace(self, fields=tuple(one for one in self.fields if one.name not in columns))


def focus_of(database: duckdb.DuckDBPyConnection, export: Export, exported: Iterable[Row]) -> list[dict[str, Any]]:
    """Fill the table with rows of the export, and return what the view `acme.billing.focus_costs` shows of them.

    A value for a column that the export does not have is left out.
    """
    names = {one.name for one in export.fields}
    described = ", ".join(f'"{one.name}" {_physical(export, one)}' for one in export.fields)
    database.execute(f"CREATE OR REPLACE TABLE acme.billing.charges ({described})")
    for row in exported:
        values = {name: value for name, value in {**export.always, **row}.items() if name in names}
        insert(database, "acme.billing.charges", values)
    query = _translated_query(export.mapping, export.provider, export.fields)
    database.execute(f"CREATE OR REPLACE VIEW acme.billing.focus_costs AS {query}")
    return rows(database, "SELECT * FROM acme.billing.focus_costs")


def focus_facts(database: duckdb.DuckDBPyConnection, export: Export, charge: Charge) -> list[dict[str, Any]]:
    """Return what `focus_costs` shows of a charge, without NULL: the columns that are compared."""
    found = sorted(focus_of(database, export, charge.exported), key=_facts_of)
    expected: list[Row] = sorted(charge.focus, key=_facts_of)
    others = [[name for name in row if name not in FACTS] for row in expected]
    others += [[]] * (len(found) - len(others))
    return [_compared(row, [*FACTS, *names]) for row, names in zip(found, others, strict=False)]


def expected_facts(charge: Charge) -> list[dict[str, Any]]:
    """Return what `focus_costs` must show of a charge."""
    return [
        _compared(row, [*FACTS, *(name for name in row if name not in FACTS)])
        for row in sorted(charge.focus, key=_facts_of)
    ]


def _facts_of(row: Row) -> str:
    return str(_compared(row, FACTS))


def _compared(row: Row, names: Iterable[str]) -> dict[str, Any]:
    return {name: _value(name, row[name]) for name in names if row.get(name) is not None}


def _value(name: str, value: Any) -> Any:
    """Return a value as it is compared. Nine decimals are kept, because DuckDB divides and Parquet counts in DOUBLE."""
    return round(Decimal(str(value)), 9).normalize() + 0 if _TYPES.get(name) == "BIGNUMERIC" else value


@cache
def _translated_query(mapping: str, provider: str, fields: tuple[Field, ...]) -> str:
    return translated(query_of(mapping, fields, provider=provider))


def _physical(export: Export, one: Field) -> str:
    if one.name in export.physical:
        return export.physical[one.name]
    if one.entry:
        return f"STRUCT(key {PHYSICAL[one.entry[0]]}, value {PHYSICAL[one.entry[1]]})[]"
    return PHYSICAL[one.type]
