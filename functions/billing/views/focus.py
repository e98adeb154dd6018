"""`focus_costs`: every source as FOCUS 1.2 rows, by mappings that are data: `schemas/focus_from_<name>.json`.

Each source has a view of its own, for BigQuery takes 256 K characters of a view, and the one over all is their union.

A source is read in three steps, each a SELECT around the one before: the columns that its mapping reads, each in one
type, NULL where the account has none and where the text is empty; then what several FOCUS columns need; then FOCUS. No
step touches the partition column, so that BigQuery prunes months through all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from textwrap import indent
from typing import Literal

import msgspec

from billing.columns.field import Field
from billing.formats import SCHEMAS

_OF_RESOURCES = "resourceTags"  # as CUR 2.0's column `tags` tells them from those of accounts and cost categories
_OWN_TAG = "user"  # AWS's prefix of a tag that the user made: no part of the key at any other provider


class FocusColumn(msgspec.Struct, frozen=True):
    """A column as FOCUS defines it."""

    name: str
    type: str
    level: str  # Mandatory, Conditional or Recommended
    nullable: bool
    allowed: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """How a FOCUS column comes about; `judgement` where the provider's documents leave it open."""

    expression: str | list[str]
    note: str = ""
    judgement: bool = False


class Lookup(msgspec.Struct, frozen=True):
    """What `schemas/<lookup>.json` says of a key: it lists keys by service, and services by category."""

    lookup: str
    key: str
    gives: Literal["category", "service"]

    def case(self) -> str:
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
    """One kind of export. `parts` makes several rows of one: an array of their names, which rules know as `part`.

    With a `base`, it is that mapping but for the rules that it names.
    """

    focus: dict[str, Rule]
    columns: dict[str, str] = {}
    steps: dict[str, str | list[str] | Lookup] = {}
    parts: str | None = None
    base: str | None = None


@dataclass(frozen=True)
class FocusSource:
    """A table that `focus_costs` reads, by the mapping of its kind."""

    key: str
    provider: str
    mapping: str
    table: str


FOCUS_COLUMNS = msgspec.json.decode((SCHEMAS / "focus_1.2.json").read_bytes(), type=tuple[FocusColumn, ...])


@cache
def mapping_of(name: str) -> FocusMapping:
    mapping = _read(name)
    if mapping.base is None:
        return mapping
    base = mapping_of(mapping.base)
    return msgspec.structs.replace(base, focus={**base.focus, **mapping.focus})


def _read(name: str) -> FocusMapping:
    return msgspec.json.decode((SCHEMAS / f"focus_from_{name}.json").read_bytes(), type=FocusMapping, strict=True)


def source_query(source: FocusSource, fields: Sequence[Field]) -> str:
    """The query of a source's view, the same for the same columns."""
    mapping = mapping_of(source.mapping)
    lines = [_rule(column.name, mapping.focus[column.name]) for column in FOCUS_COLUMNS]
    lines += [f"'{source.key}' AS x_source", f"'{source.provider}' AS x_provider"]
    columns = [_present(name, kind, fields, source.provider) for name, kind in mapping.columns.items()]
    rows = _select(columns, f"`{source.table}`")
    if mapping.parts is not None:
        rows = f"{rows} AS line CROSS JOIN UNNEST({mapping.parts}) AS part"
    if mapping.steps:
        rows = _select(["*", *(f"{text(expression)} AS {name}" for name, expression in mapping.steps.items())], rows)
    return _select(lines, rows)[1:-1].strip()


def union_query(views: Sequence[str]) -> str:
    """The query of the view over all; columns by name, for a view with other columns must not go unseen."""
    names = _listed([*(column.name for column in FOCUS_COLUMNS), "x_source", "x_provider"])
    return "\nUNION ALL\n".join(f"SELECT\n{indent(names, '  ')}\nFROM `{view}`" for view in views)


def _select(lines: Sequence[str], rows: str) -> str:
    return f"(\nSELECT\n{indent(_listed(lines), '  ')}\nFROM {rows}\n)"


def _listed(lines: Sequence[str]) -> str:
    return ",\n".join(lines)


def _rule(name: str, rule: Rule) -> str:
    comment = f"-- {name} is a judgement: {rule.note}\n" if rule.judgement else ""
    return f"{comment}{text(rule.expression)} AS {name}"


