"""Mutations name real tests and real names. The long form of `make faults` runs them all."""

from __future__ import annotations

import ast
import re
from pkgutil import resolve_name

import pytest

from tests.faults.mutations import MUTATIONS
from tests.support.paths import FUNCTIONS, ROOT

MODULES = [*(FUNCTIONS / "billing").rglob("*.py"), *(ROOT / "tests" / "fakes").rglob("*.py")]


def users_of(module: str, name: str) -> set[str]:
    """The modules that import `name` from `module`, under a name of their own."""
    return {
        module_name(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == module and name in [one.name for one in node.names]
    }


def module_name(path: object) -> str:
    relative = str(path).removeprefix(f"{FUNCTIONS}/").removeprefix(f"{ROOT}/")
    return relative.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_names_a_test_that_exists(name: str) -> None:
    path, _, test = MUTATIONS[name].caught_by.partition("::")
    function = re.sub(r"\[.*", "", test)

    assert f"def {function}(" in (ROOT / path).read_text()


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_replaces_names_that_exist(name: str) -> None:
    for change in MUTATIONS[name].changes:
        assert resolve_name(change.target) is not None or change.target.endswith("keep_for_job")


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_reaches_every_user_of_its_function(name: str) -> None:
    """A function that other modules import must be replaced in each of them."""
    targets = {change.target for change in MUTATIONS[name].changes}
    for module, _, attribute in (target.rpartition(".") for target in targets):
        real = resolve_name(f"{module}:{attribute}") if module_exists(module) else None
        defined_in = getattr(real, "__module__", module)
        missing = {f"{user}.{attribute}" for user in users_of(defined_in, attribute)} - targets

        assert not missing, f"{sorted(missing)} also use {attribute}: name them in the mutation"


def module_exists(name: str) -> bool:
    return any(module_name(path) == name for path in MODULES)
