"""Plans and applies of any resource, from the facts alone: defaults, what is known after apply, what replaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from string import Formatter
from typing import Any

from tests.local_cloud.terraform.facts import Json, Kind, blocks
from tests.local_cloud.terraform.validation import instances
from tests.local_cloud.terraform.values import UNKNOWN, Object, Path, RefusedError, Value

Fill = Callable[[Json, Value, bool, str], Value]


def planned(kind: Kind, proposed: Object, prior: Object | None) -> Object:
    """Terraform has merged prior state and configuration; what is new and computed is unknown until the apply."""

    def fill(attribute: Json, value: Value, is_new: bool, _path: str) -> Value:
        if attribute.get("write_only"):
            return None
        if value is None and "default" in attribute:
            return attribute["default"]
        if value is None and attribute.get("computed") and is_new:
            return UNKNOWN
        return value.upper() if attribute.get("upper") and isinstance(value, str) else value

    return _filled(kind.block, proposed, prior, fill)


def applied(kind: Kind, plan: Object, known: Object) -> Object:
    """Every unknown becomes what the service would answer, or null where no fact says it."""

    def fill(attribute: Json, value: Value, _is_new: bool, path: str) -> Value:
        if value is not UNKNOWN:
            return value
        if "value" not in attribute:
            return None
        answer = _rendered(attribute["value"], known, f"{kind.name}.{path}")
        return int(answer) if attribute["type"] == "number" else answer

    return _filled(kind.block, plan, plan, fill)


def replacements(kind: Kind, prior: Object, plan: Object) -> list[Path]:
    """Where a change means another resource. A computed value that becomes unknown is no change of the user's."""
    return [path for path, old, new in _force_new(kind.block, prior, plan, ()) if old != new]


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
    needed = [name for _, name, _, _ in Formatter().parse(template) if name]
    missing = [name for name in needed if known.get(name) is None or known[name] is UNKNOWN]
    if missing:
        raise RefusedError(f"{where} cannot be computed: {', '.join(missing)} is not known (set it, or the provider's)")
    return template.format_map(known)


def _force_new(block: Json, prior: Object, plan: Object, path: Path) -> Iterator[tuple[Path, Value, Value]]:
    for name, attribute in block["attributes"].items():
        if attribute.get("force_new"):
            yield (*path, name), prior.get(name), plan.get(name)
    for name, nesting, content in blocks(block):
        old, new = instances(prior.get(name)), instances(plan.get(name))
        if nesting.get("force_new"):
            yield (*path, name), old, new
        if nesting["nesting_mode"] == "set":  # its elements have no index to name
            fixed = [key for key, attribute in content["attributes"].items() if attribute.get("force_new")]
            before, after = ([str([one.get(key) for key in fixed]) for one in side] for side in (old, new))
            yield (*path, name), sorted(before), sorted(after)
            continue
        for index, pair in enumerate(zip(old, new, strict=False)):
            yield from _force_new(content, *pair, (*path, name, index))
