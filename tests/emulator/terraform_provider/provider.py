"""Answer the calls of Terraform for any of the four providers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.emulator.permissions.agents import number
from tests.emulator.terraform_provider.api_changes import check_change, check_deletion, check_read
from tests.emulator.terraform_provider.api_requests import check_creation
from tests.emulator.terraform_provider.archive import archive_file
from tests.emulator.terraform_provider.bigquery_resources import Dataset, DatasetAccess, Table
from tests.emulator.terraform_provider.facts import Facts, Kind, facts, schema_response
from tests.emulator.terraform_provider.messages import MESSAGES
from tests.emulator.terraform_provider.planning import applied, planned, replacements
from tests.emulator.terraform_provider.rest import Rest
from tests.emulator.terraform_provider.services import Recorded, Service
from tests.emulator.terraform_provider.storage_resources import Bucket, BucketObject
from tests.emulator.terraform_provider.validation import problems
from tests.emulator.terraform_provider.values import (
    UNKNOWN,
    Object,
    ProviderError,
    Value,
    attribute_path,
    decode,
    encode,
    error_message,
)

PROVIDERS = ("google", "google-beta", "archive", "time")
STORAGE_ENDPOINT = "GOOGLE_STORAGE_CUSTOM_ENDPOINT"
BIGQUERY_ENDPOINT = "GOOGLE_BIG_QUERY_CUSTOM_ENDPOINT"
# Provider arguments and the variables that the real provider reads when they are not set.
_FROM_ENVIRONMENT = {
    "project": "GOOGLE_PROJECT",
    "region": "GOOGLE_REGION",
    "storage_custom_endpoint": STORAGE_ENDPOINT,
    "big_query_custom_endpoint": BIGQUERY_ENDPOINT,
}
# Added to every resource's labels since google 6.0, unless add_terraform_attribution_label is false.
_ATTRIBUTION = {"goog-terraform-provisioned": "true"}
# The domain of a service's agent: https://cloud.google.com/iam/docs/service-agents
_AGENTS = {
    "artifactregistry": "gcp-sa-artifactregistry",
    "cloudbuild": "gcp-sa-cloudbuild",
    "cloudfunctions": "gcf-admin-robot",
    "cloudscheduler": "gcp-sa-cloudscheduler",
    "eventarc": "gcp-sa-eventarc",
    "pubsub": "gcp-sa-pubsub",
    "run": "serverless-robot-prod",
    "secretmanager": "gcp-sa-secretmanager",
}


class Provider:
    def __init__(self, name: str, google_version: str, environment: Mapping[str, str] | None = None) -> None:
        self.facts: Facts = facts(name, google_version)
        self._is_legacy = name.startswith("google")  # SDK 2 may plan other values than configured
        self._environment = os.environ if environment is None else environment
        self._settings: Object = {}
        self._services: dict[str, Service] = {}

    def method(self, name: str) -> Callable[[Any], Any]:
        methods: dict[str, Callable[[Any], Any]] = {
            "GetProviderSchema": lambda _: schema_response(self.facts),
            "ValidateProviderConfig": lambda _: MESSAGES["ProviderDiagnostics"](),
            "ValidateResourceConfig": lambda request: self._validate(self.facts.resources, request),
            "ValidateDataResourceConfig": lambda request: self._validate(self.facts.data_sources, request),
            "UpgradeResourceState": self._upgrade,
            "ConfigureProvider": self._configure,
            "ReadResource": self._read,
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": self._apply,
            "ReadDataSource": self._read_data,
            "StopProvider": lambda _: MESSAGES["StopResponse"](),
        }
        return methods[name]

    def _validate(self, kinds: Mapping[str, Kind], request: Any) -> Any:
        found = problems(kinds[request.type_name], decode(request.config))
        return MESSAGES["Diagnostics"](diagnostics=map(error_message, found))

    def _upgrade(self, request: Any) -> Any:
        """Return the state with the attributes of this provider version."""
        state, attributes = json.loads(request.raw_state.json), self.facts.resources[request.type_name].attributes
        nested = self.facts.resources[request.type_name].block.get("block_types", {})
        kept = {name: value for name, value in state.items() if name in attributes or name in nested}
        return MESSAGES["StateResponse"](state=encode(dict.fromkeys(attributes) | kept))

    def _configure(self, request: Any) -> Any:
        given = {name: value for name, value in decode(request.config).items() if value not in (None, UNKNOWN)}
        found = {name: self._environment.get(variable) for name, variable in _FROM_ENVIRONMENT.items()}
        self._settings = {**{name: value for name, value in found.items() if value}, **given}
        storage = Rest(self._settings.get("storage_custom_endpoint"), STORAGE_ENDPOINT)
        bigquery = Rest(self._settings.get("big_query_custom_endpoint"), BIGQUERY_ENDPOINT)
        self._services = {
            "google_storage_bucket": Bucket(storage),
            "google_storage_bucket_object": BucketObject(storage),
            "google_bigquery_dataset": Dataset(bigquery),
            "google_bigquery_dataset_access": DatasetAccess(bigquery),
            "google_bigquery_table": Table(bigquery),
        }
        return MESSAGES["Diagnostics"]()

    def _service(self, kind: str) -> Service:
        return self._services.get(kind) or Recorded()

    def _read(self, request: Any) -> Any:
        prior = decode(request.current_state)
        check_read(self.facts.resources[request.type_name], prior)
        state = self._service(request.type_name).read(prior)
        return MESSAGES["StateResponse"](state=encode(state))

    def _plan(self, request: Any) -> Any:
        kind, prior, proposed = self._decoded(request, "proposed_new_state")
        if proposed is None:
            return MESSAGES["PlanResponse"](planned_state=encode(None), legacy_type_system=self._is_legacy)
        for name in ("project", "region"):
            if prior is None and name in kind.attributes and proposed[name] is None:
                proposed[name] = self._settings.get(name)
        plan = planned(kind, proposed, prior)
        self._plan_labels(kind, plan)
        by_service = self._service(kind.name).planned(plan, prior)
        paths = [*replacements(kind, prior, plan), *[(name,) for name in by_service]] if prior else []
        return MESSAGES["PlanResponse"](
            planned_state=encode(plan),
            requires_replace=map(attribute_path, paths),
            legacy_type_system=self._is_legacy,
        )

    def _plan_labels(self, kind: Kind, plan: Object) -> None:
        if "effective_labels" not in kind.attributes:
            return
        labels = plan.get("labels")
        attribution = {} if self._settings.get("add_terraform_attribution_label") is False else _ATTRIBUTION
        merged = {
            **attribution,
            **(self._settings.get("default_labels") or {}),
            **(labels if isinstance(labels, dict) else {}),
        }
        for name in {"effective_labels", "terraform_labels"} & kind.attributes.keys():
            plan[name] = UNKNOWN if labels is UNKNOWN else merged

    def _apply(self, request: Any) -> Any:
        kind, prior, plan = self._decoded(request, "planned_state")
        service = self._service(kind.name)
        if plan is None:
            self._delete(kind, service, prior or {})
            state = None
        else:
            wanted = self._applied(kind, plan)
            if prior is None:
                check_creation(kind, wanted)
            else:
                check_change(kind, prior, wanted)
            state = service.create(wanted) if prior is None else service.update(prior, wanted)
        return MESSAGES["ApplyResponse"](new_state=encode(state), legacy_type_system=self._is_legacy)

    def _delete(self, kind: Kind, service: Service, prior: Object) -> None:
        policy = prior.get("deletion_policy")
        if policy == "PREVENT":
            raise ProviderError(f"cannot destroy {prior.get('id')}: its deletion_policy is PREVENT")
        if policy != "ABANDON":
            check_deletion(kind, prior)
            service.delete(prior)

    def _applied(self, kind: Kind, plan: Object) -> Object:
        if kind.name == "time_static":
            return {**plan, **_moment(plan)}
        return applied(kind, plan, self._known(kind, plan))

    def _known(self, kind: Kind, plan: Object) -> Object:
        """Return the values that templates may name: the resource's attributes and the provider's settings."""
        project = plan.get("project") if isinstance(plan.get("project"), str) else self._settings.get("project")
        named = {name: value for name, value in plan.items() if isinstance(value, str)}
        identity = json.dumps([kind.name, project, named], sort_keys=True)
        return {
            **self._settings,
            **named,
            "project": project,
            "project_number": number(project) if project else None,
            "unique_number": number(identity),
            "agent": _AGENTS.get(str(plan.get("service")).partition(".")[0]),
            "now": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }

    def _read_data(self, request: Any) -> Any:
        kind, config = self.facts.data_sources[request.type_name], decode(request.config)
        if kind.name == "archive_file":
            return MESSAGES["StateResponse"](state=encode(archive_file(config)))
        project = config.get("project") or config.get("project_id") or self._settings.get("project")
        known = self._known(kind, {**config, "project": project})
        state = {**applied(kind, planned(kind, config, None), known), **_project_of(kind, project)}
        check_read(kind, {**state, "project": project})
        return MESSAGES["StateResponse"](state=encode(state))

    def _decoded(self, request: Any, name: str) -> tuple[Kind, Object | None, Object | None]:
        return self.facts.resources[request.type_name], decode(request.prior_state), decode(getattr(request, name))


def _project_of(kind: Kind, project: Value) -> Object:
    return {name: project for name in ("project", "project_id") if name in kind.attributes}


def _moment(plan: Object) -> Object:
    given = plan.get("rfc3339")
    at = datetime.fromisoformat(given) if isinstance(given, str) else datetime.now(UTC).replace(microsecond=0)
    text = at.isoformat().replace("+00:00", "Z")
    parts = {name: getattr(at, name) for name in ("year", "month", "day", "hour", "minute", "second")}
    return {"id": text, "rfc3339": text, "unix": int(at.timestamp()), **parts}
