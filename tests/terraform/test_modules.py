"""Examples of single modules, applied to the emulator by the fixtures of pytest-terraform.

`terraform/tests/examples.tftest.hcl` plans the examples of all modules. Here Google's clients look at what two of them
created. pytest-terraform writes a file beside a configuration, so the examples are copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_terraform import terraform
from pytest_terraform.tf import LazyModuleDir, TerraformTestApi

from tests.emulator import Emulator
from tests.emulator.terraform_provider import Terraform
from tests.emulator.terraform_provider.deployment import provider_environment
from tests.support.paths import TERRAFORM

UNPROTECTED = 'module "warehouse" {\n  deletion_protection = false\n}\n'  # the fixture destroys what it applied


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator with the project and the location of the examples."""
    with Emulator(project="acme-billing", location="europe-west1") as running:
        yield running


@pytest.fixture(autouse=True)
def stand_ins(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """pytest-terraform passes its own environment to Terraform, and finds the examples by name in one folder."""
    with Terraform(TERRAFORM / "modules", tmp_path / "work", provider_environment(emulator)) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        for example in running.root.glob("*/examples/basic"):
            (tmp_path / example.parents[1].name).symlink_to(example)
        (running.root / "warehouse/examples/basic/test_override.tf").write_text(UNPROTECTED)
        monkeypatch.setattr(LazyModuleDir, "value", str(tmp_path))
        yield


@terraform("landing")
def test_landing_example_creates_private_buckets(emulator: Emulator, landing: TerraformTestApi) -> None:
    buckets = [bucket.name for bucket in emulator.storage.list_buckets()]

    assert landing.outputs["buckets"]["value"] == {
        "aws": "acme-billing-landing-aws",
        "azure": "acme-billing-landing-azure",
    }
    assert sorted(buckets) == [
        "acme-billing-bookkeeping",
        "acme-billing-landing-aws",
        "acme-billing-landing-azure",
    ]
    grants = landing.resources["google_storage_bucket_iam_member"]
    assert {name: grant["role"] for name, grant in grants.items()} == {
        "transfer_viewer": "roles/storage.objectViewer",
        "transfer_writer": "roles/storage.legacyBucketWriter",
    }
    made = landing.resources["google_storage_bucket"]["landing"]
    wanted = {"location": "EUROPE-WEST1", "public_access_prevention": "enforced", "uniform_bucket_level_access": True}
    assert {name: made[name] for name in wanted} == wanted


@terraform("warehouse")
def test_warehouse_example_creates_partitioned_tables(emulator: Emulator, warehouse: TerraformTestApi) -> None:
    tables = warehouse.outputs["tables"]["value"]
    shapes = {}
    for key, names in tables.items():
        table = emulator.bigquery.get_table(names["months"])
        shapes[key] = (table.time_partitioning.type_, table.time_partitioning.field, table.clustering_fields)
        assert "loaded_at" in {field.name for field in emulator.bigquery.get_table(names["tracking"]).schema}

    assert shapes == {
        "aws_cur": ("MONTH", "bill_billing_period_start_date", ["line_item_usage_start_date"]),
        "azure_focus": ("MONTH", "BillingPeriodStart", ["ChargePeriodStart"]),
    }
    assert emulator.bigquery.get_dataset("billing").location == emulator.location


def test_examples_are_destroyed_after_each_test(emulator: Emulator) -> None:
    assert list(emulator.storage.list_buckets()) == []
    assert list(emulator.bigquery.list_datasets()) == []
    assert list(TERRAFORM.rglob("tf_resources.json")) == []
