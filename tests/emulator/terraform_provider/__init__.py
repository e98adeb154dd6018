"""Terraform without a binary and without a registry: the runner, and stand-ins for the four providers."""

from tests.emulator.terraform_provider.binary import Binary, NoTerraformError, find_terraform
from tests.emulator.terraform_provider.facts import GOOGLE_VERSIONS
from tests.emulator.terraform_provider.runner import Plan, Result, Terraform, TerraformError
from tests.emulator.terraform_provider.state import UnknownToLocalCloudError

__all__ = [
    "GOOGLE_VERSIONS",
    "Binary",
    "NoTerraformError",
    "Plan",
    "Result",
    "Terraform",
    "TerraformError",
    "UnknownToLocalCloudError",
    "find_terraform",
]
