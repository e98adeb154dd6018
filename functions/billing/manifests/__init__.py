"""Parse manifests: turn the bytes of a manifest into an `Export`. Each kind of manifest has one pure module."""

import re
from importlib import import_module
from types import ModuleType

from billing.errors import BillingError
from billing.manifests.model import (
    MAX_COLUMNS,
    MAX_FILES,
    MAX_MANIFEST,
    Column,
    DataFile,
    Export,
    Manifest,
    OtherExport,
    check_shape,
    folder_of,
)
from billing.settings import Source

__all__ = [
    "MAX_COLUMNS",
    "MAX_FILES",
    "MAX_MANIFEST",
    "Column",
    "DataFile",
    "Export",
    "Manifest",
    "OtherExport",
    "folder_of",
    "is_manifest",
    "manifest_names",
    "month_in",
    "never_loaded",
    "parse",
    "root_of",
]

# The folder of a month: 20250901-20251001, or as Data Exports and the Athena layout spell it.
_YEAR, _MONTH = r"(\d{4})", r"(0[1-9]|1[0-2]|[1-9])"
_MONTH_FOLDER = re.compile(
    rf"(?:^|/)(?:{_YEAR}{_MONTH}\d\d-\d{{8}}|billing_period={_YEAR}-{_MONTH}|year={_YEAR}/month={_MONTH})/",
    re.IGNORECASE | re.ASCII,
)


def manifest_names(source: Source, name: str) -> tuple[str, ...]:
    """Return the manifests that may decide about an object, likeliest first. `()` means that it belongs to no export.

    Only the name of the object counts, so this needs no request.
    """
    if not name.startswith(source.prefix):
        return ()
    result: tuple[str, ...] = _parser(source).manifest_names(source, name)
    return result


def is_manifest(source: Source, name: str) -> bool:
    """Return whether an object is a manifest that decides about a month."""
    return manifest_names(source, name) == (name,)


def never_loaded(source: Source, name: str) -> str | None:
    """Return why a data file never gets a manifest, or None if its name does not show that."""
    explain = getattr(_parser(source), "never_loaded", None)
    reason: str | None = explain(name) if explain and name.startswith(source.prefix) else None
    return reason


def parse(source: Source, manifest: Manifest) -> Export | OtherExport:
    """Parse a manifest.

    Raises BillingError: the REJECT code of what is wrong with it.
    """
    result: Export | OtherExport = _parser(source).parse(source, manifest)
    if isinstance(result, Export):
        if len(result.columns) > MAX_COLUMNS:
            count = f"{len(result.columns)} columns; BigQuery takes {MAX_COLUMNS}"
            raise BillingError("TOO_MANY_COLUMNS", f"{manifest.name} names {count}.")
        check_shape(manifest)
    return result


def _parser(source: Source) -> ModuleType:
    """Return the module of this package that the format names."""
    return import_module(f"{__name__}.{source.format.parser}")


def month_in(name: str) -> str | None:
    """Return the month in the path of a manifest, like 2025-09, or None. Use it only if the manifest cannot be read."""
    months = ["".join(groups) for groups in _MONTH_FOLDER.findall(name)]  # only the groups of one spelling are filled
    return f"{months[-1][:4]}-{months[-1][4:]:0>2}" if months else None


def root_of(name: str) -> str:
    """Return the path of a manifest up to the folder of its month, or '' if no folder is one of a month."""
    months = list(_MONTH_FOLDER.finditer(name))
    return name[: months[-1].start()] if months else ""
