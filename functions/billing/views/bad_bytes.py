"""The SQL that finds text with U+FFFD, which BigQuery writes for bytes that are not UTF-8, and text with NUL.

Only CSV files have such bytes. Text that the provider itself wrote with U+FFFD looks the same.
"""

from collections.abc import Sequence

from billing.columns.field import Field
from billing.settings import Source

_PATTERN = r"r'[\x{FFFD}\x00]'"


def bad_rows(source: Source, fields: Sequence[Field]) -> str:
    """Return SQL of the number of rows with such text. It reads every column that holds text."""
    texts = _texts(source, fields)
    if not texts:
        return "0"
    return f"COUNTIF(REGEXP_CONTAINS(ARRAY_TO_STRING([{', '.join(texts.values())}], ''), {_PATTERN}))"


def bad_columns(source: Source, fields: Sequence[Field]) -> dict[str, str]:
    """Return SQL that is true if a column has such text, by the name of the column."""
    return {name: f"LOGICAL_OR(REGEXP_CONTAINS({text}, {_PATTERN}))" for name, text in _texts(source, fields).items()}


def _texts(source: Source, fields: Sequence[Field]) -> dict[str, str]:
    if source.format.file_format != "CSV":
        return {}
    as_text = {"STRING": "`{}`", "JSON": "TO_JSON_STRING(`{}`)"}
    return {field.name: as_text[field.type].format(field.name) for field in fields if field.type in as_text}
