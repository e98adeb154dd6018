"""Notification channels and the alert policies that use them."""

from __future__ import annotations

import time

from tests.emulator.terraform_provider.services import Recorded
from tests.emulator.terraform_provider.values import Object, ProviderError

_UPDATE_SECONDS = 0.2


class AlertPolicy(Recorded):
    """It tells its channels that it uses them."""

    def __init__(self, used: dict[str, list[str]]) -> None:
        self._used = used  # channels, by policy

    def read(self, state: Object) -> Object:
        self._used[state["name"]] = state.get("notification_channels") or []
        return state

    def create(self, state: Object) -> Object:
        return self.read(state)

    def update(self, prior: Object, state: Object) -> Object:
        """Take a moment: a channel that Terraform deletes at the same time is still in use."""
        time.sleep(_UPDATE_SECONDS)
        return self.read(state)

    def delete(self, state: Object) -> None:
        self._used.pop(state["name"], None)


class NotificationChannel(Recorded):
    """cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannels/delete"""

    def __init__(self, used: dict[str, list[str]]) -> None:
        self._used = used

    def delete(self, state: Object) -> None:
        users = [policy for policy, channels in self._used.items() if state["name"] in channels]
        if users and not state.get("force_delete"):
            why = f"{state['name']} is used by {', '.join(sorted(users))}"
            raise ProviderError(f"googleapi: Error 400: The notification channel cannot be deleted: {why}")
