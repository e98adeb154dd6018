"""The laptop's Google Cloud: storage, BigQuery, events and functions, on this machine only. See README.md."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.cloud import LocalCloud
    from tests.emulator.events import Attempt, Backoff, Events, StorageEvent
    from tests.emulator.functions import Answer, Function, FunctionSpec
    from tests.emulator.processes import StartError

__all__ = [
    "Answer",
    "Attempt",
    "Backoff",
    "Events",
    "Function",
    "FunctionSpec",
    "LocalCloud",
    "StartError",
    "StorageEvent",
]

_HOMES = {
    "cloud": ("LocalCloud",),
    "events": ("Attempt", "Backoff", "Events", "StorageEvent"),
    "functions": ("Answer", "Function", "FunctionSpec"),
    "processes": ("StartError",),
}


def __getattr__(name: str) -> Any:
    """Imported when asked for: Terraform's plugins are started often, and need none of Google's clients."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
