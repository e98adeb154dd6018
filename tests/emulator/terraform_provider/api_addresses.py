"""Where each resource is after its creation, and what the real provider sends to change it there.

Google publishes no list of these requests, so only this code says which ones are sent. It follows the definitions from
which most of the provider is generated, https://github.com/GoogleCloudPlatform/magic-modules (mmv1/products), and the
provider itself. `api_changes.py` makes requests of it, and their discovery documents judge them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.emulator.terraform_provider import api_bodies as bodies
from tests.emulator.terraform_provider.facts import Json
from tests.emulator.terraform_provider.values import Object

_Shape = Callable[[Json, Object, Sequence[str]], Any]


@dataclass(frozen=True)
class Address:
    """`{name}` in a path is an attribute, and a name of `query` or `deletion_query` is a parameter."""

    path: str
    verb: str = "PATCH"  # of a change; empty if the API has nothing that can change
    is_masked: bool = False  # the query of a change has updateMask, with the fields that differ
    shape: _Shape = lambda body, _state, _fields: body  # of a change: all fields that can change, and those that did
    query: Mapping[str, str] = field(default_factory=dict)  # of a read
    deletion_query: Mapping[str, str] = field(default_factory=dict)


def _transfer(body: Json, state: Object, fields: Sequence[str]) -> Json:
    job = {name: value for name, value in bodies.transfer(body, state).items() if name in fields}
    mask = ",".join(map(bodies.snake, fields))
    return {"projectId": state["project"], "transferJob": job, "updateTransferJobFieldMask": mask}


def _service_account(body: Json, _: Object, fields: Sequence[str]) -> Json:
    account = {name: body[name] for name in ("displayName", "description") if name in body}
    return {"serviceAccount": account, "updateMask": ",".join(map(bodies.snake, fields))}


def _dataset(body: Json, state: Object, fields: Sequence[str]) -> Json:
    """Leave the access list alone, unless it is what changes."""
    whole = bodies.dataset(body, state)
    return whole if "access" in fields else {name: value for name, value in whole.items() if name != "access"}


_BIGQUERY = "/bigquery/v2/projects/{project}/datasets/{dataset_id}"
_ACCESS = {"accessPolicyVersion": "3"}
_REGION = "/v1/projects/{project}/locations/{location}"
ADDRESSES: Mapping[str, Address] = {
    "google_artifact_registry_repository": Address(
        f"{_REGION}/repositories/{{repository_id}}",
        is_masked=True,
        shape=lambda body, state, _: bodies.repository(body, state),
    ),
    "google_bigquery_dataset": Address(
        _BIGQUERY,
        shape=_dataset,
        query=_ACCESS,
        deletion_query={"deleteContents": "{delete_contents_on_destroy}"},
    ),
    "google_bigquery_dataset_access": Address(_BIGQUERY, verb="", query=_ACCESS),
    "google_bigquery_table": Address(
        f"{_BIGQUERY}/tables/{{table_id}}", verb="PUT", shape=lambda body, state, _: bodies.table(body, state)
    ),
    "google_cloud_scheduler_job": Address("/v1/projects/{project}/locations/{region}/jobs/{name}"),
    "google_cloudfunctions2_function": Address(
        "/v2/projects/{project}/locations/{location}/functions/{name}", is_masked=True
    ),
    "google_logging_metric": Address("/v2/projects/{project}/metrics/{encoded_name}", verb="PUT"),
    "google_monitoring_alert_policy": Address("/v3/{name}", is_masked=True),
    "google_monitoring_dashboard": Address(
        "/v1/{id}", shape=lambda _body, state, _: json.loads(state["dashboard_json"])
    ),
    "google_monitoring_notification_channel": Address("/v3/{name}", deletion_query={"force": "{force_delete}"}),
    "google_project_service": Address(
        "/v1/projects/{project}/services",
        verb="",
        query={"fields": "services/name,nextPageToken", "filter": "state:ENABLED", "pageSize": "200"},
    ),
    "google_pubsub_subscription": Address(
        "/v1/projects/{project}/subscriptions/{name}",
        is_masked=True,
        shape=lambda body, _state, _fields: {"subscription": body},
    ),
    "google_pubsub_topic": Address(
        "/v1/projects/{project}/topics/{name}", is_masked=True, shape=lambda body, _state, _fields: {"topic": body}
    ),
    "google_secret_manager_secret": Address("/v1/projects/{project}/secrets/{secret_id}", is_masked=True),
    "google_secret_manager_secret_version": Address("/v1/{name}", verb=""),
    "google_service_account": Address("/v1/{name}", shape=_service_account),
    "google_storage_bucket": Address("/storage/v1/b/{name}", shape=lambda body, state, _: bodies.bucket(body, state)),
    "google_storage_transfer_job": Address("/v1/{name}", shape=_transfer, query={"projectId": "{project}"}),
}
# Made once, and neither read nor changed nor deleted.
WITHOUT_ADDRESS = ("google_project_service_identity",)
# The API and the path of each data source that asks Google.
DATA_SOURCES: Mapping[str, tuple[str, str]] = {
    "google_bigquery_default_service_account": ("bigquery.v2", "/bigquery/v2/projects/{project}/serviceAccount"),
    "google_project": ("cloudresourcemanager.v1", "/v1/projects/{project}"),
    "google_storage_project_service_account": ("storage.v1", "/storage/v1/projects/{project}/serviceAccount"),
    "google_storage_transfer_project_service_account": ("storagetransfer.v1", "/v1/googleServiceAccounts/{project}"),
}

_VERSION = {"options": {"requestedPolicyVersion": 3}}
_NESTED = (("options.requestedPolicyVersion", "3"),)
Policy = tuple[str, tuple[tuple[str, str], ...], Any]  # verb, query and body of the read of a policy
POLICIES: Mapping[str, Policy] = {
    "google_artifact_registry_repository_iam_member": ("GET", (), None),
    "google_bigquery_table_iam_member": ("POST", (), _VERSION),
    "google_cloud_run_service_iam_member": ("GET", (), None),
    "google_cloud_run_v2_service_iam_member": ("GET", (), None),
    "google_kms_crypto_key_iam_member": ("GET", _NESTED, None),
    "google_project_iam_member": ("POST", (), _VERSION),
    "google_pubsub_topic_iam_member": ("GET", (), None),
    "google_secret_manager_secret_iam_member": ("GET", _NESTED, None),
    "google_service_account_iam_member": ("POST", _NESTED, None),
    "google_storage_bucket_iam_binding": ("GET", (("optionsRequestedPolicyVersion", "3"),), None),
    "google_storage_bucket_iam_member": ("GET", (("optionsRequestedPolicyVersion", "3"),), None),
}
