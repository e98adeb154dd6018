"""The emulator: Cloud Storage, BigQuery, events and functions on this machine. See README.md."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.emulator import Emulator
    from tests.emulator.events import Attempt, Backoff, Events
    from tests.emulator.function_instances import Answer, FunctionSpec
    from tests.emulator.functions import Function
    from tests.emulator.processes import StartError
    from tests.emulator.storage_event import StorageEvent

__all__ = [
    "Answer",
    "Attempt",
    "Backoff",
    "Emulator",
    "Events",
    "Function",
    "FunctionSpec",
    "StartError",
    "StorageEvent",
]

_MODULES = {
    "emulator": ("Emulator",),
    "events": ("Attempt", "Backoff", "Events"),
    "function_instances": ("Answer", "FunctionSpec"),
    "functions": ("Function",),
    "processes": ("StartError",),
    "storage_event": ("StorageEvent",),
}


def __getattr__(name: str) -> Any:
    """Import a name at its first use. Terraform starts the plugins often, and they need none of Google's clients."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
