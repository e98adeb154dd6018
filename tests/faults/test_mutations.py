"""Mutations name tests and functions that exist. `make faults` runs them all in its long form.

Without the scenario runner: names are looked up, and nothing is loaded.
"""

from __future__ import annotations

import ast
import re
from pkgutil import resolve_name

import pytest

from tests.faults.mutations import MUTATIONS
from tests.support.paths import FUNCTIONS, ROOT

MODULES = [*(FUNCTIONS / "billing").rglob("*.py"), *(ROOT / "tests" / "fakes").rglob("*.py")]


def users_of(module: str, name: str) -> set[str]:
    """Return the modules that import `name` from `module`: each has it under its own name."""
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
def test_mutation_names_an_existing_test(name: str) -> None:
    path, _, test = MUTATIONS[name].caught_by.partition("::")
    function = re.sub(r"\[.*", "", test)

    assert f"def {function}(" in (ROOT / path).read_text()


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_replaces_existing_names(name: str) -> None:
    for change in MUTATIONS[name].changes:
        assert resolve_name(change.target) is not None or change.target.endswith("keep_for_job")


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_replaces_its_function_in_every_module(name: str) -> None:
    """A function must be replaced in every module that imports it."""
    targets = {change.target for change in MUTATIONS[name].changes}

    used = set()
    for module, _, attribute in (target.rpartition(".") for target in targets):
        real = resolve_name(f"{module}:{attribute}") if module_exists(module) else None
        defined_in = getattr(real, "__module__", module)
        used |= {f"{user}.{attribute}" for user in users_of(defined_in, attribute)}

    assert used - targets == set(), "name these in the mutation, too"


def module_exists(name: str) -> bool:
    return any(module_name(path) == name for path in MODULES)
