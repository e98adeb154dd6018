"""`make faults`: the fault catalogue, a line per scenario. FAULTS=long runs every case, otherwise a sample."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict

import pytest

TITLES = {
    "F1": "duplicate events",
    "F2": "objects of two runs in any order",
    "F3": "a crash at every request",
    "F4": "instances side by side",
    "F5": "manifest before data; a file that never comes",
    "F6": "corrupt data",
    "F7": "hostile or broken manifest",
    "F8": "columns change",
    "F9": "errors of BigQuery and Storage",
    "F10": "state lost or stale",
    "F11": "amended, narrower, empty",
    "F12": "lost event, silent provider",
    "F13": "object replaced during the load",
    "F14": "more files than a job takes",
    "F15": "objects that are none of ours",
    "F16": "overwrite layout, interleaved",
    "F17": "rows outside the month",
    "F18": "a function outlived by its job, or waking late",
    "F19": "destination changed, replay",
    "F20": "identical bytes again",
    "F21": "a rejected run newer than a valid one",
    "F22": "header-only files",
    "F23": "first transfer in random order",
    "F24": "another location",
    "histories": "all of this in any sequence",
}


class Table:
    """Counts what the workers report, by scenario."""

    def __init__(self) -> None:
        self.results: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.checked: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for kind, scenario in report.user_properties:
            if kind == "fault" and (report.when == "call" or report.outcome != "passed"):
                self.results[str(scenario)][report.outcome] += 1
            if kind == "fault" and report.when == "teardown":
                self.checked[str(scenario)].update(
                    str(name) for what, name in report.user_properties if what == "checked"
                )

    def lines(self) -> list[str]:
        cells = [("", "scenario", "tests", "invariants checked", "result")]
        for scenario, title in TITLES.items():
            results, checked = self.results[scenario], self.checked[scenario]
            result = "ok" if set(results) == {"passed"} else ", ".join(f"{n} {how}" for how, n in results.items())
            checks = " ".join(f"{name} x{number}" for name, number in sorted(checked.items()))
            cells.append((scenario, title, str(results.total()), checks or "by the test", result or "NOT RUN"))
        widths = [max(len(row[index]) for row in cells) for index in range(5)]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]

    @property
    def complete(self) -> bool:
        return all(set(self.results[scenario]) == {"passed"} for scenario in TITLES)


def main() -> int:
    table = Table()
    code = pytest.main(["-m", "fault", "--dist", "worksteal", *sys.argv[1:]], plugins=[table])
    print("\n".join(["", *table.lines()]))
    return int(code) or (0 if table.complete else 1)


if __name__ == "__main__":
    sys.exit(main())
