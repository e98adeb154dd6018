"""Grants and service accounts of the stand-ins: names that become paths, and addresses known at plan."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tests.emulator.terraform_provider import TerraformError
from tests.emulator.terraform_provider.state import resources
from tests.terraform.conftest import Roots, rewrite

BUCKET = """
resource "google_storage_bucket" "b" {
  name          = "NAME-landing"
  location      = "europe-west1"
  force_destroy = true
}
"""
GRANTS = """
resource "google_storage_bucket_iam_member" "g" {
  bucket = google_storage_bucket.b.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.a.member
}
resource "google_artifact_registry_repository_iam_member" "g" {
  location   = "europe-west1"
  repository = "images"
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.a.member
}
resource "google_cloud_run_service_iam_member" "g" {
  location = "europe-west1"
  service  = "load"
  role     = "roles/run.invoker"
  member   = google_service_account.a.member
}
resource "google_secret_manager_secret_iam_member" "g" {
  project   = "another"
  secret_id = "key"
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.a.member
}
resource "google_service_account" "a" {
  account_id = "NAME"
}
"""
# By type: the attribute, the given name, and the path that the provider makes of it.
REWRITTEN = {
    "google_storage_bucket_iam_member": ("bucket", "NAME-landing", "b/NAME-landing"),
    "google_artifact_registry_repository_iam_member": (
        "repository",
        "images",
        "projects/local-project/locations/europe-west1/repositories/images",
    ),
    "google_cloud_run_service_iam_member": (
        "service",
        "load",
        "v1/projects/local-project/locations/europe-west1/services/load",
    ),
    "google_secret_manager_secret_iam_member": ("secret_id", "key", "projects/another/secrets/key"),
}


def test_grant_stores_the_path_of_its_name(root: Roots, name: str) -> None:
    terraform = root(BUCKET + GRANTS)
    plan = terraform.plan()
    terraform.apply(plan=plan)
    made = {resource.kind: resource for resource in resources(terraform.show_json())}

    for kind, (attribute, given, kept) in REWRITTEN.items():
        assert plan.planned(f"{kind}.g")[attribute] == given.replace("NAME", name)
        assert made[kind][attribute] == kept.replace("NAME", name)
        assert made[kind]["id"] == f"{made[kind][attribute]}/{made[kind]['role']}/{made[kind]['member']}"
    assert terraform.plan().changes == {}

    rewrite(terraform, BUCKET + GRANTS.replace("google_storage_bucket.b.name", '"b/NAME-landing"'), name)

    assert terraform.plan().changes == {}

    rewrite(terraform, BUCKET + GRANTS.replace("google_storage_bucket.b.name", '"landing"'), name)

    assert terraform.plan().changes == {"google_storage_bucket_iam_member.g": ("delete", "create")}


# The trigger of commit 34d1737, with which every first apply failed on the real provider, and its successor.
FIRST_TRIGGER = "[for grant in google_storage_bucket_iam_member.loader_viewer : grant.bucket]"
MENDED_TRIGGER = '[for key, grant in google_storage_bucket_iam_member.loader_viewer : "${key}=${grant.member}"]'
WAIT = """
resource "google_storage_bucket_iam_member" "loader_viewer" {
  for_each = { aws = google_storage_bucket.b.name }
  bucket   = each.value
  role     = "roles/storage.objectViewer"
  member   = google_service_account.a.member
}
resource "google_service_account" "a" {
  account_id = "NAME"
}
resource "time_sleep" "grants" {
  create_duration = "120s"
  triggers        = { loader_landing = join(" ", sort(TRIGGER)) }
}
"""


@pytest.mark.parametrize(("trigger", "fails"), [(FIRST_TRIGGER, True), (MENDED_TRIGGER, False)])
def test_trigger_must_not_read_a_rewritten_attribute(root: Roots, trigger: str, fails: bool) -> None:
    terraform = root(BUCKET + WAIT.replace("TRIGGER", trigger))

    with pytest.raises(TerraformError, match="Provider produced inconsistent final plan") if fails else nullcontext():
        terraform.apply()


def test_address_of_a_service_account_is_known_at_plan(root: Roots, name: str) -> None:
    terraform = root(
        'resource "time_static" "now" {}\nresource "google_service_account" "a" {\n  account_id = "NAME"\n}\n'
        'resource "google_service_account" "b" {\n  account_id = "NAME"\n  project = "p${time_static.now.unix}"\n}\n'
    )
    plan = terraform.plan()
    known = plan.planned("google_service_account.a")

    assert known["email"] == f"{name}@local-project.iam.gserviceaccount.com"
    assert known["member"] == f"serviceAccount:{known['email']}"
    assert {"id", "name", "unique_id"} & known.keys() == set()
    assert {"email", "member"} & plan.planned("google_service_account.b").keys() == set()

    terraform.apply(plan=plan)

    assert terraform.plan().changes == {}
