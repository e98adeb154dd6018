"""The page of the report, made from rows: escaped texts, one section per currency, and its look in a browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from billing_cli.report.charts import split_chart
from billing_cli.report.page import format_value, render_page
from billing_cli.report.queries import MonthCost, Share, Split, first_month
from billing_cli.status import NoAnswer
from tests.support.browser import browse, needs_chromium, without_policy
from tests.support.report_example import HOSTILE, LOADED, REPORT, SHARES

BARS = 2 * (3 + 3 * len(SHARES))  # billed and effective of each month and provider, and of each share
_PROBE = """<script>
const found = [...document.querySelectorAll("svg")].map(chart => {
  const bars = [...chart.querySelectorAll('[aria-roledescription="bar"]')];
  return bars.filter(bar => bar.getBoundingClientRect().width >= 0 && getComputedStyle(bar).fill !== "none").length;
});
const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
document.body.dataset.probe = JSON.stringify({bars: found, wide, titled: document.title});
</script><img src="http://outside.invalid/"></body>"""


def test_hostile_names_are_escaped() -> None:
    html = render_page(REPORT)

    tags = Tags(html)
    assert html.count("&lt;script&gt;") >= 6
    assert tags.names & {"script", "img", "link", "iframe", "object", "image", "use", "a"} == set()
    assert [name for name in tags.attributes if name.startswith("on")] == []


def test_page_fetches_nothing() -> None:
    html = render_page(REPORT)

    assert "default-src 'none'" in html
    assert "url(" not in html
    assert [name for name in Tags(html).attributes if name.endswith(("src", "href"))] == []


def test_characters_that_xml_forbids_are_replaced() -> None:
    """A tag's value may hold one, and vl-convert ends the whole process over it."""
    split = Split("tag \x1b", [Share("USD", "a\x00\x01\x0b\ufffe\tb 😀", 0, Decimal(1), Decimal(1))])

    chart = split_chart(split.by, split.shares)
    html = render_page(replace(REPORT, splits=[split]))

    assert {row["label"] for row in chart["data"]["values"]} == {"a\ufffd\ufffd\ufffd\ufffd b 😀"}
    assert "a\ufffd\ufffd\ufffd\ufffd b 😀" in html


EXTREMES = [Decimal(0), Decimal("5.7e38"), Decimal("-5.7e38"), Decimal("1e-38"), Decimal("-1e-38"), Decimal("NaN")]


@pytest.mark.parametrize("amount", EXTREMES, ids=str)
def test_every_amount_that_bigquery_holds_has_a_page(amount: Decimal) -> None:
    months = [MonthCost("USD", "2025-09", "aws", amount, -amount), MonthCost("USD", "2025-10", "aws", amount, amount)]
    splits = [Split("service", [Share("USD", "one", 0, amount, amount), Share("USD", "two", 0, Decimal(1), amount)])]

    html = render_page(replace(REPORT, months=months, splits=splits))

    assert html.count("<svg") == 2
    assert f'<td class="number">{format_value(amount)}</td>' in html


def test_sums_of_many_digits_are_exact() -> None:
    cents, many = Decimal("0.01"), Decimal("123456789012345678901234567890")
    months = [MonthCost("USD", "2025-09", "aws", many, many), MonthCost("USD", "2025-10", "aws", cents, cents * 3)]

    html = render_page(replace(REPORT, months=months, splits=[]))

    assert "<dd>123,456,789,012,345,678,901,234,567,890.01</dd>" in html
    assert "<dd>0.02</dd>" in html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 1_000_000, f"{'a' * 199}…"),
        ("line\nbreak\r\tand tab", "line break  and tab"),
        ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("\u202egnp.exe\u2066", "\ufffdgnp.exe\ufffd"),  # shown as exe.png without the placeholder
        ("\u2028two\u2029lines", "\ufffdtwo\ufffdlines"),
        ("\udcff", "\ufffd"),  # a byte of an argument that is not UTF-8
        ("naïve שלום 日本 👩\u200d💻", "naïve שלום 日本 👩\u200d💻"),
    ],
    ids=["very long", "lines", "terminal", "direction", "separators", "surrogate", "kept"],
)
def test_text_from_outside_is_made_safe(text: str, shown: str) -> None:
    split = Split(f"tag {text}", [Share("USD", text, 0, Decimal(1), Decimal(1))])
    months = [MonthCost(text, "2025-09", text, Decimal(1), Decimal(1)), *REPORT.months]
    status = [{"source": "aws_cur", "month": "2025-09", "state": "rejected", "code": "X", "message": text}]

    html = render_page(replace(REPORT, months=months, splits=[split], status=status))

    html.encode()
    assert f'<td class="long">{shown}</td>' in html
    assert f"<h2>{shown}</h2>" in html
    assert set("\x00\x07\x1b\u202e\u2066\u2028\u2029") & set(html) == set()
    assert len(html) < 1_000_000


@pytest.mark.parametrize("width", range(30, 36))
def test_label_is_never_cut_through_a_character(width: int) -> None:
    """Vega shortens by halves of UTF-16: it cut through an emoji, and the report ended."""
    shares = [Share("USD", "a" * width + "😀" * 40, 0, Decimal(1), Decimal(1))]

    chart = split_chart("tag", shares)
    html = render_page(replace(REPORT, splits=[Split("tag", shares)]))

    [label] = {row["label"] for row in chart["data"]["values"]}
    assert label.removesuffix("…").strip("a").strip("😀") == ""
    assert html.count("<svg") == 4


