"""Manifest bytes to an `Export` value, one pure module per provider's format."""

import re
from importlib import import_module
from types import ModuleType

from ..config import Source
from ..errors import BillingError
from .model import MAX_COLUMNS, MAX_MANIFEST, Column, DataFile, Export, Manifest, OtherExport, check_shape

__all__ = [
    "MAX_COLUMNS",
    "MAX_MANIFEST",
    "Column",
    "DataFile",
    "Export",
    "Manifest",
    "OtherExport",
    "is_manifest",
    "manifest_name",
    "month_in",
    "parse",
]

_FOLDER = re.compile(r"(?:^|/)(\d{4})(0[1-9]|1[0-2])\d{2}-\d{8}/")


def manifest_name(source: Source, name: str) -> str | None:
    """The manifest that decides about an object, by its name alone; None for an object that is none of ours."""
    if not name.startswith(source.prefix):
        return None
    result: str | None = _parser(source).manifest_name(source, name)
    return result


def is_manifest(source: Source, name: str) -> bool:
    """Whether a listed object is a manifest that decides about a month."""
    result: bool = name.startswith(source.prefix) and _parser(source).is_manifest(source, name)
    return result


def parse(source: Source, manifest: Manifest) -> Export | OtherExport:
    """Raises BillingError with the code of what is wrong with the manifest."""
    result: Export | OtherExport = _parser(source).parse(source, manifest)
    if isinstance(result, Export):
        if len(result.columns) > MAX_COLUMNS:
            count = f"{len(result.columns)} columns; BigQuery takes {MAX_COLUMNS}"
            raise BillingError("TOO_MANY_COLUMNS", f"{manifest.name} names {count}.")
        check_shape(manifest)
    return result


def _parser(source: Source) -> ModuleType:
    """The module of this package that the format's row names."""
    return import_module(f"{__name__}.{source.format.parser}")


def month_in(name: str) -> str | None:
    """The month that a manifest's path claims: only to book a manifest that cannot be read."""
    found = _FOLDER.findall(name)
    return "-".join(found[-1]) if found else None
