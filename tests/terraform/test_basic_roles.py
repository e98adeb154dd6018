"""What the project's editors and viewers can read: Google's first entries of datasets and buckets, kept or stripped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.emulator import Emulator
from tests.emulator.terraform_provider import Terraform
from tests.emulator.terraform_provider.deployment import provider_environment
from tests.emulator.terraform_provider.policies import bucket_policies
from tests.emulator.terraform_provider.state import resources
from tests.support.paths import TERRAFORM
from tests.terraform.conftest import PROVIDER, Roots

MODULES = """
variable "strip_basic_roles" {
  type = bool
}
module "landing" {
  source             = "./landing"
  bookkeeping_bucket = "NAME-books"
  force_destroy      = true
  landing_buckets    = { aws = "NAME-aws" }
  location           = "europe-west1"
  project_id         = "local-project"
  strip_basic_roles  = var.strip_basic_roles
  transfer_agent     = "serviceAccount:transfer@example.com"
}
module "warehouse" {
  source              = "./warehouse"
  datasets            = ["NAME"]
  deletion_protection = false
  focus_dataset       = "NAME_focus"
  location            = "europe-west1"
  project_id          = "local-project"
  strip_basic_roles   = var.strip_basic_roles
  tables              = {}
  tracking_schema     = "[]"
}
resource "google_bigquery_dataset_access" "loader" {
  for_each      = toset(["NAME", "NAME_focus"])
  dataset_id    = each.key
  role          = "WRITER"
  user_by_email = "loader@example.com"
  depends_on    = [module.warehouse]
}
"""
OWNERS = {"projectOwner:local-project"}
EDITORS, VIEWERS = {"projectEditor:local-project"}, {"projectViewer:local-project"}
FIRST_ENTRIES = {"projectOwners", "projectReaders", "projectWriters", "applier@example.com", "loader@example.com"}
READ_ROLES = ("legacyObjectOwner", "legacyObjectReader", "legacyBucketReader")


@pytest.fixture
def name() -> str:
    return f"t{uuid4().hex[:10]}"


@pytest.fixture
def terraform(emulator: Emulator, tmp_path: Path, name: str) -> Iterator[Terraform]:
    with Terraform(TERRAFORM / "modules", tmp_path / "work", provider_environment(emulator)) as running:
        (running.root / "main.tf").write_text(PROVIDER + MODULES.replace("NAME", name))
        running.init()
        yield running


def apply(terraform: Terraform, *, strip: bool) -> None:
    terraform.variables["strip_basic_roles"] = strip
    terraform.apply()


def readers(emulator: Emulator, dataset: str) -> set[str]:
    """Return who stands in the dataset's access list. Its views have an entry without a role."""
    entries = emulator.bigquery.get_dataset(dataset).access_entries
    return {str(entry.entity_id) for entry in entries if entry.role is not None}


def members(terraform: Terraform, bucket: str) -> list[set[str]]:
    """Return the members of the roles that read objects, in the order of READ_ROLES."""
    policy = bucket_policies(resources(terraform.show_json()))[bucket]
    return [policy[f"roles/storage.{role}"] for role in READ_ROLES]


def test_editors_and_viewers_read_nothing_of_a_new_system(emulator: Emulator, terraform: Terraform, name: str) -> None:
    apply(terraform, strip=True)

    assert readers(emulator, name) == {"projectOwners", "loader@example.com"}
    assert readers(emulator, f"{name}_focus") == {"projectOwners", "loader@example.com"}
    assert members(terraform, f"{name}-aws") == members(terraform, f"{name}-books") == [OWNERS] * 3
    assert terraform.plan().changes == {}  # the loader's entry stays

    terraform.destroy()

    assert [one.dataset_id for one in emulator.bigquery.list_datasets() if one.dataset_id.startswith(name)] == []


def test_setting_turned_off_keeps_what_google_gives(emulator: Emulator, terraform: Terraform, name: str) -> None:
    apply(terraform, strip=False)

    assert readers(emulator, name) == readers(emulator, f"{name}_focus") == FIRST_ENTRIES
    assert members(terraform, f"{name}-aws") == [EDITORS | OWNERS, VIEWERS, VIEWERS]
    assert terraform.plan().changes == {}


def test_upgrade_strips_buckets_but_no_existing_dataset(emulator: Emulator, terraform: Terraform, name: str) -> None:
    apply(terraform, strip=False)

    apply(terraform, strip=True)

    assert readers(emulator, name) == FIRST_ENTRIES
    assert members(terraform, f"{name}-aws") == [OWNERS] * 3
    assert terraform.plan().changes == {}
    apply(terraform, strip=False)
    assert members(terraform, f"{name}-aws") == [EDITORS | OWNERS, VIEWERS, VIEWERS]


def test_new_bucket_of_the_stand_in_has_googles_members(root: Roots, name: str) -> None:
    terraform = root('resource "google_storage_bucket" "b" {\n  name = "NAME-b"\n  location = "europe-west1"\n}\n')

    terraform.apply()

    assert members(terraform, f"{name}-b") == [EDITORS | OWNERS, VIEWERS, VIEWERS]
