"""Give the stand-in the resources of the golden files, and compare what it plans, keeps and sends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.emulator.terraform_provider.api_requests import ApiRequest, creation
from tests.emulator.terraform_provider.facts import GOOGLE_VERSIONS, Json, Kind, blocks
from tests.emulator.terraform_provider.messages import MESSAGES
from tests.emulator.terraform_provider.provider import Provider
from tests.emulator.terraform_provider.validation import instances
from tests.emulator.terraform_provider.values import UNKNOWN, Object, Value, decode, encode

GOLDEN = Path(__file__).parent / "golden"
_UNKNOWN = "<unknown>"
_MADE = "<made>"  # by the server: any value that is not empty
_EMPTY: tuple[Value, ...] = (None, "", [], {})


@cache
def golden_resources() -> Mapping[str, Json]:
    """Return address, type, config, plan and state of each resource, by address."""
    return {one["address"]: one for one in json.loads((GOLDEN / "resources.json").read_text())}


class StandIn:
    """The stand-ins for both google providers, called as Terraform calls them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._providers = [Provider(name, GOOGLE_VERSIONS[-1], environment) for name in ("google", "google-beta")]
        for provider in self._providers:
            provider.method("ConfigureProvider")(MESSAGES["ConfigureRequest"](config=encode({})))

    def kind(self, name: str) -> Kind:
        known = self._provider(name).facts
        return known.resources.get(name) or known.data_sources[name]

    def request(self, name: str, config: Json) -> ApiRequest:
        """Return the request that creates the resource."""
        plan = self.plan(name, config)
        made = creation(self.kind(name), self._provider(name).applied(self.kind(name), plan), plan)
        if made is None:
            raise LookupError(f"{name} has no request")
        return made

    def call(self, method: str, request: Any) -> Any:
        return self._provider(request.type_name).method(method)(request)

    def _provider(self, name: str) -> Provider:
        return next(one for one in self._providers if name in {**one.facts.resources, **one.facts.data_sources})

    def plan(self, name: str, config: Json, prior: Object | None = None) -> Object:
        """`config` is what the configuration sets. As Terraform does, take computed values from the prior state."""
        proposed = complete(self.kind(name).block, config, prior)
        request = MESSAGES["PlanRequest"](
            type_name=name, prior_state=encode(prior), proposed_new_state=encode(proposed), config=encode(proposed)
        )
        planned: Object = decode(self.call("PlanResourceChange", request).planned_state)
        return planned

    def apply(self, name: str, planned: Object | None, prior: Object | None = None) -> Object:
        request = MESSAGES["ApplyRequest"](
            type_name=name, prior_state=encode(prior), planned_state=encode(planned), config=encode(planned)
        )
        state: Object = decode(self.call("ApplyResourceChange", request).new_state)
        return state

    def delete(self, name: str, prior: Object) -> None:
        self.apply(name, None, prior)

    def read_data(self, name: str, config: Json) -> Object:
        request = MESSAGES["TypedConfig"](type_name=name, config=encode(complete(self.kind(name).block, config)))
        state: Object = decode(self.call("ReadDataSource", request).state)
        return state


def complete(block: Json, config: Json, prior: Object | None = None) -> Object:
    """Return a configuration with null for what is left out, or with the prior value if it is computed."""
    out: Object = {}
    for name, attribute in block["attributes"].items():
        kept = (prior or {}).get(name) if attribute.get("computed") else None
        out[name] = _with_unknown(config[name]) if config.get(name) is not None else kept
    for name, nesting, content in blocks(block):
        olds, given = instances((prior or {}).get(name)), config.get(name)
        if isinstance(given, list):
            out[name] = [complete(content, *pair) for pair in zip_longest(given, olds[: len(given)])]
        else:
            out[name] = None if nesting["nesting_mode"] == "single" else []
    return out


def plan_differences(golden: Json, ours: Object) -> Iterator[str]:
    """Yield the paths whose planned value differs. Inside a block, what the real plan leaves out is unknown."""
    yield from _differences(_without_empty(golden), _without_empty(ours), "", _UNKNOWN)


def state_differences(golden: Json, ours: Object) -> Iterator[str]:
    yield from _differences(_without_empty(golden), _without_empty(ours), "", None)


