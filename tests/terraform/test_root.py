"""The root is formatted and valid on the provider version that it pins, and its native tests pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.emulator.terraform_provider import GOOGLE_VERSIONS, Terraform
from tests.emulator.terraform_provider.binary import real_providers
from tests.support.paths import TERRAFORM

NATIVE_TESTS = sorted(path.name for path in (TERRAFORM / "tests").glob("*.tftest.hcl"))
PROVIDER = re.compile(r'source\s*= "hashicorp/(google|google-beta)"\n\s*version = "([^"]+)"')


def test_root_is_valid_and_its_native_tests_pass(tmp_path: Path) -> None:
    with Terraform(TERRAFORM, tmp_path, {}, google_version=GOOGLE_VERSIONS[-1]) as terraform:
        terraform.init()
        terraform.run("fmt", "-check", "-recursive", "-diff")
        terraform.validate()
        outcome = terraform.test(*[f"-filter=tests/{name}" for name in NATIVE_TESTS])

    assert " passed, 0 failed" in outcome.output
    assert [name for name in NATIVE_TESTS if f"tests/{name}... pass" not in outcome.output] == []


def test_root_and_modules_pin_one_major_version_of_the_provider() -> None:
    files = [path for path in TERRAFORM.rglob("versions.tf") if ".terraform" not in path.parts]
    pinned = {found for path in files for found in PROVIDER.findall(path.read_text())}

    assert {constraint for _, constraint in pinned} == {"~> 8.0"}
    assert GOOGLE_VERSIONS[-1].startswith("8.")


@pytest.mark.skipif(not real_providers(), reason="Needs a provider registry: set TF_PROVIDERS=real.")
@pytest.mark.timeout(600)
def test_root_is_valid_on_the_real_providers(tmp_path: Path) -> None:
    with Terraform(TERRAFORM, tmp_path, {}, providers="real") as terraform:
        terraform.init()
        terraform.validate()
        outcome = terraform.test()

    assert " passed, 0 failed" in outcome.output
