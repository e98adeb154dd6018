"""Storage Transfer's account of a project, as the stand-in of google knows it."""

from __future__ import annotations

from tests.emulator.terraform_provider.facts import GOOGLE_VERSIONS
from tests.emulator.terraform_provider.messages import MESSAGES
from tests.emulator.terraform_provider.provider import Provider
from tests.emulator.terraform_provider.values import decode, encode

_ACCOUNT = "google_storage_transfer_project_service_account"


def subject_id(project: str) -> str:
    """Return what storagetransfer.googleapis.com answers before any apply."""
    read = Provider("google", GOOGLE_VERSIONS[0], {}).method("ReadDataSource")
    answer = read(MESSAGES["TypedConfig"](type_name=_ACCOUNT, config=encode({"project": project})))
    return str(decode(answer.state)["subject_id"])
