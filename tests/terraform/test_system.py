"""The real root on its own emulator: exports are transferred, trigger the functions, and are loaded."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.emulator import Backoff, Emulator
from tests.emulator.terraform_provider import GOOGLE_VERSIONS
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.sources import AWS, AZURE
from tests.support.terraform_deployment import TerraformDeployment

MONTH = "2025-09"


@pytest.mark.fault("F24")
def test_applied_system_loads_exports_and_stays_as_planned(tmp_path: Path) -> None:
    """The older provider version. test_changes.py uses the newer one."""
    aws = aws_cur_delivery(tmp_path / "made", MONTH, rows=60)
    azure = azure_focus_delivery(tmp_path / "made", MONTH, rows=60)
    backoff = Backoff(first_seconds=0.2, longest_seconds=1.0)
    with (
        Emulator(project="acme-billing", location="europe-west4", backoff=backoff) as emulator,
        TerraformDeployment(emulator, tmp_path, google_version=GOOGLE_VERSIONS[-1]) as system,
    ):
        system.apply()
        made = columns(system)
        assert_the_zip_holds_what_is_deployed(system)
        system.deliver("aws_cur", aws)
        system.deliver("azure_focus", azure)
        emulator.events.settle(90)

        [aws_row] = emulator.bigquery.query_and_wait(
            "SELECT COUNT(*) AS n, SUM(line_item_unblended_cost) AS cost FROM billing.aws_cur"
        )
        [azure_row] = emulator.bigquery.query_and_wait(
            "SELECT COUNT(*) AS n, SUM(BilledCost) AS cost FROM billing.azure_focus"
        )
        assert (aws_row["n"], aws_row["cost"]) == (60, aws.totals.cost)
        assert (azure_row["n"], azure_row["cost"]) == (60, azure.totals.cost)
        swept = system.sweep()
        assert swept.status == 200
        assert (swept.json()["loaded"], swept.json()["deferred"], swept.json()["months"]) == ([], [], 2)
        assert columns(system)["aws_cur"] > made["aws_cur"], "no load added a column"
        assert not system.terraform.plan().has_changes
        assert_the_stack_of_the_tests_is_the_same(system)
        system.destroy()
        system.check_nothing_is_left()


def assert_the_zip_holds_what_is_deployed(system: TerraformDeployment) -> None:
    """The zip has no part of the `billing` command, which is in the same folder."""
    [blob] = system.emulator.storage.list_blobs(system.outputs["bookkeeping_bucket"], prefix="functions/")
    names = zipfile.ZipFile(io.BytesIO(blob.download_as_bytes())).namelist()
    assert {name.partition("/")[0] for name in names} == {"main.py", "requirements.txt", "billing"}
    assert [name for name in names if not name.endswith((".py", ".json", "requirements.txt"))] == []


def columns(system: TerraformDeployment) -> dict[str, set[str]]:
    tables = {source: system.emulator.bigquery.get_table(system.table(source)) for source in ("aws_cur", "azure_focus")}
    return {source: {column.name for column in table.schema} for source, table in tables.items()}


def assert_the_stack_of_the_tests_is_the_same(system: TerraformDeployment) -> None:
    """Tests that run the handlers in their own process have the environment and the tables that Terraform makes."""
    emulator = system.emulator
    sources = (
        replace(AWS, prefix="aws/cur/", shrink_percent="20"),
        replace(AZURE, key="AZURE_FOCUS", prefix="azure/focus/", shrink_percent="20"),
    )
    stack = EmulatorDeployment(emulator, sources, name="twin", focus=True).create()
    renamed = {
        name: value.replace("twin-", "acme-billing-billing-").replace("twin", "billing")
        for name, value in stack.environment().items()
    }
    assert renamed == system.environment
    for source in sources:
        for table in (source.table, f"{source.table}_load_tracking"):
            ours, terraforms = (emulator.bigquery.get_table(f"{dataset}.{table}") for dataset in ("twin", "billing"))
            # Loads may have added columns to Terraform's tables, after those of the schema.
            assert ours.schema == terraforms.schema[: len(ours.schema)]
            assert ours.time_partitioning == terraforms.time_partitioning
            assert ours.clustering_fields == terraforms.clustering_fields
    for bucket in (stack.settings.bookkeeping_bucket, *(stack.source(source).bucket for source in sources)):
        emulator.storage.bucket(bucket).delete()
    for dataset in (stack.dataset, stack.settings.focus_dataset):
        emulator.bigquery.delete_dataset(dataset, delete_contents=True)
