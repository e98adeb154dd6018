"""Read dlt's configuration file. Each entry must have the type of its setting: text, a number or a table."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from billing.errors import BillingError

_TOP_LEVEL = ("bookkeeping_bucket", "focus_dataset", "google_billing_export")
_DESTINATION = ("location", "project_id")
_NUMBERS = ("settle_hours", "shrink_percent")
_OVERRIDES, _EXAMPLE = "type_overrides", 'a table like { "product/ECU" = "STRING" }'
_KINDS = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "an array", dict: "a table"}


def read_config_file(path: Path) -> dict[str, str]:
    """Return each entry under the name of its variable: `bucket` in `[sources.aws_cur]` is SOURCES__AWS_CUR__BUCKET.

    Return {} if there is no file. Raises BillingError: SETTING_INVALID.
    """
    tree = _parsed(path)
    try:
        entries = [*_settings(tree), *_sources(tree)]
    except _WrongEntryError as exc:
        raise BillingError("SETTING_INVALID", f"{exc.variable} in {path} {exc.problem}.") from None
    twice = [name for name, count in Counter(name for name, _ in entries).items() if count > 1]
    if twice:
        raise BillingError("SETTING_INVALID", f"{twice[0]} in {path} is set twice: remove one of them.")
    return dict(entries)


class _WrongEntryError(Exception):
    def __init__(self, variable: str, problem: str) -> None:
        self.variable, self.problem = variable, problem
        super().__init__(variable)


def _parsed(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as exc:
        raise BillingError(
            "SETTING_INVALID",
            f"{path} cannot be read ({exc.strerror}): make it a file that you can read, or remove it.",
        ) from exc
    except (ValueError, RecursionError) as exc:  # ValueError: no TOML, no UTF-8, or a number of too many digits
        raise BillingError("SETTING_INVALID", f"{path} is not valid TOML: {exc}.") from exc


def _settings(tree: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name in _TOP_LEVEL:
        if name in tree:
            yield name.upper(), _text(name.upper(), tree[name])
    destination = _table(tree, "destination", "DESTINATION", "[destination.bigquery]")
    bigquery = _table(destination, "bigquery", "DESTINATION__BIGQUERY", "[destination.bigquery]")
    for name in _DESTINATION:
        if name in bigquery:
            variable = f"DESTINATION__BIGQUERY__{name.upper()}"
            yield variable, _text(variable, bigquery[name])


def _sources(tree: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    sources = _table(tree, "sources", "SOURCES", "[sources.aws_cur]")
    for key in sources:
        base = f"SOURCES__{key.upper()}"
        fields = _table(sources, key, base, f"[sources.{key}]")
        if not fields:
            yield f"{base}__BUCKET", ""  # so that the empty source is noticed
        for name, value in fields.items():
            yield f"{base}__{name.upper()}", _field(f"{base}__{name.upper()}", name, value)


def _field(variable: str, name: str, value: object) -> str:
    if name == _OVERRIDES:
        return json.dumps(_overrides(variable, value))
    if name in _NUMBERS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return str(value) if is_number else _text(variable, value, "a number")
    return _text(variable, value)


def _overrides(variable: str, value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise _WrongEntryError(variable, f"is {_kind(value)}: write {_EXAMPLE}")
    for column, kind in value.items():
        if not isinstance(kind, str):
            raise _WrongEntryError(variable, f"has {_kind(kind)} for {column}: write {_EXAMPLE}")
    return value


def _text(variable: str, value: object, wanted: str = "text in quotes") -> str:
    if not isinstance(value, str):
        raise _WrongEntryError(variable, f"is {_kind(value)}: write {wanted}")
    return value


def _table(parent: Mapping[str, object], name: str, variable: str, heading: str) -> Mapping[str, object]:
    table = parent.get(name, {})
    if not isinstance(table, dict):
        raise _WrongEntryError(variable, f"is {_kind(table)}: write a table under {heading}")
    return table


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "a date or time")
