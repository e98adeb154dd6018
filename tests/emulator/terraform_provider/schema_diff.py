"""Compare the schema facts with the schemas of the real providers (`make schema-diff`).

It installs them from a registry, or reads a saved output of `terraform providers schema -json`: `SCHEMAS=file`.
It prints a line per difference. The exit code is 1 if one is not in KNOWN.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.emulator.terraform_provider.facts import GOOGLE_VERSIONS, Facts, Json, facts
from tests.emulator.terraform_provider.provider import PROVIDERS
from tests.emulator.terraform_provider.results import TerraformError
from tests.emulator.terraform_provider.runner import Terraform

# Differences to other versions than ours, with the reason. A line that ends in one of them is not reported.
KNOWN: Mapping[str, str] = {
    "archive_file//block_types/source/block/attributes/content/sensitive: here True, there None": (
        "archive 2.7 hides the content of a file in plans, 2.8 does not. The root sets none."
    ),
    "google_secret_manager_secret//attributes/secret_type: here {'optional': True, 'type': 'string'}, there None": (
        "google 8.7 has the argument. A snapshot of 7.46 with the code of 8.0 does not. The root makes no secret."
    ),
}
# Only the real schemas have these.
_NOT_COMPARED = ("description", "description_kind", "deprecated", "deprecation_message", "version")
# What a schema has of attributes and of blocks. The overlay has more, such as defaults.
_OF_ATTRIBUTES = ("computed", "optional", "required", "sensitive", "type", "write_only")
_OF_BLOCKS = ("max_items", "min_items", "nesting_mode")
# A schema leaves these out when they are empty.
_LEFT_OUT_IF_EMPTY = ("attributes", "block_types")
_ROOT = """
terraform {{
  required_providers {{
    {name} = {{ source = "hashicorp/{name}", version = "{version}" }}
  }}
}}
"""


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Yield the differences. Facts may lack resources of the provider, but a resource in them must be complete."""
    if not (isinstance(ours, dict) and isinstance(theirs, dict)):
        if ours != theirs:
            yield f"{path}: here {ours!r}, there {theirs!r}"
        return
    within_resource = path.count("/") >= 1
    for key in sorted(ours.keys() | theirs.keys() if within_resource else ours.keys()):
        if key not in _NOT_COMPARED:
            empty: Json | None = {} if key in _LEFT_OUT_IF_EMPTY else None
            yield from differences(ours.get(key, empty), theirs.get(key, empty), f"{path}/{key}" if path else key)


def compare(name: str, google_version: str) -> list[str]:
    ours = facts(name, google_version)
    return compare_with(ours, f"{name} {google_version}", _real(name, ours.version))


def compare_with(ours: Facts, label: str, theirs: Json) -> list[str]:
    """Compare with what `terraform providers schema -json` says of one provider."""
    groups = {"resource_schemas": ours.resources, "data_source_schemas": ours.data_sources}
    return [
        f"{label}: {name}{difference}"
        for group, kinds in groups.items()
        for name, kind in kinds.items()
        for difference in differences(schema_of(kind.block), theirs.get(group, {}).get(name, {}).get("block"), "/")
    ]


def unexpected(found: Sequence[str]) -> list[str]:
    """Return the differences that are not known."""
    return [line for line in found if not line.endswith(tuple(KNOWN))]


def schema_of(block: Json) -> Json:
    """Return the block without the facts that a schema has no place for. A flag that is false is left out."""
    attributes = {
        name: {key: attribute[key] for key in _OF_ATTRIBUTES if attribute.get(key)}
        for name, attribute in block["attributes"].items()
    }
    nested = {
        name: {**{key: one[key] for key in _OF_BLOCKS if one.get(key)}, "block": schema_of(one["block"])}
        for name, one in block.get("block_types", {}).items()
    }
    return {"attributes": attributes, "block_types": nested}


def _real(name: str, version: str) -> Json:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        root.mkdir()
        (root / "main.tf").write_text(_ROOT.format(name=name, version=version))
        terraform = Terraform(root, Path(folder) / "work", providers="real")
        terraform.init()
        schemas: Json = terraform.run_json("providers", "schema", "-json")["provider_schemas"]
        return next(iter(schemas.values()))


def _installed() -> dict[str, list[str]]:
    """Return the differences to the providers of a registry, by name and version."""
    pairs = [(name, version) for name in PROVIDERS for version in GOOGLE_VERSIONS if name.startswith("google")]
    pairs += [(name, GOOGLE_VERSIONS[0]) for name in PROVIDERS if not name.startswith("google")]
    try:
        return {f"{name} {version}": compare(name, version) for name, version in pairs}
    except TerraformError as error:
        sys.exit(f"The real providers could not be installed: {error}")


def saved(document: Json, google_version: str = GOOGLE_VERSIONS[-1]) -> dict[str, list[str]]:
    """Return the differences to a saved output of `terraform providers schema -json`, by name."""
    schemas = {source.rpartition("/")[2]: one for source, one in document["provider_schemas"].items()}
    return {
        name: compare_with(facts(name, google_version), name, schemas[name]) for name in PROVIDERS if name in schemas
    }


def main() -> int:
    found = saved(json.loads(Path(sys.argv[1]).read_text())) if sys.argv[1:] else _installed()
    left = unexpected([line for lines in found.values() for line in lines])
    print("\n".join(left) or f"No difference, except known ones: {', '.join(found)}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
