"""The request that creates each resource is one that Google's discovery document of its API has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.emulator.discovery.documents import document
from tests.emulator.terraform_provider.api_requests import CALLS, SENT, check_creation, creation
from tests.emulator.terraform_provider.facts import facts
from tests.emulator.terraform_provider.results import TerraformError
from tests.emulator.terraform_provider.values import Object, ProviderError
from tests.terraform.conftest import Roots

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


def test_apply_ends_at_a_field_that_no_dashboard_has(root: Roots) -> None:
    wrong = json.dumps(json.dumps(changed(DASHBOARD, "mosaicLayout.colums", 12)))
    terraform = root(f'resource "google_monitoring_dashboard" "d" {{\n  dashboard_json = {wrong}\n}}')

    with pytest.raises(TerraformError, match=r"mosaicLayout\.colums: the discovery document has no such field"):
        terraform.apply()
