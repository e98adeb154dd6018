"""Manifest bytes to an `Export` value, one pure module per provider's format."""

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
    "is_manifest",
    "manifest_names",
    "month_in",
    "never_loaded",
    "parse",
]

# A folder of days (20250901-20251001), or of a month as Data Exports and Athena spell it.
_YEAR, _MONTH = r"(\d{4})", r"(0[1-9]|1[0-2]|[1-9])"
_FOLDERS = re.compile(
    rf"(?:^|/)(?:{_YEAR}{_MONTH}\d\d-\d{{8}}|billing_period={_YEAR}-{_MONTH}|year={_YEAR}/month={_MONTH})/",
    re.IGNORECASE | re.ASCII,
)


def manifest_names(source: Source, name: str) -> tuple[str, ...]:
    """The manifests that may decide about an object, by its name alone, likeliest first; none: it is not ours."""
    if not name.startswith(source.prefix):
        return ()
    result: tuple[str, ...] = _parser(source).manifest_names(source, name)
    return result


def is_manifest(source: Source, name: str) -> bool:
    """Whether a listed object is a manifest that decides about a month."""
    return manifest_names(source, name) == (name,)


def never_loaded(source: Source, name: str) -> str | None:
    """Why a data file has no manifest and will have none, where its name shows that."""
    explain = getattr(_parser(source), "never_loaded", None)
    reason: str | None = explain(name) if explain and name.startswith(source.prefix) else None
    return reason


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
    found = ["".join(match) for match in _FOLDERS.findall(name)]  # of three spellings, one has its groups filled
    return f"{found[-1][:4]}-{found[-1][4:]:0>2}" if found else None
