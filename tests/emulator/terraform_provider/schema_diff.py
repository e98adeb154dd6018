"""Compare the schema facts with the schemas of the real providers (`make schema-diff`). Needs a provider registry.

It prints a line per difference. The exit code is 1 if there is one.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.emulator.terraform_provider.facts import GOOGLE_VERSIONS, Json, schema_document
from tests.emulator.terraform_provider.provider import PROVIDERS
from tests.emulator.terraform_provider.results import TerraformError
from tests.emulator.terraform_provider.runner import Terraform

# Only the facts have enum, only the real schemas have the others.
_NOT_COMPARED = ("enum", "description", "description_kind", "deprecated", "deprecation_message", "version")
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
            yield from differences(ours.get(key), theirs.get(key), f"{path}/{key}" if path else key)


def compare(name: str, google_version: str) -> list[str]:
    ours = schema_document(name, google_version)
    theirs = _real(name, google_version if name.startswith("google") else str(ours["version"]))
    groups = ("resource_schemas", "data_source_schemas")
    return [
        f"{name} {google_version}: {kind}{difference}"
        for group in groups
        for kind, schema in ours[group].items()
        for difference in differences(schema["block"], theirs.get(group, {}).get(kind, {}).get("block"), "/")
    ]


def _real(name: str, version: str) -> Json:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        root.mkdir()
        (root / "main.tf").write_text(_ROOT.format(name=name, version=version))
        terraform = Terraform(root, Path(folder) / "work", providers="real")
        terraform.init()
        schemas: Json = terraform.run_json("providers", "schema", "-json")["provider_schemas"]
        return next(iter(schemas.values()))


def main() -> int:
    pairs = [(name, version) for name in PROVIDERS for version in GOOGLE_VERSIONS if name.startswith("google")]
    pairs += [(name, GOOGLE_VERSIONS[0]) for name in PROVIDERS if not name.startswith("google")]
    try:
        found = [line for name, version in pairs for line in compare(name, version)]
    except TerraformError as error:
        sys.exit(f"The real providers could not be installed: {error}")
    print("\n".join(found) or f"No difference: {', '.join(f'{name} {version}' for name, version in pairs)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
