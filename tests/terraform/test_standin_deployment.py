"""Applied functions, triggers, transfers and schedules run on the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator import Emulator
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
      service_account_email = "scheduler@local-project.iam.gserviceaccount.com"
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
# Who reads and writes the bucket of a transfer, and who calls the scheduled function.
GRANTS = """
data "google_storage_transfer_project_service_account" "agent" {}
resource "google_storage_bucket_iam_member" "writer" {
  bucket = google_storage_bucket.b.name
  role   = "roles/storage.legacyBucketWriter"
  member = data.google_storage_transfer_project_service_account.agent.member
}
resource "google_storage_bucket_iam_member" "viewer" {
  bucket = google_storage_bucket.b.name
  role   = "roles/storage.objectViewer"
  member = data.google_storage_transfer_project_service_account.agent.member
}
resource "google_cloud_run_service_iam_member" "scheduler" {
  location = "europe-west1"
  service  = google_cloudfunctions2_function.sweep.name
  role     = "roles/run.invoker"
  member   = "serviceAccount:scheduler@local-project.iam.gserviceaccount.com"
}
"""
SYSTEM += GRANTS
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
