"""Terraform without a binary and without a registry: the runner, and stand-ins for the four providers."""

from tests.local_cloud.terraform.binary import Binary, NoTerraformError, find_terraform
from tests.local_cloud.terraform.facts import GOOGLE_VERSIONS
from tests.local_cloud.terraform.runner import Plan, Result, Terraform, TerraformError
from tests.local_cloud.terraform.state import UnknownToLocalCloudError

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
