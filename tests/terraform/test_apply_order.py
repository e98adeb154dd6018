"""The first apply on a new project creates resources in an order that works, according to Terraform's graph.

test_plans.py tests how long the waits are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest

from tests.emulator.terraform_provider import Terraform
from tests.support.paths import TERRAFORM

# A module has two nodes: its resources come after "(expand)" and before "(close)".
EDGE = re.compile(r'"\[root\] (.+?)(?: \(expand\))?" -> "\[root\] (.+?)(?: \(expand\))?"')
WAIT_ROW = re.compile(r"^\| `([\w.]*time_sleep\.\w+)` \| (\d+) \|", re.M)
Graph = Mapping[str, set[str]]

LOADER, LANDING, MONITORING, PROJECT = "module.loader.", "module.landing.", "module.monitoring.", "module.project."
APIS = f"{PROJECT}google_project_service.services"
SPREAD_APIS = f"{PROJECT}time_sleep.services"
SPREAD_KEY = f"{PROJECT}time_sleep.kms"
NUMBER = f"{PROJECT}data.google_project.project"  # read during plan
FUNCTIONS = (f"{LOADER}google_cloudfunctions2_function.load", f"{LOADER}google_cloudfunctions2_function.sweep")
TRIGGER = (FUNCTIONS[0], f"{LOADER}google_cloud_run_service_iam_member.trigger_invoker")
JOBS = ("module.transfer_aws.google_storage_transfer_job.s3", "module.transfer_azure.google_storage_transfer_job.blob")
STORAGE_AGENT = f"{PROJECT}data.google_storage_project_service_account.storage"
TRANSFER_AGENT = f"{PROJECT}data.google_storage_transfer_project_service_account.transfer"
BIGQUERY_AGENT = f"{PROJECT}data.google_bigquery_default_service_account.bigquery"
OTHER_AGENTS = f"{PROJECT}google_project_service_identity.agents"

AGENT_GRANTS = tuple(
    f"{PROJECT}google_project_iam_member.{name}_agent"
    for name in ("artifactregistry", "cloudbuild", "cloudfunctions", "cloudscheduler", "eventarc", "pubsub", "run")
)
SPREAD_AGENTS = f"{PROJECT}time_sleep.agents"
SPREAD_ACCOUNTS = f"{LOADER}time_sleep.accounts"
PROJECT_GRANTS = (
    f"{LOADER}google_project_iam_member.trigger_receiver",
    f"{LOADER}google_project_iam_member.build_source",
    f"{LOADER}google_project_iam_member.build_logs",
    f"{LOADER}google_project_iam_member.loader_jobs",
)
BUCKET_GRANTS = (
    f"{LOADER}google_artifact_registry_repository_iam_member.build_images",
    f"{LOADER}google_storage_bucket_iam_member.build_upload",
    f"{LOADER}google_bigquery_dataset_access.loader_editor",
    f"{LOADER}google_storage_bucket_iam_member.loader_viewer",
    f"{LOADER}google_storage_bucket_iam_member.loader_leases",
    f"{LANDING}google_storage_bucket_iam_binding.bucket_readers",
)

# Each name is created after the names in its tuple.
AFTER: Mapping[str, tuple[str, ...]] = {
    # An API answers 403 for a while after it was enabled. Agents are created on the first request for them.
    SPREAD_APIS: (APIS,),
    STORAGE_AGENT: (SPREAD_APIS,),
    TRANSFER_AGENT: (SPREAD_APIS,),
    BIGQUERY_AGENT: (SPREAD_APIS,),
    # Service Usage creates them. It is enabled before the first apply.
    OTHER_AGENTS: (APIS,),
    # A grant to an agent that does not exist is a 400.
    f"{PROJECT}google_project_iam_member.storage_publisher": (STORAGE_AGENT,),
    # So is a grant to an agent or account that was made seconds before.
    SPREAD_AGENTS: (OTHER_AGENTS,),
    **dict.fromkeys(AGENT_GRANTS, (SPREAD_AGENTS,)),
    SPREAD_ACCOUNTS: (f"{LOADER}google_service_account.accounts",),
    **dict.fromkeys((*PROJECT_GRANTS, *BUCKET_GRANTS), (SPREAD_ACCOUNTS,)),
    f"{LANDING}google_storage_bucket_iam_member.transfer_writer": (TRANSFER_AGENT,),
    # The first trigger of a project needs the grants of its agents, and a build those of its account.
    f"{LOADER}time_sleep.grants": (
        f"{PROJECT}google_project_iam_member.storage_publisher",
        *AGENT_GRANTS,
        *PROJECT_GRANTS,
    ),
    f"{LOADER}time_sleep.bucket_grants": BUCKET_GRANTS,
    **dict.fromkeys(
        FUNCTIONS,
        (
            f"{LOADER}time_sleep.grants",
            f"{LOADER}time_sleep.bucket_grants",
            f"{LOADER}google_storage_bucket_object.functions",
        ),
    ),
    f"{LOADER}google_cloud_scheduler_job.sweep": (f"{LOADER}google_cloud_run_service_iam_member.scheduler_invoker",),
    # Storage Transfer checks the bucket when a job is created, and a grant needs 30 s to work. A file that arrives
    # before the trigger waits for the sweep.
    f"{LANDING}time_sleep.grants": (
        f"{LANDING}google_storage_bucket_iam_member.transfer_writer",
        f"{LANDING}google_storage_bucket_iam_member.transfer_viewer",
    ),
    JOBS[0]: (
        f"{LANDING}time_sleep.grants",
        *TRIGGER,
        "google_secret_manager_secret_iam_member.transfer",
        "module.transfer_aws.time_static.created",
    ),
    JOBS[1]: (
        f"{LANDING}time_sleep.grants",
        *TRIGGER,
        "google_secret_manager_secret_iam_member.transfer",
        "module.transfer_azure.time_static.created",
    ),
    "module.transfer_aws.google_storage_transfer_job.daily": (
        f"{LANDING}time_sleep.grants",
        *TRIGGER,
        "google_secret_manager_secret_iam_member.transfer",
        "module.transfer_aws.time_static.created",
    ),
    "module.transfer_azure.google_storage_transfer_job.daily": (
        f"{LANDING}time_sleep.grants",
        *TRIGGER,
        "google_secret_manager_secret_iam_member.transfer",
        "module.transfer_azure.time_static.created",
    ),
    # A job that is created after its first day runs a day later.
    "module.transfer_aws.time_static.created": (f"{LANDING}time_sleep.grants",),
    "module.transfer_azure.time_static.created": (f"{LANDING}time_sleep.grants",),
    # A policy that names a new metric gets a 404, which the provider does not retry.
    f"{MONITORING}time_sleep.metrics": (
        f"{MONITORING}google_logging_metric.counters",
        f"{MONITORING}google_logging_metric.age",
    ),
    f"{MONITORING}google_monitoring_alert_policy.waiting": (f"{MONITORING}time_sleep.metrics",),
    f"{MONITORING}google_monitoring_alert_policy.freshness": (f"{MONITORING}time_sleep.metrics",),
    f"{MONITORING}google_monitoring_alert_policy.silent": (f"{MONITORING}time_sleep.metrics",),
    # Encrypted resources need the agents' grants on the key.
    f"{PROJECT}google_kms_crypto_key_iam_member.storage": (STORAGE_AGENT,),
    f"{PROJECT}google_kms_crypto_key_iam_member.bigquery": (BIGQUERY_AGENT,),
    SPREAD_KEY: (
        f"{PROJECT}google_kms_crypto_key_iam_member.storage",
        f"{PROJECT}google_kms_crypto_key_iam_member.bigquery",
    ),
    f"{LANDING}google_storage_bucket.landing": (SPREAD_KEY,),
    f"{LANDING}google_storage_bucket.bookkeeping": (SPREAD_KEY,),
    "module.warehouse.google_bigquery_dataset.datasets": (SPREAD_KEY,),
}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    with Terraform(TERRAFORM, tmp_path_factory.mktemp("graph")) as terraform:
        terraform.init()
        text = terraform.run("graph", "-type=plan").output
    needs: dict[str, set[str]] = {}
    for later, earlier in EDGE.findall(text):
        needs.setdefault(later, set()).add(earlier)
    return needs


def before(graph: Graph, name: str) -> set[str]:
    """Return everything that exists before this resource is created."""
    found: set[str] = set()
    left = [name]
    while left:
        new = graph.get(left.pop(), set()) - found
        found |= new
        left += new
    return found


def test_each_resource_comes_after_what_it_needs(graph: Graph) -> None:
    missing = {name: set(wanted) - before(graph, name) for name, wanted in AFTER.items()}

    assert {name: names for name, names in missing.items() if names} == {}


def test_no_resource_comes_before_the_wait_for_the_apis(graph: Graph) -> None:
    """Only what Service Usage and IAM create: the first command of the README enables both. Accounts wait longer."""
    resources = {
        name
        for name in graph
        if re.search(r"(^|\.)(google_\w+)\.\w+$", name) and ".var." not in name and name not in (APIS, NUMBER)
    }

    assert len(resources) > 40
    assert [name for name in sorted(resources) if not {SPREAD_APIS, SPREAD_ACCOUNTS} & before(graph, name)] == [
        f"{LOADER}google_service_account.accounts",
        OTHER_AGENTS,
    ]
    assert (
        "gcloud services enable serviceusage.googleapis.com cloudresourcemanager.googleapis.com iam.googleapis"
        in (TERRAFORM / "README.md").read_text()
    )


def test_waits_of_an_apply_take_less_than_four_minutes(graph: Graph) -> None:
    """The longest chain of waits, with a key. test_plans.py compares the table in the README with a plan."""
    seconds = {name: int(number) for name, number in WAIT_ROW.findall((TERRAFORM / "README.md").read_text())}

    assert len(seconds) > 5
    assert longest_chain(graph, seconds) == 90 + 120  # accounts or agents, then their grants


def longest_chain(graph: Graph, seconds: Mapping[str, int]) -> int:
    @cache
    def until(name: str) -> int:
        return seconds.get(name, 0) + max(map(until, graph.get(name, ())), default=0)

    return max(map(until, graph))
