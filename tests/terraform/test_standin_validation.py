"""The stand-ins reject the mistakes that the real providers reject, with the same words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.emulator.terraform_provider import GOOGLE_VERSIONS, Terraform, TerraformError
from tests.emulator.terraform_provider.facts import facts, schema_document
from tests.emulator.terraform_provider.validation import problems
from tests.terraform.conftest import rewrite, write

BUCKET = 'resource "google_storage_bucket" "b" {{\n name = "NAME"\n location = "EU"\n {more}\n}}\n'
JOB = """
resource "google_storage_transfer_job" "j" {{
  description = "d"
  {schedule}
  transfer_spec {{
    {source}
    gcs_data_sink {{ bucket_name = "sink" }}
  }}
}}
"""
S3 = 'aws_s3_data_source {{\n bucket_name = "b"\n {credentials}\n}}'
AZURE = 'azure_blob_storage_data_source {\n storage_account = "a"\n container = "c"\n}'
START = "schedule {\n schedule_start_date {\n year = 2026\n month = 11\n day = 24\n }\n}"
CHOICE = """
variable "queue" {
  type    = string
  default = null
}
resource "google_storage_transfer_job" "j" {
  description = "d"
  dynamic "schedule" {
    for_each = var.queue == null ? [1] : []
    content {
      schedule_start_date {
        year  = 2026
        month = 11
        day   = 24
      }
    }
  }
  dynamic "event_stream" {
    for_each = var.queue == null ? [] : [var.queue]
    content {
      name = event_stream.value
    }
  }
  transfer_spec {
    aws_s3_data_source {
      bucket_name = "b"
      role_arn    = "r"
    }
    gcs_data_sink {
      bucket_name = "sink"
    }
  }
}
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """One root for all tests, because validation needs no emulator and leaves no state."""
    folder = tmp_path_factory.mktemp("checked")
    write(folder, "", "name")
    with Terraform(folder / "root", folder / "work") as terraform:
        terraform.init()
        yield terraform


def job(source: str, schedule: str = START) -> str:
    return JOB.format(source=source, schedule=schedule)


@pytest.mark.parametrize(
    ("hcl", "message"),
    [
        (BUCKET.format(more="colour = 1"), 'An argument named "colour" is not expected here'),
        (BUCKET.format(more="colours {}"), 'Blocks of type "colours" are not expected here'),
        (BUCKET.format(more='force_destroy = "sometimes"'), 'Inappropriate value for attribute "force_destroy"'),
        (BUCKET.format(more='self_link = "x"'), 'Can\'t configure a value for "self_link"'),
        (BUCKET.format(more='public_access_prevention = "yes"'), "expected public_access_prevention to be one of"),
        (BUCKET.format(more="retention_policy {\n retention_period = 9\n}"), "does not support retention_policy"),
        ('resource "google_storage_bucket" "b" {\n name = "NAME"\n}', 'The argument "location" is required'),
        ('resource "google_storage_bucket" "b" {\n name = "A b"\n location = "EU"\n}', '"name": must be 3 to 63'),
        ('resource "google_compute_disk" "d" {}', 'does not support resource type "google_compute_disk"'),
        ('data "google_compute_zones" "z" {}', 'does not support data source "google_compute_zones"'),
        (job(S3.format(credentials="")), "must be specified"),
        (job(S3.format(credentials='role_arn = "r"\ncredentials_secret = "s"')), "only one of"),
        (job(AZURE), "must be specified"),
        (job(""), "must be specified"),
        (job(S3.format(credentials='role_arn = "r"'), f'{START}\nevent_stream {{\n name = "q"\n}}'), "conflicts with"),
        (job(S3.format(credentials='role_arn = "r"\npath = 1\nsize = 2')), 'An argument named "size"'),
        ('resource "time_sleep" "s" {\n create_duration = "90"\n}', "must be a number immediately followed by"),
        ('resource "time_sleep" "s" {}', "must be specified"),
    ],
)
def test_mistake_is_an_error_before_the_plan(checked: Terraform, hcl: str, message: str) -> None:
    rewrite(checked, hcl, "name")

    with pytest.raises(TerraformError, match=re.escape(message)):
        checked.validate()


def test_unknown_choice_is_not_a_conflict(checked: Terraform) -> None:
    rewrite(checked, CHOICE, "name")
    checked.validate()

    assert checked.plan().planned("google_storage_transfer_job.j")["schedule"][0]["repeat_interval"] == "86400s"


@pytest.mark.parametrize("version", GOOGLE_VERSIONS)
@pytest.mark.parametrize("provider", ["google", "google-beta", "archive", "time"])
def test_every_overlay_path_exists_in_both_versions(provider: str, version: str) -> None:
    assert facts(provider, version).version


def test_versions_differ_as_the_upgrade_guide_says() -> None:
    old, new = (schema_document("google", version)["resource_schemas"] for version in GOOGLE_VERSIONS)
    kind = "google_secret_manager_secret_version"
    types = [v[kind]["block"]["attributes"]["secret_data_wo_version"]["type"] for v in (old, new)]
    collations = [v["google_bigquery_dataset"]["block"]["attributes"]["default_collation"] for v in (old, new)]

    assert types == ["number", "string"]
    assert [collation.get("computed") for collation in collations] == [True, None]


def test_unknown_version_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"use one of 7\.46\.1, 8\.7\.0"):
        schema_document("google", "6.0.0")


def test_too_many_clustering_columns_are_an_error() -> None:
    table = facts("google").resources["google_bigquery_table"]
    [problem] = problems(table, {"dataset_id": "d", "table_id": "t", "clustering": list("abcde")})

    assert problem.summary == "Too many list items"
