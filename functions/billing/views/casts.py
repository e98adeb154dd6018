"""SQL that reads a column in another type, whatever its values are.

A view must answer for all sources, so no value of one row may make it fail. A value that does not fit is NULL.
"""

# A number of this size is no cost and no quantity. Below it, BIGNUMERIC holds the sum of 10^10 numbers.
LIMIT = "1e28"
# In JSON text, \uD83D is half of a character that needs two such escapes.
_SURROGATE = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
_WHOLE = r"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"  # an escaped backslash, or a pair
_SCALARS = frozenset(
    ("BIGNUMERIC", "BOOLEAN", "DATE", "DATETIME", "FLOAT", "INTEGER", "NUMERIC", "STRING", "TIME", "TIMESTAMP")
)


def bounded(number: str) -> str:
    """Return SQL of a number, or NULL for NaN, infinity and what is not below the limit."""
    return f"IF(ABS(CAST({number} AS FLOAT64)) < {LIMIT}, {number}, NULL)"


def as_number(column: str, kind: str | None) -> str:
    """Return SQL of a column as BIGNUMERIC. `kind` is its type, or None for a number of unknown type.

    A FLOAT64 goes through its text: BigQuery would expand the binary value, and 0.4 would become 0.40000000000000002.
    """
    if kind == "BIGNUMERIC":
        return bounded(column)
    if kind in ("INTEGER", "NUMERIC"):
        return f"CAST({column} AS BIGNUMERIC)"
    if kind == "FLOAT":
        return f"IF(ABS({column}) < {LIMIT}, SAFE_CAST(CAST({column} AS STRING) AS BIGNUMERIC), NULL)"
    if kind == "STRING" or kind is None:
        text = column if kind else f"CAST({column} AS STRING)"
        return f"IF(ABS(SAFE_CAST({text} AS FLOAT64)) < {LIMIT}, SAFE_CAST({text} AS BIGNUMERIC), NULL)"
    return "CAST(NULL AS BIGNUMERIC)"


def as_text(column: str, kind: str) -> str:
    """Return SQL of a column as STRING. Empty text is NULL."""
    if kind == "STRING":
        return f"NULLIF({column}, '')"
    if kind in _SCALARS:
        return f"CAST({column} AS STRING)"
    return f"SAFE_CAST({column} AS STRING)" if kind == "BYTES" else f"TO_JSON_STRING({column})"


def as_timestamp(column: str, kind: str) -> str:
    """Return SQL of a column as TIMESTAMP. A TIMESTAMP stays as it is, so that partitions are pruned."""
    if kind == "TIMESTAMP":
        return column
    if kind == "STRING":
        return f"SAFE_CAST({_whole_time(column)} AS TIMESTAMP)"
    return f"CAST({column} AS TIMESTAMP)" if kind in ("DATE", "DATETIME") else "CAST(NULL AS TIMESTAMP)"


def _whole_time(text: str) -> str:
    """Return SQL of a time as BigQuery reads it. Azure writes some without seconds, and some with seven decimals."""
    six_decimals = rf"REGEXP_REPLACE({text}, r'([.][0-9]{{6}})[0-9]+', r'\1')"
    return rf"REGEXP_REPLACE({six_decimals}, r'^([0-9-]{{10}}[T ][0-9]{{2}}:[0-9]{{2}})([Zz+-]|$)', r'\1:00\2')"


def parsed_json(text: str) -> str:
    """Return SQL of text as JSON, or NULL if it is none.

    One bad character would make the whole of it NULL: a control character becomes a space, and half of a surrogate
    pair is left out. A number that JSON cannot hold exactly is rounded.
    """
    spaced = rf"REGEXP_REPLACE({text}, r'[\x00-\x1f]', ' ')"
    whole = rf"REGEXP_REPLACE({spaced}, r'{_WHOLE}|{_SURROGATE}', r'\1')"
    return f"SAFE.PARSE_JSON({whole}, wide_number_mode => 'round')"
