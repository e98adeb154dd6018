"""The table that a run prints: a line per rule, the lines of unverified.md, and what did not run, with the reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.conform.plugin import Results, Verdict, worst
from tests.contract.rules import Rule
from tests.support.pages import DOCS, Page

_RULE_WIDTH = 110
_TEST = re.compile(r"`(test_\w+)`")


@dataclass(frozen=True)
class Unverified:
    """A line of unverified.md. It names its contract tests, or says why it has none."""

    point: str
    answer: str  # the third column

    @property
    def tests(self) -> tuple[str, ...]:
        return tuple(_TEST.findall(self.answer))


def read_unverified() -> list[Unverified]:
    cells = [token.content for token in Page(DOCS / "unverified.md").tokens if token.type == "inline"]
    start = cells.index("not yet verified")
    rows = [cells[number : number + 3] for number in range(start + 3, len(cells), 3)]
    return [Unverified(point, answer) for point, _, answer in rows]


def lines(rules: Sequence[Rule], results: Results) -> Iterator[str]:
    yield from _rule_lines(rules, results)
    yield from _unverified_lines(results)
    if results.findings:
        yield ""
        yield "What does not agree"
        for one in results.findings:
            yield f"  {one.verdict:8} {one.case}: {one.sentence}"
    yield from _reasons("Only on the emulator and the fakes", results.only_local)
    yield from _reasons("Only on Google Cloud, not run on an emulator", results.only_google)


def summary(results: Results) -> str:
    counted = [results.verdict(test) for test in results.verdicts]
    return ", ".join(f"{counted.count(one)} {one}" for one in Verdict)


def _rule_lines(rules: Sequence[Rule], results: Results) -> Iterator[str]:
    for group in dict.fromkeys(rule.group for rule in rules):
        shown = [
            (rule, verdict) for rule in rules if rule.group == group and (verdict := _verdict(rule.tests, results))
        ]
        if shown:
            yield ""
            yield f"Rules of {group}"
        for rule, verdict in shown:
            yield f"  {verdict:8} {_short(rule.rule)}  [{rule.source}]"


def _unverified_lines(results: Results) -> Iterator[str]:
    yield ""
    yield "Not yet verified on Google Cloud (functions/docs/unverified.md)"
    for one in read_unverified():
        verdict = _verdict(one.tests, results)
        if verdict is None and one.tests:
            yield f"  not run  {_short(one.point)}"
        elif verdict is None:
            yield f"  not here {_short(one.point)}: {one.answer}"
        else:
            yield f"  {verdict:8} {_short(one.point)}"


def _reasons(title: str, reasons: dict[str, str]) -> Iterator[str]:
    if reasons:
        yield ""
        yield title
        for reason in dict.fromkeys(reasons.values()):
            yield f"  {reason}:"
            yield f"    {', '.join(name for name, why in reasons.items() if why == reason)}"


def _verdict(tests: Iterable[str], results: Results) -> Verdict | None:
    return worst({verdict for test in tests if (verdict := results.verdict(test))})


def _short(text: str) -> str:
    return text if len(text) <= _RULE_WIDTH else f"{text[: _RULE_WIDTH - 2]} …"
