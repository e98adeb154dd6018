"""The results of Terraform commands: output, error and plan."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.emulator.terraform_provider.facts import Json

_FRAMES = re.compile(r"[│╷╵]")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Result:
    code: int
    output: str
    errors: str


class TerraformError(RuntimeError):
    """A failed command. The text has its messages without frames and line breaks, so that tests can match sentences."""

    def __init__(self, command: str, result: Result) -> None:
        text = _FRAMES.sub(" ", _COLOURS.sub("", result.errors if result.errors.strip() else result.output))
        super().__init__(f"terraform {command} ended with code {result.code}: {' '.join(text.split())}")
        self.result = result


@dataclass(frozen=True)
class Plan:
    """A saved plan. `path` can be applied."""

    path: Path
    has_changes: bool
    document: Json

    @cached_property
    def changes(self) -> dict[str, tuple[str, ...]]:
        """The resources that change, as {address: actions}: ("create",), ("update",), ("delete", "create") …"""
        changed = self.document.get("resource_changes", [])
        actions = {change["address"]: tuple(change["change"]["actions"]) for change in changed}
        return {address: action for address, action in actions.items() if action not in (("no-op",), ("read",))}

    def planned(self, address: str) -> Json:
        """Return the planned values of one resource, without those that are only known after the apply."""
        found = next(c for c in self.document["resource_changes"] if c["address"] == address)
        values: Json = found["change"]["after"] or {}
        return values
