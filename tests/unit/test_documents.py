"""The Markdown pages are correct: generated tables, settings, commands, codes, links and form."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from operator import attrgetter

import pytest
from cogapp import Cog

from billing.settings import SOURCE_FIELDS
from tests.support.pages import DOCS, README, Page, ends_a_sentence, pages, sentences_in
from tests.support.paths import ROOT

PAGES = pages()
NAME = attrgetter("name")
GENERATED = re.compile(r"<!-- \[\[\[cog.*?\[\[\[end\]\]\] -->\n", re.DOTALL)


def code_of(page: Page) -> str:
    """Return the code spans and code blocks of a page, each on a new line. Prose may use "make" as a verb."""
    spans = [child.content for token in page.tokens for child in token.children or () if child.type == "code_inline"]
    blocks = [token.content for token in page.tokens if token.type in ("fence", "code_block")]
    return "\n" + "\n".join([*spans, *blocks])


def broken_links(page: Page) -> Iterator[str]:
    for target in page.links():
        if "://" in target or target.startswith("mailto:"):
            continue
        file, _, anchor = target.partition("#")
        path = (page.path.parent / file).resolve() if file else page.path
        if not path.exists() or (anchor and anchor not in Page(path).anchors):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=NAME)
def test_generated_tables_are_up_to_date(page: Page) -> None:
    command = ["cog", "--check", "--verbosity=0", "-p", "from tests.support import tables", str(page.path)]

    assert Cog().main(command) == 0, "run: make docs"


def test_operations_describes_every_setting_of_a_source() -> None:
    described = set(re.findall(r"`SOURCES__<KEY>__([A-Z_]+)`", Page(DOCS / "operations.md").text))

    assert described == SOURCE_FIELDS


def test_make_targets_in_pages_exist() -> None:
    targets = {target for page in PAGES for target in re.findall(r"[`\n ]make ([a-z-]+)", code_of(page))}
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout

    assert {"demo", "test", "sweep", "status"} <= targets
    assert targets <= set(re.findall(r"make ([a-z-]+)", listed))


def test_pages_count_the_kinds_of_failure_and_the_environments() -> None:
    makefile, faults = (ROOT / "Makefile").read_text(), (ROOT / "tests/faults/__main__.py").read_text()
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    counts = {count for page in PAGES for count in re.findall(r"injects (\d+) kinds of failure", page.text)}
    [named] = re.findall(r"`make setup` creates the folders (.*)\.$", contributing, re.MULTILINE)

    assert counts == {str(len(re.findall(r'^    "F\d+":', faults, re.MULTILINE)))}
    assert set(re.findall(r"`(.*?)`", named)) == set(re.findall(r"^\w*VENV := (\S+)", makefile, re.MULTILINE))


def test_queries_group_sums_by_currency() -> None:
    sums = [query for page in PAGES for query in page.queries() if "SUM(" in query]
    groups = [re.search(r"^ *GROUP BY (.*)$", query, re.MULTILINE) for query in sums]

    assert len(sums) == 9
    assert all(group and "currency" in group[1].split(", ") for group in groups)


@pytest.mark.parametrize("page", PAGES, ids=NAME)
def test_relative_links_lead_to_files_and_headings(page: Page) -> None:
    assert list(broken_links(page)) == []


def test_readme_has_at_most_140_lines_without_its_generated_table() -> None:
    written = GENERATED.sub("", README.read_text())

    assert len(written.splitlines()) <= 140


@pytest.mark.parametrize("page", PAGES, ids=NAME)
def test_lines_have_at_most_120_characters(page: Page) -> None:
    assert page.long_lines(120) == []


@pytest.mark.parametrize("page", PAGES, ids=NAME)
def test_line_has_one_sentence(page: Page) -> None:
    several = [line.number for line in page.prose() if sentences_in(line.text) > 1]
    open_ends = [line.number for line in page.prose() if line.continues and not ends_a_sentence(line.text)]

    assert (several, open_ends) == ([], [])


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("One sentence.", 1),
        ("Two of them. Like this.", 2),
        ("A question? An answer.", 2),
        ("**Bold.** Then more.", 2),
        ("Version 1.2 and table.md are one, e.g. here.", 1),
        ("A part of a sentence,", 1),
    ],
)
def test_sentences_are_counted(line: str, sentences: int) -> None:
    assert sentences_in(line) == sentences


# -- what only our own code judges ------------------------------------------------------------------------------------

OWN_JUDGE = re.compile(r"^\| .* \| `([\w/]+\.py)` \| (https://\S+) \|$", re.MULTILINE)
OWN_JUDGES = OWN_JUDGE.findall((ROOT / "tests/emulator/README.md").read_text(encoding="utf-8"))
NO_JUDGE = re.compile(r"Google\s+publishes\s+no\s")


@pytest.mark.parametrize(("module", "source"), OWN_JUDGES, ids=[module for module, _ in OWN_JUDGES])
def test_code_without_a_judge_says_so_and_names_its_source(module: str, source: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / "tests" / module).read_text(encoding="utf-8"))) or ""

    assert NO_JUDGE.search(docstring)
    assert source in docstring


def test_all_code_without_a_judge_is_in_the_page() -> None:
    modules = {path.relative_to(ROOT / "tests").as_posix(): path for path in (ROOT / "tests").rglob("*.py")}
    texts = {name: path.read_text(encoding="utf-8") for name, path in modules.items() if "/test_" not in name}

    saying = {name for name, text in texts.items() if NO_JUDGE.search(ast.get_docstring(ast.parse(text)) or "")}

    assert saying == {module for module, _ in OWN_JUDGES}
