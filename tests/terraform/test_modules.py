"""Single modules, applied to a local cloud by pytest-terraform's fixtures, as Google's clients then see them.

The fixtures record what they applied beside the configuration: here that is a copy, and the checkout stays as it is.
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

MODULES = Path(__file__).parent / "modules"


@pytest.fixture(autouse=True)
def stand_ins(cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """pytest-terraform hands its own environment to Terraform, and looks for modules in one folder."""
    with Terraform(MODULES, tmp_path, provider_environment(cloud)) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(LazyModuleDir, "value", str(running.root))
        yield


@terraform("landing")
def test_landing_makes_private_buckets_and_one_for_the_books(cloud: Emulator, landing: TerraformTestApi) -> None:
    buckets = [bucket.name for bucket in cloud.storage.list_buckets() if bucket.name.startswith("module-")]

    assert landing.outputs["buckets"]["value"] == {"aws": "module-landing-aws", "azure": "module-landing-azure"}
    assert sorted(buckets) == ["module-bookkeeping", "module-landing-aws", "module-landing-azure"]
    grants = landing.resources["google_storage_bucket_iam_member"]
    assert {name: grant["role"] for name, grant in grants.items()} == {
        "transfer_viewer": "roles/storage.objectViewer",
        "transfer_writer": "roles/storage.legacyBucketWriter",
    }
    made = landing.resources["google_storage_bucket"]["landing"]
    wanted = {"location": "EUROPE-WEST1", "public_access_prevention": "enforced", "uniform_bucket_level_access": True}
    assert {name: made[name] for name in wanted} == wanted


@terraform("warehouse")
def test_warehouse_makes_partitioned_and_clustered_tables(cloud: Emulator, warehouse: TerraformTestApi) -> None:
    tables = warehouse.outputs["tables"]["value"]
    shapes = {}
    for key, names in tables.items():
        table = cloud.bigquery.get_table(names["months"])
        shapes[key] = (table.time_partitioning.type_, table.time_partitioning.field, table.clustering_fields)
        assert "loaded_at" in {field.name for field in cloud.bigquery.get_table(names["tracking"]).schema}

    assert shapes == {
        "aws_cur": ("MONTH", "bill_billing_period_start_date", ["line_item_usage_start_date"]),
        "azure_focus": ("MONTH", "BillingPeriodStart", ["ChargePeriodStart"]),
    }
    assert cloud.bigquery.get_dataset("module_billing").location == cloud.location


def test_what_the_fixtures_applied_is_destroyed_after_each_test(cloud: Emulator) -> None:
    assert [bucket.name for bucket in cloud.storage.list_buckets() if bucket.name.startswith("module-")] == []
    assert "module_billing" not in {dataset.dataset_id for dataset in cloud.bigquery.list_datasets()}
    assert list(MODULES.rglob("tf_resources.json")) == []
