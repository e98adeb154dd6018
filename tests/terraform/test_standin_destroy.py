"""What goes and what refuses to go, and what is noticed when somebody else was faster."""

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


def test_destroy_leaves_nothing_in_the_cloud(root: Roots, emulator: Emulator, name: str) -> None:
    hcl = BUCKET.replace("FORCE", "true") + DATASET.replace("CONTENTS", "true")
    terraform = root(hcl + TABLE.replace("PROTECTION", "deletion_protection = false"))
    terraform.apply()
    emulator.upload(f"{name}-b", "left/behind.txt", b"x")
    emulator.bigquery.query_and_wait(f"CREATE TABLE `{name}.made_by_a_load` (a STRING)")
    terraform.destroy()
    assert f"{name}-b" not in [bucket.name for bucket in emulator.storage.list_buckets()]
    assert name not in [dataset.dataset_id for dataset in emulator.bigquery.list_datasets()]


def test_a_bucket_with_objects_goes_by_force_only(root: Roots, emulator: Emulator, name: str) -> None:
    terraform = root(BUCKET.replace("FORCE", "false"))
    terraform.apply()
    emulator.upload(f"{name}-b", "kept.txt", b"x")
    with pytest.raises(TerraformError, match="containing objects without `force_destroy` set to true"):
        terraform.destroy()
    assert emulator.storage.bucket(f"{name}-b").blob("kept.txt").exists()


def test_a_dataset_with_tables_of_others_goes_with_its_contents_only(
    root: Roots, emulator: Emulator, name: str
) -> None:
    terraform = root(DATASET.replace("CONTENTS", "false"))
    terraform.apply()
    emulator.bigquery.query_and_wait(f"CREATE TABLE `{name}.other` (a STRING)")
    with pytest.raises(TerraformError, match=f"Dataset local-project:{name} is still in use"):
        terraform.destroy()


def test_a_protected_table_does_not_go_until_the_protection_does(root: Roots, emulator: Emulator, name: str) -> None:
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


def test_a_policy_can_prevent_or_abandon(root: Roots, emulator: Emulator, name: str) -> None:
    prevented = BUCKET.replace("FORCE", 'true\n  deletion_policy = "PREVENT"')
    terraform = root(prevented)
    terraform.apply()
    with pytest.raises(TerraformError, match="deletion_policy is PREVENT"):
        terraform.destroy()
    rewrite(terraform, prevented.replace("PREVENT", "ABANDON"), name)
    terraform.apply()
    terraform.destroy()
    assert emulator.storage.bucket(f"{name}-b").exists()


def test_what_was_deleted_outside_is_made_again(root: Roots, emulator: Emulator, name: str) -> None:
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


def test_a_bucket_that_exists_already_is_an_error(root: Roots, emulator: Emulator, name: str) -> None:
    emulator.create_bucket(f"{name}-b")
    with pytest.raises(TerraformError, match="googleapi: Error 409"):
        root(BUCKET.replace("FORCE", "true")).apply()


def test_without_an_endpoint_nothing_is_applied(tmp_path: Path, name: str) -> None:
    write(tmp_path, BUCKET.replace("FORCE", "true"), name)
    with Terraform(tmp_path / "root", tmp_path / "work") as terraform:
        terraform.init()
        with pytest.raises(TerraformError, match="name an endpoint in GOOGLE_STORAGE_CUSTOM_ENDPOINT"):
            terraform.apply()
