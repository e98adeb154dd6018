"""Entry points of the deployed functions. All of them have the environment that billing.settings reads."""

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request
from werkzeug.exceptions import ServiceUnavailable

from billing.workflows.events import handle_event
from billing.workflows.guard import RetryLater
from billing.workflows.start import settings_or_exit

_SETTINGS = settings_or_exit()


@functions_framework.cloud_event
def load_aws(event: CloudEvent) -> None:
    """Handle google.cloud.storage.object.v1.finalized in the AWS landing bucket."""
    _handle(event, "aws")


@functions_framework.cloud_event
def load_azure(event: CloudEvent) -> None:
    """Handle google.cloud.storage.object.v1.finalized in the Azure landing bucket."""
    _handle(event, "azure")


@functions_framework.http
def sweep(request: Request) -> tuple[dict[str, object], int]:
    """Load what events missed, and audit the tables. The schedule calls it every hour.

    If it achieved nothing, the answer is 503. Cloud Scheduler then logs an error, and does not try again.
    """
    from billing.workflows.sweep import sweep as run

    report = run(_SETTINGS)
    return report, 503 if report["stalled"] else 200


def _handle(event: CloudEvent, provider: str) -> None:
    try:
        handle_event(_SETTINGS, provider, event.get_data() or {})
    except RetryLater as exc:
        raise ServiceUnavailable(str(exc)) from None
