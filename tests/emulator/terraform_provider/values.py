"""Terraform's values in Python. None is null, and UNKNOWN is a value that is only known after the apply."""

from __future__ import annotations

import json
from typing import Any, Final

import msgpack

from tests.emulator.terraform_provider.messages import MESSAGES

Value = Any
Object = dict[str, Any]
Path = tuple[str | int, ...]


class _Unknown:
    def __repr__(self) -> str:
        return "(known after apply)"


UNKNOWN: Final = _Unknown()


class ProviderError(Exception):
    """An error of the Terraform run. The user reads its summary and detail."""

    def __init__(self, summary: str, detail: str = "", path: Path = ()) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.path = path


def decode(message: Any) -> Value:
    if message.msgpack:
        return msgpack.unpackb(message.msgpack, strict_map_key=False, ext_hook=lambda _code, _data: UNKNOWN)
    return json.loads(message.json) if message.json else None


def encode(value: Value) -> Any:
    return MESSAGES["DynamicValue"](msgpack=msgpack.packb(value, default=_extension))


def _extension(value: Value) -> msgpack.ExtType:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\0")
    raise TypeError(f"not a Terraform value: {value!r}")


def is_known(value: Value) -> bool:
    """Return True if no part of the value is UNKNOWN."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return value is not UNKNOWN


def is_set(value: Value) -> bool:
    return value is not None and value != []


def attribute_path(path: Path) -> Any:
    steps = [
        MESSAGES["Step"](**{"element_key_int" if isinstance(part, int) else "attribute_name": part}) for part in path
    ]
    return MESSAGES["AttributePath"](steps=steps)


def error_message(error: ProviderError) -> Any:
    path = attribute_path(error.path)
    return MESSAGES["Diagnostic"](severity=1, summary=error.summary, detail=error.detail, attribute=path)
