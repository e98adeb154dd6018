"""Read the applied resources from `terraform show -json`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.emulator.terraform_provider.facts import Json


class UnknownToEmulatorError(Exception):
    """The emulator cannot run an applied resource as Google would. The message names resource and argument."""


@dataclass(frozen=True)
class Resource:
    """A resource, or (`path`) one of its blocks."""

    address: str
    kind: str
    values: Json
    path: str = ""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def block(self, name: str) -> Resource | None:
        """Return the block of that name, or None."""
        found = self.values.get(name) or []
        return Resource(self.address, self.kind, found[0], f"{self.path}{name}.") if found else None

    def required(self, name: str) -> Resource:
        found = self.block(name)
        if found is None:
            raise self.error(name, "is missing")
        return found

    def check_value(self, name: str, *allowed: object) -> None:
        value = self.values.get(name)
        if value not in allowed:
            wanted = " or ".join(map(repr, allowed))
            raise self.error(name, f"is {value!r}, but the emulator supports only {wanted}")

    def check_names(self, *names: str) -> None:
        """Raise UnknownToEmulatorError if another argument is set. Each text has one or more names."""
        known = " ".join(names).split()
        for name, value in self.values.items():
            if name not in known and value not in (None, [], {}, "", False):
                raise self.error(name, "is set, but the emulator does not support it")

    def error(self, name: str, why: str) -> UnknownToEmulatorError:
        return UnknownToEmulatorError(f"{self.address}: {self.path}{name} {why}.")


def resources(document: Json) -> list[Resource]:
    """Return the managed resources of all modules."""
    root = document.get("values", {}).get("root_module", {})
    return [
        Resource(found["address"], found["type"], found["values"]) for found in _all(root) if found["mode"] == "managed"
    ]


def _all(module: Json) -> Iterator[Json]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _all(child)
