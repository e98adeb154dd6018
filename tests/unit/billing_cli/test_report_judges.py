"""The page of the report is open to all people, says axe-core, and follows the HTML standard, says the Nu checker."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from billing_cli.report.page import render_page
from billing_cli.report.queries import MonthCost
from billing_cli.status import NoAnswer
from tests.support.browser import needs_chromium
from tests.support.page_judges import accessibility_problems, html_problems, needs_npm_packages
from tests.support.report_example import REPORT

# With each part of the page that a report may have: a warning of each kind, and a currency without a name.
LOADED = [
    {"source": f"s{n}", "provider": "aws", "month": "2025-09", "row_count": 9, "cost": Decimal(n)} for n in (1, 2)
]
UNNAMED = [MonthCost(None, "2025-09", "aws", Decimal(1), Decimal(1))]
WHOLE = replace(
    REPORT,
    status=[*REPORT.status, *LOADED],
    failures=[NoAnswer("aws_cur", "404 Not found")],
    months=[*REPORT.months, *UNNAMED],
)
EMPTY = replace(REPORT, months=[], splits=[], status=[], quality=None)
UNBROKEN = replace(REPORT, quality=[], splits=[])
NARROW = 500  # the tables must scroll


@needs_chromium
@needs_npm_packages
def test_axe_finds_nothing_in_the_report(tmp_path: Path) -> None:
    html = render_page(WHOLE)

    found = accessibility_problems(tmp_path, html, width=NARROW, is_dark=True)

    assert found == {}


WRONG_FOR_PEOPLE = {
    "html-has-lang": (' lang="en"', ""),
    "color-contrast": ("dt { opacity: .75; }", "dt { opacity: .3; }"),
    "scrollable-region-focusable": (' tabindex="0"', ""),
    "empty-table-header": ('<th scope="col">Month</th>', '<th scope="col"></th>'),
    "heading-order": ("<h3>By month and provider</h3>", "<h5>By month and provider</h5>"),
    "landmark-unique": ('aria-label="What is wrong"', 'aria-label="What is loaded"'),
}


@needs_chromium
@needs_npm_packages
def test_axe_finds_each_mistake_and_no_other_in_light_colours(tmp_path: Path) -> None:
    html = render_page(WHOLE)
    assert all(before in html for before, _ in WRONG_FOR_PEOPLE.values())
    for before, after in WRONG_FOR_PEOPLE.values():
        html = html.replace(before, after)

    found = accessibility_problems(tmp_path, html, width=NARROW, is_dark=False)

    assert set(found) == set(WRONG_FOR_PEOPLE)


WRONG_FOR_THE_STANDARD = [
    ("<h1>", '<h1 id="a"><b id="a"></b>', "Duplicate ID"),
    ("<h1>", "<h1><div></div>", "not allowed as child of element “h1”"),
    ("<title>Cloud cost, 2025-09 to 2025-10</title>", "", "missing a required instance of child element “title”"),
    ('scope="col"', 'scope="column"', "Bad value “column” for attribute “scope”"),
    ("<main>", "<main><month></month>", "not allowed as child of element “main”"),
    ("<main>", "<main><thead>", "Stray start tag “thead”"),
    ("<header>", "<header><center></center>", "The “center” element is obsolete"),
    ("<thead><tr>", "<thead><tr></tr><tr>", "has no cells beginning on it"),
    ('role="graphics-symbol"', 'role="drawing"', "Bad value “drawing” for attribute “role”"),
    ("margin: 2rem auto", "margn: 2rem auto", "Property “margn” doesn't exist"),
    ("<path ", '<path wide="1" ', "Attribute “wide” not allowed on element “path”"),
]


@needs_npm_packages
def test_the_nu_checker_finds_nothing_but_each_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One start of Java for all pages, because that takes most of the time."""
    html = render_page(WHOLE)
    monkeypatch.setattr("billing_cli.report.page._MAX_CURRENCIES", 1)  # so that the page says that one is left out
    right = [html, render_page(EMPTY), render_page(UNBROKEN)]
    wrong = [html.replace(before, after, 1) for before, after, _ in WRONG_FOR_THE_STANDARD]

    found = html_problems(tmp_path, *right, *wrong)

    problems = zip(WRONG_FOR_THE_STANDARD, found[len(right) :], strict=True)
    assert found[: len(right)] == [[], [], []]
    assert [before for before, *_ in WRONG_FOR_THE_STANDARD if before not in html] == []
    assert [(sentence, page) for (*_, sentence), page in problems if not any(sentence in one for one in page)] == []
