"""The rules of architecture.md and CONTRIBUTING.md about the code in functions/ that imports do not show."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import billing
from tests.support.paths import FUNCTIONS

PURE = ("manifests", "columns", "decisions", "views")
# What makes a result depend on more than the arguments. `read_bytes` and `read_text` read the files in schemas/.
IMPURE = {"getenv", "input", "now", "open", "print", "today", "utcnow"}
MAX_FUNCTION_LINES = 35
MAX_MODULE_LINES = 250
LONG_MODULES = {"billing/errors.py"}  # one table
ALL = sorted(FUNCTIONS.rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def impure_calls(tree: ast.AST) -> list[str]:
    """Return the calls of the clock, the environment, files and the screen, with their lines."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [
        (call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", ""), call.lineno)
        for call in calls
    ]
    return [f"{name} in line {line}" for name, line in names if name in IMPURE]


def imports_of(tree: ast.AST) -> set[str]:
    """Return the top-level package of each import, also of those inside functions."""
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")
    return {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize("package", PURE)
def test_pure_package_reads_no_clock_and_no_environment(package: str) -> None:
    modules = sorted((Path(billing.__file__).parent / package).rglob("*.py"))

    found = {path.name: impure_calls(tree_of(path)) for path in modules}

    assert len(modules) > 1
    assert {name: calls for name, calls in found.items() if calls} == {}


@pytest.mark.parametrize("line", ["datetime.now(UTC)", "date.today()", "os.getenv('A')", "open('a')", "print(1)"])
def test_impure_call_is_found(line: str) -> None:
    assert impure_calls(ast.parse(f"def f():\n    return {line}")) != []


def test_entry_points_import_no_client() -> None:
    """import-linter does not see main.py, because it is not in a package."""
    imported = imports_of(tree_of(FUNCTIONS / "main.py"))

    assert imported == {"billing", "cloudevents", "flask", "functions_framework", "werkzeug"}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.relative_to(FUNCTIONS).as_posix())
def test_modules_and_functions_are_short(path: Path) -> None:
    tree = tree_of(path)

    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES]

    assert long == []
    if path.relative_to(FUNCTIONS).as_posix() not in LONG_MODULES:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_MODULE_LINES
