"""What a plan says: what is known after apply, what replaces, what changes in place, and that the second is empty."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from google.cloud import bigquery

from tests.emulator import Emulator
from tests.emulator.terraform_provider import GOOGLE_VERSIONS, Terraform, TerraformError
from tests.emulator.terraform_provider.state import resources
from tests.emulator.terraform_provider.table_schemas import hidden_columns, live_schema, same_schema, schema_change
from tests.terraform.conftest import Roots, rewrite

BUCKET = """
resource "google_storage_bucket" "b" {
  name          = "NAME-landing"
  location      = "europe-west1"
  force_destroy = true
}
"""
TABLE = """
resource "google_bigquery_dataset" "d" {
  dataset_id                 = "NAME"
  location                   = "europe-west1"
  delete_contents_on_destroy = true
}
resource "google_bigquery_table" "t" {
  dataset_id                   = google_bigquery_dataset.d.dataset_id
  table_id                     = "costs"
  deletion_protection          = false
  ignore_auto_generated_schema = IGNORED
  clustering                   = ["service"]
  schema = jsonencode([
    { name = "service", type = "STRING" },
    { name = "month", type = "DATE" },
  ])
  time_partitioning {
    type  = "MONTH"
    field = "month"
  }
  lifecycle {
    ignore_changes = [LIFECYCLE]
  }
}
"""


def table(*, generated: bool = True, ignored: str = "schema") -> str:
    return TABLE.replace("IGNORED", str(generated).lower()).replace("LIFECYCLE", ignored)


def add_column(emulator: Emulator, table_id: str) -> None:
    live = emulator.bigquery.get_table(table_id)
    live.schema = [*live.schema, bigquery.SchemaField("added_by_a_load", "NUMERIC")]
    emulator.bigquery.update_table(live, ["schema"])


def test_computed_values_are_unknown_until_the_apply(root: Roots, name: str) -> None:
    terraform = root(BUCKET)
    before = terraform.plan().planned("google_storage_bucket.b")
    terraform.apply()
    after = terraform.show_json()["values"]["root_module"]["resources"][0]["values"]
    assert "url" not in before
    assert (before["location"], before["storage_class"]) == ("EUROPE-WEST1", "STANDARD")
    assert (after["url"], after["id"]) == (f"gs://{name}-landing", f"{name}-landing")
    assert after["effective_labels"] == {"goog-terraform-provisioned": "true"}


def test_a_new_location_replaces_a_bucket_and_new_labels_do_not(root: Roots, name: str) -> None:
    terraform = root(BUCKET)
    terraform.apply()
    rewrite(terraform, BUCKET.replace("force_destroy", 'labels = { a = "b" }\n  force_destroy'), name)
    labelled = terraform.plan().changes
    rewrite(terraform, BUCKET.replace('"europe-west1"', '"EU"'), name)
    assert labelled == {"google_storage_bucket.b": ("update",)}
    assert terraform.plan().changes == {"google_storage_bucket.b": ("delete", "create")}


def test_another_partitioning_column_replaces_a_table(root: Roots, name: str) -> None:
    terraform = root(table())
    terraform.apply()
    rewrite(terraform, table().replace('field = "month"', 'field = "other"'), name)
    assert terraform.plan().changes == {"google_bigquery_table.t": ("delete", "create")}


@pytest.mark.parametrize("version", GOOGLE_VERSIONS)
def test_a_second_plan_is_empty_after_a_load_added_columns(
    root: Roots, emulator: Emulator, name: str, version: str
) -> None:
    terraform = root(table(), google_version=version)
    terraform.apply()
    add_column(emulator, f"{name}.costs")
    plan = terraform.plan()
    assert (plan.has_changes, plan.changes) == (False, {})


def test_a_label_changes_in_place_and_keeps_the_columns_of_loads(root: Roots, emulator: Emulator, name: str) -> None:
    terraform = root(table())
    terraform.apply()
    add_column(emulator, f"{name}.costs")
    rewrite(terraform, table().replace("clustering", 'description = "monthly"\n  clustering'), name)
    terraform.apply()
    live = emulator.bigquery.get_table(f"{name}.costs")
    assert [field.name for field in live.schema] == ["service", "month", "added_by_a_load"]
    assert live.description == "monthly"
    assert not terraform.plan().has_changes


@pytest.mark.parametrize(("generated", "ignored"), [(True, "labels"), (False, "schema")])
def test_either_protection_alone_keeps_top_level_columns(
    root: Roots, emulator: Emulator, name: str, generated: bool, ignored: str
) -> None:
    terraform = root(table(generated=generated, ignored=ignored))
    terraform.apply()
    add_column(emulator, f"{name}.costs")
    assert terraform.plan().changes == {}


def test_an_unprotected_table_would_lose_the_columns_of_loads(root: Roots, emulator: Emulator, name: str) -> None:
    terraform = root(table(generated=False, ignored="labels"))
    terraform.apply()
    add_column(emulator, f"{name}.costs")
    assert terraform.plan().changes == {"google_bigquery_table.t": ("update",)}


def test_a_changed_file_is_uploaded_again_in_place(root: Roots, emulator: Emulator, name: str) -> None:
    hcl = BUCKET + (
        'resource "google_storage_bucket_object" "o" {\n  bucket = google_storage_bucket.b.name\n'
        '  name = "hello.txt"\n  content = "TEXT"\n}\n'
    )
    terraform = root(hcl.replace("TEXT", "one"))
    terraform.apply()
    unchanged = terraform.plan().has_changes
    rewrite(terraform, hcl.replace("TEXT", "two"), name)
    changes = terraform.plan().changes
    terraform.apply()
    assert not unchanged
    assert changes == {"google_storage_bucket_object.o": ("update",)}
    assert emulator.storage.bucket(f"{name}-landing").blob("hello.txt").download_as_bytes() == b"two"


def test_the_mirror_installs_the_version_that_the_root_allows(root: Roots, tmp_path: Path) -> None:
    terraform = root("", providers="mirror", google_version="8.7.0")
    lock = (tmp_path / "work" / "tree" / "root" / ".terraform.lock.hcl").read_text()
    terraform.run("validate")
    assert 'version     = "8.7.0"' in lock
    assert not (tmp_path / "root" / ".terraform.lock.hcl").exists()


# By address: the name that it is given, and what the provider makes of it.
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


def test_a_grant_keeps_the_path_of_the_name_it_was_given(root: Roots, name: str) -> None:
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


@pytest.mark.parametrize(("read", "fails"), [("bucket", True), ("member", False)])
def test_a_trigger_that_reads_what_the_provider_rewrites_fails_the_apply(root: Roots, read: str, fails: bool) -> None:
    wait = 'resource "time_sleep" "s" {\n  create_duration = "9s"\n  triggers = { grant = GRANT }\n}\n'
    terraform = root(BUCKET + GRANTS + wait.replace("GRANT", f"google_storage_bucket_iam_member.g.{read}"))
    with pytest.raises(TerraformError, match="Provider produced inconsistent final plan") if fails else nullcontext():
        terraform.apply()


def test_a_service_account_s_address_is_known_at_plan_once_its_project_is(root: Roots, name: str) -> None:
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


METRIC = """
resource "google_logging_metric" "m" {
  name             = "rejections"
  filter           = "jsonPayload.event=rejected"
  label_extractors = { LABEL = "EXTRACT(jsonPayload.source)" }
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    labels {
      key         = "LABEL"
      description = "TEXT"
    }
  }
}
"""


def test_a_key_within_a_set_of_blocks_replaces_and_its_description_does_not(root: Roots, name: str) -> None:
    terraform = root(METRIC.replace("LABEL", "source"))
    terraform.apply()
    second = terraform.plan().changes
    rewrite(terraform, METRIC.replace("LABEL", "source").replace("TEXT", "other"), name)
    described = terraform.plan().changes
    rewrite(terraform, METRIC.replace("LABEL", "format"), name)
    assert second == {}
    assert described == {"google_logging_metric.m": ("update",)}
    assert terraform.plan().changes == {"google_logging_metric.m": ("delete", "create")}


def test_a_sensitive_value_stays_out_of_the_plan(root: Roots) -> None:
    secret = 'resource "google_secret_manager_secret_version" "v" {\n  secret = "s"\n  secret_data = "hush"\n}'
    terraform = root(secret)
    output = terraform.run("plan", "-input=false").output
    assert "(sensitive value)" in output
    assert "hush" not in output


def change(old: str, new: str) -> str:
    columns = (
        "[" + ",".join(f'{{"name": "{c.split()[0]}", "type": "{c.split()[1]}"}}' for c in text.split(", ")) + "]"
        for text in (old, new)
    )
    return schema_change(*columns)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a STRING", "a STRING", "none"),
        ("a INT64", "a INTEGER", "none"),
        ("a STRING", "a STRING, b DATE", "add"),
        ("a STRING, b DATE", "a STRING", "drop"),
        ("a STRING, b DATE", "a STRING, c DATE", "replace"),
        ("a STRING", "a DATE", "replace"),
    ],
)
def test_schema_changes_are_told_apart_as_the_provider_does(old: str, new: str, expected: str) -> None:
    assert change(old, new) == expected


def test_a_required_column_may_be_relaxed_and_not_the_reverse() -> None:
    required = '[{"name": "a", "type": "STRING", "mode": "REQUIRED"}]'
    nullable = '[{"name": "a", "type": "STRING"}]'
    assert schema_change(required, nullable) == "add"
    assert schema_change(nullable, required) == "replace"


def test_a_nested_column_that_goes_replaces_the_table() -> None:
    nested = (
        '[{"name": "r", "type": "RECORD", "fields": [{"name": "a", "type": "STRING"}, {"name": "b", "type": "DATE"}]}]'
    )
    less = '[{"name": "r", "type": "STRUCT", "fields": [{"name": "a", "type": "STRING"}]}]'
    assert schema_change(nested, less) == "replace"
    assert schema_change(less, nested) == "add"


def test_a_live_schema_that_says_the_same_keeps_the_configured_text() -> None:
    configured = '[{"name":"a","type":"INT64"}]'
    live = [{"name": "a", "type": "INTEGER", "mode": "NULLABLE"}]
    assert live_schema(configured, live) == configured
    assert same_schema(configured, live_schema(None, live))
    assert hidden_columns(configured, [*live, {"name": "b", "type": "DATE"}]) == [{"name": "b", "type": "DATE"}]


def test_the_root_stays_as_it_was(root: Roots, tmp_path: Path) -> None:
    terraform: Terraform = root(BUCKET)
    terraform.apply()
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["main.tf"]
