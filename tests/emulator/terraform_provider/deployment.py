"""Run on the emulator what Terraform has applied: functions with their triggers, transfers and schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.emulator.emulator import Emulator
from tests.emulator.function_instances import FunctionSpec
from tests.emulator.functions import Function
from tests.emulator.permissions.agents import creation_steps
from tests.emulator.storage_event import FINALIZED
from tests.emulator.terraform_provider.accounts import function_plan, member_in, trigger_invoker
from tests.emulator.terraform_provider.facts import Json
from tests.emulator.terraform_provider.policies import is_grant, policy_of
from tests.emulator.terraform_provider.provider import BIGQUERY_ENDPOINT, STORAGE_ENDPOINT
from tests.emulator.terraform_provider.schedules import Schedule, called_function, schedule
from tests.emulator.terraform_provider.state import Resource, UnknownToEmulatorError, resources
from tests.emulator.terraform_provider.transfers import Transfer, transfer

# Terraform creates these by REST or keeps them in its state. There is nothing to run.
_NOTHING_TO_RUN = (
    *("google_project_service", "google_service_account", "google_storage_bucket", "google_storage_bucket_object"),
    *("google_bigquery_dataset", "google_bigquery_dataset_access", "google_bigquery_table"),
    *("google_artifact_registry_repository", "google_pubsub_topic"),
    *("google_secret_manager_secret", "google_secret_manager_secret_version", "google_logging_metric"),
    *("google_monitoring_alert_policy", "google_monitoring_dashboard", "google_monitoring_notification_channel"),
    *("google_project_service_identity", "terraform_data", "time_sleep", "time_static"),
)
_FUNCTION = "google_cloudfunctions2_function"
_MAX_SECONDS = {"cloudevent": 540, "http": 3600}  # https://cloud.google.com/functions/quotas#time_limits


def provider_environment(cloud: Emulator) -> dict[str, str]:
    """Return the variables by which the providers find the emulator. The real provider reads the same ones."""
    endpoints = cloud.environment()
    return {
        STORAGE_ENDPOINT: f"{endpoints['STORAGE_EMULATOR_HOST']}/storage/v1/",
        BIGQUERY_ENDPOINT: f"{endpoints['BIGQUERY_EMULATOR_HOST']}/bigquery/v2/",
    }


class Deployment:
    """The applied functions and schedules by their names, and the transfers by their addresses.

    `folders` represents the sources of transfers, by S3 bucket or by Azure's `account/container`.
    """

    def __init__(
        self,
        cloud: Emulator,
        work_dir: Path,
        folders: Mapping[str, Path],
        *,
        most_instances: int | None = None,
        has_times: bool = True,
    ) -> None:
        """Keep zips in `work_dir`. `most_instances` limits the instances of a function, for machines with few cores.

        Without `has_times`, the times of the files are not those of the provider, and nothing is known of these.
        """
        self.functions: dict[str, Function] = {}
        self.transfers: dict[str, Transfer] = {}
        self.schedules: dict[str, Schedule] = {}
        self._cloud = cloud
        self._work = work_dir
        self._folders = folders
        self._most_instances = most_instances
        self._has_times = has_times
        self._deployed: dict[str, Json] = {}
        self.applied: list[Resource] = []

    def follow(self, document: Json) -> None:
        """Run what the state says (`terraform.show_json()`), after an apply or a destroy.

        Functions that did not change keep running.
        Raises UnknownToEmulatorError, before anything is started, if a resource is unknown.
        """
        found = resources(document)
        for resource in found:
            self._check_is_known(resource)
        wanted = {resource["name"]: resource for resource in found if resource.kind == _FUNCTION}
        buckets = {resource["name"]: resource for resource in found if resource.kind == "google_storage_bucket"}
        specs = {name: self._function(function, buckets) for name, function in wanted.items()}
        transfers = [r for r in found if r.kind == "google_storage_transfer_job"]
        self.transfers = {
            job.address: transfer(job, self._cloud, self._folders, has_times=self._has_times) for job in transfers
        }
        schedules = {job["name"]: job for job in found if job.kind == "google_cloud_scheduler_job"}
        called = {name: called_function(job, wanted) for name, job in schedules.items()}
        self.applied = found
        self._cloud.permissions.put(self, policy_of(self._cloud.project, found))
        self._start(specs, wanted)
        self.schedules = {
            name: schedule(job, self.functions[called[name]], wanted[called[name]], self._cloud.permissions)
            for name, job in schedules.items()
        }

    @contextmanager
    def without(self, address: str) -> Iterator[None]:
        """Take a grant away until the end of the block, as if its resource had never been applied."""
        project, store = self._cloud.project, self._cloud.permissions
        if address not in {one.address for one in self.applied if is_grant(one)}:
            raise LookupError(f"{address} is no grant that was applied.")
        store.put(self, policy_of(project, self.applied, without=address))
        try:
            yield
        finally:
            store.put(self, policy_of(project, self.applied))

    def stop(self) -> None:
        """Delete the functions, and forget the grants."""
        for name in list(self._deployed):
            self._cloud.delete_function(name)
        self._cloud.permissions.remove(self)

    def check_creation(self, name: str) -> None:
        """Raise PermissionError if an account of Google's services could not create the function."""
        function = next(one for one in self.applied if one.kind == _FUNCTION and one["name"] == name)
        policy = self._cloud.permissions.policy
        for step in creation_steps(function_plan(function)):
            if refusal := step.refusal(policy):
                raise PermissionError(refusal)

    def _check_is_known(self, resource: Resource) -> None:
        running = (_FUNCTION, "google_storage_transfer_job", "google_cloud_scheduler_job")
        if resource.kind not in (*running, *_NOTHING_TO_RUN) and not resource.kind.endswith(
            ("_iam_binding", "_iam_member")
        ):
            raise UnknownToEmulatorError(f"{resource.address}: the emulator does not know {resource.kind}.")
        project = resource.values.get("project")
        if resource.kind in running and project != self._cloud.project:
            raise resource.error("project", f"is {project!r}, but the emulator runs {self._cloud.project!r}")

    def _start(self, specs: Mapping[str, FunctionSpec], wanted: Mapping[str, Resource]) -> None:
        for name in self._deployed.keys() - wanted.keys():
            self._cloud.delete_function(name)
            del self._deployed[name], self.functions[name]
        for name, spec in specs.items():
            if self._deployed.get(name) != wanted[name].values:
                self.check_creation(name)
                self._download(wanted[name], spec.source)
                self.functions[name] = self._cloud.deploy(spec)
                self._deployed[name] = wanted[name].values

    def _function(self, function: Resource, buckets: Mapping[str, Resource]) -> FunctionSpec:
        function.check_names(
            "name id project location description labels effective_labels terraform_labels",
            "build_config service_config event_trigger url state environment deletion_policy",
            "kms_key_name timeouts update_time",
        )
        build = function.required("build_config")
        build.check_names("runtime entry_point source docker_repository service_account automatic_update_policy build")
        if not str(build["runtime"]).startswith("python3"):
            raise build.error("runtime", f"is {build['runtime']!r}, but the emulator runs only Python")
        trigger = _trigger_bucket(function, buckets)
        signature = "cloudevent" if trigger else "http"
        service = _service(function, _MAX_SECONDS[signature])
        instances = service["max_instance_count"]
        return FunctionSpec(
            name=function["name"],
            source=self._work / "deployed" / f"{function['name']}.zip",
            entry_point=build["entry_point"],
            environment=_without_execution_ids(service["environment_variables"] or {}),
            trigger_bucket=trigger,
            signature="cloudevent" if trigger else "http",
            max_instances=min(instances, self._most_instances or instances),
            timeout_seconds=service["timeout_seconds"],
            service_account=member_in(service, "service_account_email"),
            trigger_invoker=trigger_invoker(function),
        )

    def _download(self, function: Resource, target: Path) -> None:
        source = function.required("build_config").required("source").required("storage_source")
        target.parent.mkdir(parents=True, exist_ok=True)
        self._cloud.storage.bucket(source["bucket"]).blob(source["object"]).download_to_filename(str(target))


