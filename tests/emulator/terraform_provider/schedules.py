"""Cloud Scheduler: an applied job calls its function as the account of its token."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from tests.emulator.function_instances import Answer
from tests.emulator.functions import Function
from tests.emulator.permissions import PolicyStore
from tests.emulator.permissions.invocation import FORBIDDEN, Invoker
from tests.emulator.terraform_provider.accounts import run_service
from tests.emulator.terraform_provider.state import Resource


@dataclass(frozen=True)
class Schedule:
    """A Cloud Scheduler job. It runs only when `fire` is called."""

    address: str
    function: Function
    body: bytes
    invoker: Invoker
    permissions: PolicyStore

    def fire(self) -> Answer:
        """Call the function as the account of the job. Without a grant, Cloud Run answers 403."""
        if refusal := self.invoker.refusal(self.permissions):
            return Answer(FORBIDDEN, refusal.encode())
        return self.function.request("POST", {"User-Agent": "Google-Cloud-Scheduler"}, self.body)


def schedule(job: Resource, function: Function, called: Resource, permissions: PolicyStore) -> Schedule:
    target = job.required("http_target")
    account = f"serviceAccount:{target.required('oidc_token')['service_account_email']}"
    invoker = Invoker(account, "cloudscheduler", job["project"], run_service(called))
    return Schedule(job.address, function, base64.b64decode(target["body"] or ""), invoker, permissions)


def called_function(job: Resource, functions: Mapping[str, Resource]) -> str:
    """Return the name of the function that a job calls. Raises UnknownToEmulatorError."""
    job.check_names(
        "name id project region description schedule time_zone attempt_deadline retry_config",
        "http_target state deletion_policy timeouts",
    )
    target = job.required("http_target")
    target.check_names("uri http_method oidc_token body headers")
    target.check_value("http_method", "POST")
    target.check_value("headers", None, {})
    uris = {function.required("service_config")["uri"]: name for name, function in functions.items()}
    called = str(target["uri"]).removesuffix("/")  # Cloud Scheduler adds the slash
    if called not in uris:
        raise target.error("uri", f"is {target['uri']!r}, but no function has it: use one of {sorted(uris)}")
    token = target.required("oidc_token")  # without one, Cloud Run answers 403
    token.check_value("audience", called, None)
    return uris[called]
