"""The SQL of `focus_costs`: the charges of all sources as FOCUS 1.2 rows.

The mappings are in `schemas/focus_from_<name>.json`. Each source has its own view, and `focus_costs` is their union,
because a view has at most 256 K characters.

The query of a source has these steps. Each is a SELECT from the one before.
1. The columns that the mapping reads, each with the type that the mapping names. A missing column is NULL, and so is
   empty text.
2. `values`: what the next step needs, such as the sum of an array or a price from another row of the month.
3. `steps`: what several FOCUS columns need. If the mapping has `parts`, each row is split first.
4. The FOCUS columns.
No step changes the partition column, so a query with a filter by month reads only the partitions of that month.
No step fails, whatever a row holds: a value that does not fit is NULL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from textwrap import indent
from typing import Literal

import msgspec

from billing.columns.field import Field
from billing.formats import SCHEMAS
from billing.views.casts import as_number, as_text, as_timestamp, bounded

_RESOURCE_TAGS = "resourceTags"  # prefix in the column tags of CUR 2.0, which also has account and cost category tags
_USER_TAG = "user"  # AWS puts this before the key of a user's tag; other providers do not


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
            f"  WHEN {_literal(key)} THEN {_literal(category if self.gives == 'category' else service)}"
            for category, services in listed.items()
            for service, keys in services.items()
            for key in keys
        ]
        return "\n".join([f"CASE {self.key}", *lines, "END"])


class FocusMapping(msgspec.Struct, frozen=True):
    """The mapping of one kind of export. With a `base`, only what differs from that mapping."""

    focus: dict[str, Rule]  # by FOCUS column
    columns: dict[str, str] = {}  # the columns that the mapping reads, with their types
    values: dict[str, str | list[str]] = {}  # values that `parts` and `steps` need, by name
    steps: dict[str, str | list[str] | Lookup] = {}  # values that several rules need, by name
    account: str = ""  # SQL of x_BillingAccountId, if it is not BillingAccountId
    parts: str | None = None  # SQL of an array of names: a row becomes one row for each, with the name as `part`
    base: str | None = None


@dataclass(frozen=True)
class FocusSource:
    """A table that `focus_costs` reads, and the mapping for it."""

    key: str
    provider: str
    mapping: str
    table: str


EXTRA_COLUMNS = ("x_BillingAccountId", "x_source", "x_provider")
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
    account = mapping.account or sql_of(mapping.focus["BillingAccountId"].expression)
    lines += [f"{account} AS x_BillingAccountId", f"'{source.key}' AS x_source", f"'{source.provider}' AS x_provider"]
    columns = [_read_column(name, kind, fields, source.provider) for name, kind in mapping.columns.items()]
    rows = _with_values(mapping.values, _select(columns, f"`{source.table}`"))
    if mapping.parts is not None:
        rows = f"{rows} AS line CROSS JOIN UNNEST({mapping.parts}) AS part"
    return _select(lines, _with_values(mapping.steps, rows))[1:-1].strip()


def union_query(views: Sequence[str]) -> str:
    """Return the query of `focus_costs`. It names each column, so a view that lacks one fails."""
    names = _listed([*(column.name for column in FOCUS_COLUMNS), *EXTRA_COLUMNS])
    return "\nUNION ALL\n".join(f"SELECT\n{indent(names, '  ')}\nFROM `{view}`" for view in views)


def _with_values(values: Mapping[str, str | list[str] | Lookup], rows: str) -> str:
    """Return SQL of the rows with more values, which cannot name each other."""
    return (
        _select(["*", *(f"{_computed(value)} AS {name}" for name, value in values.items())], rows) if values else rows
    )


def _select(lines: Sequence[str], rows: str) -> str:
    return f"(\nSELECT\n{indent(_listed(lines), '  ')}\nFROM {rows}\n)"


def _listed(lines: Sequence[str]) -> str:
    return ",\n".join(lines)


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


def _read_column(path: str, kind: str, fields: Sequence[Field], provider: str) -> str:
    """Return SQL of a column, or of a part of a RECORD, in the type `kind`. NULL if the table does not have it."""
    column, _, part = path.partition(".")
    name = path.replace(".", "_")
    field = next((field for field in fields if field.name.lower() == column.lower()), None)
    if field is None:
        value = _absent(name, kind, fields)
    elif kind == "TAGS":
        value = _tags(replace(field, name=name), provider)
    else:
        value = _typed(replace(field, name=path, type="STRING" if kind == "STRING" else "") if part else field, kind)
    return name if value == name else f"{value} AS {name}"


def _typed(field: Field, kind: str) -> str:
    if kind == "STRING":
        return as_text(field.name, field.type)
    if kind == "BIGNUMERIC":
        return as_number(field.name, field.type or None)
    if kind == "TIMESTAMP":
        return as_timestamp(field.name, field.type)
    if kind == "JSON":
        return _as_json(field)
    return field.name  # an array of Google's own export


def _entries(name: str) -> str:
    """Return SQL of a map as the text of a JSON object, or NULL if it has no entry."""
    entry = "CONCAT(TO_JSON_STRING(entry.key), ':', TO_JSON_STRING(entry.value))"
    rows = f"UNNEST({name}) AS entry WHERE entry.key IS NOT NULL"
    return f"(SELECT CONCAT('{{', STRING_AGG({entry}, ','), '}}') FROM {rows})"


def _as_json(field: Field) -> str:
    if field.type == "JSON":
        return field.name
    return f"SAFE.PARSE_JSON({_entries(field.name) if field.entry else as_text(field.name, field.type)})"


def _tags(field: Field, provider: str) -> str:
    """Return SQL of tags as JSON. Azure may omit the braces, and AWS puts `user_` before a key. Other text is NULL."""
    if field.entry:
        value = _entries(field.name)
    elif field.type == "STRING":
        value = f"IF(STARTS_WITH({field.name}, '{{'), {field.name}, CONCAT('{{', NULLIF({field.name}, ''), '}}'))"
    else:
        value = f"NULLIF({as_text(field.name, field.type)}, 'null')"
    return f"SAFE.PARSE_JSON({_own_keys(value) if provider == 'aws' else value})"


def _own_keys(value: str) -> str:
    """Return SQL that removes AWS's prefixes from keys.

    A key follows a brace or a comma. The quotes of a value that looks like a key are escaped, so it does not match.
    """
    prefix = f"(?:{_RESOURCE_TAGS}/(?:{_USER_TAG}[:_])?|{_USER_TAG}[:_])"
    return f"""REGEXP_REPLACE({value}, r'([{{,]\\s*)"{prefix}([^"]*)":', r'\\1"\\2":')"""


def _absent(name: str, kind: str, fields: Sequence[Field]) -> str:
    """Return NULL for a column that the table lacks, or one JSON object if CUR v1 has its tags as `<name>_<key>`."""
    spread = [field for field in fields if field.name.startswith(f"{name}_")] if kind == "TAGS" else []
    if not spread:
        return f"CAST(NULL AS {'JSON' if kind == 'TAGS' else kind})"
    pairs = _listed([f"{_literal(_key(field, name))}, NULLIF({field.name}, '')" for field in spread])
    return f"JSON_STRIP_NULLS(JSON_OBJECT(\n{indent(pairs, '  ')}\n))"


def _key(field: Field, name: str) -> str:
    """Return the key of a tag as the source column spells it. Parquet has only the name of the column."""
    category, slash, key = (field.source or "").partition("/")
    if slash and category:
        return key.removeprefix(f"{_USER_TAG}:")
    return field.name.removeprefix(f"{name}_").removeprefix(f"{_USER_TAG}_")


def _literal(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def mapping_decisions() -> Mapping[str, Mapping[str, Rule]]:
    """Return the rules that are mapping decisions, by mapping and FOCUS column."""
    names = sorted(path.stem.removeprefix("focus_from_") for path in SCHEMAS.glob("focus_from_*.json"))
    return {name: {column: rule for column, rule in _read(name).focus.items() if rule.decision} for name in names}