def _without_execution_ids(environment: Mapping[str, str]) -> dict[str, str]:
    """With this variable of Google's, the functions framework rewrites each log line to add an id."""
    return {name: value for name, value in environment.items() if name != "LOG_EXECUTION_ID"}


def _service(function: Resource, longest_seconds: int) -> Resource:
    service = function.required("service_config")
    service.check_names(
        "environment_variables service_account_email ingress_settings",
        "all_traffic_on_latest_revision uri timeout_seconds max_instance_request_concurrency",
        "max_instance_count min_instance_count service available_memory available_cpu gcf_uri",
    )
    service.check_value("ingress_settings", "ALLOW_INTERNAL_ONLY", "ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB")
    service.check_value("all_traffic_on_latest_revision", True)
    service.check_value("max_instance_request_concurrency", 1)
    if service["timeout_seconds"] > longest_seconds:
        raise service.error("timeout_seconds", f"is {service['timeout_seconds']}, but Google allows {longest_seconds}")
    return service


def _trigger_bucket(function: Resource, buckets: Mapping[str, Resource]) -> str | None:
    """Return the bucket of the event trigger, or None if the function is called by HTTP."""
    trigger = function.block("event_trigger")
    if trigger is None:
        return None
    trigger.check_names(
        "event_type event_filters trigger trigger_region retry_policy service_account_email",
        "pubsub_topic",
    )
    trigger.check_value("event_type", FINALIZED)
    trigger.check_value("retry_policy", "RETRY_POLICY_RETRY")  # the emulator always delivers again
    filters = trigger["event_filters"]
    if [one["attribute"] for one in filters] != ["bucket"] or filters[0]["operator"]:
        raise trigger.error("event_filters", f"is {filters}, but the emulator knows only one exact bucket")
    bucket = buckets.get(filters[0]["value"])
    if bucket is None:
        raise trigger.error("event_filters", f"names the bucket {filters[0]['value']!r}, which was not applied")
    trigger.check_value("trigger_region", str(bucket["location"]).lower())
    return str(bucket["name"])
