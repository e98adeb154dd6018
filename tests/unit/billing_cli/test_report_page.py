"""The report's page, made from rows: hostile names are text, currencies stay apart, a browser finds nothing amiss."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from billing_cli.report.charts import split_chart
from billing_cli.report.page import page
from billing_cli.report.queries import MonthCost, Question, Report, Share, Split, first_month

HOSTILE = "<script>document.title = 'run'</script>"
CHROMIUM = shutil.which("chromium")
SHARES = [
    Share("USD", HOSTILE, 0, Decimal("1234567.891"), Decimal("-2.5")),
    Share("USD", None, 0, Decimal(5), Decimal(5)),
    Share("USD", None, 1200, Decimal(1), Decimal("0.999")),
    Share("EUR", '"><img src=x onerror=alert(1)>' + "long" * 60, 0, Decimal(7), Decimal(8)),
]
LOADED = datetime(2025, 11, 3, 4, 5, tzinfo=UTC)
REPORT = Report(
    made_at=LOADED,
    question=Question(tag="team"),
    months=[
        MonthCost("USD", "2025-09", "aws", Decimal("1000.5"), Decimal(900)),
        MonthCost("USD", "2025-10", "google", Decimal(20), Decimal(10)),
        MonthCost("EUR", "2025-10", "azure", Decimal(7), Decimal(8)),
    ],
    splits=[Split(by, SHARES) for by in ("service", "account", f"tag {HOSTILE}")],
    status=[
        {"source": "aws_cur", "month": "2025-09", "state": "loaded", "loaded_at": LOADED, "row_count": 1234},
        {"source": "aws_cur", "month": "2025-10", "state": "waiting", "code": "WAITING", "message": HOSTILE},
    ],
    quality=[{"source": "aws_cur", "month": "2025-09", "code": "NO_ServiceName", "sentence": HOSTILE, "broken": 3}],
)
BARS = 2 * (3 + 3 * len(SHARES))  # billed and effective of each month and provider, and of each share
_NO_ORIGIN = "not an origin"
_PROBE = """<script>
const found = [...document.querySelectorAll("svg")].map(chart => {
  const bars = [...chart.querySelectorAll('[aria-roledescription="bar"]')];
  return bars.filter(bar => bar.getBoundingClientRect().width >= 0 && getComputedStyle(bar).fill !== "none").length;
});
const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
document.body.dataset.probe = JSON.stringify({bars: found, wide, titled: document.title});
</script><img src="http://outside.invalid/"></body>"""


def test_a_hostile_name_is_text_and_nothing_is_fetched() -> None:
    html = page(REPORT)

    assert html.count("&lt;script&gt;") >= 6
    assert "default-src 'none'" in html
    assert "url(" not in html
    tags = Tags(html)
    assert tags.names & {"script", "img", "link", "iframe", "object", "image", "use", "a"} == set()
    assert [name for name in tags.attributes if name.endswith(("src", "href")) or name.startswith("on")] == []


def test_a_sign_that_no_chart_can_draw_is_replaced() -> None:
    """A tag's value may hold one; the library that draws ends the whole process over it."""
    split = Split("tag \x1b", [Share("USD", "a\x00\x01\x0b\ufffe\tb 😀", 0, Decimal(1), Decimal(1))])
    labels = {row["label"] for row in split_chart(split.by, split.shares)["data"]["values"]}
    assert labels == {"a\ufffd\ufffd\ufffd\ufffd\tb 😀"}
    assert "a\ufffd\ufffd\ufffd\ufffd\tb 😀" in page(replace(REPORT, splits=[split]))


