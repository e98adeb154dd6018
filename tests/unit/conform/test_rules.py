"""Every contract test belongs to a rule, and every line of unverified.md has its test or its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conform.plugin import Finding, Results, Verdict
from tests.conform.table import Unverified, lines, read_unverified, summary
from tests.contract.rules import Rule, read_rules
from tests.support.paths import ROOT

CONTRACT = ROOT / "tests" / "contract"
LOCAL_FIXTURES = {"emulator", "emulator_environment"}
# they check the emulator's judge of requests, and its start
WITHOUT_A_RULE = {"test_discovery.py", "test_events.py"}


def functions() -> Iterator[tuple[Path, ast.FunctionDef, set[str]]]:
    """Yield each contract test with its file and its markers, also those of the file."""
    for path in sorted(CONTRACT.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        of_file = [
            node.value for node in tree.body if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node)
        ]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path, node, {ast.unparse(one).split("(")[0] for one in [*of_file, *node.decorator_list]}


def runs_on_google(markers: set[str]) -> bool:
    return "pytest.mark.only_local" not in markers


TESTS = {node.name: (path, node, markers) for path, node, markers in functions()}
UNVERIFIED = read_unverified()


def test_every_contract_test_belongs_to_a_rule() -> None:
    named = {test for rule in read_rules() for test in rule.tests}
    conform = {name for name, (_, _, markers) in TESTS.items() if runs_on_google(markers)}

    assert len(conform) > 100
    assert conform - named == set(), "add them to a rule in rules.toml, or give them only_local with the reason"
    assert named - set(TESTS) == set(), "rename them in tests/contract/rules.toml"


def test_test_of_a_rule_runs_on_google_or_is_about_functions() -> None:
    local = {rule.group for rule in read_rules() for test in rule.tests if not runs_on_google(TESTS[test][2])}

    assert local == {"events and functions"}


@pytest.mark.parametrize("name", TESTS)
def test_test_with_the_emulators_own_controls_says_why(name: str) -> None:
    _, node, markers = TESTS[name]

    uses = {argument.arg for argument in node.args.args}

    assert not uses & LOCAL_FIXTURES or not runs_on_google(markers), "give it the marker only_local, with the reason"


@pytest.mark.parametrize("line", UNVERIFIED, ids=lambda line: line.point[:40])
def test_unverified_point_has_a_test_or_a_reason(line: Unverified) -> None:
    assert line.tests or line.answer.startswith("no: ")
    assert all(runs_on_google(TESTS[test][2]) for test in line.tests)


def test_page_has_many_unverified_points() -> None:
    assert len(UNVERIFIED) > 20
    assert sum(bool(line.tests) for line in UNVERIFIED) > 15


RULES = [
    Rule("storage", "one rule", "REST", ("test_a", "test_b")),
    Rule("storage", "other rule", "docs", ("test_c",)),
    Rule("storage", "unasked rule", "docs", ("test_d",)),
]


def test_table_has_the_worst_verdict_of_each_rule() -> None:
    agrees, differs, refused = Verdict.AGREES, Verdict.DIFFERS, Verdict.REFUSED
    results = Results(
        {"test_a": {agrees}, "test_b": {agrees, differs}, "test_c": {agrees, refused}},
        [Finding("test_b[2]", differs, "assert 1 == 2")],
        only_local={"test_e": "it needs a clock"},
    )

    printed = list(lines(RULES, results))

    assert printed[:4] == ["", "Rules of storage", "  differs  one rule  [REST]", "  refused  other rule  [docs]"]
    assert "  differs  test_b[2]: assert 1 == 2" in printed
    assert printed[-3:] == ["Only on the emulator and the fakes", "  it needs a clock:", "    test_e"]
    assert not [line for line in printed if "unasked" in line]
    assert summary(results) == "1 agrees, 1 differs, 1 refused"


def test_table_has_every_unverified_point() -> None:
    results = Results({"test_values_are_read_exactly": {Verdict.AGREES}})

    printed = "\n".join(lines([], results))

    assert "  agrees   whether BigQuery reads an exponent (`1.81E-8`)" in printed
    assert "  not run  whether a load job with `timestampFormat`" in printed
    assert "  not here the names of the fee SKUs" in printed
