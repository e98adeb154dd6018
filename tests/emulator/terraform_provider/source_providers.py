"""Stand-ins for the providers of AWS and Azure, for the roots in `terraform/source`.

Their resources exist only in the state. Names, types and blocks are judged by the schemas of the real providers, a few
values by `schemas/overlay-sources.json`, and the body of a cost export by `schemas/azure-exports.json`.
"""

from __future__ import annotations

import json
import uuid
from functools import cache
from typing import Any

import jsonschema_rs

from tests.emulator.terraform_provider.facts import SCHEMAS, Kind
from tests.emulator.terraform_provider.messages import MESSAGES
from tests.emulator.terraform_provider.provider import PROVIDERS, Provider
from tests.emulator.terraform_provider.values import Object, ProviderError, Value, decode, encode, is_known

# Provider to its namespace in a registry.
SOURCE_PROVIDERS = {"aws": "hashicorp", "azapi": "azure", "azuread": "hashicorp", "azurerm": "hashicorp"}
NAMESPACES = {**dict.fromkeys(PROVIDERS, "hashicorp"), **SOURCE_PROVIDERS}  # of all stand-ins
ACCOUNT_ID = "123456789012"
TENANT_ID = "66666666-7777-8888-9999-000000000000"
_EXPORTS = "Microsoft.CostManagement/exports@2025-03-01"
_BILLING_REGION = "us-east-1"


class SourceProvider(Provider):
    def _configure(self, request: Any) -> Any:
        before = self._settings.get("region")
        answer = super()._configure(request)
        if self._settings.get("region") == _BILLING_REGION and before:
            # An attached process serves both configurations of a root, and resources are in the region of the other.
            self._settings["region"] = before
        return answer

    def _upgrade(self, request: Any) -> Any:
        """Return the state with dynamic values as Terraform sends them. In a state file, they are objects."""
        state = decode(super()._upgrade(request).state)
        attributes = self.facts.resources[request.type_name].attributes
        dynamic = {name for name, value in state.items() if value and attributes.get(name, {}).get("type") == "dynamic"}
        typed = {name: [json.dumps(state[name]["type"]).encode(), state[name]["value"]] for name in dynamic}
        return MESSAGES["StateResponse"](state=encode({**state, **typed}))

    def _plan(self, request: Any) -> Any:
        proposed = decode(request.proposed_new_state)
        if proposed and is_known(proposed.get("body")):
            check_body(proposed)
        return super()._plan(request)

    def _apply(self, request: Any) -> Any:
        check_body(decode(request.planned_state) or {})
        return super()._apply(request)

    def _known(self, kind: Kind, plan: Object) -> Object:
        """Return also what AWS and Azure invent: an account, a tenant, GUIDs. They depend only on the names given."""
        known = super()._known(kind, plan)
        accounts = self._settings.get("allowed_account_ids") or [ACCOUNT_ID]
        return {
            **known,
            "account_id": accounts[0],
            "guid": _guid(known["unique_number"]),
            "other_guid": _guid(f"{known['unique_number']} 2"),
            "resource_type": str(plan.get("type")).partition("@")[0],
            "tenant_id": TENANT_ID,
        }


def check_body(resource: Object) -> None:
    """Raise ProviderError if Azure's API does not have the body of a cost export, or if azapi has another type."""
    if "schema_validation_enabled" not in resource:
        return
    if resource["type"] != _EXPORTS:
        raise ProviderError(f"The stand-in does not know {resource['type']}: it has the schema of {_EXPORTS} only.")
    _, body = resource["body"] or (b"", {})  # a dynamic value comes with its type
    found = [f"{_path(error.instance_path)}: {error.message}" for error in _judge().iter_errors(body)]
    if found:
        raise ProviderError("`body` is not valid against the schema of the API", "\n".join(found))


@cache
def _judge() -> Any:
    return jsonschema_rs.validator_for(json.loads((SCHEMAS / "azure-exports.json").read_text()))


def _path(parts: list[Value]) -> str:
    return ".".join(map(str, ["body", *parts]))


def _guid(identity: Value) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(identity)))
