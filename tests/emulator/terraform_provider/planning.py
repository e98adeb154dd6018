"""Plan and apply any resource from the facts alone: defaults, values known after apply, replacements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from string import Formatter
from typing import Any

from tests.emulator.terraform_provider.facts import Json, Kind, blocks
from tests.emulator.terraform_provider.validation import instances
from tests.emulator.terraform_provider.values import UNKNOWN, Object, Path, ProviderError, Value

Fill = Callable[[Json, Value, bool, str], Value]


def planned(kind: Kind, proposed: Object, prior: Object | None) -> Object:
    """Return the planned values. `proposed` has prior state and configuration; new computed values are unknown."""

    def fill(attribute: Json, value: Value, is_new: bool, _path: str) -> Value:
        if attribute.get("write_only"):
            return None
        if value is None and "default" in attribute:
            return attribute["default"]
        if value is None and attribute.get("computed") and is_new:
            return UNKNOWN
        return value.upper() if attribute.get("upper") and isinstance(value, str) else value

    plan = _filled(kind.block, proposed, prior, fill)
    return {**plan, **_early(kind, plan), **_unchanged(kind, plan, prior)}


def applied(kind: Kind, plan: Object, known: Object) -> Object:
    """Replace each unknown by the answer of the service, or by null without a fact. Some names become paths."""
    stored = {
        name: _rendered(template, known, f"{kind.name}.{name}")
        for name, template in _stored(kind).items()
        if "/" not in plan[name]
    }
    known = {**known, **stored}

    def fill(attribute: Json, value: Value, _is_new: bool, path: str) -> Value:
        if value is not UNKNOWN:
            return value
        if "value" not in attribute:
            return None
        answer = _rendered(attribute["value"], known, f"{kind.name}.{path}")
        return int(answer) if attribute["type"] == "number" else answer

    return _filled(kind.block, {**plan, **stored}, plan, fill)


def replacements(kind: Kind, prior: Object, plan: Object) -> list[Path]:
    """Return the paths whose change replaces the resource. A computed value that becomes unknown does not."""
    return [path for path, old, new in _force_new(kind.block, prior, plan, ()) if old != new]


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


def _filled(block: Json, value: Object, prior: Object | None, fill: Fill, path: str = "") -> Object:
    out = dict(value)
    for name, attribute in block["attributes"].items():
        out[name] = fill(attribute, value.get(name), prior is None, f"{path}{name}")
    for name, _, content in blocks(block):
        nested, before = value.get(name), instances((prior or {}).get(name))
        if isinstance(nested, list):
            out[name] = [
                _filled(content, one, before[index] if index < len(before) else None, fill, f"{path}{name}.")
                for index, one in enumerate(nested)
            ]
        elif isinstance(nested, dict):
            out[name] = _filled(content, nested, before[0] if before else None, fill, f"{path}{name}.")
    return out


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
