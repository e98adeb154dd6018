"""The Markdown pages keep their promises: tables, settings, commands and links are those of the repository."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
from cogapp import Cog

from billing.settings import _FIELDS
from tests.support.pages import DOCS, README, Page, ends_a_sentence, pages, sentences_in
from tests.support.paths import ROOT

PAGES = pages()
CODES = Page(DOCS / "errors.md")


def _named(page: Page) -> str:
    return page.name


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_generated_tables_are_those_of_the_code(page: Page) -> None:
    quiet = ["cog", "--check", "--verbosity=0", "-p", "from tests.support import tables", str(page.path)]

    assert Cog().main(quiet) == 0, "run: make docs"


def test_every_setting_of_a_source_is_described() -> None:
    described = set(re.findall(r"`SOURCES__<KEY>__([A-Z_]+)`", Page(DOCS / "operations.md").text))

    assert described == _FIELDS


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = {target for page in PAGES for target in re.findall(r"[`\n ]make ([a-z-]+)", _code(page))}
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout

    assert {"demo", "test", "sweep", "status"} <= targets
    assert targets <= set(re.findall(r"make ([a-z-]+)", listed))


def test_every_code_that_is_logged_is_on_the_page_of_errors() -> None:
    source = "".join(path.read_text() for path in (ROOT / "functions" / "billing").rglob("*.py"))
    logged = re.findall(r'(?:(?:Skip|Wait|Finding)\(\s*|code=|return )"([A-Z_]+)"', source)
    described = set(re.findall(r"`([A-Z_]+)`", CODES.text))

    assert {"WAITING_TO_SETTLE", "ROW_COUNT_MISMATCH", "BUG", "VIEW_FAILED"} <= set(logged) <= described


def test_queries_keep_currencies_apart() -> None:
    sums = [query for page in PAGES for query in page.queries() if "SUM(" in query]
    groups = [re.search(r"^ *GROUP BY (.*)$", query, re.MULTILINE) for query in sums]

    assert len(sums) == 9
    assert all(group and "currency" in group[1].split(", ") for group in groups)


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_relative_links_lead_to_files_and_headings(page: Page) -> None:
    assert list(_broken_links(page)) == []


def test_readme_has_at_most_150_lines() -> None:
    assert len(README.read_text().splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_lines_outside_tables_have_at_most_120_characters(page: Page) -> None:
    assert page.long_lines(120) == []


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_a_line_is_one_sentence(page: Page) -> None:
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


def _code(page: Page) -> str:
    """The page's code spans and blocks; each begins a line, so that prose about what to make is not looked at."""
    spans = [child.content for token in page.tokens for child in token.children or () if child.type == "code_inline"]
    blocks = [token.content for token in page.tokens if token.type in ("fence", "code_block")]
    return "\n" + "\n".join([*spans, *blocks])


def _broken_links(page: Page) -> Iterator[str]:
    for target in page.links():
        if "://" in target or target.startswith("mailto:"):
            continue
        file, _, anchor = target.partition("#")
        path = (page.path.parent / file).resolve() if file else page.path
        if not path.exists() or (anchor and anchor not in Page(path).anchors):
            yield target
