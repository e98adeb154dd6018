"""The Markdown pages of the repository: their lines, links, anchors and queries."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.paths import ROOT

README = ROOT / "README.md"
DOCS = ROOT / "functions" / "docs"
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_SENTENCE_END = re.compile(r"[.!?]['\")*`]*(?= +[A-Z*`\[(\"])")
_ABBREVIATIONS = ("e.g.", "i.e.")
_CLOSES = re.compile(r"[.:;!?,]['\")*`]*$")


@dataclass(frozen=True)
class Line:
    """A line of a paragraph or list item; `code` replaces each code span, so that it holds no sentence."""

    number: int
    text: str
    continues: bool  # another line of the same paragraph follows


class Page:
    """One Markdown file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def tokens(self) -> list[Token]:
        return _MARKDOWN.parse(self.text)

    @cached_property
    def anchors(self) -> set[str]:
        """What GitHub makes of the headings: the second of two equal ones gets -1."""
        found: Counter[str] = Counter()
        anchors = set()
        for heading, inline in zip(self.tokens, self.tokens[1:], strict=False):
            if heading.type == "heading_open":
                slug = _slug(_plain(inline))
                anchors.add(f"{slug}-{found[slug]}" if found[slug] else slug)
                found[slug] += 1
        return anchors

    def links(self) -> Iterator[str]:
        """Targets of links and images."""
        for child in self._inline_children():
            target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src")
            if child.type in ("link_open", "image") and isinstance(target, str):
                yield target

    def queries(self) -> list[str]:
        """Every block of SQL, in order."""
        return [token.content for token in self.tokens if token.type == "fence" and token.info == "sql"]

    def prose(self) -> Iterator[Line]:
        """The lines of paragraphs and list items, without headings, tables, code and comments."""
        for opening, inline in zip(self.tokens, self.tokens[1:], strict=False):
            if opening.type != "paragraph_open" or inline.map is None:
                continue
            texts = _lines(inline)
            for offset, text in enumerate(texts):
                yield Line(inline.map[0] + offset + 1, text, offset + 1 < len(texts))

    def long_lines(self, most: int) -> list[int]:
        """Numbers of the lines over that length, outside tables and generated text."""
        skipped = {
            number
            for token in self.tokens
            if token.type in ("table_open", "html_block") and token.map is not None
            for number in range(*token.map)
        }
        lines = enumerate(self.text.splitlines())
        return [number + 1 for number, line in lines if len(line) > most and number not in skipped]

    def _inline_children(self) -> Iterator[Token]:
        for token in self.tokens:
            yield from token.children or ()


def pages() -> list[Page]:
    """Every Markdown file that git knows, or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [Page(ROOT / name) for name in sorted(set(listed)) if (ROOT / name).is_file()]


def sentences_in(line: str) -> int:
    """How many sentences a line of prose holds; a part of one counts as one."""
    return 1 + sum(not line[: match.end()].endswith(_ABBREVIATIONS) for match in _SENTENCE_END.finditer(line))


def ends_a_sentence(line: str) -> bool:
    return _CLOSES.search(line) is not None


def _lines(inline: Token) -> list[str]:
    lines = [""]
    for child in inline.children or ():
        if child.type in ("softbreak", "hardbreak"):
            lines.append("")
        elif child.type == "code_inline":
            lines[-1] += "code"
        elif child.type == "text":
            lines[-1] += child.content
    return lines


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
