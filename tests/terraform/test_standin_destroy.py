"""Destroying resources, protections against it, and resources that were changed outside Terraform."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.emulator.terraform_provider import Terraform, TerraformError
from tests.terraform.conftest import Roots, rewrite, write

BUCKET = """
resource "google_storage_bucket" "b" {
  name          = "NAME-b"
  location      = "europe-west1"
  force_destroy = FORCE
}
"""
DATASET = """
resource "google_bigquery_dataset" "d" {
  dataset_id                 = "NAME"
  location                   = "europe-west1"
  delete_contents_on_destroy = CONTENTS
}
"""
TABLE = """
resource "google_bigquery_table" "t" {
  dataset_id = google_bigquery_dataset.d.dataset_id
  table_id   = "costs"
  schema     = jsonencode([{ name = "a", type = "STRING" }])
  PROTECTION
}
"""


def test_destroy_deletes_everything(root: Roots, emulator: Emulator, name: str) -> None:
    hcl = BUCKET.replace("FORCE", "true") + DATASET.replace("CONTENTS", "true")
    terraform = root(hcl + TABLE.replace("PROTECTION", "deletion_protection = false"))
    terraform.apply()
    emulator.upload(f"{name}-b", "left/behind.txt", b"x")
    emulator.bigquery.query_and_wait(f"CREATE TABLE `{name}.made_by_a_load` (a STRING)")
    terraform.destroy()

    assert f"{name}-b" not in [bucket.name for bucket in emulator.storage.list_buckets()]
    assert name not in [dataset.dataset_id for dataset in emulator.bigquery.list_datasets()]


def test_bucket_with_objects_needs_force_destroy(root: Roots, emulator: Emulator, name: str) -> None:
    terraform = root(BUCKET.replace("FORCE", "false"))
    terraform.apply()
    emulator.upload(f"{name}-b", "kept.txt", b"x")

    with pytest.raises(TerraformError, match="containing objects without `force_destroy` set to true"):
        terraform.destroy()

    assert emulator.storage.bucket(f"{name}-b").blob("kept.txt").exists()


def test_dataset_with_other_tables_needs_delete_contents(root: Roots, emulator: Emulator, name: str) -> None:
    terraform = root(DATASET.replace("CONTENTS", "false"))
    terraform.apply()
    emulator.bigquery.query_and_wait(f"CREATE TABLE `{name}.other` (a STRING)")

    with pytest.raises(TerraformError, match=f"Dataset local-project:{name} is still in use"):
        terraform.destroy()


def test_protected_table_stays_until_protection_is_off(root: Roots, emulator: Emulator, name: str) -> None:
    hcl = DATASET.replace("CONTENTS", "true")
    terraform = root(hcl + TABLE.replace("PROTECTION", ""))
    terraform.apply()
    wanted = "without setting deletion_protection=false and running `terraform apply`"

    with pytest.raises(TerraformError, match=re.escape(wanted)):
        terraform.destroy()

    assert emulator.bigquery.get_table(f"{name}.costs")

    rewrite(terraform, hcl + TABLE.replace("PROTECTION", "deletion_protection = false"), name)
    terraform.apply()
    terraform.destroy()


def test_deletion_policy_can_prevent_or_abandon(root: Roots, emulator: Emulator, name: str) -> None:
    prevented = BUCKET.replace("FORCE", 'true\n  deletion_policy = "PREVENT"')
    terraform = root(prevented)
    terraform.apply()

    with pytest.raises(TerraformError, match="deletion_policy is PREVENT"):
        terraform.destroy()

    rewrite(terraform, prevented.replace("PREVENT", "ABANDON"), name)
    terraform.apply()
    terraform.destroy()

    assert emulator.storage.bucket(f"{name}-b").exists()


def test_resources_deleted_outside_are_created_again(root: Roots, emulator: Emulator, name: str) -> None:
    terraform = root(
        BUCKET.replace("FORCE", "true") + DATASET.replace("CONTENTS", "true") + TABLE.replace("PROTECTION", "")
    )
    terraform.apply()
    emulator.storage.bucket(f"{name}-b").delete()
    emulator.bigquery.delete_table(f"{name}.costs")

    assert terraform.plan().changes == {
        "google_storage_bucket.b": ("create",),
        "google_bigquery_table.t": ("create",),
    }


def test_existing_bucket_is_an_error(root: Roots, emulator: Emulator, name: str) -> None:
    emulator.create_bucket(f"{name}-b")

    with pytest.raises(TerraformError, match="googleapi: Error 409"):
        root(BUCKET.replace("FORCE", "true")).apply()


def test_apply_without_an_endpoint_is_an_error(tmp_path: Path, name: str) -> None:
    write(tmp_path, BUCKET.replace("FORCE", "true"), name)
    with Terraform(tmp_path / "root", tmp_path / "work") as terraform:
        terraform.init()
        with pytest.raises(TerraformError, match="name an endpoint in GOOGLE_STORAGE_CUSTOM_ENDPOINT"):
            terraform.apply()


CHANNELS = """
resource "google_monitoring_notification_channel" "emails" {
  for_each     = toset(EMAILS)
  display_name = each.key
  type         = "email"
}
resource "google_monitoring_alert_policy" "p" {
  display_name          = "p"
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.emails : channel.name]
  conditions {
    display_name = "c"
    condition_matched_log {
      filter = "severity>=ERROR"
    }
  }
}
"""


def test_address_cannot_be_removed_without_create_before_destroy(root: Roots, name: str) -> None:
    """Terraform deletes the channel while the policy still uses it. test_settings_changes.py has the real root."""
    terraform = root(CHANNELS.replace("EMAILS", '["a@example.com", "b@example.com"]'))
    terraform.apply()
    rewrite(terraform, CHANNELS.replace("EMAILS", '["a@example.com"]'), name)

    with pytest.raises(TerraformError, match="channel cannot be deleted"):
        terraform.apply()
