"""The emulator names the resource and argument of everything that it cannot run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator.terraform_provider import UnknownToEmulatorError
from tests.emulator.terraform_provider.deployment import Deployment

Values = dict[str, Any]


def applied(kind: str, name: str, values: Values) -> Values:
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}


def document() -> dict[str, Values]:
    """Return the values of one bucket, function, schedule and transfer after an apply."""
    uri = "https://f"
    target = {"uri": uri, "http_method": "POST", "body": None, "headers": None, "oidc_token": [{"audience": uri}]}
    spec = {
        "aws_s3_data_source": [{"bucket_name": "exports", "path": "aws/"}],
        "gcs_data_sink": [{"bucket_name": "b", "path": ""}],
        "transfer_options": [{"overwrite_when": "DIFFERENT"}],
    }
    return {
        "google_storage_bucket": {"name": "b", "location": "EUROPE-WEST1"},
        "google_cloudfunctions2_function": function(uri),
        "google_cloud_scheduler_job": {"name": "s", "project": "local-project", "http_target": [target]},
        "google_storage_transfer_job": {"project": "local-project", "status": "ENABLED", "transfer_spec": [spec]},
    }


def function(uri: str) -> Values:
    source = {"storage_source": [{"bucket": "b", "object": "o.zip"}]}
    service = {
        "uri": uri,
        "environment_variables": {},
        "ingress_settings": "ALLOW_INTERNAL_ONLY",
        "all_traffic_on_latest_revision": True,
        "timeout_seconds": 540,
        "max_instance_count": 1,
        "max_instance_request_concurrency": 1,
    }
    trigger = {
        "event_type": "google.cloud.storage.object.v1.finalized",
        "event_filters": [{"attribute": "bucket", "operator": None, "value": "b"}],
        "trigger_region": "europe-west1",
        "retry_policy": "RETRY_POLICY_RETRY",
    }
    return {
        "name": "f",
        "project": "local-project",
        "build_config": [{"runtime": "python313", "entry_point": "e", "source": [source]}],
        "service_config": [service],
        "event_trigger": [trigger],
    }


def replace_value(values: dict[str, Values], path: str, value: object) -> None:
    target: Any = values
    *parents, last = path.split("/")
    for part in parents:
        target = target[part]
        target = target[0] if isinstance(target, list) else target
    target[last] = value


F, S, T = "google_cloudfunctions2_function", "google_cloud_scheduler_job", "google_storage_transfer_job"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (f"{F}/event_trigger/retry_policy", "RETRY_POLICY_DO_NOT_RETRY", "event_trigger.retry_policy is"),
        (f"{F}/event_trigger/event_type", "google.cloud.storage.object.v1.deleted", "event_trigger.event_type is"),
        (f"{F}/event_trigger/trigger_region", "europe-west4", "event_trigger.trigger_region is 'europe-west4'"),
        (f"{F}/event_trigger/event_filters/value", "other", "names the bucket 'other', which was not applied"),
        (f"{F}/event_trigger/event_filters/operator", "match-path-pattern", "knows only one exact bucket"),
        (f"{F}/service_config/timeout_seconds", 600, "service_config.timeout_seconds is 600, but Google allows 540"),
        (f"{F}/service_config/max_instance_request_concurrency", 8, "max_instance_request_concurrency is 8"),
        (f"{F}/service_config/secret_environment_variables", [{"key": "K"}], "secret_environment_variables is set"),
        (f"{F}/service_config/vpc_connector", "c", "service_config.vpc_connector is set"),
        (f"{F}/build_config/runtime", "nodejs22", "build_config.runtime is 'nodejs22'"),
        (f"{F}/build_config/environment_variables", {"A": "b"}, "build_config.environment_variables is set"),
        (f"{F}/project", "another", "project is 'another', but the emulator runs 'local-project'"),
        (f"{S}/http_target/uri", "https://nowhere", "http_target.uri is 'https://nowhere', but no function has it"),
        (f"{S}/http_target/oidc_token", [], "http_target.oidc_token is missing"),
        (f"{S}/http_target/oidc_token/audience", "https://else", "http_target.oidc_token.audience is"),
        (f"{S}/paused", True, "paused is set"),
        (f"{T}/status", "DISABLED", "status is 'DISABLED'"),
        (f"{T}/transfer_spec/transfer_options/overwrite_when", "ALWAYS", "transfer_options.overwrite_when is 'ALWAYS'"),
        (f"{T}/transfer_spec/transfer_options/delete_objects_unique_in_sink", True, "delete_objects_unique_in_sink is"),
        (f"{T}/transfer_spec/aws_s3_data_source/path", "aws", "it must end with a slash"),
        (f"{T}/transfer_spec/aws_s3_data_source/bucket_name", "x", "no folder represents it"),
        (f"{T}/transfer_spec/object_conditions", [{"include_prefixes": ["a"]}], "object_conditions is set"),
        ("google_pubsub_subscription", {"name": "n"}, "the emulator does not know google_pubsub_subscription"),
    ],
)
def test_unknown_argument_is_an_error_with_its_name(
    emulator: Emulator, tmp_path: Path, path: str, value: object, sentence: str
) -> None:
    values = document()
    replace_value(values, path, value)
    resources = [applied(kind, "x", found) for kind, found in values.items()]
    deployment = Deployment(emulator, tmp_path, {"exports": tmp_path})

    with pytest.raises(UnknownToEmulatorError, match=f"^{path.split('/')[0]}.x: .*{re.escape(sentence)}"):
        deployment.follow({"values": {"root_module": {"child_modules": [{"resources": resources}]}}})

    assert deployment.functions == {}
