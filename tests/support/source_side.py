"""The roots of the AWS and the Azure side, planned and applied to the stand-ins, as tests and the demo use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.emulator.terraform_provider import Terraform
from tests.support.paths import TERRAFORM

SOURCE_SIDES = ("aws", "azure")
AWS_SIDE: Mapping[str, Any] = {
    "account_id": "123456789012",
    "bucket": "acme-billing-exports",
    "google_subject_id": "112233445566778899001",
}
AZURE_SIDE: Mapping[str, Any] = {
    "subscription_id": "11111111-2222-3333-4444-555555555555",
    "storage_account": "acmebilling",
    "google_subject_id": "112233445566778899001",
}
_REATTACH = "TF_REATTACH_PROVIDERS"


def source_root(side: str) -> Path:
    return TERRAFORM / "source" / side


@contextmanager
def source_sides(
    work_dir: Path, aws: Mapping[str, Any] = AWS_SIDE, azure: Mapping[str, Any] = AZURE_SIDE
) -> Iterator[dict[str, Terraform]]:
    """Yield Terraform on both roots, initialised. One process serves the providers of both."""
    with Terraform(source_root("aws"), work_dir / "aws", {}, variables=aws) as first:
        shared = {_REATTACH: first.environment[_REATTACH]}
        with Terraform(source_root("azure"), work_dir / "azure", shared, variables=azure) as second:
            for terraform in (first, second):
                terraform.init()
            yield {"aws": first, "azure": second}
