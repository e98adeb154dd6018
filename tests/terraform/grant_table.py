"""The scenario that each grant of Terraform is needed for. `test_system.py` takes each of them away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.support.google_export import GOOGLE_EXPORT


class Needed(NamedTuple):
    scenario: str
    refusal: str  # words in the answer without the grant


def each(address: str, keys: tuple[str, ...], scenario: str, refusal: str) -> dict[str, Needed]:
    """Return one row for each instance of a grant. `{key}` in the scenario is its key."""
    return {f'{address}["{key}"]': Needed(scenario.format(key=key), refusal) for key in keys}


PROVIDERS, BUCKETS = ("aws", "azure"), ("aws", "azure", "bookkeeping")
SECRETS = "projects/987654321098/secrets"
SECRET = "google_secret_manager_secret_iam_member.transfer"
KEY = "module.project.google_kms_crypto_key_iam_member"
AGENTS = "module.project.google_project_iam_member"
LOADER, LANDING, WAREHOUSE = "module.loader.google_", "module.landing.google_storage_bucket_iam_", "module.warehouse."
# By the address of the grant. Together with NOT_SHOWN and OF_OTHER_SETTINGS, these are all that `terraform/` can make.
GRANTS: Mapping[str, Needed] = {
    # the account of the functions
    f"{LOADER}project_iam_member.loader_jobs": Needed("load aws", "bigquery.jobs.create"),
    f'{LOADER}bigquery_dataset_access.loader_editor["billing"]': Needed("load aws", "bigquery.tables.get denied"),
    f'{LOADER}bigquery_dataset_access.loader_editor["billing_focus"]': Needed("publish views", "bigquery.tables"),
    f'{LOADER}bigquery_dataset_access.loader_google_export["export"]': Needed("publish views", GOOGLE_EXPORT),
    **each(f"{LOADER}storage_bucket_iam_member.loader_viewer", PROVIDERS, "load {key}", "storage.objects.get"),
    f"{LOADER}storage_bucket_iam_member.loader_leases": Needed("load aws", "bookkeeping/o/owners"),
    **each(f"{LANDING}binding.bucket_readers", PROVIDERS, "load {key}", "storage.buckets.get"),
    # readers of the FOCUS dataset
    f'{WAREHOUSE}google_bigquery_dataset_access.focus_views["billing"]': Needed("read focus_costs", ":billing."),
    f'{WAREHOUSE}google_bigquery_dataset_access.focus_google_export["export"]': Needed(
        "read focus_costs", GOOGLE_EXPORT
    ),
    # events and the schedule
    f"{AGENTS}.storage_publisher[0]": Needed("deliver event of aws", "pubsub.topics.publish"),
    f"{LOADER}project_iam_member.trigger_receiver": Needed("deliver event of aws", "eventarc.events.receiveEvent"),
    f"{AGENTS}.pubsub_agent[0]": Needed("deliver event of aws", "iam.serviceAccounts.getOpenIdToken"),
    **each(
        f"{LOADER}cloud_run_service_iam_member.trigger_invoker",
        PROVIDERS,
        "deliver event of {key}",
        "run.routes.invoke",
    ),
    f"{AGENTS}.cloudscheduler_agent[0]": Needed("call sweep", "iam.serviceAccounts.getOpenIdToken"),
    f"{LOADER}cloud_run_service_iam_member.scheduler_invoker": Needed("call sweep", "run.routes.invoke"),
    # builds and the creation of functions
    f"{AGENTS}.cloudfunctions_agent[0]": Needed("create function", "cloudbuild.builds.create"),
    f"{AGENTS}.cloudbuild_agent[0]": Needed("create function", "iam.serviceAccounts.getAccessToken"),
    f"{LOADER}storage_bucket_iam_member.build_upload": Needed("create function", "bookkeeping/objects/functions/"),
    f"{LOADER}project_iam_member.build_source": Needed("create function", "gcf-v2-sources-"),
    f"{LOADER}project_iam_member.build_logs": Needed("create function", "logging.logEntries.create"),
    f"{LOADER}artifact_registry_repository_iam_member.build_images": Needed("create function", "uploadArtifacts"),
    f"{AGENTS}.run_agent[0]": Needed("create function", "downloadArtifacts"),
    f"{AGENTS}.eventarc_agent[0]": Needed("create function", "storage.buckets.get"),
    # Storage Transfer
    f'{LANDING}member.transfer_writer["aws"]': Needed("transfer aws_cur", "storage.buckets.get"),
    f'{LANDING}member.transfer_writer["azure"]': Needed("transfer azure_focus", "storage.buckets.get"),
    f'{LANDING}member.transfer_viewer["aws"]': Needed("transfer aws_cur", "storage.objects.get"),
    f'{LANDING}member.transfer_viewer["azure"]': Needed("transfer azure_focus", "storage.objects.get"),
    f'{SECRET}["{SECRETS}/aws-key"]': Needed("transfer aws_cur", "secretmanager.versions.access"),
    f'{SECRET}["{SECRETS}/azure-sas"]': Needed("transfer azure_focus", "secretmanager.versions.access"),
    # the project's editors and viewers
    **each(f"{LANDING}binding.object_owners", BUCKETS, "keep editors out of {key}", "editor@example.com reads"),
    **each(f"{LANDING}binding.object_readers", BUCKETS, "keep viewers out of {key}", "viewer@example.com reads"),
    f'{LANDING}binding.bucket_readers["bookkeeping"]': Needed("keep names of bookkeeping", "viewer@example.com lists"),
    # the key
    f"{KEY}.storage[0]": Needed("load aws", "Permission denied on Cloud KMS key"),
    f"{KEY}.bigquery[0]": Needed("load aws", "cloudkms.cryptoKeyVersions.useTo"),
}
# Grants for what the emulator does not do, with Google's document that asks for them.
NOT_SHOWN: Mapping[str, str] = {
    f"{AGENTS}.artifactregistry_agent[0]": (
        "Artifact Registry's agent keeps the images: https://cloud.google.com/artifact-registry/docs/access-control"
    ),
}
# Grants that only other settings make.
OF_OTHER_SETTINGS: Mapping[str, str] = {
    "google_storage_bucket_iam_member.bucket_reader": (
        "for a landing bucket that exists already: the same role as `bucket_readers` of our own, for the same load"
    ),
    "google_kms_crypto_key_iam_member.functions": (
        "for a key of the functions' images, which the emulator does not build: "
        "https://cloud.google.com/functions/docs/securing/cmek"
    ),
}
