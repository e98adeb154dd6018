"""Plan the columns of one load: their names and types, and which of them the table does not have yet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.columns.damaged import check_whole, whole_names
from billing.columns.field import Field
from billing.columns.header import REPLACEMENT
from billing.columns.names import MAX_NAME, NO_TYPES, RESERVED_PREFIXES, VALID_NAME, CsvRules, ParquetTypes, name_hash
from billing.errors import BillingError
from billing.manifests import MAX_COLUMNS, Column
from billing.settings.values import BIGQUERY_TYPES

# A description has at most 1,024 characters: docs.cloud.google.com/bigquery/quotas#all_tables
_MAX_SOURCE_CHARACTERS = 1024 - len("source: ")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Difference:
    """A column that is loaded with another type than the manifest or TYPE_OVERRIDES names."""

    column: str
    named: str
    by: str  # the manifest, or TYPE_OVERRIDES
    loaded: str

    def __str__(self) -> str:
        return f"{self.column} ({self.by}: {self.named}, loaded: {self.loaded})"


@dataclass(frozen=True)
class Plan:
    """The schema of a load in the order of the files, and the columns that the table lacks."""

    schema: tuple[Field, ...]
    added: tuple[Field, ...]
    unknown: tuple[str, ...] = ()  # added columns of CSV files whose type nobody knows: they are STRING
    differences: tuple[Difference, ...] = ()
    omitted: tuple[str, ...] = ()  # columns of Parquet files without any value, which the load job does not read
    damaged: tuple[str, ...] = ()  # source columns of CSV files whose name has bytes that are not UTF-8


def plan_csv(
    header: Sequence[str],
    manifest: Sequence[Column],
    rules: CsvRules,
    overrides: Mapping[str, str],
    table: Sequence[Field],
) -> Plan:
    """Plan a load of CSV files, which BigQuery reads by position.

    The header gives the order. A column that exists in the table keeps its type. The type of a new column comes from
    `overrides`, else from what the provider documents, else from `manifest`, else from the suffix of its name. A
    column without any of them is STRING.
    Raises BillingError: COLUMN_NAME, HEADER_UNREADABLE, MISSING_COLUMN, SETTING_INVALID, TOO_MANY_COLUMNS.
    """
    _check_count(len(header))
    _check_header(header)
    spelled, header = header, rules.sources(whole_names(header, manifest))
    check_whole(header, rules)
    overrides = _by_source(overrides, dict(zip(spelled, header, strict=True)), rules)
    _check_manifest(header, manifest, rules)
    named = {column.name: column.type for column in manifest if column.type in BIGQUERY_TYPES}
    known = {source: overrides.get(source) or rules.type_of(source, named.get(source)) for source in header}
    plan = _plan([(source, kind or "STRING") for source, kind in known.items()], _names(header, rules, table), table)
    loaded = dict(zip(header, plan.schema, strict=True))
    unknown = tuple(source for source, kind in known.items() if kind is None and loaded[source] in plan.added)
    damaged = tuple(source for source in header if REPLACEMENT in source)
    return Plan(plan.schema, plan.added, unknown, _differences(loaded, named, overrides), damaged=damaged)


def plan_parquet(
    columns: Sequence[Column],
    table: Sequence[Field],
    types: ParquetTypes = NO_TYPES,
    overrides: Mapping[str, str] | None = None,
) -> Plan:
    """Plan a load of Parquet files, which BigQuery reads by name. The files give the types, also against `overrides`.

    A column without values has no type: the job does not read it. The table gets it if `types` has its type.
    Raises BillingError: COLUMN_NAME, UNKNOWN_TYPE, TYPE_CHANGED, TOO_MANY_COLUMNS.
    """
    _check_count(len(columns))
    existing = {field.name.lower(): field for field in table}
    _check_parquet_names(columns)
    _check_parquet_types([column for column in columns if column.has_values], existing)
    wanted = [(column.name, column.type or "STRING") for column in columns if column.has_values]
    empty = [column.name for column in columns if not column.has_values]
    published = [(name, kind) for name in empty if (kind := types.type_of(name)) is not None]
    names = {name: existing[name.lower()].name if name.lower() in existing else name for name, _ in wanted + published}
    read, known = _plan(wanted, names, table), _plan(published, names, table)
    _check_count(len(existing) + len(read.added) + len(known.added))
    loaded = {name: field for (name, _), field in zip(wanted, read.schema, strict=True)}
    return Plan(
        schema=read.schema,
        added=read.added + known.added,
        differences=_differences(loaded, {}, overrides or {}),
        omitted=tuple(empty),
    )


def _by_source(overrides: Mapping[str, str], sources: Mapping[str, str], rules: CsvRules) -> dict[str, str]:
    """Return the overrides by source column. They may have any spelling of it, also that of the header.

    Raises BillingError: SETTING_INVALID if two spellings of one column have different types.
    """
    found: dict[str, str] = {}
    for name, kind in overrides.items():
        source = sources.get(name) or rules.sources([name])[0]
        first = found.setdefault(source, name)
        if overrides[first] != kind:
            both = f"{first} ({overrides[first]}) and {name} ({kind})"
            raise BillingError("SETTING_INVALID", f"TYPE_OVERRIDES has {both}, which are one column: keep one of them.")
    return {source: overrides[name] for source, name in found.items()}


def _check_header(header: Sequence[str]) -> None:
    odd = next((name for name in header if _CONTROL_CHARACTER.search(name)), None)
    if odd is not None:
        found = f"The files' header has a control character in column {odd!r}"
        raise BillingError("COLUMN_NAME", f"{found}: rename the column, such as a tag, at the provider.")
    long = next((name for name in header if len(name) > _MAX_SOURCE_CHARACTERS), None)
    if long is not None:
        count = f"{len(long)} characters, more than {_MAX_SOURCE_CHARACTERS}: {long[:60]!r}"
        found = f"The files' header has a column name of {count}"
        raise BillingError("COLUMN_NAME", f"{found}. Shorten it, such as the key of a tag, at the provider.")


def _check_manifest(header: Sequence[str], manifest: Sequence[Column], rules: CsvRules) -> None:
    present = set(header)
    absent = [column.name for column in manifest if column.name not in present]
    if absent:
        spelled = ", ".join(f"{name} ({rules.name(name)} in the table)" for name in absent)
        found = f"The files' header lacks what the manifest names: {spelled}"
        raise BillingError("MISSING_COLUMN", f"{found}. Deliver the month again, with files of that manifest.")


def _differences(
    loaded: Mapping[str, Field], named: Mapping[str, str | None], overrides: Mapping[str, str]
) -> tuple[Difference, ...]:
    found = []
    for source, field in loaded.items():
        by = "TYPE_OVERRIDES" if source in overrides else "manifest"
        kind = overrides.get(source) or named.get(source)
        if kind is not None and kind != field.type:
            found.append(Difference(source, kind, by, field.type))
    return tuple(found)


def _check_parquet_names(columns: Sequence[Column]) -> None:
    seen: set[str] = set()
    for column in columns:
        lower = column.name.lower()
        valid = VALID_NAME.fullmatch(column.name) and not lower.startswith(RESERVED_PREFIXES) and len(lower) <= MAX_NAME
        if not valid or lower in seen:
            found = f"BigQuery does not allow the name of the Parquet column {column.name!r}, or it occurs twice"
            raise BillingError("COLUMN_NAME", f"{found}: rename it, or remove it, at the provider.")
        seen.add(lower)


def _check_parquet_types(columns: Sequence[Column], existing: Mapping[str, Field]) -> None:
    unsupported = [column.name for column in columns if column.type is None]
    if unsupported:
        found = f"Parquet columns that are lists or nested records are not supported: {', '.join(unsupported)}"
        raise BillingError("UNKNOWN_TYPE", f"{found}. Remove them from the export, or export them as text.")
    changed = [
        f"{column.name} is {column.type} in the files, but {existing[column.name.lower()].type} in the table"
        for column in columns
        if column.name.lower() in existing and existing[column.name.lower()].type != column.type
    ]
    if changed:
        fix = "Load into a new table (TABLE_NAME), or restore the type in the export."
        raise BillingError("TYPE_CHANGED", f"Column {'; column '.join(changed)}. {fix}")


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
        found = f"The table would have {count} columns; BigQuery takes {MAX_COLUMNS}"
        raise BillingError("TOO_MANY_COLUMNS", f"{found}. Remove cost allocation tags, or set a new TABLE_NAME.")


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
        found = f"The files' header has the column {twice} twice"
        raise BillingError("COLUMN_NAME", f"{found}: rename or remove one of them at the provider.")
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
