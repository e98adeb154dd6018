"""Examples of single modules, applied to the emulator by the fixtures of pytest-terraform.

`terraform/tests/examples.tftest.hcl` plans the examples of all modules. Here Google's clients look at what two of them
created. pytest-terraform writes a file beside a configuration, so the examples are copies.
"""

from __future__ import annotations

import re
import shutil
import subprocess
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


MODULES = sorted(path.parent.name for path in (TERRAFORM / "modules").glob("*/main.tf"))


def test_each_module_stands_alone_from_a_git_repository(tmp_path: Path) -> None:
    """Each example with its module, and with nothing else of this repository but the code of the functions."""
    repository = tmp_path / "repository"
    for name in MODULES:
        shutil.copytree(TERRAFORM / "modules" / name, repository / name)
    commit(repository)
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "main.py").write_text("")
    (tmp_path / "alone").mkdir()
    source = f"git::file://{repository}//{{}}/examples/basic?ref=v1"
    calls = [f'module "{name}" {{\n  source = "{source.format(name)}"\n}}\n' for name in MODULES]
    (tmp_path / "alone" / "main.tf").write_text("".join(calls))

    with Terraform(tmp_path / "alone", tmp_path / "work", {}) as terraform:
        terraform.init()
        changes = terraform.plan().changes

    assert {address.split(".")[1] for address in changes} == set(MODULES)
    assert set(changes.values()) == {("create",)}


def commit(repository: Path) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "-m", "modules"), ("tag", "v1")):
        subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("name", MODULES)
def test_module_has_no_path_out_of_itself(name: str) -> None:
    texts = {path.name: path.read_text() for path in (TERRAFORM / "modules" / name).glob("*.tf")}

    assert [file for file, text in texts.items() if re.search(r'"\.\./|path\.(module|root|cwd)', text)] == []
    assert {"main.tf", "outputs.tf", "variables.tf", "versions.tf"} <= texts.keys()
    assert (TERRAFORM / "modules" / name / "README.md").is_file()
