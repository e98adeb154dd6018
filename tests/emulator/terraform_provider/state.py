"""The applied resources, as `terraform show -json` tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.emulator.terraform_provider.facts import Json


class UnknownToLocalCloudError(Exception):
    """Something was applied that the local cloud cannot start as Google would; the text names resource and argument."""


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
        """The one block of that name, if it is there."""
        found = self.values.get(name) or []
        return Resource(self.address, self.kind, found[0], f"{self.path}{name}.") if found else None

    def required(self, name: str) -> Resource:
        found = self.block(name)
        if found is None:
            raise self.refused(name, "is missing")
        return found

    def demand(self, name: str, *allowed: object) -> None:
        value = self.values.get(name)
        if value not in allowed:
            wanted = " or ".join(map(repr, allowed))
            raise self.refused(name, f"is {value!r}, and the local cloud stands for {wanted} only")

    def knows(self, *names: str) -> None:
        """Everything else that is set is refused: what is ignored here may matter there. A text may hold several."""
        known = " ".join(names).split()
        for name, value in self.values.items():
            if name not in known and value not in (None, [], {}, "", False):
                raise self.refused(name, "is set, and the local cloud has nothing like it")

    def refused(self, name: str, why: str) -> UnknownToLocalCloudError:
        return UnknownToLocalCloudError(f"{self.address}: {self.path}{name} {why}.")


def resources(document: Json) -> list[Resource]:
    """Managed ones, of all modules."""
    root = document.get("values", {}).get("root_module", {})
    return [
        Resource(found["address"], found["type"], found["values"]) for found in _all(root) if found["mode"] == "managed"
    ]


def _all(module: Json) -> Iterator[Json]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _all(child)
