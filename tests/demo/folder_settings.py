"""The settings that a file beside a folder of exports gives, checked with the functions of the product."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from billing.errors import BillingError
from billing.formats import FORMATS
from billing.settings import Source, read_settings

_TEXTS = ("export_name", "focus_version", "format", "path")
_ALL = (*_TEXTS, "settle_hours", "type_overrides")


class UnusableError(Exception):
    """One sentence: why nothing can be loaded from a folder, and what to do."""


def read_folder_settings(bucket: Path) -> Mapping[str, Any]:
    """Return the settings of a folder, or {} if there is no file. Raises UnusableError."""
    file = bucket.with_name(f"{bucket.name}.toml")
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UnusableError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # ValueError: no TOML or no UTF-8
        raise UnusableError(f"{file} is not valid TOML: {error}.") from error
    for name in sorted(settings.keys() - set(_ALL)):
        raise UnusableError(f"{file} has the unknown setting {name}: use {', '.join(_ALL)}.")
    for name in _TEXTS:
        if not isinstance(settings.get(name, ""), str):
            raise UnusableError(f"{file}: {name} is {settings[name]!r}: write text in quotes.")
    overrides = settings.get("type_overrides", {})
    if not isinstance(overrides, dict) or not all(isinstance(kind, str) for kind in overrides.values()):
        wanted = 'write a table like { "product/ECU" = "STRING" }'
        raise UnusableError(f"{file}: type_overrides is {json.dumps(overrides, default=str)}: {wanted}.")
    if "format" in settings and settings["format"] not in FORMATS:
        raise UnusableError(f"{file} has the unknown format {settings['format']}: use one of {', '.join(FORMATS)}.")
    return settings


def product_source(
    key: str, format_name: str, export_name: str, path: str, settings: Mapping[str, Any], folder: Path
) -> Source:
    """Return the source as the functions read it from their environment. Raises UnusableError."""
    overrides, settle = settings.get("type_overrides", {}), settings.get("settle_hours", 0)
    fields = {
        "BUCKET": "exports",
        "DATASET": "billing",
        "EXPORT_NAME": export_name,
        "FORMAT": format_name,
        "PREFIX": "",
        "SETTLE_HOURS": settle if isinstance(settle, str) else json.dumps(settle, default=str),
        "SOURCE_PATH": path,
        "TABLE_NAME": key,
        "TYPE_OVERRIDES": json.dumps(overrides),
    }
    environment = {
        "BOOKKEEPING_BUCKET": "bookkeeping",
        "DESTINATION__BIGQUERY__LOCATION": "EU",
        "DESTINATION__BIGQUERY__PROJECT_ID": "local-project",
        **{f"SOURCES__{key.upper()}__{name}": value for name, value in fields.items()},
    }
    try:
        return read_settings(environment, Path("/nonexistent")).sources[0]
    except BillingError as error:
        message = re.sub(rf"SOURCES__{key.upper()}__([A-Z_]+)", lambda match: match[1].lower(), error.message)
        set_in_file = [*settings, *(["path"] if path else [])]
        place = f"{folder}.toml" if any(name in message for name in set_in_file) else folder
        raise UnusableError(f"{place}: {message}") from error
