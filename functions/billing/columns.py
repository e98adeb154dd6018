"""Source columns to BigQuery columns: names by AWS's Athena rule, types by manifest and dictionary."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from .config import BIGQUERY_TYPES
from .errors import BillingError
from .exports import MAX_COLUMNS, Column
from .formats import SCHEMAS, Format

_MAX_NAME = 300  # docs.cloud.google.com/bigquery/quotas#all_tables
_MAX_SOURCE = 1024 - len("source: ")  # same page: a column's description has 1,024 characters
_SOURCE = re.compile(r"source: (.+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_VALID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAP = re.compile(r"MAP<(\w+), (\w+)>")
# docs.cloud.google.com/bigquery/docs/schemas#column_names
_RESERVED = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier")


@dataclass(frozen=True)
class Field:
    """A column of a BigQuery table. The description's first line says which source column it holds."""

    name: str
    type: str
    description: str = ""

    @property
    def source(self) -> str | None:
        match = _SOURCE.match(self.description)
        return match[1] if match else None

    @property
    def entry(self) -> tuple[str, str] | None:
        """The types of key and value of a map, which is a repeated record of the two."""
        match = _MAP.fullmatch(self.type)
        return (match[1], match[2]) if match else None


def map_of(key: str, value: str) -> str:
    return f"MAP<{key}, {value}>"


@dataclass(frozen=True)
class Plan:
    """The load's schema in the files' order, and what the table lacks of it."""

    schema: tuple[Field, ...]
    added: tuple[Field, ...]


@dataclass(frozen=True)
class CsvRules:
    """How a format's CSV headers become columns: the name that a source column gets, and the published ones' types.

    `endings` are those by which a provider's columns show their type, for one that is not published yet.
    `sources` says which source columns a header row names, where one column is spelled in several ways.
    """

    name: Callable[[str], str]
    dictionary: Mapping[str, str]
    endings: Mapping[str, str]
    sources: Callable[[Sequence[str]], Sequence[str]] = lambda header: header

    def type_of(self, source: str) -> str | None:
        by_ending = (kind for ending, kind in self.endings.items() if source.endswith(ending))
        return self.dictionary.get(source) or next(by_ending, None)

    @property
    def owners(self) -> Mapping[str, str]:
        """Whose a plain name is, of the published columns."""
        return {self.name(source): source for source in self.dictionary}


@cache
def csv_rules(export_format: Format) -> CsvRules:
    """Of a dictionary's lines, those like `*_cost` are endings."""
    path = SCHEMAS / f"{export_format.dictionary}.json"
    lines: Mapping[str, str] = json.loads(path.read_text()) if export_format.dictionary else {}
    published = {source: kind for source, kind in lines.items() if not source.startswith("*")}
    endings = {source[1:]: kind for source, kind in lines.items() if source.startswith("*")}
    if export_format.names == "azure":
        return CsvRules(as_is, published, endings, partial(azure_sources, published))
    return CsvRules(_NAMES[export_format.names], published, endings)


def athena_name(source: str) -> str:
    """AWS's own rule, so that CSV, Parquet and AWS's published SQL agree.

    docs.aws.amazon.com/cur/latest/userguide/create-manual-table.html: an underscore before each capital,
    lower case, other characters to underscores, repeats and ends removed.
    """
    spaced = re.sub(r"([A-Z])", r"_\1", source).lower()
    name = re.sub(r"[^a-z0-9]+", "_", spaced).strip("_")
    if not name or name[0].isdigit():  # a reserved prefix begins with an underscore: it is gone
        name = f"c_{name}"
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 5]}_{_hash(source)}"


def as_is(source: str) -> str:
    """A name that is a BigQuery column already, and else by Athena's rule."""
    fits = _VALID.fullmatch(source) and len(source) <= _MAX_NAME and not source.lower().startswith(_RESERVED)
    return source if fits else athena_name(source)


def azure_sources(published: Mapping[str, str], header: Sequence[str]) -> Sequence[str]:
    """One name for each column of Azure's actual and amortized cost, however the account and its language spell it.

    `costInBillingCurrency` (MCA), `CostInBillingCurrency` (EA), `Kosten (CostInBillingCurrency)` (a German portal) and
    `Cost` are one column, in the spelling of the published list.
    """
    spellings = {name.lower(): name for name in published}
    english = [(match[1] if (match := _LOCALISED.fullmatch(name)) else name) for name in header]
    present = {name.lower() for name in english}
    current = [now if (now := _RENAMED.get(name.lower())) and now.lower() not in present else name for name in english]
    return [spellings.get(name.lower(), name[:1].upper() + name[1:]) for name in current]


