"""The root is formatted and valid on both provider versions, and its native tests pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator.terraform_provider import GOOGLE_VERSIONS, Terraform
from tests.emulator.terraform_provider.binary import real_providers
from tests.support.paths import TERRAFORM

NATIVE_TESTS = sorted(path.name for path in (TERRAFORM / "tests").glob("*.tftest.hcl"))
# Rules about variables call no provider, so they run on one version only.
PROVIDER_TESTS = [name for name in NATIVE_TESTS if not name.startswith("rules_")]


@pytest.mark.parametrize(
    ("version", "files"), zip(GOOGLE_VERSIONS, (NATIVE_TESTS, PROVIDER_TESTS), strict=True), ids=GOOGLE_VERSIONS
)
def test_root_is_valid_and_its_native_tests_pass(tmp_path: Path, version: str, files: list[str]) -> None:
    with Terraform(TERRAFORM, tmp_path, {}, google_version=version) as terraform:
        terraform.init()
        terraform.run("fmt", "-check", "-recursive", "-diff")
        terraform.validate()
        outcome = terraform.test(*[f"-filter=tests/{name}" for name in files])

    assert " passed, 0 failed" in outcome.output
    assert [name for name in files if f"tests/{name}... pass" not in outcome.output] == []


@pytest.mark.skipif(not real_providers(), reason="Needs a provider registry: set TF_PROVIDERS=real.")
@pytest.mark.timeout(600)
def test_root_is_valid_on_the_real_providers(tmp_path: Path) -> None:
    with Terraform(TERRAFORM, tmp_path, {}, providers="real") as terraform:
        terraform.init()
        terraform.validate()
        outcome = terraform.test()

    assert " passed, 0 failed" in outcome.output
