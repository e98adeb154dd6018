"""Storage Transfer's account of a project, as the stand-in of google knows it."""

from __future__ import annotations

from tests.emulator.terraform_provider.facts import facts
from tests.emulator.terraform_provider.provider import stable_number


def subject_id(project: str) -> str:
    """Return what storagetransfer.googleapis.com answers before any apply."""
    account = facts("google").data_sources["google_storage_transfer_project_service_account"]
    template: str = account.attributes["subject_id"]["value"]
    return template.format(project_number=stable_number(project))