def _differences(golden: Value, ours: Value, path: str, left_out: Value) -> Iterator[str]:
    if isinstance(golden, dict) and isinstance(ours, dict):
        for name in sorted(golden.keys() | ours.keys()):
            missing = left_out if path else None
            yield from _differences(golden.get(name, missing), ours.get(name), f"{path}.{name}".strip("."), left_out)
    elif isinstance(golden, list) and isinstance(ours, list) and len(golden) == len(ours):
        for one, other in zip(*map(_in_order, (golden, ours)), strict=True):
            yield from _differences(one, other, path, left_out)
    elif not _is_same(golden, ours):
        yield f"{path}: {golden!r}, here {ours!r}"


def _in_order(values: list[Value]) -> list[Value]:
    """A set of blocks has no order."""
    return sorted(values, key=lambda one: json.dumps(one, sort_keys=True, default=repr))


def _is_same(golden: Value, ours: Value) -> bool:
    if golden == _UNKNOWN:
        return ours is UNKNOWN
    if isinstance(golden, str) and golden.endswith(_MADE):
        begin = golden.removesuffix(_MADE)
        return ours not in _EMPTY and str(ours).startswith(begin) and str(ours) != begin
    if golden in (None, []) and ours in (None, []):
        return True
    return type(golden) is type(ours) and bool(golden == ours)


def _without_empty(values: Mapping[str, Value]) -> Object:
    """At the top, the golden files do not tell null from an empty list or map."""
    return {name: value for name, value in values.items() if value is UNKNOWN or value not in (None, [], {})}


def _with_unknown(value: Value) -> Value:
    if isinstance(value, dict):
        return {name: _with_unknown(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_unknown(one) for one in value]
    return UNKNOWN if value == _UNKNOWN else value


@cache
def golden_requests() -> Mapping[str, Json]:
    """Return address, type, config, request, query and body of each request, by address."""
    return {one["address"]: one for one in json.loads((GOLDEN / "requests.json").read_text())}


def request_differences(golden: Json, ours: ApiRequest) -> Iterator[str]:
    """Yield how our request differs. The provider sends a policy or list of services with all entries, we send one."""
    if golden["request"] != f"{ours.verb} {ours.path}":
        yield f"request: {golden['request']}, here {ours.verb} {ours.path}"
    if golden["query"] != dict(ours.query):
        yield f"query: {golden['query']}, here {dict(ours.query)}"
    yield from _body_differences(golden["body"], ours.body, "body")


def _body_differences(golden: Value, ours: Value, path: str) -> Iterator[str]:
    name = path.rpartition(".")[2]
    if isinstance(golden, dict) and isinstance(ours, dict):
        for key in sorted(golden.keys() | ours.keys()):
            yield from _body_differences(golden.get(key), ours.get(key), f"{path}.{key}")
    elif name in ("access", "bindings", "serviceIds") and isinstance(ours, list):
        missing = [one for one in ours if not any(_is_within(one, other) for other in golden)]
        yield from (f"{path}: {one!r} is not sent" for one in missing)
    elif isinstance(golden, list) and isinstance(ours, list) and len(golden) == len(ours):
        for one, other in zip(*map(_in_order, (golden, ours)), strict=True):
            yield from _body_differences(one, other, path)
    elif str(golden) != str(ours):  # a number of 64 bits is sent as text
        yield f"{path}: {golden!r}, here {ours!r}"


def _is_within(one: Value, other: Value) -> bool:
    """Return True for the same value, or for a binding with fewer members."""
    if isinstance(one, dict) and "members" in one:
        same = {**one, "members": None} == {**other, "members": None}
        return same and set(one["members"]) <= set(other["members"])
    return bool(one == other)


_MAPS = ("environment_variables", "labels", "label_extractors")


def set_paths(values: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each value that is set. A map is one value."""
    if isinstance(values, dict) and not path.endswith(_MAPS):
        for name, one in values.items():
            yield from set_paths(one, f"{path}.{name}".strip("."))
    elif isinstance(values, list) and any(isinstance(one, dict) for one in values):
        for one in values:
            yield from set_paths(one, path)
    elif values not in _EMPTY:
        yield path


def golden_paths() -> Mapping[str, set[str]]:
    """Return the paths that a golden resource has in its plan or state, by type."""
    found: dict[str, set[str]] = {}
    for golden in golden_resources().values():
        found.setdefault(golden["type"], set()).update(*map(set_paths, (golden.get("plan", {}), golden["state"])))
    return found
