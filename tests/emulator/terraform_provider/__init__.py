"""Run Terraform without a registry: a runner, and stand-ins for the four providers."""

from tests.emulator.terraform_provider.binary import Binary, NoTerraformError, find_terraform
from tests.emulator.terraform_provider.facts import GOOGLE_VERSIONS
from tests.emulator.terraform_provider.results import Plan, Result, TerraformError
from tests.emulator.terraform_provider.runner import Terraform
from tests.emulator.terraform_provider.state import UnknownToEmulatorError

__all__ = [
    "GOOGLE_VERSIONS",
    "Binary",
    "NoTerraformError",
    "Plan",
    "Result",
    "Terraform",
    "TerraformError",
    "UnknownToEmulatorError",
    "find_terraform",
]
