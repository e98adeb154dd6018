"""Google's own accounts in a project (service agents), and what they do when a function is created.

Google publishes no list of the permissions that each step asks for, so only this code decides. It follows
https://cloud.google.com/iam/docs/service-agents, and the page that each step names.
The emulator does none of it, but asks whether each account has the permission that Google's documents name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.emulator.permissions.policy import Grant, Policy, bucket_path, object_path
from tests.emulator.project_number import number_of

_ACCOUNTS = "iam.gserviceaccount.com"
_EMAILS = {
    "artifactregistry": "service-{number}@gcp-sa-artifactregistry",
    "bigquery": "bq-{number}@bigquery-encryption",
    "cloudbuild": "service-{number}@gcp-sa-cloudbuild",
    "cloudfunctions": "service-{number}@gcf-admin-robot",
    "cloudscheduler": "service-{number}@gcp-sa-cloudscheduler",
    "eventarc": "service-{number}@gcp-sa-eventarc",
    "pubsub": "service-{number}@gcp-sa-pubsub",
    "run": "service-{number}@serverless-robot-prod",
    "storage": "service-{number}@gs-project-accounts",
    "transfer": "project-{number}@storage-transfer-service",
}
# Google grants these when it creates the agent by itself, and not to one that google_project_service_identity creates.
OWN_ROLES: Mapping[str, str] = {
    name: f"roles/{name}.serviceAgent"
    for name in ("artifactregistry", "cloudbuild", "cloudfunctions", "cloudscheduler", "eventarc", "pubsub", "run")
}
_BUILD = "https://cloud.google.com/functions/docs/securing/build-custom-sa"
_AGENT = "https://cloud.google.com/iam/docs/service-agents"
_RUN = "https://cloud.google.com/run/docs/securing/service-identity"
_EVENTS = "https://cloud.google.com/eventarc/docs/run/create-trigger-storage-gcloud"


@dataclass(frozen=True)
class Step:
    """What an account does, and the permission that it needs for that."""

    member: str
    permission: str
    resource: str
    does: str
    source: str

    def refusal(self, policy: Policy) -> str | None:
        """Return why Google refuses the step, or None."""
        if policy.allows(self.member, self.permission, self.resource):
            return None
        return f"{self.member} {self.does}: Permission '{self.permission}' denied on '{self.resource}' ({self.source})."


@dataclass(frozen=True)
class TriggerPlan:
    bucket: str
    account: str


@dataclass(frozen=True)
class FunctionPlan:
    """A function that is to be created. Accounts are members, or None for Google's default account, an editor."""

    project: str
    location: str
    name: str
    source: tuple[str, str]  # bucket and object
    repository: str
    builder: str | None
    account: str | None
    trigger: TriggerPlan | None  # None without an account of its own


def agent(name: str, project: str) -> str:
    """Return Google's account for a service, as a member."""
    return f"serviceAccount:{_EMAILS[name].format(number=number_of(project))}.{_ACCOUNTS}"


def automatic_grants(project: str, created: set[str]) -> list[Grant]:
    """Return the roles that Google gives by itself: to each agent that is not among those that Terraform created."""
    return [
        Grant("Google", agent(name, project), role, f"projects/{project}")
        for name, role in OWN_ROLES.items()
        if name not in created
    ]


def account_path(member: str, project: str) -> str:
    return f"projects/{project}/serviceAccounts/{member.partition(':')[2]}"


def creation_steps(plan: FunctionPlan) -> Iterator[Step]:
    """Yield what Google's accounts do to create a function, in order."""
    project = f"projects/{plan.project}"
    functions, run = agent("cloudfunctions", plan.project), agent("run", plan.project)
    yield Step(functions, "cloudbuild.builds.create", project, "starts the build", _AGENT)
    if plan.builder is not None:
        yield from _build_steps(plan, plan.builder)
    yield Step(functions, "run.services.create", project, "creates the Cloud Run service", _AGENT)
    images = "artifactregistry.repositories.downloadArtifacts"
    yield Step(run, images, plan.repository, "pulls the image", "https://cloud.google.com/run/docs/deploying#images")
    if plan.account is not None:
        path = account_path(plan.account, plan.project)
        yield Step(run, "iam.serviceAccounts.getAccessToken", path, "starts an instance as its account", _RUN)
    if plan.trigger is not None:
        yield from _trigger_steps(plan, plan.trigger)


def _build_steps(plan: FunctionPlan, builder: str) -> Iterator[Step]:
    project = f"projects/{plan.project}"
    copy = object_path(
        f"gcf-v2-sources-{number_of(plan.project)}-{plan.location}", f"{plan.name}/version-1/function-source.zip"
    )
    build, path = agent("cloudbuild", plan.project), account_path(builder, plan.project)
    yield Step(build, "iam.serviceAccounts.getAccessToken", path, "runs the build as its account", _AGENT)
    yield Step(builder, "storage.objects.get", object_path(*plan.source), "reads the uploaded source", _BUILD)
    yield Step(builder, "storage.objects.get", copy, "reads the copy of the source", _BUILD)
    yield Step(builder, "logging.logEntries.create", project, "writes the log of the build", _BUILD)
    upload = "artifactregistry.repositories.uploadArtifacts"
    yield Step(builder, upload, plan.repository, "pushes the image", _BUILD)


def _trigger_steps(plan: FunctionPlan, trigger: TriggerPlan) -> Iterator[Step]:
    project, eventarc = f"projects/{plan.project}", agent("eventarc", plan.project)
    bucket = bucket_path(trigger.bucket)
    yield Step(eventarc, "storage.buckets.get", bucket, "looks up the bucket of the trigger", _EVENTS)
    yield Step(eventarc, "pubsub.topics.create", project, "creates the topic of the trigger", _EVENTS)
    yield publish_step(plan.project)
    yield receive_step(plan.project, trigger.account)


def publish_step(project: str) -> Step:
    return Step(
        agent("storage", project), "pubsub.topics.publish", f"projects/{project}", "publishes an object event", _EVENTS
    )


def receive_step(project: str, account: str) -> Step:
    return Step(account, "eventarc.events.receiveEvent", f"projects/{project}", "receives an event", _EVENTS)
