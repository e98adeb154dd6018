"""The request that the real provider sends to create a resource, and Google's discovery document as its judge.

Most resources exist only in the state here. Their request is made from their attributes, and is not sent to anything:
it is judged, so that a field or a value that Google's API does not have fails the apply.
The table follows the requests of the real provider, hashicorp/google.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.emulator.discovery import violations
from tests.emulator.terraform_provider import api_bodies as bodies
from tests.emulator.terraform_provider.facts import Json, Kind
from tests.emulator.terraform_provider.values import Object, ProviderError

_Shape = Callable[[Json, Object], Any]


@dataclass(frozen=True)
class _Call:
    """How a resource is created. Attributes in the path, in the query and in `left_out` are no part of the body."""

    api: str
    verb: str
    path: str  # `{name}` is an attribute
    query: Mapping[str, str] = field(default_factory=dict)  # attributes by parameter
    fixed: Mapping[str, str] = field(default_factory=dict)  # values by parameter
    left_out: tuple[str, ...] = ()
    shape: _Shape = lambda body, _: body


@dataclass(frozen=True)
class ApiRequest:
    api: str
    verb: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any


def creation(kind: Kind, state: Object, sent: Object | None = None) -> ApiRequest | None:
    """Return the request, or None for a resource that has none of its own. `sent` are the values of the plan."""
    if not kind.name.startswith("google_") or kind.name in SENT:
        return None
    call = CALLS.get(kind.name)
    if call is None:
        raise ProviderError(f"The stand-in does not know by which request {kind.name} is created: add it to CALLS.")
    named = {name: quote(str(value), safe="/@") for name, value in state.items()}
    query = tuple({**call.fixed, **{name: str(state[given]) for name, given in call.query.items()}}.items())
    body = call.shape(bodies.api_body(kind, sent or state, {*call.left_out, *call.query.values()}), state)
    return ApiRequest(call.api, call.verb, call.path.format_map(named), query, body)


def check_creation(kind: Kind, state: Object, sent: Object | None = None) -> None:
    """Raise ProviderError if Google's discovery document does not have the request."""
    request = creation(kind, state, sent)
    if request is None:
        return
    check_request(kind, state, request)


def check_request(kind: Kind, state: Object, request: ApiRequest) -> None:
    if found := violations(request.api, request.verb, request.path, request.query, request.body):
        label = state.get("name") or state.get("id")
        raise ProviderError(f"{kind.name} {label}: Google's API does not have this request", "\n".join(found))


