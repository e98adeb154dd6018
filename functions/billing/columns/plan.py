"""Plan the columns of one load: their names and types, and which of them the table does not have yet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.columns.field import Field
from billing.columns.names import MAX_NAME, RESERVED_PREFIXES, VALID_NAME, CsvRules, name_hash
from billing.errors import BillingError
from billing.manifests import MAX_COLUMNS, Column
from billing.settings.values import BIGQUERY_TYPES

# A description has at most 1,024 characters: docs.cloud.google.com/bigquery/quotas#all_tables
_MAX_SOURCE_CHARACTERS = 1024 - len("source: ")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Plan:
    """The schema of a load in the order of the files, and the columns that the table lacks."""

    schema: tuple[Field, ...]
    added: tuple[Field, ...]


def plan_csv(
    header: Sequence[str],
    manifest: Sequence[Column],
    rules: CsvRules,
    overrides: Mapping[str, str],
    table: Sequence[Field],
) -> Plan:
    """Plan a load of CSV files, which BigQuery reads by position.

    The header gives the order. A type comes from `overrides`, else from `manifest`, else from `rules`.
    A column that exists in the table keeps its type.
    Raises BillingError: COLUMN_NAME, MISSING_COLUMN, UNKNOWN_TYPE, TOO_MANY_COLUMNS.
    """
    _check_count(len(header))
    odd = next((name for name in header if _CONTROL_CHARACTER.search(name)), None)
    if odd is not None:
        raise BillingError("COLUMN_NAME", f"The files' header has a control character in column {odd!r}.")
    long = next((name for name in header if len(name) > _MAX_SOURCE_CHARACTERS), None)
    if long is not None:
        count = f"{len(long)} characters, more than {_MAX_SOURCE_CHARACTERS}"
        raise BillingError("COLUMN_NAME", f"The files' header has a column name of {count}: {long[:60]!r}.")
    header = rules.sources(header)
    overrides = dict(zip(rules.sources(list(overrides)), overrides.values(), strict=True))
    present = set(header)
    absent = next((column.name for column in manifest if column.name not in present), None)
    if absent is not None:
        raise BillingError("MISSING_COLUMN", f"The files' header has no column {absent}, which the manifest names.")
    manifest_types = {column.name: column.type for column in manifest}
    wanted = [
        (source, _csv_type(source, overrides.get(source) or manifest_types.get(source) or rules.type_of(source)))
        for source in header
    ]
    return _plan(wanted, _names(header, rules, table), table)


def plan_parquet(columns: Sequence[Column], table: Sequence[Field]) -> Plan:
    """Plan a load of Parquet files, which BigQuery reads by name. The files give the types.

    Raises BillingError: COLUMN_NAME, UNKNOWN_TYPE, TYPE_CHANGED, TOO_MANY_COLUMNS.
    """
    _check_count(len(columns))
    seen: set[str] = set()
    existing = {field.name.lower(): field for field in table}
    for column in columns:
        lower = column.name.lower()
        if (
            not VALID_NAME.fullmatch(column.name)
            or lower.startswith(RESERVED_PREFIXES)
            or len(lower) > MAX_NAME
            or lower in seen
        ):
            raise BillingError(
                "COLUMN_NAME",
                f"BigQuery does not allow the name of the Parquet column {column.name!r}, or it occurs twice.",
            )
        seen.add(lower)
        if column.type is None:
            raise BillingError("UNKNOWN_TYPE", f"The Parquet column {column.name} has a type that is not supported.")
        if lower in existing and existing[lower].type != column.type:
            raise BillingError(
                "TYPE_CHANGED",
                f"Column {column.name} is {column.type} in the files, but {existing[lower].type} in the table.",
            )
    wanted = [(column.name, column.type or "STRING") for column in columns]
    names = {source: existing[source.lower()].name if source.lower() in existing else source for source, _ in wanted}
    return _plan(wanted, names, table)


def _csv_type(source: str, known: str | None) -> str:
    if known in BIGQUERY_TYPES:
        return known
    kind = f"the unknown type '{known}'" if known else "no type in the manifest or in the published list of columns"
    raise BillingError(
        "UNKNOWN_TYPE",
        f'Column {source} has {kind}: name its BigQuery type in TYPE_OVERRIDES, like {{"{source}": "STRING"}}.',
    )


def _plan(wanted: Sequence[tuple[str, str]], names: Mapping[str, str], table: Sequence[Field]) -> Plan:
    existing = {field.name.lower(): field for field in table}
    schema = tuple(
        existing.get(names[source].lower()) or Field(names[source], kind, f"source: {source}")
        for source, kind in wanted
    )
    added = tuple(field for field in schema if field.name.lower() not in existing)
    _check_count(len(existing) + len(added))
    return Plan(schema, added)


def _check_count(count: int) -> None:
    if count > MAX_COLUMNS:
        raise BillingError("TOO_MANY_COLUMNS", f"The table would have {count} columns; BigQuery takes {MAX_COLUMNS}.")


def _names(header: Sequence[str], rules: CsvRules, table: Sequence[Field]) -> dict[str, str]:
    """Return the column name of each source column. Two source columns may have the same plain name.

    1. A source column that the table has keeps its column.
    2. A plain name is reserved for the published column, also if the header lacks it.
    3. Else the first in code point order gets the plain name, so the order of columns in a file does not matter.
    4. All others get a suffix.

    Raises BillingError: COLUMN_NAME, if the header has a column twice.
    """
    if len(set(header)) != len(header):
        twice = next(name for name in header if list(header).count(name) > 1)
        raise BillingError("COLUMN_NAME", f"The files' header has the column {twice} twice.")
    kept = {field.source: field.name for field in table if field.source is not None}
    names = {source: kept[source] for source in header if source in kept}
    # A table column without a source in its description blocks no name: it belongs to the source column of that name.
    taken = {name.lower() for name in kept.values()}
    owners = rules.owners
    for source in sorted(set(header) - set(names), key=lambda name: (name not in rules.dictionary, name)):
        plain = rules.name(source)
        free = plain.lower() not in taken and owners.get(plain, source) == source
        names[source] = plain if free else _suffixed(plain, source, taken)
        taken.add(names[source].lower())
    return names


def _suffixed(plain: str, source: str, taken: set[str]) -> str:
    """Return a name with 4 hex digits, or more if it is taken: of 300 tags in a non-Latin script, two often collide."""
    candidates = (f"{plain[: MAX_NAME - 1 - digits]}_{name_hash(source, digits)}" for digits in range(4, 41, 4))
    return next(name for name in candidates if name.lower() not in taken)
