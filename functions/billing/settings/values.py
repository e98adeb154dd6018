"""Read single configuration values, and check the form of each."""

import json
import os
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from billing.errors import BillingError
from billing.settings.config_file import read_config_file

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")  # dlt changes every other name
PROJECT = re.compile(r"[a-z][-a-z0-9:.]{4,61}[a-z0-9]")
TABLE = re.compile(rf"{PROJECT.pattern}\.[A-Za-z0-9_]{{1,1024}}\.[A-Za-z0-9_]{{1,1024}}")  # any legal BigQuery name
BUCKET = re.compile(r"[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]")
LOCATION = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,60}")
# BigQuery reads * in the address of a file as a wildcard, and there is no escape for it. AWS allows * in the name of a
# report, and then both the folder and the files have it, but an address may have one wildcard only.
_NOT_IN_PATHS = re.compile(r"[*\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # the last are bytes that are not UTF-8
_NOT_IN_NAMES = re.compile(r"[/\s*?\[\]#]")
BIGQUERY_TYPES = frozenset(
    ("BIGNUMERIC", "BOOLEAN", "DATE", "DATETIME", "FLOAT", "INTEGER", "JSON", "NUMERIC", "STRING", "TIMESTAMP")
)
TYPE_ALIASES = {"BOOL": "BOOLEAN", "FLOAT64": "FLOAT", "INT64": "INTEGER"}
_DEFAULT_SETTLE_HOURS = "3"
_MAX_SETTLE_HOURS = 168
_DEFAULT_SHRINK_PERCENT = "20"


@dataclass(frozen=True)
class Values:
    """The variables by name. Each method reads one variable and checks its form.

    Raises BillingError: SETTING_MISSING, SETTING_INVALID. The message names the variable.
    """

    variables: Mapping[str, str]

    def required(self, name: str, shape: re.Pattern[str] | None = None) -> str:
        value = self.variables.get(name, "")
        if not value:
            raise BillingError("SETTING_MISSING", f"{name} is not set.")
        if shape is not None and not shape.fullmatch(value):
            raise BillingError("SETTING_INVALID", f"{name} must match {shape.pattern}, but is '{value}'.")
        return value

    def optional(self, name: str, default: str, shape: re.Pattern[str]) -> str:
        return self.required(name, shape) if self.variables.get(name) else default

    def path(self, name: str) -> str:
        """Return a path that is '' or ends in '/'. It must equal the path of the transfer, which has the same rule."""
        value = self.variables.get(name, "")
        if value and (not value.endswith("/") or value.startswith("/")):
            raise BillingError("SETTING_INVALID", f"{name} must end in '/' and not begin with it, but is '{value}'.")
        if _NOT_IN_PATHS.search(value):
            why = "BigQuery cannot read files under such a path"
            raise BillingError(
                "SETTING_INVALID", f"{name} must have no * and no control character ({why}), but is '{value}'."
            )
        return value

    def export_name(self, name: str) -> str:
        value = self.required(name)
        problem = export_name_problem(value)
        if problem is not None:
            raise BillingError("SETTING_INVALID", f"{name} {problem}.")
        return value

    def choice(self, name: str, choices: Collection[str]) -> str:
        value = self.required(name)
        if value not in choices:
            raise BillingError("SETTING_INVALID", f"{name} must be one of {', '.join(choices)}, but is '{value}'.")
        return value

    def choice_or(self, name: str, default: str, choices: Collection[str]) -> str:
        return self.choice(name, choices) if self.variables.get(name) else default

    def type_overrides(self, name: str) -> Mapping[str, str]:
        """Return source column to BigQuery type, with the types spelled as in BIGQUERY_TYPES."""
        text = self.variables.get(name) or "{}"
        try:
            given = json.loads(text, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError) as exc:  # ValueError: no JSON, a repeated key, or a number too long
            raise BillingError("SETTING_INVALID", f"{name} is not valid JSON: {exc}.") from exc
        if not isinstance(given, dict) or not all(isinstance(kind, str) for kind in given.values()):
            raise BillingError("SETTING_INVALID", f'{name} must be like {{"product/ECU": "STRING"}}, but is {text}.')
        types = {column: TYPE_ALIASES.get(kind.upper(), kind.upper()) for column, kind in given.items()}
        for column, kind in types.items():
            if kind not in BIGQUERY_TYPES:
                known = ", ".join(sorted(BIGQUERY_TYPES))
                raise BillingError("SETTING_INVALID", f"{name}: '{kind}' of {column} is not one of {known}.")
        return types

    def settle_hours(self, name: str) -> float:
        return self._number(name, _DEFAULT_SETTLE_HOURS, "hours", _MAX_SETTLE_HOURS)

    def percent(self, name: str) -> float:
        return self._number(name, _DEFAULT_SHRINK_PERCENT, "a percentage", 100)

    def _number(self, name: str, default: str, what: str, greatest: float) -> float:
        text = self.variables.get(name) or default
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number <= greatest:
            raise BillingError("SETTING_INVALID", f"{name} must be {what} from 0 to {greatest}, but is '{text}'.")
        return number


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the JSON object. Raises ValueError if it has a key twice, where `json` would keep the last value."""
    found = dict(pairs)
    repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if repeated:
        raise ValueError(f"it has {repeated[0]!r} more than once")
    return found


def export_name_problem(value: str) -> str | None:
    """Return what is wrong with the name of an export, and what to do. Return None if it can be loaded."""
    if value.isprintable() and not _NOT_IN_NAMES.search(value):
        return None
    rule = f"must have no space, no control character and none of / * ? [ ] #, but is '{value}'"
    if "*" in value:
        return f"{rule}: create the export again with another name, because BigQuery reads * as a wildcard"
    return f"{rule}: use the name that the provider shows"


def read_values(environment: Mapping[str, str] | None, folder: Path | None) -> Values:
    """Read dlt's configuration file in `folder`, then the environment, which wins.

    The defaults are the environment of the process and the current folder.
    """
    file = read_config_file((folder or Path()).absolute() / ".dlt" / "config.toml")
    return Values({**file, **(os.environ if environment is None else environment)})
