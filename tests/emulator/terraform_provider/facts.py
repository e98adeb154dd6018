"""The schemas of the real providers, and an overlay of rules that a schema does not have.

Schema files have the shape of `terraform providers schema -json`, reduced to the resources that this project uses.
The file for google 8.7 is a JSON merge patch (RFC 7396) to 7.46. `overlay.json` has, per resource and path:

    force_new      a change replaces the resource       default   planned if the configuration sets nothing
    sensitive      hidden in plans                      value     computed at apply, `{name}` being a sibling's value
    computed       a block that the service may fill     unset     read back if the configuration sets nothing
    added          entries that the service adds         slash     stored with a slash at the end
    upper          stored in upper case                 enum      the only values allowed
    min, max       bounds of a number                   pattern   [regular expression, what the provider says]
    max_items      most elements of a list           refused   an error: the emulator has nothing like it
    stored         the path that replaces a name at apply. A later plan with the name changes nothing
    at_plan        true if `value` is already known at plan

and per resource the groups `conflicts`, `exactly_one_of` and `at_least_one_of`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.emulator.terraform_provider.messages import MESSAGES

GOOGLE_VERSIONS = ("7.46.1", "8.7.0")
_SCHEMAS = Path(__file__).parent / "schemas"
_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
_FLAGS = ("required", "optional", "computed", "sensitive", "write_only")

Json = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A resource type or a data source."""

    name: str
    block: Json
    groups: dict[str, list[list[str]]] = field(default_factory=dict)

    @property
    def attributes(self) -> Json:
        attributes: Json = self.block["attributes"]
        return attributes

    @property
    def uses_sdk(self) -> bool:
        """Return True for the google providers. The others use Terraform's newer framework."""
        return self.name.startswith("google")


@dataclass(frozen=True)
class Facts:
    version: str
    provider: Kind
    resources: dict[str, Kind]
    data_sources: dict[str, Kind]


def provider_version(provider: str, google_version: str) -> str:
    return google_version if provider.startswith("google") else str(_read(provider)["version"])


@cache
def facts(provider: str, google_version: str = GOOGLE_VERSIONS[0]) -> Facts:
    """Return the facts of google, google-beta, archive or time."""
    overlay = _read("overlay")
    document = schema_document(provider, google_version)
    kinds = {
        group: {name: _kind(name, schema["block"], overlay.pop(name, {})) for name, schema in document[group].items()}
        for group in ("resource_schemas", "data_source_schemas")
    }
    return Facts(
        version=provider_version(provider, google_version),
        provider=Kind(provider, document["provider"]["block"]),
        resources=kinds["resource_schemas"],
        data_sources=kinds["data_source_schemas"],
    )


def schema_document(provider: str, google_version: str) -> Json:
    if provider not in ("google", "google-beta"):
        return _read(provider)
    base = _read("google-7.46" if provider == "google" else "google-beta")
    if google_version == GOOGLE_VERSIONS[0]:
        return base
    if google_version == GOOGLE_VERSIONS[1]:
        return _merge_patch(base, _read("google-8.7.diff")) if provider == "google" else base
    raise ValueError(f"There are no facts for google {google_version}: use one of {', '.join(GOOGLE_VERSIONS)}.")


def schema_response(known: Facts) -> Any:
    return MESSAGES["SchemaResponse"](
        provider=_schema(known.provider),
        resource_schemas=_entries(known.resources),
        data_source_schemas=_entries(known.data_sources),
    )


def blocks(block: Json) -> Iterator[tuple[str, Json, Json]]:
    """Yield name, nesting and content of each nested block."""
    for name, nested in block.get("block_types", {}).items():
        yield name, nested, nested["block"]


def _kind(name: str, block: Json, overlay: Json) -> Kind:
    """Add the overlay's facts to the attributes of the schema. Raises LookupError if the schema has no such path."""
    for path, facts_of_path in overlay.get("attributes", {}).items():
        target = block
        *parents, last = path.split(".")
        try:
            for parent in parents:
                target = target["block_types"][parent]["block"]
            found = target["attributes"].get(last) or target["block_types"][last]
        except KeyError:
            raise LookupError(f"overlay.json: {name} has no {path}") from None
        found.update(facts_of_path)
    return Kind(name, block, overlay.get("groups", {}))


def _read(name: str) -> Json:
    content: Json = json.loads((_SCHEMAS / f"{name}.json").read_text())
    return content


def _merge_patch(base: Any, patch: Any) -> Any:
    if not isinstance(patch, dict) or not isinstance(base, dict):
        return patch
    merged = {**base, **{key: _merge_patch(base.get(key), value) for key, value in patch.items()}}
    return {key: value for key, value in merged.items() if not (key in patch and patch[key] is None)}


def _entries(kinds: dict[str, Kind]) -> list[Any]:
    return [MESSAGES["SchemaEntry"](key=name, value=_schema(kind)) for name, kind in kinds.items()]


def _schema(kind: Kind) -> Any:
    return MESSAGES["Schema"](version=0, block=_block(kind.block))


def _block(block: Json) -> Any:
    attributes = [
        MESSAGES["Attribute"](
            name=name,
            type=json.dumps(attribute["type"]).encode(),
            **{flag: bool(attribute.get(flag)) for flag in _FLAGS},
        )
        for name, attribute in block["attributes"].items()
    ]
    nested = [
        MESSAGES["NestedBlock"](
            type_name=name,
            nesting=_NESTING[nesting["nesting_mode"]],
            min_items=nesting.get("min_items", 0),
            max_items=nesting.get("max_items", 0),
            block=_block(content),
        )
        for name, nesting, content in blocks(block)
    ]
    return MESSAGES["Block"](attributes=attributes, block_types=nested)