def text(expression: str | list[str] | Lookup) -> str:
    if isinstance(expression, Lookup):
        return expression.case()
    return expression if isinstance(expression, str) else "\n".join(expression)


def _present(path: str, kind: str, fields: Sequence[Field], provider: str) -> str:
    """A column, or a part of a RECORD, in the type that rules count on, whatever the table has of it."""
    column, _, part = path.partition(".")
    name = path.replace(".", "_")
    field = next((field for field in fields if field.name.lower() == column.lower()), None)
    if field is None:
        value = _of_several(name, kind, fields)
    elif kind == "TAGS":
        value = _tags(_entries(name) if field.entry else name, field.type, provider)
    else:
        value = _typed(replace(field, name=path, type="STRING" if kind == "STRING" else "") if part else field, kind)
    return name if value == name else f"{value} AS {name}"


def _typed(field: Field, kind: str) -> str:
    name, given = field.name, field.type
    if kind == "STRING":
        return f"NULLIF({name}, '')" if given == "STRING" else f"CAST({name} AS STRING)"
    if given == kind or kind.startswith("ARRAY"):
        return name
    if kind == "JSON":
        return _parsed(_entries(name) if field.entry else name, given)
    if given == "STRING":
        return f"SAFE_CAST(NULLIF({name}, '') AS {kind})"
    return f"CAST({name} AS {kind})"


def _entries(name: str) -> str:
    """A map as the text of a JSON object; NULL where it has no entry."""
    entry = "CONCAT(TO_JSON_STRING(entry.key), ':', TO_JSON_STRING(entry.value))"
    return f"(SELECT CONCAT('{{', STRING_AGG({entry}, ','), '}}') FROM UNNEST({name}) AS entry)"


def _parsed(value: str, given: str) -> str:
    if given == "JSON":
        return value
    return f"SAFE.PARSE_JSON(NULLIF({value}, ''))" if given == "STRING" else f"PARSE_JSON({value})"


def _tags(value: str, given: str, provider: str) -> str:
    """Azure may leave out the braces, and AWS puts `user_` before a tag's key; text that is no JSON is no tag."""
    if given == "STRING":
        value = f"IF(STARTS_WITH({value}, '{{'), {value}, CONCAT('{{', NULLIF({value}, ''), '}}'))"
    elif given == "JSON":
        value = f"NULLIF(TO_JSON_STRING({value}), 'null')"
    return f"{'SAFE.' if given == 'STRING' else ''}PARSE_JSON({_own_keys(value) if provider == 'aws' else value})"


def _own_keys(value: str) -> str:
    """A key stands behind a brace or a comma; in a value, its quotes would be escaped."""
    prefix = f"(?:{_OF_RESOURCES}/(?:{_OWN_TAG}[:_])?|{_OWN_TAG}[:_])"
    return f"""REGEXP_REPLACE({value}, r'([{{,]\\s*)"{prefix}([^"]*)":', r'\\1"\\2":')"""


def _of_several(name: str, kind: str, fields: Sequence[Field]) -> str:
    """CUR v1 spreads a map over columns `<name>_<key>`: one JSON object, without the keys that a row lacks."""
    spread = [field for field in fields if field.name.startswith(f"{name}_")] if kind == "TAGS" else []
    if not spread:
        return f"CAST(NULL AS {'JSON' if kind == 'TAGS' else kind})"
    pairs = _listed([f"{_literal(_key(field, name))}, NULLIF({field.name}, '')" for field in spread])
    return f"JSON_STRIP_NULLS(JSON_OBJECT(\n{indent(pairs, '  ')}\n))"


def _key(field: Field, name: str) -> str:
    """The tag's key as its source column spells it; where nothing says so, as the column is called."""
    category, slash, key = (field.source or "").partition("/")
    if slash and category:
        return key.removeprefix(f"{_OWN_TAG}:")
    return field.name.removeprefix(f"{name}_").removeprefix(f"{_OWN_TAG}_")


def _literal(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def mapping_decisions() -> Mapping[str, Mapping[str, Rule]]:
    """By mapping, what somebody may want to decide otherwise."""
    names = sorted(path.stem.removeprefix("focus_from_") for path in SCHEMAS.glob("focus_from_*.json"))
    return {name: {column: rule for column, rule in _read(name).focus.items() if rule.judgement} for name in names}
