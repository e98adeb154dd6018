"""What Terraform applied runs in the local cloud; what the local cloud cannot stand for is refused by name."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator.terraform_provider import UnknownToEmulatorError
from tests.emulator.terraform_provider.deployment import Deployment
from tests.terraform.conftest import Roots, rewrite

CODE = """
import functions_framework, os

@functions_framework.cloud_event
def on_object(event):
    print(f"{os.environ['GREETING']} {event.data['name']}", flush=True)

@functions_framework.http
def sweep(request):
    return {"greeting": os.environ["GREETING"], "asked": request.get_data(as_text=True)}
"""
SYSTEM = """
resource "google_storage_bucket" "b" {
  name          = "NAME-landing"
  location      = "europe-west1"
  force_destroy = true
}
data "archive_file" "code" {
  type        = "zip"
  source_dir  = "${path.module}/../code"
  output_path = "${path.module}/build/code.zip"
}
resource "google_storage_bucket_object" "code" {
  bucket = google_storage_bucket.b.name
  name   = "code/${data.archive_file.code.output_md5}.zip"
  source = data.archive_file.code.output_path
}
resource "google_cloudfunctions2_function" "load" {
  name     = "NAME-load"
  location = "europe-west1"
  build_config {
    runtime     = "python313"
    entry_point = "on_object"
    source {
      storage_source {
        bucket = google_storage_bucket.b.name
        object = google_storage_bucket_object.code.name
      }
    }
  }
  service_config {
    environment_variables            = { GREETING = "hello" }
    ingress_settings                 = "ALLOW_INTERNAL_ONLY"
    max_instance_request_concurrency = 1
    max_instance_count               = 5
    timeout_seconds                  = 540
  }
  event_trigger {
    event_type     = "google.cloud.storage.object.v1.finalized"
    trigger_region = "europe-west1"
    retry_policy   = "RETRY_POLICY_RETRY"
    event_filters {
      attribute = "bucket"
      value     = google_storage_bucket.b.name
    }
  }
}
resource "google_cloudfunctions2_function" "sweep" {
  name     = "NAME-sweep"
  location = "europe-west1"
  build_config {
    runtime     = "python313"
    entry_point = "sweep"
    source {
      storage_source {
        bucket = google_storage_bucket.b.name
        object = google_storage_bucket_object.code.name
      }
    }
  }
  service_config {
    environment_variables = { GREETING = "swept" }
  }
}
resource "google_cloud_scheduler_job" "sweep" {
  name     = "NAME-sweep"
  schedule = "0 * * * *"
  http_target {
    http_method = "POST"
    body        = base64encode("please")
    uri         = google_cloudfunctions2_function.sweep.service_config[0].uri
    oidc_token {
      service_account_email = "x@y"
      audience              = google_cloudfunctions2_function.sweep.service_config[0].uri
    }
  }
}
resource "google_storage_transfer_job" "s3" {
  description = "hourly"
  schedule {
    schedule_start_date {
      year  = 2026
      month = 11
      day   = 24
    }
  }
  transfer_spec {
    aws_s3_data_source {
      bucket_name = "exports"
      path        = "aws/"
      role_arn    = "arn"
    }
    gcs_data_sink {
      bucket_name = google_storage_bucket.b.name
      path        = "in/"
    }
    transfer_options {
      overwrite_when = "DIFFERENT"
    }
  }
}
"""
JOB = "google_storage_transfer_job.s3"


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    for name in ("aws/a.txt", "aws/month/b.txt", "other/c.txt"):
        (tmp_path / "exports" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "exports" / name).write_text(name)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.py").write_text(CODE)
    return tmp_path / "exports"


def test_functions_triggers_transfers_and_schedules_run(
    root: Roots, emulator: Emulator, exports: Path, tmp_path: Path, name: str
) -> None:
    terraform = root(SYSTEM)
    terraform.apply()
    deployment = Deployment(emulator, tmp_path / "zips", {"exports": exports}, most_instances=1)
    deployment.follow(terraform.show_json())
    transfer = deployment.transfers[JOB]
    first = transfer.run(order=lambda names: sorted(names, reverse=True))
    (exports / "aws" / "a.txt").write_text("changed")
    second = transfer.run()
    emulator.events.settle(timeout=30)
    lines = [line for line in deployment.functions[f"{name}-load"].log_lines() if str(line).startswith("hello in/")]
    assert first == ["in/month/b.txt", "in/a.txt"]
    assert second == ["in/a.txt"]
    assert sorted(map(str, lines)) == ["hello in/a.txt", "hello in/a.txt", "hello in/month/b.txt"]
    assert deployment.schedules[f"{name}-sweep"].fire().json() == {"greeting": "swept", "asked": "please"}
    assert not terraform.plan().has_changes

    rewrite(terraform, SYSTEM.replace("swept", "swept twice"), name)
    kept = deployment.functions[f"{name}-load"]
    terraform.apply()
    deployment.follow(terraform.show_json())
    assert deployment.schedules[f"{name}-sweep"].fire().json() == {"greeting": "swept twice", "asked": "please"}
    assert deployment.functions[f"{name}-load"] is kept

    terraform.destroy()
    deployment.follow(terraform.show_json())
    assert (deployment.functions, deployment.transfers, deployment.schedules) == ({}, {}, {})


Values = dict[str, Any]


def applied(kind: str, name: str, values: Values) -> Values:
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}


def document() -> dict[str, Values]:
    """The values of one bucket, one function, one schedule and one transfer, as an apply would leave them."""
    storage = {"bucket": "b", "object": "o.zip"}
    uri = "https://f"
    function = {
        "name": "f",
        "project": "local-project",
        "build_config": [{"runtime": "python313", "entry_point": "e", "source": [{"storage_source": [storage]}]}],
        "service_config": [
            {
                "uri": uri,
                "environment_variables": {},
                "ingress_settings": "ALLOW_INTERNAL_ONLY",
                "all_traffic_on_latest_revision": True,
                "timeout_seconds": 540,
                "max_instance_count": 1,
                "max_instance_request_concurrency": 1,
            }
        ],
        "event_trigger": [
            {
                "event_type": "google.cloud.storage.object.v1.finalized",
                "event_filters": [{"attribute": "bucket", "operator": None, "value": "b"}],
                "trigger_region": "europe-west1",
                "retry_policy": "RETRY_POLICY_RETRY",
            }
        ],
    }
    target = {"uri": uri, "http_method": "POST", "body": None, "headers": None, "oidc_token": [{"audience": uri}]}
    spec = {
        "aws_s3_data_source": [{"bucket_name": "exports", "path": "aws/"}],
        "gcs_data_sink": [{"bucket_name": "b", "path": ""}],
        "transfer_options": [{"overwrite_when": "DIFFERENT"}],
    }
    return {
        "google_storage_bucket": {"name": "b", "location": "EUROPE-WEST1"},
        "google_cloudfunctions2_function": function,
        "google_cloud_scheduler_job": {"name": "s", "project": "local-project", "http_target": [target]},
        "google_storage_transfer_job": {"project": "local-project", "status": "ENABLED", "transfer_spec": [spec]},
    }


def put(path: str, value: object) -> Callable[[dict[str, Values]], None]:
    def change(values: dict[str, Values]) -> None:
        target: Any = values
        *parents, last = path.split("/")
        for part in parents:
            target = target[part]
            target = target[0] if isinstance(target, list) else target
        target[last] = value

    return change


F, S, T = "google_cloudfunctions2_function", "google_cloud_scheduler_job", "google_storage_transfer_job"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (f"{F}/event_trigger/retry_policy", "RETRY_POLICY_DO_NOT_RETRY", "event_trigger.retry_policy is"),
        (f"{F}/event_trigger/event_type", "google.cloud.storage.object.v1.deleted", "event_trigger.event_type is"),
        (f"{F}/event_trigger/trigger_region", "europe-west4", "event_trigger.trigger_region is 'europe-west4'"),
        (f"{F}/event_trigger/event_filters/value", "other", "names the bucket 'other', which was not applied"),
        (f"{F}/event_trigger/event_filters/operator", "match-path-pattern", "knows one exact bucket only"),
        (f"{F}/service_config/timeout_seconds", 600, "service_config.timeout_seconds is 600, and Google allows 540"),
        (f"{F}/service_config/max_instance_request_concurrency", 8, "max_instance_request_concurrency is 8"),
        (f"{F}/service_config/secret_environment_variables", [{"key": "K"}], "secret_environment_variables is set"),
        (f"{F}/service_config/vpc_connector", "c", "service_config.vpc_connector is set"),
        (f"{F}/build_config/runtime", "nodejs22", "build_config.runtime is 'nodejs22'"),
        (f"{F}/build_config/environment_variables", {"A": "b"}, "build_config.environment_variables is set"),
        (f"{F}/project", "another", "project is 'another', and the local cloud is 'local-project'"),
        (f"{S}/http_target/uri", "https://nowhere", "http_target.uri is 'https://nowhere', and no function has it"),
        (f"{S}/http_target/oidc_token", [], "http_target.oidc_token is missing"),
        (f"{S}/http_target/oidc_token/audience", "https://else", "http_target.oidc_token.audience is"),
        (f"{S}/paused", True, "paused is set"),
        (f"{T}/status", "DISABLED", "status is 'DISABLED'"),
        (f"{T}/transfer_spec/transfer_options/overwrite_when", "ALWAYS", "transfer_options.overwrite_when is 'ALWAYS'"),
        (f"{T}/transfer_spec/transfer_options/delete_objects_unique_in_sink", True, "delete_objects_unique_in_sink is"),
        (f"{T}/transfer_spec/aws_s3_data_source/path", "aws", "it must end with a slash"),
        (f"{T}/transfer_spec/aws_s3_data_source/bucket_name", "x", "no folder stands for it"),
        (f"{T}/transfer_spec/object_conditions", [{"include_prefixes": ["a"]}], "object_conditions is set"),
        ("google_pubsub_subscription", {"name": "n"}, "the emulator does not know google_pubsub_subscription"),
    ],
)
def test_what_the_local_cloud_cannot_stand_for_is_refused(
    emulator: Emulator, tmp_path: Path, path: str, value: object, sentence: str
) -> None:
    values = copy.deepcopy(document())
    put(path, value)(values)
    resources = [applied(kind, "x", found) for kind, found in values.items()]
    deployment = Deployment(emulator, tmp_path, {"exports": tmp_path})
    with pytest.raises(UnknownToEmulatorError, match=f"^{path.split('/')[0]}.x: .*{re.escape(sentence)}"):
        deployment.follow({"values": {"root_module": {"child_modules": [{"resources": resources}]}}})
    assert deployment.functions == {}
