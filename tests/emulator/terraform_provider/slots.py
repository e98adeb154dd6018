"""Walk through the attributes and blocks of a resource, and give each a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.emulator.terraform_provider.facts import Json, blocks
from tests.emulator.terraform_provider.validation import instances
from tests.emulator.terraform_provider.values import Object, Value


@dataclass(frozen=True)
class Slot:
    """One attribute or block, and the value that it had before."""

    path: str
    before: Value
    is_new: bool  # the resource or block did not exist before
    in_set: bool = False


Fill = Callable[[Json, Value, Slot], Value]


def filled(block: Json, value: Object, prior: Object | None, fill: Fill, fill_block: Fill | None = None) -> Object:
    """Return the values that `fill` gives for each attribute, and `fill_block` for each block as a whole."""
    return _filled(block, value, prior, fill, fill_block or (lambda _, nested, _slot: nested), "", in_set=False)


def _filled(
    block: Json, value: Object, prior: Object | None, fill: Fill, fill_block: Fill, path: str, *, in_set: bool
) -> Object:
    out, before = dict(value), prior or {}
    for name, attribute in block["attributes"].items():
        slot = Slot(f"{path}{name}", before.get(name), prior is None, in_set)
        out[name] = fill(attribute, value.get(name), slot)
    for name, nesting, content in blocks(block):
        slot = Slot(f"{path}{name}", before.get(name), prior is None, in_set)
        nested, olds = fill_block(nesting, value.get(name), slot), instances(before.get(name))
        is_set = nesting["nesting_mode"] == "set"
        made = [
            _filled(
                content,
                one,
                olds[index] if index < len(olds) else None,
                fill,
                fill_block,
                f"{slot.path}.",
                in_set=is_set,
            )
            for index, one in enumerate(instances(nested))
        ]
        out[name] = made if isinstance(nested, list) else made[0] if made else nested
    return out
