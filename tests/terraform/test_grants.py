"""Every grant that Terraform makes is needed: without it, a named scenario is refused. And none is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from uuid import uuid4

import pytest
from google.cloud import bigquery

from tests.emulator import Emulator
from tests.emulator.terraform_provider.policies import is_grant
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.google_export import GOOGLE_COLUMNS, GOOGLE_EXPORT
from tests.support.terraform_deployment import AWS_SOURCES, AZURE_SOURCES, TerraformDeployment
from tests.terraform.grant_scenarios import MONTH, SCENARIOS, System

KEY = "projects/acme-keys/locations/europe-west1/keyRings/data/cryptoKeys/billing"
SECRET = "projects/987654321098/secrets/{}"
# With secrets, because a source without one has no grant more.
AWS = {"cur": {**AWS_SOURCES["cur"], "role_arn": None, "credentials_secret": SECRET.format("aws-key")}}
AZURE = {
    "focus": {**AZURE_SOURCES["focus"], "federated_identity": None, "credentials_secret": SECRET.format("azure-sas")}
}


class Needed(NamedTuple):
    scenario: str
    refusal: str  # words in the answer without the grant


def each(address: str, keys: tuple[str, ...], scenario: str, refusal: str) -> dict[str, Needed]:
    """Return one row for each instance of a grant. `{key}` in the scenario is its key."""
    return {f'{address}["{key}"]': Needed(scenario.format(key=key), refusal) for key in keys}


PROVIDERS, BUCKETS = ("aws", "azure"), ("aws", "azure", "bookkeeping")
LOADER, LANDING, WAREHOUSE = "module.loader.google_", "module.landing.google_storage_bucket_iam_", "module.warehouse."
# `{prefix}` is the dataset of the sources, and begins the name of the dataset of the FOCUS views.
GRANTS: Mapping[str, Needed] = {
    # the account of the functions
    f"{LOADER}project_iam_member.loader_jobs": Needed("load aws", "bigquery.jobs.create"),
    f'{LOADER}bigquery_dataset_access.loader_editor["{{prefix}}"]': Needed("load aws", "aws_cur"),
    f'{LOADER}bigquery_dataset_access.loader_editor["{{prefix}}_focus"]': Needed("publish views", "bigquery.tables"),
    f'{LOADER}bigquery_dataset_access.loader_google_export["export"]': Needed("publish views", GOOGLE_EXPORT),
    **each(f"{LOADER}storage_bucket_iam_member.loader_viewer", PROVIDERS, "load {key}", "storage.objects.get"),
    f"{LOADER}storage_bucket_iam_member.loader_leases": Needed("load aws", "403 GET"),
    **each(f"{LANDING}binding.bucket_readers", PROVIDERS, "load {key}", "storage.buckets.get"),
    # readers of the FOCUS dataset
    f'{WAREHOUSE}google_bigquery_dataset_access.focus_views["{{prefix}}"]': Needed("read focus_costs", ":{prefix}."),
    f'{WAREHOUSE}google_bigquery_dataset_access.focus_google_export["export"]': Needed(
        "read focus_costs", GOOGLE_EXPORT
    ),
    # events and the schedule
    f"{LOADER}project_iam_member.storage_publisher": Needed("deliver event of aws", "pubsub.topics.publish"),
    f"{LOADER}project_iam_member.trigger_receiver": Needed("deliver event of aws", "eventarc.events.receiveEvent"),
    f"{LOADER}project_iam_member.pubsub_agent": Needed("deliver event of aws", "iam.serviceAccounts.getOpenIdToken"),
    **each(
        f"{LOADER}cloud_run_service_iam_member.trigger_invoker",
        PROVIDERS,
        "deliver event of {key}",
        "run.routes.invoke",
    ),
    f"{LOADER}project_iam_member.cloudscheduler_agent": Needed("call sweep", "iam.serviceAccounts.getOpenIdToken"),
    f"{LOADER}cloud_run_service_iam_member.scheduler_invoker": Needed("call sweep", "run.routes.invoke"),
    # builds and the creation of functions
    f"{LOADER}project_iam_member.cloudfunctions_agent": Needed("create function", "cloudbuild.builds.create"),
    f"{LOADER}project_iam_member.cloudbuild_agent": Needed("create function", "iam.serviceAccounts.getAccessToken"),
    f"{LOADER}storage_bucket_iam_member.build_upload": Needed("create function", "bookkeeping/objects/functions/"),
    f"{LOADER}project_iam_member.build_source": Needed("create function", "gcf-v2-sources-"),
    f"{LOADER}project_iam_member.build_logs": Needed("create function", "logging.logEntries.create"),
    f"{LOADER}artifact_registry_repository_iam_member.build_images": Needed("create function", "uploadArtifacts"),
    f"{LOADER}project_iam_member.run_agent": Needed("create function", "downloadArtifacts"),
    f"{LOADER}project_iam_member.eventarc_agent": Needed("create function", "storage.buckets.get"),
    # Storage Transfer
    f'{LANDING}member.transfer_writer["aws"]': Needed("transfer aws_cur", "storage.buckets.get"),
    f'{LANDING}member.transfer_writer["azure"]': Needed("transfer azure_focus", "storage.buckets.get"),
    f'{LANDING}member.transfer_viewer["aws"]': Needed("transfer aws_cur", "storage.objects.get"),
    f'{LANDING}member.transfer_viewer["azure"]': Needed("transfer azure_focus", "storage.objects.get"),
    'module.transfer_aws["cur"].google_secret_manager_secret_iam_member.transfer["aws"]': Needed(
        "transfer aws_cur", "secretmanager.versions.access"
    ),
    'module.transfer_azure["focus"].google_secret_manager_secret_iam_member.transfer["azure"]': Needed(
        "transfer azure_focus", "secretmanager.versions.access"
    ),
    # the project's editors and viewers
    **each(f"{LANDING}binding.object_owners", BUCKETS, "keep editors out of {key}", "editor@example.com reads"),
    **each(f"{LANDING}binding.object_readers", BUCKETS, "keep viewers out of {key}", "viewer@example.com reads"),
    f'{LANDING}binding.bucket_readers["bookkeeping"]': Needed("keep names of bookkeeping", "viewer@example.com lists"),
    # the key
    "google_kms_crypto_key_iam_member.storage[0]": Needed("load aws", "Permission denied on Cloud KMS key"),
    "google_kms_crypto_key_iam_member.bigquery[0]": Needed("load aws", "cloudkms.cryptoKeyVersions.useTo"),
}
# Grants for what the emulator does not do, with Google's document that asks for them.
NOT_SHOWN: Mapping[str, str] = {
    f"{LOADER}project_iam_member.artifactregistry_agent": (
        "Artifact Registry's agent keeps the images: https://cloud.google.com/artifact-registry/docs/access-control"
    ),
}


@pytest.fixture(scope="module")
def system(
    emulator: Emulator, emulator_environment: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """One applied root with every kind of grant. The deployed sweep loads both deliveries."""
    folder, prefix = tmp_path_factory.mktemp("grants"), f"g{uuid4().hex[:8]}"
    deliveries = {
        "aws": aws_cur_delivery(folder / "made", MONTH, rows=5),
        "azure": azure_focus_delivery(folder / "made", MONTH, rows=5),
    }
    with TerraformDeployment(
        emulator,
        folder,
        prefix=prefix,
        aws_sources=AWS,
        azure_sources=AZURE,
        google_billing_export=f"{emulator.project}.{prefix}_google.{GOOGLE_EXPORT}",
        kms_key=KEY,
    ) as deployment:
        create_google_export(emulator, f"{prefix}_google")
        applied = System(deployment.apply(), deliveries)
        applied.add_people()
        applied.drop_events_of_exports()
        deployment.deliver("aws_cur", deliveries["aws"], "data", "manifest")
        deployment.deliver("azure_focus", deliveries["azure"], "data", "manifest")
        applied.swept = deployment.sweep()
        yield applied
        emulator.events.behave()
        emulator.permissions.remove("people")


def create_google_export(emulator: Emulator, name: str) -> None:
    dataset = bigquery.Dataset(f"{emulator.project}.{name}")
    dataset.location = emulator.location
    emulator.bigquery.create_dataset(dataset)
    emulator.bigquery.query_and_wait(f"CREATE TABLE `{name}.{GOOGLE_EXPORT}` ({GOOGLE_COLUMNS})")


def test_deployed_sweep_loads_both_deliveries(system: System) -> None:
    assert system.swept is not None
    assert (system.swept.status, len(system.swept.json()["loaded"])) == (200, 2)


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name != "call sweep"])
def test_scenario_runs_with_all_grants(system: System, scenario: str) -> None:
    assert SCENARIOS[scenario](system) is None


@pytest.mark.parametrize("address", GRANTS)
def test_scenario_is_refused_without_its_grant(system: System, address: str) -> None:
    needed = GRANTS[address]

    with system.deployment.running.without(address.format(prefix=system.prefix)):
        answer = SCENARIOS[needed.scenario](system)

    assert answer is not None
    assert needed.refusal.format(prefix=system.prefix) in answer


def test_every_grant_has_a_scenario_and_every_scenario_a_grant(system: System) -> None:
    applied = {one.address for one in system.deployment.running.applied if is_grant(one)}

    shown = {address.format(prefix=system.prefix) for address in GRANTS}

    assert applied == shown | set(NOT_SHOWN)
    assert {needed.scenario for needed in GRANTS.values()} == set(SCENARIOS)