_LOCALISED = re.compile(r".+ \((\w+)\)", re.DOTALL)
# What earlier versions call columns of c360-2025-04:
# learn.microsoft.com/azure/cost-management-billing/dataset-schema/cost-usage-details-ea and -mca
_RENAMED = {
    "billingcurrencycode": "BillingCurrency",
    "costinbillingcurrency": "Cost",
    "invoicesectionname": "InvoiceSection",
    "productname": "Product",
    "resourcegroupname": "ResourceGroup",
}
_NAMES: Mapping[str, Callable[[str], str]] = {"athena": athena_name, "as_is": as_is}


def plan_csv(
    header: Sequence[str],
    manifest: Sequence[Column],
    rules: CsvRules,
    overrides: Mapping[str, str],
    table: Sequence[Field],
) -> Plan:
    """The plan for CSV files, which map by position: the header gives the order, the manifest the types.

    Raises BillingError COLUMN_NAME, MISSING_COLUMN, UNKNOWN_TYPE or TOO_MANY_COLUMNS.
    """
    _check_count(len(header))
    odd = next((name for name in header if _CONTROL.search(name)), None)
    if odd is not None:
        raise BillingError("COLUMN_NAME", f"The files' header has a control character in column {odd!r}.")
    long = next((name for name in header if len(name) > _MAX_SOURCE), None)
    if long is not None:
        count = f"{len(long)} characters; {_MAX_SOURCE} are kept"
        raise BillingError("COLUMN_NAME", f"The files' header has a column of {count}: {long[:60]!r}.")
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
    """The plan for Parquet files, which map by name; types are BigQuery's reading of the physical ones.

    Raises BillingError COLUMN_NAME, UNKNOWN_TYPE, TYPE_CHANGED or TOO_MANY_COLUMNS.
    """
    _check_count(len(columns))
    seen: set[str] = set()
    existing = {field.name.lower(): field for field in table}
    for column in columns:
        lower = column.name.lower()
        if not _VALID.fullmatch(column.name) or lower.startswith(_RESERVED) or len(lower) > _MAX_NAME or lower in seen:
            raise BillingError("COLUMN_NAME", f"The Parquet column {column.name!r} cannot be a BigQuery column.")
        seen.add(lower)
        if column.type is None:
            raise BillingError("UNKNOWN_TYPE", f"The Parquet column {column.name} has a type that is not loaded.")
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
    kind = f"the unknown type '{known}'" if known else "no type in the manifest and is in no published dictionary"
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
    """A source column keeps its column for life; the dictionary's spelling owns a plain name; others get a suffix.

    Between two that are both new and in no dictionary, the first in code point order owns the plain name,
    so that the order of the columns in a file does not matter.
    """
    if len(set(header)) != len(header):
        twice = next(name for name in header if list(header).count(name) > 1)
        raise BillingError("COLUMN_NAME", f"The files' header has the column {twice} twice.")
    kept = {field.source: field.name for field in table if field.source is not None}
    names = {source: kept[source] for source in header if source in kept}
    # a column without a source in its description is whoever's name it bears
    taken = {name.lower() for name in kept.values()}
    owners = rules.owners
    for source in sorted(set(header) - set(names), key=lambda name: (name not in rules.dictionary, name)):
        plain = rules.name(source)
        free = plain.lower() not in taken and owners.get(plain, source) == source
        names[source] = plain if free else _suffixed(plain, source, taken)
        taken.add(names[source].lower())
    return names


def _suffixed(plain: str, source: str, taken: set[str]) -> str:
    """Four digits, and more where another column has them: of 300 tags in one non-Latin script, two often do."""
    candidates = (f"{plain[: _MAX_NAME - 1 - digits]}_{_hash(source, digits)}" for digits in range(4, 41, 4))
    return next(name for name in candidates if name.lower() not in taken)


def _hash(source: str, digits: int = 4) -> str:
    return hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()[:digits]
