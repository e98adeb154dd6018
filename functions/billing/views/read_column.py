"""SQL that reads a column of an export in the type that a mapping names. A column that the table lacks is NULL."""

from collections.abc import Sequence
from dataclasses import replace
from textwrap import indent

from billing.columns.field import Field
from billing.views.casts import as_number, as_text, as_timestamp, parsed_json

_RESOURCE_TAGS = "resourceTags"  # prefix in the column tags of CUR 2.0, which also has account and cost category tags
_USER_TAG = "user"  # AWS puts this before the key of a user's tag; other providers do not
_COST_CATEGORY = "costCategory"  # prefix of a cost category beside the tags, as in the column tags of CUR 2.0


def listed(lines: Sequence[str]) -> str:
    return ",\n".join(lines)


def read_column(path: str, kind: str, fields: Sequence[Field], provider: str) -> str:
    """Return SQL of a column, or of a part of a RECORD, in the type `kind`. NULL if the table does not have it."""
    column, _, part = path.partition(".")
    name = path.replace(".", "_")
    field = next((field for field in fields if field.name.lower() == column.lower()), None)
    if field is None:
        value = _absent(name, kind, fields)
    elif kind == "TAGS":
        value = _tags(replace(field, name=name), provider)
    elif kind == "CATEGORIES":
        value = _categories(field)
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
    key = "SAFE_CAST(entry.key AS STRING)"
    entry = f"CONCAT(TO_JSON_STRING({key}), ':', TO_JSON_STRING(entry.value))"
    rows = f"UNNEST({name}) AS entry WITH OFFSET AS place WHERE {key} IS NOT NULL AND entry.value IS NOT NULL"
    return f"(SELECT CONCAT('{{', STRING_AGG({entry}, ',' ORDER BY place), '}}') FROM {rows})"


def _as_json(field: Field) -> str:
    if field.type == "JSON":
        return field.name
    return parsed_json(_entries(field.name) if field.entry else as_text(field.name, field.type))


def _tags(field: Field, provider: str) -> str:
    """Return SQL of tags as JSON. Azure may omit the braces, and AWS puts `user_` before a key. Other text is NULL."""
    value = _object_text(field)
    return parsed_json(_own_keys(value) if provider == "aws" else value)


def _categories(field: Field) -> str:
    """Return SQL of AWS's cost categories as JSON. Their keys get a prefix, so they differ from the keys of tags."""
    with_prefix = f"r'\\1\"{_COST_CATEGORY}/\\2\":'"
    return parsed_json(rf"""REGEXP_REPLACE({_object_text(field)}, r'([{{,]\s*)"([^"]*)":', {with_prefix})""")


def _object_text(field: Field) -> str:
    """Return SQL of a map as the text of a JSON object."""
    if field.entry:
        return _entries(field.name)
    if field.type == "STRING":
        return f"IF(STARTS_WITH({field.name}, '{{'), {field.name}, CONCAT('{{', NULLIF({field.name}, ''), '}}'))"
    return f"NULLIF({as_text(field.name, field.type)}, 'null')"


def _own_keys(value: str) -> str:
    """Return SQL that removes AWS's prefixes from keys.

    A key follows a brace or a comma. The quotes of a value that looks like a key are escaped, so it does not match.
    """
    prefix = f"(?:{_RESOURCE_TAGS}/(?:{_USER_TAG}[:_])?|{_USER_TAG}[:_])"
    return f"""REGEXP_REPLACE({value}, r'([{{,]\\s*)"{prefix}([^"]*)":', r'\\1"\\2":')"""


def _absent(name: str, kind: str, fields: Sequence[Field]) -> str:
    """Return NULL for a column that the table lacks, or one JSON object if CUR v1 has its entries as `<name>_<key>`."""
    is_map = kind in ("TAGS", "CATEGORIES")
    spread = [field for field in fields if is_map and field.name.startswith(f"{name}_")]
    if not spread:
        return f"CAST(NULL AS {'JSON' if is_map else kind})"
    key_of = _tag_key if kind == "TAGS" else _category_key
    pairs = listed([f"{literal(key_of(field, name))}, NULLIF({field.name}, '')" for field in spread])
    return f"JSON_STRIP_NULLS(JSON_OBJECT(\n{indent(pairs, '  ')}\n))"


def _tag_key(field: Field, name: str) -> str:
    """Return the key of a tag as the source column spells it."""
    return _source_key(field, name).removeprefix(f"{_USER_TAG}:" if _has_source(field) else f"{_USER_TAG}_")


def _category_key(field: Field, name: str) -> str:
    """Return the key of a cost category as the source column spells it, with the prefix that all of them get."""
    return f"{_COST_CATEGORY}/{_source_key(field, name)}"


def _source_key(field: Field, name: str) -> str:
    """Return the part of the source column's name after the slash. Parquet has only the name of the column."""
    return (field.source or "").partition("/")[2] if _has_source(field) else field.name.removeprefix(f"{name}_")


def _has_source(field: Field) -> bool:
    category, slash, _ = (field.source or "").partition("/")
    return bool(category and slash)


def literal(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
