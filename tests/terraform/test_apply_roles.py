"""The roles of the person who applies suffice for every resource type of the root and its modules.

`role_permissions.json` has what Google's roles include. Its source is named in it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from billing_cli.apply_roles import ROLES, Role
from tests.support.paths import TERRAFORM

INCLUDED = json.loads(Path(__file__).with_name("role_permissions.json").read_text())["roles"]
TYPE = re.compile(r'^(?:resource|data) "(google_\w+)"', re.M)


def test_every_resource_type_of_terraform_has_its_roles() -> None:
    files = [path for path in TERRAFORM.rglob("*.tf") if not {".terraform", "tests"} & set(path.parts)]
    types = {kind for path in files for kind in TYPE.findall(path.read_text())}

    assert {kind for role in ROLES for kind in role.types} == types


@pytest.mark.parametrize("role", ROLES, ids=lambda role: f"{role.name} on {role.on}")
def test_role_includes_the_permissions_that_it_is_for(role: Role) -> None:
    assert sorted(set(role.permissions) - set(INCLUDED[role.name])) == []
