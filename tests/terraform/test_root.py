"""The root as Terraform itself judges it: formatted, valid on both provider versions, and green in its native tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local_cloud.terraform import GOOGLE_VERSIONS, Terraform

ROOT = Path(__file__).parents[2] / "terraform"


@pytest.mark.parametrize("version", GOOGLE_VERSIONS)
def test_the_root_is_formatted_and_valid_and_its_native_tests_pass(tmp_path: Path, version: str) -> None:
    with Terraform(ROOT, tmp_path, {}, google_version=version) as terraform:
        terraform.init()
        terraform.run("fmt", "-check", "-recursive", "-diff")
        terraform.validate()
        outcome = terraform.test()

    assert " passed, 0 failed" in outcome.output
