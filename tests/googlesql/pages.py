"""The SQL in the Markdown pages, against the tables that the pages name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.googlesql.product import PROJECT, Conversation, documented
from tests.support.pages import Page, pages

# A query in a line of code, such as `bq query "SELECT ..."`. It reads a table, or calls a function.
_IN_LINE = re.compile(r"(?:^|[\"'])(SELECT [^\"]*?(?:\bFROM \S|\()[^\"]*?)[\"']?$")
_PLACEHOLDERS = {"<table>": "aws_export", "ds.view": "billing.billing_status", "ds.": "billing."}


@dataclass(frozen=True)
class Snippet:
    """A statement of a page."""

    page: str
    number: int  # its place among the statements of the page
    sql: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"


def snippets() -> list[Snippet]:
    """Return every statement of every page."""
    return [
        Snippet(page.name, number, sql) for page in pages() for number, sql in enumerate(_statements(page), start=1)
    ]


def documented_tables() -> Conversation:
    """Return the tables and views that the pages name: those of some sources, and `old.cur`."""
    sent = documented()
    hand_loaded = sent.tables[f"{PROJECT}.billing.aws_cur"]
    return Conversation({**sent.tables, f"{PROJECT}.old.cur": hand_loaded}, sent.views, sent.texts)


def _statements(page: Page) -> Iterator[str]:
    yield from page.queries()
    for token in page.tokens:
        for child in token.children or ():
            found = _IN_LINE.search(child.content) if child.type == "code_inline" else None
            if found is not None:
                yield _filled_in(found[1])


def _filled_in(sql: str) -> str:
    for placeholder, name in _PLACEHOLDERS.items():
        sql = sql.replace(placeholder, name)
    return sql