def test_currencies_are_sections_of_their_own_and_numbers_read_well() -> None:
    euros, dollars = page(REPORT).partition("<h2>EUR</h2>")[2].split("<h2>USD</h2>")

    assert "<dd>7.00</dd>" in euros
    assert "<dd>1,020.50</dd>" in dollars
    assert '<td class="number">1,234,567.89</td><td class="number">-2.50</td>' in dollars
    assert '<td class="long">1,200 others</td>' in dollars
    assert '<td class="long">(none)</td>' in dollars

    assert ">-0.00<" not in dollars
    assert '<td class="number">1,234</td>' in dollars  # the status table comes after the currencies
    assert "2025-11-03 04:05" in dollars


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ([("azure", "2025-09", 9), ("azure", "2025-09", 9), ("aws", "2025-09", 9)], "the same months of azure:"),
        ([("azure", "2025-09", 9), ("azure", "2025-10", 9), ("aws", "2025-09", 9)], None),
        ([("azure", "2025-09", 9), ("azure", "2025-09", None)], None),  # one of them waits
    ],
)
def test_sources_that_may_overlap_are_named(sources: list[tuple[str, str, int | None]], said: str | None) -> None:
    status = [
        {"source": f"s{number}", "provider": provider, "month": month, "row_count": count}
        for number, (provider, month, count) in enumerate(sources)
    ]
    html = page(replace(REPORT, status=status))
    assert (said in html) if said else ("More than one source" not in html)


def test_what_there_is_not_is_said_or_left_out() -> None:
    nothing = page(replace(REPORT, months=[], splits=[], status=[], quality=None))
    assert "No charge is loaded." in nothing
    assert "Quality" not in nothing
    assert "No rule is broken." in page(replace(REPORT, quality=[]))


@pytest.mark.parametrize(
    ("months", "first"), [(1, "2026-01"), (2, "2025-12"), (13, "2025-01"), (14, "2024-12"), (25, "2024-01")]
)
def test_months_are_counted_back_from_the_newest_that_is_loaded(months: int, first: str) -> None:
    states = [{"month": "2025-12", "row_count": 9}, {"month": "2026-01", "row_count": 9}]
    rejected = {"month": "2026-02", "row_count": None}
    assert first_month([*states, rejected], months) == first


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian's package: chromium)")
def test_a_browser_shows_it_without_a_request_or_a_complaint(tmp_path: Path) -> None:
    html = page(REPORT)
    shown, log, addresses = browse(tmp_path, "report", html)
    assert HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in shown
    assert shown.count('aria-roledescription="bar"') == BARS
    assert "CONSOLE" not in log
    assert addresses == []

    probed, _, addresses = browse(tmp_path, "probed", without_policy(html).replace("</body>", _PROBE))
    assert addresses == ["http://outside.invalid/"]  # what a page asks for is seen
    match = re.search(r'data-probe="([^"]*)"', probed)
    assert match
    found = json.loads(match[1].replace("&quot;", '"'))
    assert sum(found["bars"]) == BARS
    assert len(found["bars"]) == 2 * 4
    assert (found["wide"], found["titled"]) == (False, "Cloud cost, 2025-09 to 2025-10")


class Tags(HTMLParser):
    """What the page is made of, as a browser would take it apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


def without_policy(html: str) -> str:
    """So that the test's own script runs, and a hostile one would."""
    return re.sub(r"<meta http-equiv=.*?>\n", "", html)


def browse(folder: Path, name: str, html: str) -> tuple[str, str, list[str]]:
    """The page as a browser has it, what the browser said, and every address that the page asked for.

    A browser's own requests have no origin; they and the page's end on this machine, for no name resolves.
    """
    path, net_log = folder / f"{name}.html", folder / f"{name}.json"
    path.write_text(html, encoding="utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM),
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
            *("--disable-component-update", "--disable-sync", "--no-first-run", "--enable-logging=stderr"),
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={net_log}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--window-size=1200,900",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    events = [event.get("params", {}) for event in json.loads(net_log.read_text())["events"]]
    asked = [one["url"] for one in events if "url" in one and one.get("initiator", _NO_ORIGIN) != _NO_ORIGIN]
    return done.stdout, done.stderr, asked
