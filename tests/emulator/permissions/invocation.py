"""Calls of a function by Google's services: an event's delivery, and the schedule.

Each is signed by an agent of Google as an account of the project, and Cloud Run asks for that account's permission.
https://cloud.google.com/run/docs/triggering/storage-triggers, https://cloud.google.com/scheduler/docs/http-target-auth
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tests.emulator.permissions.agents import Step, account_path, agent, receive_step
from tests.emulator.permissions.store import PolicyStore

_SIGNING = "https://cloud.google.com/iam/docs/service-agents"
_INVOKING = "https://cloud.google.com/run/docs/authenticating/service-to-service"
FORBIDDEN = 403


class Delivered(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def max_instances(self) -> int: ...

    def deliver(self, headers: Mapping[str, str], body: bytes) -> int: ...


@dataclass(frozen=True)
class Invoker:
    """An account that calls a Cloud Run service, and the agent that signs the call."""

    account: str
    signed_by: str  # "pubsub" or "cloudscheduler"
    project: str
    service: str  # the path of the Cloud Run service

    def refusal(self, store: PolicyStore) -> str | None:
        """Return why the call does not reach the service, or None."""
        signer, path = agent(self.signed_by, self.project), account_path(self.account, self.project)
        steps = [
            Step(signer, "iam.serviceAccounts.getOpenIdToken", path, "signs the call", _SIGNING),
            Step(self.account, "run.routes.invoke", self.service, "calls the service", _INVOKING),
        ]
        if self.signed_by == "pubsub":
            steps.insert(0, receive_step(self.project, self.account))
        return next(filter(None, (step.refusal(store.policy) for step in steps)), None)


class Trigger:
    """The trigger of a function: it delivers as its account, or answers 403. Eventarc then tries again.

    A trigger without an account of its own delivers whatever the grants are.
    """

    def __init__(self, function: Delivered, invoker: Invoker | None, store: PolicyStore) -> None:
        self._function = function
        self._invoker = invoker
        self._store = store

    @property
    def name(self) -> str:
        return self._function.name

    @property
    def max_instances(self) -> int:
        return self._function.max_instances

    def deliver(self, headers: Mapping[str, str], body: bytes) -> int:
        if self._invoker is not None and self._invoker.refusal(self._store) is not None:
            return FORBIDDEN
        return self._function.deliver(headers, body)
