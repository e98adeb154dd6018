"""Google's analyzer takes every SQL text in the Markdown pages, with the tables and views that they name."""

from __future__ import annotations

import pytest

from tests.googlesql.analyzer import Analyzer, Warehouse
from tests.googlesql.conftest import warehouse_of
from tests.googlesql.known_kinds import WRITE_AGAIN, known_kinds
from tests.googlesql.pages import Snippet, documented_tables, snippets

pytestmark = pytest.mark.timeout(300)  # the first test of a machine waits until GoogleSQL is compiled


@pytest.fixture(scope="module")
def warehouse(analyzer: Analyzer) -> Warehouse:
    return warehouse_of(analyzer, documented_tables())


@pytest.mark.parametrize("snippet", snippets(), ids=str)
def test_text_of_a_page_is_accepted(analyzer: Analyzer, warehouse: Warehouse, snippet: Snippet) -> None:
    with analyzer.collecting() as kinds:
        warehouse.analyze(snippet.sql)

    assert kinds - known_kinds() == set(), WRITE_AGAIN


def test_pages_have_blocks_and_lines_with_sql() -> None:
    pages = [snippet.page for snippet in snippets()]

    assert len(pages) > 12
    assert {"README.md", "terraform/README.md", "functions/docs/unverified.md"} <= set(pages)