_BIGQUERY = "/bigquery/v2/projects/{project}"
_REGION = "/v1/projects/{project}/locations/{location}"
_SET_POLICY = ":setIamPolicy"
CALLS: Mapping[str, _Call] = {
    "google_artifact_registry_repository": _Call(
        "artifactregistry.v1",
        "POST",
        f"{_REGION}/repositories",
        {"repositoryId": "repository_id"},
        left_out=("location", "project"),
        shape=bodies.repository,
    ),
    "google_artifact_registry_repository_iam_member": _Call(
        "artifactregistry.v1", "POST", f"/v1/{{repository}}{_SET_POLICY}", shape=bodies.policy
    ),
    "google_bigquery_dataset": _Call(
        "bigquery.v2",
        "POST",
        f"{_BIGQUERY}/datasets",
        fixed={"accessPolicyVersion": "3"},
        left_out=("project", "dataset_id", "delete_contents_on_destroy"),
        shape=bodies.dataset,
    ),
    "google_bigquery_dataset_access": _Call(
        "bigquery.v2",
        "PATCH",
        f"{_BIGQUERY}/datasets/{{dataset_id}}",
        fixed={"accessPolicyVersion": "3"},
        left_out=("project", "dataset_id"),
        shape=bodies.entry,
    ),
    "google_bigquery_table": _Call(
        "bigquery.v2",
        "POST",
        f"{_BIGQUERY}/datasets/{{dataset_id}}/tables",
        left_out=("project", "dataset_id", "table_id", "ignore_auto_generated_schema", "ignore_schema_changes"),
        shape=bodies.table,
    ),
    "google_bigquery_table_iam_member": _Call(
        "bigquery.v2", "POST", f"/bigquery/v2/{{table_id}}{_SET_POLICY}", shape=bodies.policy
    ),
    "google_cloud_run_service_iam_member": _Call("run.v1", "POST", f"/{{service}}{_SET_POLICY}", shape=bodies.policy),
    "google_cloud_run_v2_service_iam_member": _Call(
        "run.v2", "POST", f"/v2/{{name}}{_SET_POLICY}", shape=bodies.policy
    ),
    "google_cloud_scheduler_job": _Call(
        "cloudscheduler.v1",
        "POST",
        "/v1/projects/{project}/locations/{region}/jobs",
        left_out=("project", "region", "paused"),
        shape=bodies.named,
    ),
    "google_cloudfunctions2_function": _Call(
        "cloudfunctions.v2",
        "POST",
        "/v2/projects/{project}/locations/{location}/functions",
        {"functionId": "name"},
        left_out=("project", "location"),
        shape=bodies.named,
    ),
    "google_kms_crypto_key_iam_member": _Call(
        "cloudkms.v1", "POST", f"/v1/{{crypto_key_id}}{_SET_POLICY}", shape=bodies.policy
    ),
    "google_logging_metric": _Call("logging.v2", "POST", "/v2/projects/{project}/metrics", left_out=("project",)),
    "google_monitoring_alert_policy": _Call(
        "monitoring.v3", "POST", "/v3/projects/{project}/alertPolicies", left_out=("project",)
    ),
    "google_monitoring_dashboard": _Call(
        "monitoring.v1", "POST", "/v1/projects/{project}/dashboards", shape=bodies.dashboard
    ),
    "google_monitoring_notification_channel": _Call(
        "monitoring.v3",
        "POST",
        "/v3/projects/{project}/notificationChannels",
        left_out=("project", "force_delete", "sensitive_labels"),
    ),
    "google_project_iam_member": _Call(
        "cloudresourcemanager.v1", "POST", f"/v1/projects/{{project}}{_SET_POLICY}", shape=bodies.project_policy
    ),
    "google_project_service": _Call(
        "serviceusage.v1",
        "POST",
        "/v1/projects/{project}/services:batchEnable",
        shape=lambda _body, state: {"serviceIds": [state["service"]]},
    ),
    "google_project_service_identity": _Call(
        "serviceusage.v1beta1",
        "POST",
        "/v1beta1/projects/{project}/services/{service}:generateServiceIdentity",
        shape=lambda _body, _state: None,
    ),
    "google_pubsub_subscription": _Call(
        "pubsub.v1", "PUT", "/v1/projects/{project}/subscriptions/{name}", left_out=("project", "name")
    ),
    "google_pubsub_topic": _Call(
        "pubsub.v1", "PUT", "/v1/projects/{project}/topics/{name}", left_out=("project", "name")
    ),
    "google_pubsub_topic_iam_member": _Call("pubsub.v1", "POST", f"/v1/{{topic}}{_SET_POLICY}", shape=bodies.policy),
    "google_secret_manager_secret": _Call(
        "secretmanager.v1",
        "POST",
        "/v1/projects/{project}/secrets",
        {"secretId": "secret_id"},
        left_out=("project",),
        shape=bodies.secret,
    ),
    "google_secret_manager_secret_iam_member": _Call(
        "secretmanager.v1", "POST", f"/v1/{{secret_id}}{_SET_POLICY}", shape=bodies.policy
    ),
    "google_secret_manager_secret_version": _Call(
        "secretmanager.v1", "POST", "/v1/{secret}:addVersion", shape=bodies.secret_version
    ),
    "google_service_account": _Call(
        "iam.v1",
        "POST",
        "/v1/projects/{project}/serviceAccounts",
        left_out=("project", "account_id", "create_ignore_already_exists"),
        shape=bodies.service_account,
    ),
    "google_service_account_iam_member": _Call(
        "iam.v1", "POST", f"/v1/{{service_account_id}}{_SET_POLICY}", shape=bodies.policy
    ),
    "google_storage_bucket": _Call(
        "storage.v1",
        "POST",
        "/storage/v1/b",
        {"project": "project"},
        left_out=("enable_object_retention", "force_destroy"),
        shape=bodies.bucket,
    ),
    "google_storage_bucket_iam_binding": _Call("storage.v1", "PUT", "/storage/v1/{bucket}/iam", shape=bodies.grant),
    "google_storage_bucket_iam_member": _Call("storage.v1", "PUT", "/storage/v1/{bucket}/iam", shape=bodies.grant),
    "google_storage_transfer_job": _Call(
        "storagetransfer.v1", "POST", "/v1/transferJobs", left_out=("project", "name"), shape=bodies.transfer
    ),
}
# Its content and its type are sent to the emulator, which judges them.
SENT = ("google_storage_bucket_object",)
