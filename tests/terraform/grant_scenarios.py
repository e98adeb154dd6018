"""What the applied system does under its grants. Each scenario returns None, or what Google or Cloud Run answered.

The product's own code runs as the account of the functions. Google's agents act by the emulator's parts.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from google.api_core.exceptions import GoogleAPICallError
from google.oauth2.credentials import Credentials

from billing.errors import BillingError
from billing.gcp.services import Services, build_services
from billing.workflows.publish_views import publish_all_focus_views
from billing.workflows.replay import replay
from tests.emulator import Answer, Emulator
from tests.emulator.permissions import Grant, Policy, token_of
from tests.samples import Delivery
from tests.support.clock import SteppedClock
from tests.support.terraform_deployment import TerraformDeployment

MONTH = "2025-09"
ANALYST, EDITOR, VIEWER = (f"user:{name}@example.com" for name in ("analyst", "editor", "viewer"))
SOURCES = {"aws": "aws_cur", "azure": "azure_focus"}
_SECONDS = 30
_PROBE = "probe-"  # begins the names of objects whose events are delivered

Scenario = Callable[["System"], str | None]


@dataclass
class System:
    """The applied root with one loaded delivery of each provider."""

    deployment: TerraformDeployment
    deliveries: Mapping[str, Delivery]
    columns: Mapping[str, set[str]]  # of each table, before the first load
    swept: Answer | None = None  # what the deployed sweep answered

    @property
    def emulator(self) -> Emulator:
        return self.deployment.emulator

    @property
    def prefix(self) -> str:
        return str(self.deployment.terraform.variables["prefix"])

    @property
    def focus_costs(self) -> str:
        return self.deployment.settings.focus_view

    def bucket(self, name: str) -> str:
        """Return the landing bucket of a provider, or the bookkeeping bucket."""
        if name == "bookkeeping":
            return self.deployment.settings.bookkeeping_bucket
        return self.deployment.landing_bucket(SOURCES[name])

    def function(self, provider: str) -> str:
        return f"{self.prefix}-load-{provider}"

    def services_of_functions(self) -> Services:
        """Return the product's services with the account that the functions run as."""
        member = self.emulator.functions[self.function("aws")].spec.service_account
        clients = (self.emulator.storage_client(member), self.emulator.bigquery_client(member))
        return build_services(self.deployment.settings, *clients, Credentials(token_of(member)), SteppedClock())

    def add_people(self) -> None:
        """Add an analyst who may read the FOCUS dataset and run queries, and a viewer and an editor of the project."""
        project = self.emulator.project
        focus_dataset = f"projects/{project}/datasets/{self.deployment.settings.focus_dataset}"
        grants = (
            Grant("the test", ANALYST, "roles/bigquery.dataViewer", focus_dataset),
            Grant("the test", ANALYST, "roles/bigquery.jobUser", f"projects/{project}"),
        )
        groups = ((EDITOR, f"projectEditor:{project}"), (VIEWER, f"projectViewer:{project}"))
        self.emulator.permissions.put("people", Policy(project, grants, groups=groups))

    def readable_by_analyst(self) -> set[str]:
        """Return the tables and views of all datasets that the analyst can query."""
        client, found = self.emulator.bigquery_client(ANALYST), set()
        for dataset in self.emulator.bigquery.list_datasets():
            for table in self.emulator.bigquery.list_tables(dataset.reference):
                name = f"{dataset.dataset_id}.{table.table_id}"
                if answer_of(partial(client.query_and_wait, f"SELECT * FROM `{name}` LIMIT 0")) is None:
                    found.add(name)
        return found

    def drop_events_of_exports(self) -> None:
        """Let the scenarios load by themselves, and not the functions beside them."""
        self.emulator.events.drop(lambda event: _PROBE not in event.name, times=10_000)


def answer_of(work: Callable[[], object]) -> str | None:
    """Return how the work was refused, or None. Any other exception raises."""
    try:
        work()
    except (BillingError, GoogleAPICallError, PermissionError) as error:
        return str(error)
    return None