def test_equal_labels_are_numbered() -> None:
    shares = [Share("USD", "long" * 20 + end, 0, Decimal(1), Decimal(1)) for end in ("one", "two")]

    chart = split_chart("tag", shares)

    first, second = dict.fromkeys(row["label"] for row in chart["data"]["values"])
    assert (first.endswith("…"), second) == (True, f"{first} (2)")


def test_page_has_a_limited_number_of_currencies() -> None:
    months = [MonthCost(f"C{number:03}", "2025-09", "aws", Decimal(1), Decimal(1)) for number in range(300)]

    html = render_page(replace(REPORT, months=months, splits=[]))

    assert html.count("<h2>C") == 10
    assert "290 more currencies are left out of the page." in html


def test_what_gives_no_answer_is_named() -> None:
    html = render_page(replace(REPORT, failures=[NoAnswer("aws_cur", "404 Not found: Table <b>\x1b.")]))

    named = "No answer from aws_cur: 404 Not found: Table &lt;b&gt;\ufffd."
    assert f'<p class="wrong">{named}' in html


def test_each_currency_has_its_own_section() -> None:
    html = render_page(REPORT)

    euros, dollars = html.partition("<h2>EUR</h2>")[2].split("<h2>USD</h2>")
    assert "<dd>7.00</dd>" in euros
    assert "<dd>1,020.50</dd>" in dollars


def test_cost_has_two_decimals_and_thousands_separators() -> None:
    html = render_page(REPORT)

    assert '<td class="number">1,234,567.89</td><td class="number">-2.50</td>' in html
    assert '<td class="long">1,200 others</td>' in html
    assert '<td class="long">(none)</td>' in html


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (1234, "1,234"),
        (Decimal("0.999"), "1.00"),
        (Decimal("-0.001"), "0.00"),
        (Decimal("-1e30"), "-1,000,000,000,000,000,000,000,000,000,000.00"),
        (float("nan"), "NaN"),
        ("\x1b[2J", "\ufffd[2J"),
        (1234.5, "1,234.50"),
        (LOADED, "2025-11-03 04:05"),
        ("aws_cur", "aws_cur"),
    ],
    ids=str,
)
def test_values_are_formatted(value: object, text: str) -> None:
    assert format_value(value) == text


@pytest.mark.parametrize(
    ("sources", "warning"),
    [
        ([("azure", "2025-09", 9), ("azure", "2025-09", 9), ("aws", "2025-09", 9)], "the same months of azure:"),
        ([("azure", "2025-09", 9), ("azure", "2025-10", 9), ("aws", "2025-09", 9)], ""),
        ([("azure", "2025-09", 9), ("azure", "2025-09", None)], ""),
    ],
    ids=["same month", "other months", "one of them waits"],
)
def test_overlapping_sources_are_named(sources: list[tuple[str, str, int | None]], warning: str) -> None:
    status = [
        {"source": f"s{number}", "provider": provider, "month": month, "row_count": count}
        for number, (provider, month, count) in enumerate(sources)
    ]

    html = render_page(replace(REPORT, status=status))

    assert ("More than one source" in html) is bool(warning)
    assert warning in html


def test_source_with_two_currencies_does_not_overlap_itself() -> None:
    row = {"source": "aws_cur", "provider": "aws", "month": "2025-09", "row_count": 9, "code": "X", "message": "same"}

    html = render_page(replace(REPORT, status=[{**row, "currency": "USD"}, {**row, "currency": "CNY"}]))

    assert "More than one source" not in html
    assert html.partition("What is wrong")[2].count("same") == 1


def test_empty_parts_are_said_or_left_out() -> None:
    empty = render_page(replace(REPORT, months=[], splits=[], status=[], quality=None))
    unbroken = render_page(replace(REPORT, quality=[]))

    assert "No charge is loaded." in empty
    assert "Quality" not in empty
    assert "No rule is broken." in unbroken


@pytest.mark.parametrize(
    ("months", "first"), [(1, "2026-01"), (2, "2025-12"), (13, "2025-01"), (14, "2024-12"), (25, "2024-01")]
)
def test_months_count_back_from_the_newest_loaded_one(months: int, first: str) -> None:
    loaded = [{"month": "2025-12", "row_count": 9}, {"month": "2026-01", "row_count": 9}]
    rejected = {"month": "2026-02", "row_count": None}

    assert first_month([*loaded, rejected], months) == first


@needs_chromium
def test_browser_shows_every_bar_without_a_request(tmp_path: Path) -> None:
    shown, log, addresses = browse(tmp_path, "report", render_page(REPORT))

    assert HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in shown
    assert shown.count('aria-roledescription="bar"') == BARS
    assert "CONSOLE" not in log
    assert addresses == []


@needs_chromium
def test_browser_lays_out_every_bar_and_runs_no_script(tmp_path: Path) -> None:
    html = without_policy(render_page(REPORT)).replace("</body>", _PROBE)

    probed, _, addresses = browse(tmp_path, "probed", html)

    assert addresses == ["http://outside.invalid/"]  # a request of a page would be seen
    match = re.search(r'data-probe="([^"]*)"', probed)
    assert match
    found = json.loads(match[1].replace("&quot;", '"'))
    assert sum(found["bars"]) == BARS
    assert len(found["bars"]) == 2 * 4
    assert (found["wide"], found["titled"]) == (False, "Cloud cost, 2025-09 to 2025-10")


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)
