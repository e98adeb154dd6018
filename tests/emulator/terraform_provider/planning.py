"""Plan and apply any resource from the facts alone: defaults, values known after apply, replacements.

`sdk.py` has what the SDK of the google providers does with values that are unset or empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Any

from tests.emulator.terraform_provider.facts import Json, Kind, blocks
from tests.emulator.terraform_provider.sdk import planned_block, planned_value
from tests.emulator.terraform_provider.slots import Slot, filled
from tests.emulator.terraform_provider.validation import instances
from tests.emulator.terraform_provider.values import UNKNOWN, Object, Path, ProviderError, Value


def planned(kind: Kind, proposed: Object, prior: Object | None) -> Object:
    """Return the planned values. `proposed` has prior state and configuration; new computed values are unknown."""
    if kind.uses_sdk:
        plan = filled(kind.block, proposed, prior, planned_value, planned_block)
    else:
        plan = filled(kind.block, proposed, prior, _planned_value)
    return {**plan, **_early(kind, plan), **_unchanged(kind, plan, prior)}


def applied(kind: Kind, plan: Object, known: Object) -> Object:
    """Replace each unknown by the answer of the service, or by null without a fact. Some names become paths.

    What the configuration leaves out has the value that the provider reads back: `unset` in the facts.
    """
    stored = {
        name: _rendered(template, known, f"{kind.name}.{name}")
        for name, template in _stored(kind).items()
        if "/" not in plan[name]
    }
    known = {**known, **stored}

    def value_of(attribute: Json, value: Value, slot: Slot) -> Value:
        where = f"{kind.name}.{slot.path}"
        if value is UNKNOWN:
            value = _rendered(attribute["value"], known, where) if "value" in attribute else None
            value = int(value) if attribute["type"] == "number" and isinstance(value, str) else value
        if value is None:
            return _rendered(attribute.get("unset"), known, where)
        if "added" in attribute and isinstance(value, dict):
            return {**attribute["added"], **value}
        return f"{value}/" if attribute.get("slash") and not value.endswith("/") else value

    def block_of(nesting: Json, value: Value, _: Slot) -> Value:
        if value is UNKNOWN:
            return nesting.get("value", [])
        return nesting["unset"] if not value and "unset" in nesting else value

    return filled(kind.block, {**plan, **stored}, plan, value_of, block_of)


def grant_with_condition(kind: Kind, state: Object) -> Object:
    """Add the condition to the id of a grant."""
    if not kind.name.endswith(("_iam_member", "_iam_binding")) or not state.get("condition"):
        return state
    parts = [state["condition"][0].get(name) or "" for name in ("title", "description", "expression")]
    return {**state, "id": "/".join([state["id"], *parts])}


def replacements(kind: Kind, prior: Object, plan: Object) -> list[Path]:
    """Return the paths whose change replaces the resource. A computed value that becomes unknown does not."""
    return [path for path, old, new in _force_new(kind.block, prior, plan, ()) if old != new]


def _planned_value(attribute: Json, value: Value, slot: Slot) -> Value:
    return UNKNOWN if value is None and attribute.get("computed") and slot.is_new else value


def _early(kind: Kind, plan: Object) -> Object:
    """Return the computed values that are known at plan, because all their parts are known."""
    templates = {name: attribute["value"] for name, attribute in kind.attributes.items() if attribute.get("at_plan")}
    return {
        name: template.format_map(plan)
        for name, template in templates.items()
        if plan[name] is UNKNOWN and not _missing(template, plan)
    }


def _unchanged(kind: Kind, plan: Object, prior: Object | None) -> Object:
    """Return the prior paths that end in the planned names: they did not change."""
    return {name: prior[name] for name in _stored(kind) if prior and f"/{prior[name]}".endswith(f"/{plan[name]}")}


def _stored(kind: Kind) -> Object:
    return {name: attribute["stored"] for name, attribute in kind.attributes.items() if "stored" in attribute}


def _rendered(template: Any, known: Object, where: str) -> Value:
    if not isinstance(template, str):
        return template
    if missing := _missing(template, known):
        raise ProviderError(
            f"{where} cannot be computed without {', '.join(missing)}: set it here or for the provider."
        )
    return template.format_map(known)


def _missing(template: str, known: Object) -> list[str]:
    needed = [name for _, name, _, _ in Formatter().parse(template) if name]
    return [name for name in needed if known.get(name) is None or known[name] is UNKNOWN]


def _force_new(block: Json, prior: Object, plan: Object, path: Path) -> Iterator[tuple[Path, Value, Value]]:
    for name, attribute in block["attributes"].items():
        if attribute.get("force_new"):
            yield (*path, name), prior.get(name), plan.get(name)
    for name, nesting, content in blocks(block):
        old, new = instances(prior.get(name)), instances(plan.get(name))
        if nesting.get("force_new"):
            yield (*path, name), old, new
        if nesting["nesting_mode"] == "set":  # its elements have no index
            fixed = [key for key, attribute in content["attributes"].items() if attribute.get("force_new")]
            before, after = ([str([one.get(key) for key in fixed]) for one in side] for side in (old, new))
            yield (*path, name), sorted(before), sorted(after)
            continue
        for index, pair in enumerate(zip(old, new, strict=False)):
            yield from _force_new(content, *pair, (*path, name, index))
