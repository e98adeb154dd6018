"""Find the errors that the real providers report before a plan. Terraform itself checks names and types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tests.emulator.terraform_provider.facts import Json, Kind, blocks
from tests.emulator.terraform_provider.values import UNKNOWN, Object, Path, ProviderError, Value, is_set


def problems(kind: Kind, config: Object) -> list[ProviderError]:
    return [*_in_block(kind.block, config, ()), *_in_groups(kind, config)]


def instances(value: Value) -> list[Object]:
    """Return the blocks of one type for every kind of nesting."""
    if isinstance(value, dict):
        return [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _in_block(block: Json, config: Object, path: Path) -> Iterator[ProviderError]:
    for name, attribute in block["attributes"].items():
        value = config.get(name)
        if value is not None and value is not UNKNOWN:
            yield from _in_attribute(name, attribute, value, (*path, name))
    for name, nesting, content in blocks(block):
        if nesting.get("refused") and is_set(config.get(name)):
            yield _unsupported((*path, name))
        for index, nested in enumerate(instances(config.get(name))):
            yield from _in_block(content, nested, (*path, name, index))


def _in_attribute(name: str, attribute: Json, value: Value, path: Path) -> Iterator[ProviderError]:
    if attribute.get("computed") and not attribute.get("optional"):
        why = f'Can\'t configure a value for "{name}": its value will be decided automatically'
        yield ProviderError("Value for unconfigurable attribute", why, path)
    if attribute.get("refused"):
        yield _unsupported(path)
    if "enum" in attribute and value not in attribute["enum"]:
        yield ProviderError(f"expected {name} to be one of {attribute['enum']}, got {value}", path=path)
    if "pattern" in attribute and not re.search(attribute["pattern"][0], str(value)):
        yield ProviderError(f'"{name}": {attribute["pattern"][1]}, got "{value}"', path=path)
    if "max_items" in attribute and isinstance(value, list) and len(value) > attribute["max_items"]:
        why = f"Attribute {name} supports {attribute['max_items']} item maximum, but config has {len(value)} declared."
        yield ProviderError("Too many list items", why, path)
    low, high = attribute.get("min"), attribute.get("max")
    if isinstance(value, int | float) and ((low is not None and value < low) or (high is not None and value > high)):
        yield ProviderError(f"expected {name} to be in the range ({low} - {high}), got {value}", path=path)


def _unsupported(path: Path) -> ProviderError:
    name = ".".join(part for part in path if isinstance(part, str))
    return ProviderError(
        f"The stand-in provider does not support {name}: remove it, or use the real provider.", path=path
    )


def _in_groups(kind: Kind, config: Object) -> Iterator[ProviderError]:
    for rule, groups in kind.groups.items():
        for group in groups:
            parents = _parents(group)
            for holder in _holders(config, parents):
                values = {path: holder.get(path.split(".")[len(parents)]) for path in group}
                given = [path for path, value in values.items() if is_set(value) and value is not UNKNOWN]
                yield from _in_group(rule, group, given, may_be_more=UNKNOWN in values.values())


def _in_group(rule: str, group: Sequence[str], given: Sequence[str], *, may_be_more: bool) -> Iterator[ProviderError]:
    """Check one group. As in the SDK, an unknown value neither conflicts nor is missing."""
    names, first = ",".join(group), given[0] if given else group[0]
    summary = "Invalid combination of arguments"
    if rule == "conflicts" and len(given) > 1:
        yield ProviderError("Conflicting configuration arguments", f'"{first}": conflicts with {", ".join(given[1:])}')
    if rule == "exactly_one_of" and len(given) > 1:
        why = f'"{first}": only one of `{names}` can be specified, but `{",".join(given)}` were specified.'
        yield ProviderError(summary, why)
    if rule in ("exactly_one_of", "at_least_one_of") and not given and not may_be_more:
        yield ProviderError(summary, f'"{first}": one of `{names}` must be specified')


def _parents(group: Sequence[str]) -> list[str]:
    """Return the blocks around the group: a and b for `a.b.x` and `a.b.y`."""
    return group[0].split(".")[:-1]


def _holders(config: Object, parents: Sequence[str]) -> list[Object]:
    holders = [config]
    for name in parents:
        holders = [nested for holder in holders for nested in instances(holder.get(name))]
    return holders
