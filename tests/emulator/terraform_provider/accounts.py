"""The accounts of an applied function: who builds it, as whom it runs, and who calls it."""

from __future__ import annotations

from tests.emulator.permissions.agents import FunctionPlan, TriggerPlan
from tests.emulator.permissions.invocation import Invoker
from tests.emulator.terraform_provider.state import Resource


def member_in(block: Resource, name: str) -> str | None:
    """Return the account that an argument names, as a member.

    None without one: Google then uses the default account of Compute Engine, which can edit the project.
    """
    email = str(block.values.get(name) or "").rpartition("/")[2]
    return f"serviceAccount:{email}" if email and not email.endswith("-compute@developer.gserviceaccount.com") else None


def run_service(function: Resource) -> str:
    """Return the Cloud Run service of a function. It has the name of the function."""
    return f"projects/{function['project']}/locations/{function['location']}/services/{function['name']}"


def trigger_invoker(function: Resource) -> Invoker | None:
    """Return who delivers the events, or None for a trigger without an account of its own."""
    trigger = function.block("event_trigger")
    account = member_in(trigger, "service_account_email") if trigger else None
    return Invoker(account, "pubsub", function["project"], run_service(function)) if account else None


def function_plan(function: Resource) -> FunctionPlan:
    build, trigger = function.required("build_config"), function.block("event_trigger")
    source = build.required("source").required("storage_source")
    invoker = trigger_invoker(function)
    return FunctionPlan(
        project=function["project"],
        location=function["location"],
        name=function["name"],
        source=(source["bucket"], source["object"]),
        repository=build["docker_repository"],
        builder=member_in(build, "service_account"),
        account=member_in(function.required("service_config"), "service_account_email"),
        trigger=TriggerPlan(trigger["event_filters"][0]["value"], invoker.account) if trigger and invoker else None,
    )
