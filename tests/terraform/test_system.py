"""The real root on its own emulator: exports are transferred, trigger the functions, and are loaded.

Everything runs under the grants that Terraform makes. Each of them is then taken away.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from google.cloud import bigquery

from tests.emulator import Backoff, Emulator
from tests.emulator.terraform_provider import GOOGLE_VERSIONS
from tests.emulator.terraform_provider.policies import is_grant
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.google_export import GOOGLE_COLUMNS, GOOGLE_EXPORT
from tests.support.paths import TERRAFORM
from tests.support.sources import AWS, AZURE
from tests.support.terraform_deployment import AWS_SOURCES, AZURE_SOURCES, TerraformDeployment
from tests.terraform.grant_scenarios import MONTH, SCENARIOS, System
from tests.terraform.grant_table import GRANTS, NOT_SHOWN, OF_OTHER_SETTINGS, SECRETS

GOOGLE_DATASET = "google_export"
GRANT = re.compile(r'^resource "(google_\w*(?:_iam_\w+|dataset_access))" "(\w+)"', re.M)
# Every kind of grant: with secrets, because a source without one has no grant more, with a key and Google's own export.
EVERY_GRANT: Mapping[str, Any] = {
    "aws_sources": {"cur": {**AWS_SOURCES["cur"], "role_arn": None, "credentials_secret": f"{SECRETS}/aws-key"}},
    "azure_sources": {
        "focus": {**AZURE_SOURCES["focus"], "federated_identity": None, "credentials_secret": f"{SECRETS}/azure-sas"}
    },
    "google_billing_export": f"acme-billing.{GOOGLE_DATASET}.{GOOGLE_EXPORT}",
    "kms_key": "projects/acme-keys/locations/europe-west4/keyRings/data/cryptoKeys/billing",
}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Transfer one delivery of each provider, which the deployed functions load by events. Then call the sweep."""
    folder, backoff = tmp_path_factory.mktemp("system"), Backoff(first_seconds=0.2, longest_seconds=1.0)
    aws = aws_cur_delivery(folder / "made", MONTH, rows=60)
    azure = azure_focus_delivery(folder / "made", MONTH, rows=60)
    with (
        Emulator(project="acme-billing", location="europe-west4", backoff=backoff) as emulator,
        TerraformDeployment(emulator, folder, google_version=GOOGLE_VERSIONS[-1], **EVERY_GRANT) as deployment,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in emulator.environment().items():  # dlt finds the emulator by these
            patch.setenv(name, value)
        create_google_export(emulator)
        made = System(deployment.apply(), {"aws": aws, "azure": azure}, columns(deployment))
        made.add_people()
        deployment.deliver("aws_cur", aws)
        deployment.deliver("azure_focus", azure)
        emulator.events.settle(90)
        made.drop_events_of_exports()
        made.swept = deployment.sweep()
        yield made


def create_google_export(emulator: Emulator) -> None:
    dataset = bigquery.Dataset(f"{emulator.project}.{GOOGLE_DATASET}")
    dataset.location = emulator.location
    emulator.bigquery.create_dataset(dataset)
    emulator.bigquery.query_and_wait(f"CREATE TABLE `{GOOGLE_DATASET}.{GOOGLE_EXPORT}` ({GOOGLE_COLUMNS})")


@pytest.mark.fault("F24")
def test_applied_system_loads_exports_and_stays_as_planned(system: System) -> None:
    deployment, emulator = system.deployment, system.emulator

    [aws_row] = emulator.bigquery.query_and_wait(
        "SELECT COUNT(*) AS n, SUM(line_item_unblended_cost) AS cost FROM billing.aws_cur"
    )
    [azure_row] = emulator.bigquery.query_and_wait(
        "SELECT COUNT(*) AS n, SUM(BilledCost) AS cost FROM billing.azure_focus"
    )

    assert (aws_row["n"], aws_row["cost"]) == (60, system.deliveries["aws"].totals.cost)
    assert (azure_row["n"], azure_row["cost"]) == (60, system.deliveries["azure"].totals.cost)
    assert {(one.function, one.status) for one in emulator.events.records} == {
        ("billing-load-aws", 200),
        ("billing-load-azure", 200),
    }
    assert system.swept is not None
    swept = system.swept.json()
    assert (system.swept.status, swept["loaded"], swept["deferred"], swept["months"]) == (200, [], [], 2)
    assert columns(deployment)["aws_cur"] > system.columns["aws_cur"], "no load added a column"
    assert not deployment.terraform.plan().has_changes
    assert_the_zip_holds_what_is_deployed(deployment)
    assert_the_stack_of_the_tests_is_the_same(deployment)


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name != "call sweep"])
def test_scenario_runs_with_all_grants(system: System, scenario: str) -> None:
    """The sweep was called already."""
    assert SCENARIOS[scenario](system) is None


@pytest.mark.parametrize("address", GRANTS)
def test_scenario_is_refused_without_its_grant(system: System, address: str) -> None:
    needed = GRANTS[address]

    with system.deployment.running.without(address):
        answer = SCENARIOS[needed.scenario](system)

    assert answer is not None
    assert needed.refusal in answer


def test_every_grant_has_a_scenario_and_every_scenario_a_grant(system: System) -> None:
    applied = {one.address for one in system.deployment.running.applied if is_grant(one)}

    assert applied == {*GRANTS, *NOT_SHOWN}
    assert {needed.scenario for needed in GRANTS.values()} == set(SCENARIOS)


def test_every_grant_in_the_modules_is_in_the_table() -> None:
    source = "\n".join(path.read_text() for path in TERRAFORM.rglob("*.tf") if "source" not in path.parts)
    declared = {".".join(one) for one in GRANT.findall(source)}

    shown = {re.sub(r"\[.*", "", address).removeprefix("module.") for address in (*GRANTS, *NOT_SHOWN)}

    assert declared == {re.sub(r"^\w+\.(?=google_)", "", one) for one in shown} | OF_OTHER_SETTINGS.keys()


def test_reader_of_the_focus_dataset_reads_nothing_else(system: System) -> None:
    """A person with roles/bigquery.dataViewer on the FOCUS dataset, and roles/bigquery.jobUser on the project."""
    read = system.readable_by_analyst()

    assert read == {
        f"{system.deployment.settings.focus_dataset}.{view}"
        for view in (
            "billing_quality",
            "focus_costs",
            *(f"focus_costs_{key}" for key in ("aws_cur", "azure_focus", "google_billing")),
        )
    }


def test_destroy_leaves_nothing(system: System) -> None:
    """The last test of the module."""
    system.emulator.bigquery.delete_dataset(GOOGLE_DATASET, delete_contents=True)

    system.deployment.destroy()

    system.deployment.check_nothing_is_left()


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
    assert {**renamed, "GOOGLE_BILLING_EXPORT": EVERY_GRANT["google_billing_export"]} == system.environment
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