def load(provider: str, system: System) -> str | None:
    """Replay the month as the functions do. New generations of its files make it another load."""
    key = SOURCES[provider]

    def work() -> None:
        for item in system.deliveries[provider].data:
            system.deployment.deliver_object(key, item)
        outcome = replay(system.deployment.settings, key, MONTH, services=system.services_of_functions())
        assert outcome.action == "loaded", outcome

    with redirect_stdout(io.StringIO()):
        return answer_of(work)


def publish_views(system: System) -> str | None:
    """Publish the FOCUS views as the functions do. A view that fails is one log line."""
    with redirect_stdout(io.StringIO()) as output:
        publish_all_focus_views(system.services_of_functions())
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    return next((line["message"] for line in lines if line["severity"] == "ERROR"), None)


def read_focus_costs(system: System) -> str | None:
    """Read `focus_costs` as a person who has a grant on its dataset alone."""
    client = system.emulator.bigquery_client(ANALYST)
    return answer_of(lambda: list(client.query_and_wait(f"SELECT COUNT(*) FROM `{system.focus_costs}`")))


def deliver_event(provider: str, system: System) -> str | None:
    """Upload an object of no export, and wait for the first answer to its event."""
    emulator, name = system.emulator, f"{_PROBE}{uuid4().hex}"
    emulator.upload(system.bucket(provider), name, b"")
    deadline = time.monotonic() + _SECONDS
    while name not in emulator.unpublished:
        statuses = [one.status for one in emulator.events.records if one.event.name == name]
        if statuses == [200]:
            return None
        if statuses:
            emulator.events.give_up(lambda event: event.name == name)
            invoker = emulator.functions[system.function(provider)].spec.trigger_invoker
            assert invoker is not None
            return invoker.refusal(emulator.permissions)
        assert time.monotonic() < deadline, f"The event of {name} had no answer."
        time.sleep(0.01)
    return f"{name}: pubsub.topics.publish denied, so no event was published."


def call_sweep(system: System) -> str | None:
    answer = system.deployment.sweep()
    return None if answer.status == 200 else answer.body.decode()


def create_function(system: System) -> str | None:
    return answer_of(lambda: system.deployment.running.check_creation(system.function("aws")))


def transfer(source: str, system: System) -> str | None:
    """Change an object at the provider, and run the transfer. The object is in the landing bucket already."""
    job = system.deployment.transfer(source)
    changed = system.deployment.folder(source) / job.source_path / f"{_PROBE}{source}.txt"
    changed.parent.mkdir(parents=True, exist_ok=True)
    if not changed.exists():
        changed.write_text("first")
        system.emulator.upload(job.bucket, f"{job.sink_path}{changed.name}", b"first")
    changed.write_text(uuid4().hex)
    return answer_of(job.run)


def keep_out(member: str, bucket: str, system: System) -> str | None:
    """Read one object as a person with a basic role. Whoever succeeds is the answer."""
    blobs = system.emulator.storage.list_blobs(system.bucket(bucket), max_results=1)
    [name] = [blob.name for blob in blobs]
    blob = system.emulator.storage_client(member).bucket(system.bucket(bucket)).blob(name)
    refused = answer_of(blob.download_as_bytes)
    return None if refused else f"{member} reads gs://{system.bucket(bucket)}"


def keep_names(bucket: str, system: System) -> str | None:
    """List a bucket as a viewer of the project."""
    client = system.emulator.storage_client(VIEWER)
    refused = answer_of(lambda: list(client.list_blobs(system.bucket(bucket))))
    return None if refused else f"{VIEWER} lists gs://{system.bucket(bucket)}"


BUCKETS = ("aws", "azure", "bookkeeping")
SCENARIOS: Mapping[str, Scenario] = {
    **{f"load {provider}": partial(load, provider) for provider in SOURCES},
    "publish views": publish_views,
    "read focus_costs": read_focus_costs,
    **{f"deliver event of {provider}": partial(deliver_event, provider) for provider in SOURCES},
    "call sweep": call_sweep,
    "create function": create_function,
    **{f"transfer {source}": partial(transfer, source) for source in ("aws_cur", "azure_focus")},
    **{f"keep editors out of {bucket}": partial(keep_out, EDITOR, bucket) for bucket in BUCKETS},
    **{f"keep viewers out of {bucket}": partial(keep_out, VIEWER, bucket) for bucket in BUCKETS},
    "keep names of bookkeeping": partial(keep_names, "bookkeeping"),
}
