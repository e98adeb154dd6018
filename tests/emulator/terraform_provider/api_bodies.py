"""Turn the attributes of a resource into the body of Google's API, as the real provider does.

Nearly all names are those of the API in snake case, and a block that may be there once is an object. `api_body` makes
this body, and the functions below it what a resource has differently.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection
from typing import Any

from tests.emulator.terraform_provider.facts import Json, Kind, blocks
from tests.emulator.terraform_provider.validation import instances
from tests.emulator.terraform_provider.values import UNKNOWN, Object, Value

# Arguments of Terraform itself: what it does with a resource, and copies of other arguments.
_TERRAFORMS_OWN = frozenset({"id", "deletion_policy", "deletion_protection", "timeouts", "terraform_labels"})
# Of a lifecycle rule: whether a zero is sent, and which objects it is for, which is `isLive` in the API.
_LIFECYCLE_OWN = {
    "withState",
    *(f"send{name}IfZero" for name in ("Age", "DaysSinceCustomTime", "DaysSinceNoncurrentTime", "NumNewerVersions")),
}
# Resources that the provider does not generate from a description send zero and false, too.
_WITH_ZEROS = ("google_storage_bucket",)
_WORD = re.compile(r"_(\w)")


def api_body(kind: Kind, state: Object, left_out: Collection[str] = ()) -> Json:
    """Return what can be configured and has a value. `left_out` are arguments that go elsewhere than the body."""
    body = _of_block(kind.block, state, {*_TERRAFORMS_OWN, *left_out}, with_zeros=kind.name in _WITH_ZEROS)
    if "effective_labels" in kind.attributes and state.get("effective_labels"):
        body["labels"] = state["effective_labels"]
    return body


def camel(name: str) -> str:
    return _WORD.sub(lambda found: found[1].upper(), name)


def _of_block(block: Json, values: Object, left_out: Collection[str], *, with_zeros: bool) -> Json:
    body: Json = {}
    for name, attribute in block["attributes"].items():
        is_output = attribute.get("computed") and not attribute.get("optional")
        if name not in left_out and not is_output and _is_given(values.get(name), with_zeros=with_zeros):
            body[camel(name)] = values[name]
    for name, nesting, content in blocks(block):
        given = instances(values.get(name))
        found = [_of_block(content, one, (), with_zeros=with_zeros) for one in given]
        is_sent = any(found) or not any(value is not None for one in given for value in one.values())
        if found and is_sent and name not in left_out:  # a block of zeros is not sent, an empty block is a choice
            body[camel(name)] = found[0] if nesting.get("max_items") == 1 else found
    return body


def _is_given(value: Value, *, with_zeros: bool) -> bool:
    if value is UNKNOWN or value in (None, "", [], {}):
        return False
    return with_zeros or value not in (0, False)


def grant(body: Json, state: Object) -> Json:
    """Return the policy with one binding. The real provider adds it to the policy that it reads."""
    members = state["members"] if "members" in state else [state["member"]]
    binding = {"role": body["role"], "members": sorted(members)}
    condition = {"condition": body["condition"]} if "condition" in body else {}
    return {"bindings": [{**binding, **condition}], "version": 3}


def policy(body: Json, state: Object) -> Json:
    return {"policy": grant(body, state)}


def project_policy(body: Json, state: Object) -> Json:
    return {**policy(body, state), "updateMask": "bindings,etag,auditConfigs"}


def service_account(body: Json, state: Object) -> Json:
    return {"accountId": state["account_id"], "serviceAccount": body}


def dashboard(_: Json, state: Object) -> Any:
    return json.loads(state["dashboard_json"])


def named(body: Json, state: Object) -> Json:
    return {**body, "name": state["id"]}


def repository(body: Json, _: Object) -> Json:
    """The API has the cleanup policies by their ids."""
    policies = body.pop("cleanupPolicies", [])
    by_id = {one["id"]: {name: value for name, value in one.items() if name != "id"} for one in policies}
    return {**body, "cleanupPolicies": by_id} if by_id else body


def secret(body: Json, _: Object) -> Json:
    """An empty block is the choice of automatic replication."""
    replication = body.get("replication", {})
    if "auto" in replication:
        body["replication"] = {"automatic": replication["auto"]}
    return body


def secret_version(_: Json, state: Object) -> Json:
    return {"payload": {"data": base64.b64encode(str(state.get("secret_data") or "").encode()).decode()}}


def transfer(body: Json, state: Object) -> Json:
    logging = body.get("loggingConfig", {})
    if "enableOnPremGcsTransferLogs" in logging:
        logging["enableOnpremGcsTransferLogs"] = logging.pop("enableOnPremGcsTransferLogs")
    return {**body, "projectId": state["project"]}


def dataset(body: Json, state: Object) -> Json:
    return {**body, "datasetReference": {"datasetId": state["dataset_id"]}}


def entry(body: Json, _: Object) -> Json:
    return {"access": [body]}


def table(body: Json, state: Object) -> Json:
    names = {"projectId": "project", "datasetId": "dataset_id", "tableId": "table_id"}
    body["tableReference"] = {key: state[name] for key, name in names.items()}
    if "schema" in body:
        fields = json.loads(body["schema"])
        body["schema"] = {"fields": [{"policyTags": {"names": []}, **one} for one in fields]}
    if "clustering" in body:
        body["clustering"] = {"fields": body["clustering"]}
    return body


def bucket(body: Json, _: Object) -> Json:
    """Gather what the API has in iamConfiguration, lifecycle and billing."""
    access: Json = {}
    if "publicAccessPrevention" in body:
        access["publicAccessPrevention"] = body.pop("publicAccessPrevention")
    if "uniformBucketLevelAccess" in body:
        access["uniformBucketLevelAccess"] = {"enabled": body.pop("uniformBucketLevelAccess")}
    if "requesterPays" in body:
        body["billing"] = {"requesterPays": body.pop("requesterPays")}
    rules = [
        {**rule, "condition": {name: value for name, value in rule["condition"].items() if name not in _LIFECYCLE_OWN}}
        for rule in body.pop("lifecycleRule", [])
    ]
    return {**body, "iamConfiguration": access, "lifecycle": {"rule": rules}}


def snake(name: str) -> str:
    """Return the name of a field as it is in a mask of some APIs."""
    return re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)


def is_terraforms_own(name: str) -> bool:
    return name in _TERRAFORMS_OWN
