"""What the SDK of the google providers plans for values that are unset or empty.

The rules are those of `diffString`, `diffMap`, `diffList` and `finalizeDiff` in helper/schema/schema.go, and of
`normalizeNullValues` in helper/schema/grpc_provider.go of hashicorp/terraform-plugin-sdk. For the SDK, an unset value
and an empty one are the same. It lets two changes go in silence, and Terraform then reports no difference:

- an optional and computed value, also one in a map, that becomes an empty text: it keeps its value
- a block that is optional and computed, and is removed: it stays
"""

from __future__ import annotations

from tests.emulator.terraform_provider.facts import Json
from tests.emulator.terraform_provider.slots import Slot
from tests.emulator.terraform_provider.values import UNKNOWN, Object, Value

_EMPTY: tuple[Value, ...] = (None, "", False, 0, [], {})


def planned_value(attribute: Json, value: Value, slot: Slot) -> Value:
    if attribute.get("write_only"):
        return None
    if isinstance(value, list) and UNKNOWN in value:
        return UNKNOWN
    if value is None and "default" in attribute:
        return attribute["default"]
    if attribute.get("computed"):
        return _computed(attribute, value, slot)
    if value is None and slot.in_set and attribute["type"] == "string":
        return ""
    if value is None and not slot.is_new and slot.before in _EMPTY:
        return slot.before
    if value == {} and slot.before is None:
        return None
    return _spelled(attribute, value, slot)


def planned_block(nesting: Json, value: Value, slot: Slot) -> Value:
    if value or value is UNKNOWN:
        return value
    if nesting.get("computed"):
        return UNKNOWN if slot.is_new else slot.before
    return slot.before if "unset" in nesting and slot.before == nesting["unset"] else value


def _computed(attribute: Json, value: Value, slot: Slot) -> Value:
    if isinstance(value, dict) and isinstance(slot.before, dict):
        return _map(attribute, value, slot.before)
    if value == "" and not slot.is_new:
        return slot.before or ""
    if value in (None, "") and slot.is_new:
        return UNKNOWN
    return _spelled(attribute, value, slot)


def _map(attribute: Json, value: Object, before: Object) -> Object:
    """Keep the value of a key that becomes empty, and the keys that the service adds."""
    kept = {key: before[key] for key in attribute.get("added", {}) if key in before}
    return {**kept, **{key: one if one != "" else before.get(key, "") for key, one in value.items()}}


def _spelled(attribute: Json, value: Value, slot: Slot) -> Value:
    if isinstance(value, str) and attribute.get("upper"):
        return value.upper()
    return slot.before if attribute.get("slash") and slot.before == f"{value}/" else value
