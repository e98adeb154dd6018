"""The root as Terraform itself judges it: formatted, valid on both provider versions, and green in its native tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator.terraform_provider import GOOGLE_VERSIONS, Terraform
from tests.emulator.terraform_provider.binary import real_providers
from tests.support.paths import TERRAFORM

NATIVE_TESTS = sorted(path.name for path in (TERRAFORM / "tests").glob("*.tftest.hcl"))
# Rules about variables fail before a provider is asked for anything: they are run on one version only.
OF_PROVIDERS = [name for name in NATIVE_TESTS if not name.startswith("rules_")]


@pytest.mark.parametrize(
    ("version", "files"), zip(GOOGLE_VERSIONS, (NATIVE_TESTS, OF_PROVIDERS), strict=True), ids=GOOGLE_VERSIONS
)
def test_the_root_is_formatted_and_valid_and_its_native_tests_pass(
    tmp_path: Path, version: str, files: list[str]
) -> None:
    with Terraform(TERRAFORM, tmp_path, {}, google_version=version) as terraform:
        terraform.init()
        terraform.run("fmt", "-check", "-recursive", "-diff")
        terraform.validate()
        outcome = terraform.test(*[f"-filter=tests/{name}" for name in files])

    assert " passed, 0 failed" in outcome.output
    assert [name for name in files if f"tests/{name}... pass" not in outcome.output] == []


@pytest.mark.skipif(not real_providers(), reason="wants a provider registry: TF_PROVIDERS=real asks for it")
@pytest.mark.timeout(600)
def test_the_real_providers_find_the_root_valid_and_its_native_tests_pass(tmp_path: Path) -> None:
    with Terraform(TERRAFORM, tmp_path, {}, providers="real") as terraform:
        terraform.init()
        terraform.validate()
        outcome = terraform.test()

    assert " passed, 0 failed" in outcome.output
