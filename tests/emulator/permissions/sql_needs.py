"""The permissions that a statement needs, read from its text.

Google publishes no judge of them, so only this code decides. It follows the sections "Required permissions" of
https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language
https://cloud.google.com/bigquery/docs/reference/standard-sql/data-manipulation-language
https://cloud.google.com/bigquery/docs/information-schema-partitions#required_permissions, and the same of other views
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp

from tests.emulator.permissions.policy import dataset_of, dataset_path, table_path

_INFORMATION_SCHEMA = "INFORMATION_SCHEMA."
_KNOWN_SCHEMA_VIEWS = {"COLUMNS", "PARTITIONS", "TABLES"}
_MAX_STATEMENTS = 256  # in the cache


class UnknownStatementError(Exception):
    """A statement of which the emulator does not know the permissions."""


@dataclass(frozen=True)
class Need:
    permission: str
    resource: str


@dataclass(frozen=True)
class Statement:
    """`reads` are the tables and views whose rows are read.."""

    reads: tuple[str, ...]
    needs: tuple[Need, ...]


@lru_cache(_MAX_STATEMENTS)
def statements(sql: str, project: str) -> tuple[Statement, ...]:
    """Return what each statement of a text needs. Raises UnknownStatementError."""
    return tuple(_statement(tree, project) for tree in sqlglot.parse(sql, read="bigquery") if tree is not None)


@lru_cache(_MAX_STATEMENTS)
def tables_read(query: str, project: str) -> tuple[str, ...]:
    """Return the tables and views that the query of a view reads."""
    return tuple(path for one in statements(query, project) for path in one.reads)


def _statement(tree: exp.Expression, project: str) -> Statement:
    target = _target(tree)
    named = [table for table in tree.find_all(exp.Table) if table is not target]
    schema_views = [table for table in named if _INFORMATION_SCHEMA in table.name]
    local = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = [one for one in named if _INFORMATION_SCHEMA not in one.name and (one.db or one.name not in local)]
    reads = [_path(table, project) for table in tables]
    if isinstance(tree, exp.Delete | exp.Update | exp.Merge) and target is not None:
        reads.append(_path(target, project))
    needs = [need for view in schema_views for need in _schema_needs(view, project)]
    if target is not None:
        needs += [Need(permission, place) for permission, place in _on_target(tree, _path(target, project))]
    return Statement(tuple(dict.fromkeys(reads)), tuple(needs))


def _target(tree: exp.Expression) -> exp.Table | None:
    """Return the table that a statement changes, or None for a query and for the variables of a script."""
    if isinstance(tree, exp.Query | exp.Declare | exp.Set):
        return None
    if not isinstance(tree, exp.Create | exp.Drop | exp.Alter | exp.Insert | exp.Delete | exp.Update | exp.Merge):
        raise UnknownStatementError(f"The emulator does not know which permissions {tree.key.upper()} needs.")
    found = tree.this if isinstance(tree.this, exp.Table) else tree.this.find(exp.Table)
    if not isinstance(found, exp.Table) or not found.name:
        raise UnknownStatementError(f"The emulator does not know which permissions this needs: {tree.sql('bigquery')}")
    return found


def _on_target(tree: exp.Expression, table: str) -> Iterator[tuple[str, str]]:
    """Yield the permissions on what a statement changes, and where."""
    tables = "bigquery.tables"
    if isinstance(tree, exp.Create):
        yield f"{tables}.create", dataset_of(table)
        if tree.args.get("replace"):
            yield f"{tables}.update", table
        if tree.kind != "VIEW" and (tree.args.get("replace") or tree.expression is not None):
            yield f"{tables}.updateData", table
    elif isinstance(tree, exp.Drop):
        yield from ((f"{tables}.{verb}", table) for verb in ("get", "delete"))
    elif isinstance(tree, exp.Alter):
        yield from ((f"{tables}.{verb}", table) for verb in ("get", "update"))
    else:
        yield f"{tables}.updateData", table


def _schema_needs(view: exp.Table, project: str) -> Sequence[Need]:
    name = view.name.removeprefix(_INFORMATION_SCHEMA)
    if name not in _KNOWN_SCHEMA_VIEWS:
        raise UnknownStatementError(f"The emulator does not know which permissions {view.name} needs.")
    dataset = dataset_path(view.catalog or project, view.db)
    return [Need(f"bigquery.tables.{verb}", dataset) for verb in ("get", "list")]


def _path(table: exp.Table, project: str) -> str:
    if not table.db:
        raise UnknownStatementError(
            f"An account of the emulator names a table with its dataset: {table.name} has none."
        )
    return table_path(table.catalog or project, table.db, table.name)
