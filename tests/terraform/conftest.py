"""Small Terraform roots that tests write and apply to the emulator of the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest

from tests.emulator import Emulator
from tests.emulator.terraform_provider import Terraform
from tests.emulator.terraform_provider.deployment import provider_environment

PROVIDER = """
terraform {
  required_providers {
    google      = { source = "hashicorp/google", version = "~> 8.0" }
    google-beta = { source = "hashicorp/google-beta", version = "~> 8.0" }
    archive     = { source = "hashicorp/archive" }
    time        = { source = "hashicorp/time" }
  }
}
provider "google" {
  project = "local-project"
  region  = "europe-west1"
}
provider "google-beta" {
  project = "local-project"
}
"""


class Roots(Protocol):
    def __call__(self, hcl: str, **options: Any) -> Terraform:
        """Initialise a root with the providers and `hcl`. `NAME` in it becomes a name that only this test uses."""


@pytest.fixture
def name() -> str:
    return f"t{uuid4().hex[:10]}"


@pytest.fixture
def root(emulator: Emulator, tmp_path: Path, name: str) -> Iterator[Roots]:
    with ExitStack() as opened:

        def make(hcl: str, **options: Any) -> Terraform:
            write(tmp_path, hcl, name)
            terraform = Terraform(tmp_path / "root", tmp_path / "work", provider_environment(emulator), **options)
            opened.enter_context(terraform)
            terraform.init()
            return terraform

        yield make


def write(folder: Path, hcl: str, name: str) -> None:
    (folder / "root").mkdir(exist_ok=True)
    (folder / "root" / "main.tf").write_text(PROVIDER + hcl.replace("NAME", name))


def rewrite(terraform: Terraform, hcl: str, name: str) -> None:
    """Replace the configuration and keep the state."""
    (terraform.root / "main.tf").write_text(PROVIDER + hcl.replace("NAME", name))
