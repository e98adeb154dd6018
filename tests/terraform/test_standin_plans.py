"""Plans of the stand-ins: values known after apply, replacements, changes in place, and empty second plans."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.cloud import bigquery

from tests.emulator import Emulator
from tests.emulator.terraform_provider import GOOGLE_VERSIONS
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


def test_location_replaces_a_bucket_and_labels_do_not(root: Roots, name: str) -> None:
    terraform = root(BUCKET)
    terraform.apply()
    rewrite(terraform, BUCKET.replace("force_destroy", 'labels = { a = "b" }\n  force_destroy'), name)
    labelled = terraform.plan().changes
    rewrite(terraform, BUCKET.replace('"europe-west1"', '"EU"'), name)

    assert labelled == {"google_storage_bucket.b": ("update",)}
    assert terraform.plan().changes == {"google_storage_bucket.b": ("delete", "create")}


def test_partitioning_column_replaces_a_table(root: Roots, name: str) -> None:
    terraform = root(table())
    terraform.apply()
    rewrite(terraform, table().replace('field = "month"', 'field = "other"'), name)

    assert terraform.plan().changes == {"google_bigquery_table.t": ("delete", "create")}


@pytest.mark.parametrize("version", GOOGLE_VERSIONS)
def test_plan_is_empty_after_a_load_added_columns(root: Roots, emulator: Emulator, name: str, version: str) -> None:
    terraform = root(table(), google_version=version)
    terraform.apply()
    add_column(emulator, f"{name}.costs")
    plan = terraform.plan()

    assert (plan.has_changes, plan.changes) == (False, {})


def test_change_in_place_keeps_the_columns_of_loads(root: Roots, emulator: Emulator, name: str) -> None:
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


def test_unprotected_table_would_lose_the_columns_of_loads(root: Roots, emulator: Emulator, name: str) -> None:
    terraform = root(table(generated=False, ignored="labels"))
    terraform.apply()
    add_column(emulator, f"{name}.costs")

    assert terraform.plan().changes == {"google_bigquery_table.t": ("update",)}


def test_changed_file_is_uploaded_in_place(root: Roots, emulator: Emulator, name: str) -> None:
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


def test_mirror_installs_the_version_that_the_root_allows(root: Roots, tmp_path: Path) -> None:
    terraform = root("", providers="mirror", google_version="8.7.0")
    lock = (tmp_path / "work" / "tree" / "root" / ".terraform.lock.hcl").read_text()
    terraform.run("validate")

    assert 'version     = "8.7.0"' in lock
    assert not (tmp_path / "root" / ".terraform.lock.hcl").exists()


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


def test_key_in_a_set_of_blocks_replaces_the_resource(root: Roots, name: str) -> None:
    terraform = root(METRIC.replace("LABEL", "source"))
    terraform.apply()
    second = terraform.plan().changes
    rewrite(terraform, METRIC.replace("LABEL", "source").replace("TEXT", "other"), name)
    described = terraform.plan().changes
    rewrite(terraform, METRIC.replace("LABEL", "format"), name)

    assert second == {}
    assert described == {"google_logging_metric.m": ("update",)}
    assert terraform.plan().changes == {"google_logging_metric.m": ("delete", "create")}


def test_sensitive_value_is_not_in_the_plan(root: Roots) -> None:
    secret = 'resource "google_secret_manager_secret_version" "v" {\n  secret = "s"\n  secret_data = "hush"\n}'
    terraform = root(secret)
    output = terraform.run("plan", "-input=false").output

    assert "(sensitive value)" in output
    assert "hush" not in output


def test_run_does_not_change_the_root(root: Roots, tmp_path: Path) -> None:
    terraform = root(BUCKET)
    terraform.apply()

    assert [path.name for path in (tmp_path / "root").iterdir()] == ["main.tf"]
