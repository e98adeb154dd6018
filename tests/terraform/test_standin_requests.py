"""The requests for each resource are those that Google's discovery document of its API has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.emulator.discovery.documents import document
from tests.emulator.terraform_provider.api_addresses import ADDRESSES, DATA_SOURCES, POLICIES, WITHOUT_ADDRESS
from tests.emulator.terraform_provider.api_changes import (
    changes,
    check_change,
    check_deletion,
    check_read,
    deletions,
    reads,
)
from tests.emulator.terraform_provider.api_requests import CALLS, SENT, ApiRequest, check_creation, creation
from tests.emulator.terraform_provider.facts import facts
from tests.emulator.terraform_provider.results import TerraformError
from tests.emulator.terraform_provider.values import Object, ProviderError
from tests.terraform.conftest import Roots, rewrite

GRANT = {"project": "p", "role": "roles/a", "member": "user:a@example.com"}
CONDITION = {"title": "t", "expression": "true", "description": None}
TRANSFER: Object = {
    "project": "p",
    "description": "copies",
    "status": "ENABLED",
    "schedule": [{"schedule_start_date": [{"year": 2026, "month": 11, "day": 30}], "repeat_interval": "3600s"}],
    "transfer_spec": [
        {
            "aws_s3_data_source": [{"bucket_name": "s", "path": "a/", "role_arn": "arn:aws:iam::1:role/r"}],
            "gcs_data_sink": [{"bucket_name": "b", "path": "c/"}],
            "transfer_options": [{"overwrite_when": "DIFFERENT"}],
        }
    ],
    "logging_config": [{"log_actions": ["COPY"], "enable_on_prem_gcs_transfer_logs": False}],
}
METRIC: Object = {
    "project": "p",
    "name": "m",
    "filter": "severity>=ERROR",
    "metric_descriptor": [{"metric_kind": "DELTA", "value_type": "INT64", "labels": [{"key": "k"}]}],
    "label_extractors": {"k": "EXTRACT(jsonPayload.k)"},
}
ALERT: Object = {
    "project": "p",
    "display_name": "a",
    "combiner": "OR",
    "conditions": [{"display_name": "c", "condition_matched_log": [{"filter": "a", "label_extractors": {"b": "c"}}]}],
    "alert_strategy": [{"auto_close": "1800s", "notification_rate_limit": [{"period": "300s"}]}],
}
BUCKET: Object = {
    "project": "p",
    "name": "b",
    "location": "EU",
    "force_destroy": True,
    "uniform_bucket_level_access": True,
    "public_access_prevention": "enforced",
    "lifecycle_rule": [{"action": [{"type": "Delete"}], "condition": [{"age": 90, "with_state": "ANY"}]}],
    "effective_labels": {"a": "b"},
}
DASHBOARD = {"displayName": "d", "mosaicLayout": {"columns": 48, "tiles": [{"width": 24, "widget": {"title": "t"}}]}}
JOB: Object = {
    "project": "p",
    "region": "europe-west1",
    "id": "projects/p/locations/europe-west1/jobs/j",
    "name": "j",
    "schedule": "0 * * * *",
    "http_target": [{"uri": "https://a", "http_method": "POST", "oidc_token": [{"service_account_email": "a"}]}],
}


def kind(name: str) -> Any:
    return facts("google").resources[name]


def changed(state: Object, path: str, value: Any) -> Object:
    """Return the state with another value at a path like `schedule.0.repeat_interval`."""
    copy: Object = json.loads(json.dumps(state))
    *parents, last = path.split(".")
    place: Any = copy
    for part in parents:
        place = place[int(part) if part.isdigit() else part]
    place[last] = value
    return copy


def test_the_request_of_every_resource_of_google_is_known() -> None:
    names = {*facts("google").resources, *facts("google-beta").resources}

    assert {*CALLS, *SENT} == names


@pytest.mark.parametrize("name", sorted({call.api for call in CALLS.values()}))
def test_each_api_that_terraform_calls_has_a_discovery_document(name: str) -> None:
    assert document(name).methods


@pytest.mark.parametrize(
    ("name", "state", "method", "body"),
    [
        (
            "google_project_iam_member",
            {**GRANT, "condition": [CONDITION]},
            "POST /v1/projects/p:setIamPolicy",
            {
                "policy": {
                    "bindings": [
                        {
                            "role": "roles/a",
                            "members": ["user:a@example.com"],
                            "condition": {"title": "t", "expression": "true"},
                        }
                    ],
                    "version": 3,
                },
                "updateMask": "bindings,etag,auditConfigs",
            },
        ),
        (
            "google_storage_bucket",
            BUCKET,
            "POST /storage/v1/b",
            {
                "name": "b",
                "location": "EU",
                "labels": {"a": "b"},
                "iamConfiguration": {
                    "publicAccessPrevention": "enforced",
                    "uniformBucketLevelAccess": {"enabled": True},
                },
                "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 90}}]},
            },
        ),
        (
            "google_service_account",
            {"project": "p", "account_id": "a", "display_name": "Loads", "email": "a@p"},
            "POST /v1/projects/p/serviceAccounts",
            {"accountId": "a", "serviceAccount": {"displayName": "Loads"}},
        ),
        (
            "google_cloud_scheduler_job",
            JOB,
            "POST /v1/projects/p/locations/europe-west1/jobs",
            {
                "name": "projects/p/locations/europe-west1/jobs/j",
                "schedule": "0 * * * *",
                "httpTarget": {
                    "uri": "https://a",
                    "httpMethod": "POST",
                    "oidcToken": {"serviceAccountEmail": "a"},
                },
            },
        ),
        (
            "google_secret_manager_secret",
            {"project": "p", "secret_id": "s", "replication": [{"auto": [{}]}]},
            "POST /v1/projects/p/secrets",
            {"replication": {"automatic": {}}},
        ),
    ],
)
def test_request_is_that_of_the_real_provider(name: str, state: Object, method: str, body: Any) -> None:
    request = creation(kind(name), state)

    check_creation(kind(name), state)

    assert request is not None
    assert (f"{request.verb} {request.path}", request.body) == (method, body)


@pytest.mark.parametrize(
    ("name", "state", "sentence"),
    [
        ("google_storage_transfer_job", changed(TRANSFER, "schedule.0.repeat_interval", "1h"), ".repeatInterval"),
        ("google_storage_transfer_job", changed(TRANSFER, "status", "ON"), '"ON" is not one of "STATUS_UNSPECIFIED"'),
        ("google_storage_transfer_job", changed(TRANSFER, "logging_config.0.log_actions", ["RENAME"]), "logActions[0]"),
        ("google_logging_metric", changed(METRIC, "metric_descriptor.0.metric_kind", "SUM"), "Descriptor.metricKind"),
        ("google_logging_metric", changed(METRIC, "label_extractors", {"k": 1}), "field labelExtractors.k"),
        ("google_monitoring_alert_policy", changed(ALERT, "combiner", "XOR"), 'field combiner: "XOR"'),
        ("google_monitoring_alert_policy", changed(ALERT, "alert_strategy.0.auto_close", "30m"), "Strategy.autoClose"),
        ("google_cloud_scheduler_job", changed(JOB, "http_target.0.http_method", "SEND"), "httpTarget.httpMethod"),
        ("google_storage_bucket", changed(BUCKET, "lifecycle_rule.0.condition.0.age", "x"), "rule[0].condition.age"),
    ],
)  # fmt: skip
def test_a_value_that_the_api_does_not_have_is_refused(name: str, state: Object, sentence: str) -> None:
    with pytest.raises(ProviderError, match="Google's API does not have this request") as error:
        check_creation(kind(name), state)

    assert sentence in error.value.detail


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("google_storage_transfer_job", TRANSFER),
        ("google_logging_metric", METRIC),
        ("google_monitoring_alert_policy", ALERT),
        ("google_cloud_scheduler_job", JOB),
        ("google_storage_bucket", BUCKET),
    ],
)
def test_the_same_resources_with_right_values_are_accepted(name: str, state: Object) -> None:
    check_creation(kind(name), state)


FUNCTION: Object = {
    "project": "p",
    "location": "l",
    "name": "f",
    "service_config": [{"available_memory": "512Mi", "environment_variables": {"A": "1"}, "uri": "https://a"}],
    "build_config": [{"runtime": "python313", "source": [{"storage_source": [{"bucket": "b", "object": "o"}]}]}],
    "effective_labels": {"a": "b"},
}
ACCOUNT: Object = {"name": "projects/p/serviceAccounts/a@p", "display_name": "A", "description": "", "disabled": False}
DATASET: Object = {"project": "p", "dataset_id": "d", "location": "EU", "description": "old", "effective_labels": {}}
TOPIC: Object = {"project": "p", "name": "t", "kms_key_name": "k", "effective_labels": {"a": "b"}}
BINDING: Object = {"bucket": "b/x", "role": "roles/r", "members": ["user:a@example.com"]}
NAMED_TRANSFER: Object = {**TRANSFER, "name": "transferJobs/1"}
NAMED_ALERT: Object = {**ALERT, "name": "projects/p/alertPolicies/1"}
MASK = "?updateMask="


def as_text(request: ApiRequest) -> str:
    query = "&".join(f"{name}={value}" for name, value in request.query)
    return f"{request.verb} {request.path}{'?' if query else ''}{query}"


@pytest.mark.parametrize(
    ("name", "state", "path", "value", "expected"),
    [
        (
            "google_storage_transfer_job",
            NAMED_TRANSFER,
            "description",
            "new",
            {
                "PATCH /v1/transferJobs/1": {
                    "projectId": "p",
                    "transferJob": {"description": "new"},
                    "updateTransferJobFieldMask": "description",
                }
            },
        ),
        (
            "google_storage_transfer_job",
            NAMED_TRANSFER,
            "schedule",
            [],
            {
                "PATCH /v1/transferJobs/1": {
                    "projectId": "p",
                    "transferJob": {},
                    "updateTransferJobFieldMask": "schedule",
                }
            },
        ),
        (
            "google_cloudfunctions2_function",
            FUNCTION,
            "service_config.0.environment_variables",
            {"A": "2"},
            {
                f"PATCH /v2/projects/p/locations/l/functions/f{MASK}serviceConfig": {
                    "buildConfig": {
                        "runtime": "python313",
                        "source": {"storageSource": {"bucket": "b", "object": "o"}},
                    },
                    "labels": {"a": "b"},
                    "serviceConfig": {"availableMemory": "512Mi", "environmentVariables": {"A": "2"}},
                }
            },
        ),
        (
            "google_logging_metric",
            METRIC,
            "filter",
            "new",
            {
                "PUT /v2/projects/p/metrics/m": {
                    "name": "m",
                    "filter": "new",
                    "metricDescriptor": {"metricKind": "DELTA", "valueType": "INT64", "labels": [{"key": "k"}]},
                    "labelExtractors": {"k": "EXTRACT(jsonPayload.k)"},
                }
            },
        ),
        (
            "google_service_account",
            ACCOUNT,
            "display_name",
            "B",
            {
                "PATCH /v1/projects/p/serviceAccounts/a@p": {
                    "serviceAccount": {"displayName": "B"},
                    "updateMask": "display_name",
                }
            },
        ),
        (
            "google_service_account",
            ACCOUNT,
            "disabled",
            True,
            {"POST /v1/projects/p/serviceAccounts/a@p:disable": None},
        ),
        ("google_cloud_scheduler_job", JOB, "paused", True, {f"POST /v1/{JOB['id']}:pause": None}),
        (
            "google_cloud_scheduler_job",
            JOB,
            "schedule",
            "1 * * * *",
            {
                f"PATCH /v1/{JOB['id']}": {
                    "schedule": "1 * * * *",
                    "httpTarget": {
                        "uri": "https://a",
                        "httpMethod": "POST",
                        "oidcToken": {"serviceAccountEmail": "a"},
                    },
                }
            },
        ),
        (
            "google_bigquery_dataset",
            DATASET,
            "description",
            "new",
            {
                "PATCH /bigquery/v2/projects/p/datasets/d": {
                    "description": "new",
                    "datasetReference": {"datasetId": "d"},
                }
            },
        ),
        (
            "google_pubsub_topic",
            TOPIC,
            "effective_labels",
            {"a": "c"},
            {
                f"PATCH /v1/projects/p/topics/t{MASK}labels": {"topic": {"kmsKeyName": "k", "labels": {"a": "c"}}},
            },
        ),
        (
            "google_storage_bucket_iam_binding",
            BINDING,
            "members",
            ["user:b@example.com", "user:a@example.com"],
            {
                "GET /storage/v1/b/x/iam?optionsRequestedPolicyVersion=3": None,
                "PUT /storage/v1/b/x/iam": {
                    "bindings": [{"role": "roles/r", "members": ["user:a@example.com", "user:b@example.com"]}],
                    "version": 3,
                },
            },
        ),
        ("google_storage_bucket", BUCKET, "force_destroy", False, {}),
        ("google_bigquery_table", {**DATASET, "table_id": "t"}, "deletion_protection", False, {}),
        ("google_project_service", {"project": "p", "service": "s"}, "disable_on_destroy", False, {}),
    ],
)
def test_change_is_that_of_the_real_provider(
    name: str, state: Object, path: str, value: Any, expected: dict[str, Any]
) -> None:
    after = changed(state, path, value)

    requests = changes(kind(name), state, after)

    check_change(kind(name), state, after)
    assert {as_text(request): request.body for request in requests} == expected


@pytest.mark.parametrize(
    ("name", "state", "path", "value", "sentence"),
    [
        ("google_storage_transfer_job", NAMED_TRANSFER, "status", "ON", 'field transferJob.status: "ON"'),
        ("google_cloudfunctions2_function", FUNCTION, "service_config.0.available_memory", 512, "availableMemory"),
        ("google_monitoring_alert_policy", NAMED_ALERT, "combiner", "XOR", "alertPolicies.patch: field combiner"),
        ("google_logging_metric", METRIC, "label_extractors", {"k": 1}, "metrics.update: field labelExtractors.k"),
        ("google_cloud_scheduler_job", JOB, "schedule", ["hourly"], "jobs.patch: field schedule"),
        ("google_storage_bucket_iam_binding", BINDING, "members", [1], "bindings[0].members[0]"),
        ("google_bigquery_dataset", DATASET, "effective_labels", {"a": 1}, "datasets.patch: field labels.a"),
    ],
)
def test_a_change_to_a_value_that_the_api_does_not_have_is_refused(
    name: str, state: Object, path: str, value: Any, sentence: str
) -> None:
    with pytest.raises(ProviderError, match="Google's API does not have this request") as error:
        check_change(kind(name), state, changed(state, path, value))

    assert sentence in error.value.detail


class _Anything(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "x"


def sample(name: str) -> Object:
    """Return a state with a text for each attribute, and with the paths that a grant or a name has."""
    attributes = kind(name).attributes
    facts_of = {key: one.get("stored") or one.get("value") for key, one in attributes.items()}
    templates = {key: one if isinstance(one, str) else "x" for key, one in facts_of.items()}
    first = {key: template.format_map(_Anything()) for key, template in templates.items()}
    known = {"force_delete": False, "delete_contents_on_destroy": False, "dashboard_json": "{}", "members": ["x"]}
    paths = {"secret": "projects/x/secrets/x", "service_account_id": "projects/x/serviceAccounts/x"}
    own = {**paths, "crypto_key_id": "projects/x/locations/x/keyRings/x/cryptoKeys/x", "topic": "projects/x/topics/x"}
    state = {**first, **{key: value for key, value in {**known, **own}.items() if key in attributes}}
    return {**state, "name": "projects/x/secrets/x/versions/1"} if name.endswith("secret_version") else state


@pytest.mark.parametrize("name", sorted({*ADDRESSES, *POLICIES}))
def test_the_api_has_the_requests_that_read_and_delete(name: str) -> None:
    state = sample(name)

    check_read(kind(name), state)
    check_deletion(kind(name), state)

    assert [request.verb for request in reads(kind(name), state)] in (["GET"], ["POST"])
    assert deletions(kind(name), state)


def test_a_policy_loses_its_grant_in_two_requests() -> None:
    state = {"repository": "projects/p/locations/l/repositories/r", "role": "roles/a", "member": "user:a@example.com"}

    read, write = deletions(kind("google_artifact_registry_repository_iam_member"), state)

    assert as_text(read) == "GET /v1/projects/p/locations/l/repositories/r:getIamPolicy"
    assert as_text(write) == "POST /v1/projects/p/locations/l/repositories/r:setIamPolicy"
    assert write.body == {"policy": {"bindings": [], "version": 3}}


def test_the_requests_after_the_creation_of_every_resource_are_known() -> None:
    data = {name for name in facts("google").data_sources if name.startswith("google_")}

    assert {*ADDRESSES, *POLICIES, *WITHOUT_ADDRESS, *SENT} == set(CALLS) | set(SENT)
    assert {*DATA_SOURCES, "google_client_config"} == data


@pytest.mark.parametrize("name", sorted(DATA_SOURCES))
def test_the_api_has_the_requests_of_data_sources(name: str) -> None:
    source = facts("google").data_sources[name]

    check_read(source, {"project": "p"})

    with pytest.raises(ProviderError, match="Google's API does not have this request"):
        check_read(source, {"project": "p/q"})


def test_apply_ends_at_a_field_that_no_dashboard_has(root: Roots) -> None:
    wrong = json.dumps(json.dumps(changed(DASHBOARD, "mosaicLayout.colums", 12)))
    terraform = root(f'resource "google_monitoring_dashboard" "d" {{\n  dashboard_json = {wrong}\n}}')

    with pytest.raises(TerraformError, match=r"mosaicLayout\.colums: the discovery document has no such field"):
        terraform.apply()


SECRET = 'resource "google_secret_manager_secret" "s" {\n  secret_id = "a/b"\n  replication {\n    auto {}\n  }\n}'
SERVICE = 'resource "google_project_service" "s" {\n  service            = "a/b"\n  disable_on_destroy = true\n}'


@pytest.mark.parametrize(
    ("first", "then", "sentence"),
    [
        (SECRET, SECRET, "secrets/a/b: the discovery document has no such method"),
        (SERVICE, "", "services/a/b:disable: the discovery document has no such method"),
    ],
    ids=["read", "deletion"],
)
def test_apply_ends_at_a_request_that_the_api_does_not_have(root: Roots, first: str, then: str, sentence: str) -> None:
    terraform = root(first)
    terraform.apply()
    rewrite(terraform, then, "")

    with pytest.raises(TerraformError, match=sentence):
        terraform.apply()


def test_apply_ends_at_a_change_that_no_dashboard_has(root: Roots) -> None:
    def dashboard(content: object) -> str:
        text = json.dumps(json.dumps(content))
        return f'resource "google_monitoring_dashboard" "d" {{\n  dashboard_json = {text}\n}}'

    terraform = root(dashboard(DASHBOARD))
    terraform.apply()
    rewrite(terraform, dashboard(changed(DASHBOARD, "mosaicLayout.colums", 12)), "")

    with pytest.raises(TerraformError, match=r"dashboards\.patch: field mosaicLayout\.colums"):
        terraform.apply()
